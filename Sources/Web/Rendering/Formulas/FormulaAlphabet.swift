/// Letters in the alphabets of mathematics, which Unicode has as characters of their own.
enum FormulaAlphabet: String {
    case bold = "mathbf", boldItalic = "boldsymbol", blackboard = "mathbb", calligraphic = "mathcal"
    case fraktur = "mathfrak", sansSerif = "mathsf", typewriter = "mathtt", upright = "mathrm", italic = "mathit"

    static let aliases: [String: FormulaAlphabet] = [
        "bm": .boldItalic, "mathscr": .calligraphic, "bf": .bold, "rm": .upright, "Bbb": .blackboard,
        "pmb": .boldItalic,
    ]

    /// The alphabet that a command switches to.
    static func named(_ command: String) -> FormulaAlphabet? { FormulaAlphabet(rawValue: command) ?? aliases[command] }

    /// The letter or digit in this alphabet, or the character itself where the alphabet has none for it.
    func letter(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if let exception = exceptions[scalar] { return exception }
        let value = scalar.value
        switch value {
        case 0x41...0x5A: return capitals.flatMap { Unicode.Scalar($0 + value - 0x41) } ?? scalar
        case 0x61...0x7A: return capitals.flatMap { Unicode.Scalar($0 + 26 + value - 0x61) } ?? scalar
        case 0x30...0x39: return digits.flatMap { Unicode.Scalar($0 + value - 0x30) } ?? scalar
        case 0x391...0x3A9 where self == .bold: return Unicode.Scalar(0x1D6A8 + value - 0x391) ?? scalar
        case 0x3B1...0x3C9 where self == .bold: return Unicode.Scalar(0x1D6C2 + value - 0x3B1) ?? scalar
        case 0x391...0x3A9 where self == .boldItalic: return Unicode.Scalar(0x1D71C + value - 0x391) ?? scalar
        case 0x3B1...0x3C9 where self == .boldItalic: return Unicode.Scalar(0x1D736 + value - 0x3B1) ?? scalar
        default: return scalar
        }
    }

    /// Where the alphabet's A lies; its small letters follow its capitals.
    private var capitals: UInt32? {
        switch self {
        case .bold: 0x1D400
        case .boldItalic: 0x1D468
        case .calligraphic: 0x1D49C
        case .fraktur: 0x1D504
        case .blackboard: 0x1D538
        case .sansSerif: 0x1D5A0
        case .typewriter: 0x1D670
        case .upright, .italic: nil
        }
    }

    private var digits: UInt32? {
        switch self {
        case .bold, .boldItalic: 0x1D7CE
        case .blackboard: 0x1D7D8
        case .sansSerif: 0x1D7E2
        case .typewriter: 0x1D7F6
        case .calligraphic, .fraktur, .upright, .italic: nil
        }
    }

    /// Letters that Unicode had before it had the alphabets.
    private var exceptions: [Unicode.Scalar: Unicode.Scalar] {
        switch self {
        case .calligraphic:
            [
                "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ",
                "o": "ℴ",
            ]
        case .fraktur: ["C": "ℭ", "H": "ℌ", "I": "ℑ", "R": "ℜ", "Z": "ℨ"]
        case .blackboard: ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"]
        default: [:]
        }
    }
}
