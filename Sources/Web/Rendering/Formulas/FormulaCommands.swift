/// The commands of LaTeX that `FormulaReader` knows.
extension FormulaReader {
    /// - Throws: `FormulaProblem` for a command that it does not know.
    mutating func command(_ name: String) throws(FormulaProblem) -> Part {
        if let symbol = symbol(name) { return symbol }
        if let accent = FormulaSymbols.accents[name] { return try self.accent(accent) }
        if let width = FormulaSymbols.spaces[name] { return Part(markup: "<mspace width=\"\(width)\"></mspace>") }
        if let size = FormulaSymbols.sizes[name] {
            let form = name.hasSuffix("l") ? "prefix" : name.hasSuffix("r") ? "postfix" : "infix"
            return Part(markup: Self.fence(try delimiter(), form: form, stretches: true, size: size))
        }
        if let alphabet = FormulaAlphabet.named(name) { return try styled(alphabet, isSwitch: name.count == 2) }
        switch name {
        case "frac", "dfrac", "tfrac", "cfrac": return try fraction(name)
        case "binom", "dbinom", "tbinom":
            let (above, below) = (try argument(), try argument())
            return Part(
                markup: "<mrow><mo fence=\"true\">(</mo><mfrac linethickness=\"0\">\(above)\(below)</mfrac>"
                    + "<mo fence=\"true\">)</mo></mrow>")
        case "sqrt": return try root()
        case "left": return try fenced()
        case "begin": return try environment()
        case "text", "textrm", "textnormal", "mbox", "textit", "textbf", "operatorname", "operatorname*", "mathop":
            return try words(name)
        case "underset", "overset", "stackrel":
            let (mark, base) = (try argument(), try argument())
            return Part(
                markup: name == "underset"
                    ? "<munder>\(base)\(mark)</munder>" : "<mover>\(base)\(mark)</mover>")
        case "xrightarrow", "xleftarrow":
            let arrow = name == "xrightarrow" ? "→" : "←"
            return Part(
                markup: "<mover><mo stretchy=\"true\">\(arrow)</mo><mpadded>\(try argument())</mpadded></mover>")
        case "boxed", "fbox": return Part(markup: "<mrow class=\"boxed\">\(try argument())</mrow>")
        case "phantom", "hphantom", "vphantom": return Part(markup: "<mphantom>\(try argument())</mphantom>")
        case "pmod", "bmod", "mod": return try modulus(name)
        case "not": return try negated()
        case "tag":
            return Part(
                markup: "<mrow><mspace width=\"2em\"></mspace><mtext>(\(Self.escaped(try raw())))</mtext></mrow>")
        case "displaystyle", "textstyle", "nonumber", "notag", "limits", "nolimits", "scriptstyle":
            return Part(markup: "")
        default: throw .unreadable("\\\(name)")
        }
    }

    /// A command that stands for one character or one name.
    private func symbol(_ name: String) -> Part? {
        if let character = FormulaSymbols.identifiers[name] {
            let isLetter = character.unicodeScalars.first.map { (0x370...0x3FF).contains($0.value) } ?? false
            if isLetter, alphabet != nil, let scalar = character.unicodeScalars.first {
                return Part(markup: identifier(scalar))
            }
            return Part(markup: "<mi>\(Self.escaped(character))</mi>")
        }
        if let character = FormulaSymbols.operators[name] {
            return Part(markup: "<mo>\(Self.escaped(character))</mo>")
        }
        if let character = FormulaSymbols.large[name] {
            return Part(markup: "<mo movablelimits=\"true\">\(character)</mo>", takesLimits: true)
        }
        if let character = FormulaSymbols.integrals[name] { return Part(markup: "<mo>\(character)</mo>") }
        if FormulaSymbols.functions.contains(name) {
            return Part(
                markup: "<mo form=\"prefix\" stretchy=\"false\" lspace=\"0.1667em\" rspace=\"0.1667em\">\(name)</mo>")
        }
        if let words = FormulaSymbols.limits[name] {
            return Part(
                markup: "<mo form=\"prefix\" movablelimits=\"true\" stretchy=\"false\" lspace=\"0.1667em\" "
                    + "rspace=\"0.1667em\">\(words.replacing(" ", with: "\u{2009}"))</mo>", takesLimits: true)
        }
        if let fence = FormulaSymbols.fences[name] { return Part(markup: "<mo stretchy=\"false\">\(fence)</mo>") }
        return nil
    }

    private mutating func fraction(_ name: String) throws(FormulaProblem) -> Part {
        let (above, below) = (try argument(), try argument())
        let fraction = "<mfrac>\(above)\(below)</mfrac>"
        return Part(
            markup: name == "frac"
                ? fraction : "<mstyle displaystyle=\"\(name != "tfrac")\">\(fraction)</mstyle>")
    }

    private mutating func root() throws(FormulaProblem) -> Part {
        skipSpace()
        guard current == .character("[") else { return Part(markup: "<msqrt>\(try argument())</msqrt>") }
        at += 1
        var index = FormulaReader(tokens: Array(tokens[at...].prefix { $0 != .character("]") }))
        index.depth = depth
        let degree = try index.row()
        at += index.tokens.count
        guard current == .character("]"), index.at == index.tokens.count else {
            throw .unreadable("the degree of a root is not closed")
        }
        at += 1
        return Part(markup: "<mroot>\(try argument())\(degree)</mroot>")
    }

    private mutating func fenced() throws(FormulaProblem) -> Part {
        let open = Self.fence(try delimiter(), form: "prefix", stretches: true)
        let inner = try row()
        guard current == .command("right") else { throw .unreadable("\\left without \\right") }
        at += 1
        let close = Self.fence(try delimiter(), form: "postfix", stretches: true)
        return Part(markup: "<mrow>\(open)\(inner)\(close)</mrow>")
    }

    private mutating func accent(_ accent: (mark: String, isUnder: Bool, stretches: Bool)) throws(FormulaProblem)
        -> Part
    {
        let base = try argument()
        let mark = "<mo stretchy=\"\(accent.stretches)\">\(Self.escaped(accent.mark))</mo>"
        let isBrace = accent.mark == "⏞" || accent.mark == "⏟"
        return Part(
            markup: accent.isUnder
                ? "<munder accentunder=\"true\">\(base)\(mark)</munder>"
                : "<mover accent=\"true\">\(base)\(mark)</mover>",
            takesLimits: isBrace)
    }

    /// - Parameter isSwitch: it acts up to the end of the group (`\bf`), and takes no argument.
    private mutating func styled(_ style: FormulaAlphabet, isSwitch: Bool) throws(FormulaProblem) -> Part {
        if isSwitch && (style == .bold || style == .upright) {
            alphabet = style
            return Part(markup: "")
        }
        // Several upright letters are one name.
        if style == .upright, current == .open {
            let start = at
            if let name = try? raw(), name.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic }), name.count > 1 {
                return Part(markup: "<mi>\(Self.escaped(name))</mi>")
            }
            at = start
        }
        let outer = alphabet
        defer { alphabet = outer }
        alphabet = style
        return Part(markup: try argument())
    }

    private mutating func words(_ name: String) throws(FormulaProblem) -> Part {
        let words = Self.escaped(try raw()).replacing(" ", with: "\u{A0}")
        switch name {
        case "operatorname":
            return Part(markup: "<mo form=\"prefix\" stretchy=\"false\" rspace=\"0.1667em\">\(words)</mo>")
        case "operatorname*", "mathop":
            return Part(
                markup:
                    "<mo form=\"prefix\" movablelimits=\"true\" stretchy=\"false\" rspace=\"0.1667em\">\(words)</mo>",
                takesLimits: true)
        case "textbf": return Part(markup: "<mtext class=\"bold\">\(words)</mtext>")
        case "textit": return Part(markup: "<mtext class=\"italic\">\(words)</mtext>")
        default: return Part(markup: "<mtext>\(words)</mtext>")
        }
    }

    /// The text of a group in braces as it stands.
    mutating func raw() throws(FormulaProblem) -> String {
        skipSpace()
        guard current == .open else { throw .unreadable("a brace is missing") }
        at += 1
        var text = ""
        var open = 1
        while let token = current {
            at += 1
            if token == .open { open += 1 }
            if token == .close { open -= 1 }
            if open == 0 { return text }
            switch token {
            case .open, .close: continue
            case .command(let name):
                guard let plain = ["&", "%", "$", "#", "_", "{", "}", " "].first(where: { $0 == name }) else {
                    throw .unreadable("\\\(name) in a text")
                }
                text += plain
            default: text += token.source
            }
        }
        throw .unreadable("a brace that is not closed")
    }

    private mutating func modulus(_ name: String) throws(FormulaProblem) -> Part {
        if name == "bmod" { return Part(markup: "<mo lspace=\"0.2222em\" rspace=\"0.2222em\">mod</mo>") }
        let inner = "<mi>mod</mi><mspace width=\"0.3333em\"></mspace>\(try argument())"
        let space = "<mspace width=\"1em\"></mspace>"
        return Part(
            markup: name == "mod"
                ? "<mrow>\(space)\(inner)</mrow>"
                : "<mrow>\(space)<mo stretchy=\"false\">(</mo>\(inner)<mo stretchy=\"false\">)</mo></mrow>")
    }

    /// The next relation struck through.
    private mutating func negated() throws(FormulaProblem) -> Part {
        skipSpace()
        let known: [FormulaToken: String] = [
            .character("="): "≠", .character("<"): "≮", .character(">"): "≯", .command("in"): "∉",
            .command("subset"): "⊄", .command("subseteq"): "⊈", .command("equiv"): "≢", .command("sim"): "≁",
            .command("approx"): "≉", .command("exists"): "∄", .command("mid"): "∤", .command("parallel"): "∦",
            .command("leq"): "≰", .command("geq"): "≱", .command("models"): "⊭",
        ]
        guard let token = current, let sign = known[token] else { throw .unreadable("\\not") }
        at += 1
        return Part(markup: "<mo>\(sign)</mo>")
    }
}
