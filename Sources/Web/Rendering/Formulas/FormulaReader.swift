/// Reads the common part of LaTeX's mathematics and writes MathML Core. What it can't read it refuses as a whole, so that
/// no formula is shown with a part missing.
struct FormulaReader {
    private static let deepest = 32

    /// One `<math>` element for a formula without its delimiters.
    /// - Throws: `FormulaProblem` for a command it does not know, a brace without its partner, or a hidden character.
    static func mathML(_ source: String, isDisplay: Bool) throws(FormulaProblem) -> String {
        guard !HiddenCharacters.mayStand(in: source.utf8) || !holdsHidden(source) else {
            throw .unreadable("a hidden character")
        }
        var reader = FormulaReader(tokens: try FormulaToken.tokens(of: source))
        let row = try reader.table(until: nil, name: "aligned", isBare: true)
        guard reader.at == reader.tokens.count else { throw .unreadable("a brace too many") }
        return isDisplay ? "<math display=\"block\">\(row)</math>" : "<math>\(row)</math>"
    }

    private static func holdsHidden(_ source: String) -> Bool {
        source.unicodeScalars.contains { HiddenCharacters.mark(for: $0, after: nil, before: nil) != nil }
    }

    /// A part that takes superscripts and subscripts.
    struct Part {
        var markup: String
        /// Whether they stand above and below it in a display.
        var takesLimits = false
    }

    let tokens: [FormulaToken]
    var at = 0
    var depth = 0
    var alphabet: FormulaAlphabet?

    init(tokens: [FormulaToken]) { self.tokens = tokens }

    var current: FormulaToken? { at < tokens.count ? tokens[at] : nil }

    mutating func skipSpace() {
        while current == .space { at += 1 }
    }

    /// Everything up to a closing brace, a cell's or a row's end, `\right` or `\end`, in one row.
    mutating func row() throws(FormulaProblem) -> String {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw .unreadable("nested too deep") }
        let outer = alphabet
        defer { alphabet = outer }
        var parts: [String] = []
        while let token = current {
            switch token {
            case .close, .cellEnd, .rowEnd, .command("right"), .command("end"), .command("middle"):
                if token == .command("middle"), depth > 1 {
                    at += 1
                    parts.append(Self.fence(try delimiter(), form: "infix", stretches: true))
                    continue
                }
                return Self.group(parts)
            case .space: at += 1
            default: parts.append(try scripted())
            }
        }
        return Self.group(parts)
    }

    static func group(_ parts: [String]) -> String {
        let parts = parts.filter { !$0.isEmpty }
        return parts.count == 1 ? parts[0] : "<mrow>\(parts.joined())</mrow>"
    }

    /// One part with its superscript and subscript.
    private mutating func scripted() throws(FormulaProblem) -> String {
        var part = current == .superscript || current == .subscript ? Part(markup: "<mrow></mrow>") : try self.part()
        var lower: String?
        var upper: String?
        scripts: while true {
            skipSpace()
            switch current {
            case .command("limits"):
                at += 1
                part.takesLimits = true
            case .command("nolimits"):
                at += 1
                part.takesLimits = false
            case .subscript where lower == nil:
                at += 1
                lower = try argument()
            case .superscript where upper == nil:
                at += 1
                upper = try argument()
            case .character("'") where upper == nil: upper = try primes()
            case .superscript, .subscript: throw .unreadable("two superscripts or subscripts")
            default: break scripts
            }
        }
        if part.markup.isEmpty, lower != nil || upper != nil { part.markup = Self.group([]) }
        switch (lower, upper, part.takesLimits) {
        case (nil, nil, _): return part.markup
        case (let lower?, nil, false): return "<msub>\(part.markup)\(lower)</msub>"
        case (nil, let upper?, false): return "<msup>\(part.markup)\(upper)</msup>"
        case (let lower?, let upper?, false): return "<msubsup>\(part.markup)\(lower)\(upper)</msubsup>"
        case (let lower?, nil, true): return "<munder>\(part.markup)\(lower)</munder>"
        case (nil, let upper?, true): return "<mover>\(part.markup)\(upper)</mover>"
        case (let lower?, let upper?, true): return "<munderover>\(part.markup)\(lower)\(upper)</munderover>"
        }
    }

    private mutating func primes() throws(FormulaProblem) -> String {
        var marks = ""
        while current == .character("'") {
            marks += "′"
            at += 1
        }
        guard current == .superscript else { return "<mo>\(marks)</mo>" }
        at += 1
        return "<mrow><mo>\(marks)</mo>\(try argument())</mrow>"
    }

    /// One argument of a command: a group in braces or a single part.
    mutating func argument() throws(FormulaProblem) -> String {
        skipSpace()
        switch current {
        case .open:
            at += 1
            let inner = try row()
            guard current == .close else { throw .unreadable("a brace that is not closed") }
            at += 1
            return inner
        case nil, .close, .cellEnd, .rowEnd, .superscript, .subscript: throw .unreadable("something is missing")
        // A command's argument without braces is one digit.
        case .character(let digit) where ("0"..."9").contains(digit):
            at += 1
            return number(String(Character(digit)))
        default: return Self.group([try part().markup])
        }
    }

    /// One part without its scripts.
    mutating func part() throws(FormulaProblem) -> Part {
        guard let token = current else { throw .unreadable("something is missing") }
        switch token {
        case .open: return Part(markup: try argument())
        case .command(let name):
            at += 1
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.deepest else { throw .unreadable("nested too deep") }
            return try command(name)
        case .character(let scalar):
            if ("0"..."9").contains(scalar) { return Part(markup: digits()) }
            at += 1
            return Part(markup: character(scalar))
        default: throw .unreadable("“\(token.source)” stands where it can't")
        }
    }

    private mutating func digits() -> String {
        var text = ""
        while case .character(let scalar)? = current {
            let isPoint = scalar == "." || scalar == ","
            let isFollowed = at + 1 < tokens.count && Self.isDigit(tokens[at + 1])
            guard ("0"..."9").contains(scalar) || (isPoint && isFollowed && scalar == ".") else { break }
            text.unicodeScalars.append(scalar)
            at += 1
        }
        return number(text)
    }

    private static func isDigit(_ token: FormulaToken) -> Bool {
        if case .character(let scalar) = token { ("0"..."9").contains(scalar) } else { false }
    }

    func number(_ text: String) -> String {
        guard let alphabet else { return "<mn>\(text)</mn>" }
        return "<mn>\(String(String.UnicodeScalarView(text.unicodeScalars.map(alphabet.letter))))</mn>"
    }

    /// A letter, an operator or a bracket that stands for itself.
    private func character(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "(", "[": return "<mo stretchy=\"false\">\(scalar)</mo>"
        case ")", "]": return "<mo stretchy=\"false\">\(scalar)</mo>"
        case "|": return "<mo stretchy=\"false\" lspace=\"0\" rspace=\"0\">|</mo>"
        case "-": return "<mo>−</mo>"
        case "*": return "<mo>∗</mo>"
        case "'": return "<mo>′</mo>"
        case "<", ">", "+", "=", "/", ":", ",", ";", "!", "?", ".", "\"", "`", "@", "#", "%":
            return "<mo>\(Self.escaped(scalar))</mo>"
        default: return identifier(scalar)
        }
    }

    func identifier(_ scalar: Unicode.Scalar) -> String {
        guard let alphabet else { return "<mi>\(Self.escaped(scalar))</mi>" }
        let letter = alphabet.letter(scalar)
        let isUpright = alphabet != .italic
        return isUpright
            ? "<mi mathvariant=\"normal\">\(Self.escaped(letter))</mi>" : "<mi>\(Self.escaped(letter))</mi>"
    }

    static func escaped(_ scalar: Unicode.Scalar) -> String { escaped(String(Character(scalar))) }

    static func escaped(_ text: String) -> String { HTMLEscaping().escapeText(text) }

    static func fence(_ mark: String, form: String, stretches: Bool, size: String? = nil) -> String {
        guard !mark.isEmpty else { return "" }
        let bounds = size.map { " minsize=\"\($0)\" maxsize=\"\($0)\"" } ?? ""
        return "<mo form=\"\(form)\" fence=\"true\" stretchy=\"\(stretches)\"\(bounds)>\(escaped(mark))</mo>"
    }

    /// What stands behind `\left`, `\right` or `\big`; empty for the point that shows nothing.
    mutating func delimiter() throws(FormulaProblem) -> String {
        skipSpace()
        defer { at += 1 }
        switch current {
        case .character("."): return ""
        case .character("<"): return "⟨"
        case .character(">"): return "⟩"
        case .character(let scalar) where "()[]|/".unicodeScalars.contains(scalar): return String(Character(scalar))
        case .command(let name): if let mark = FormulaSymbols.fences[name] { return mark }
        default: break
        }
        throw .unreadable("no bracket after \\left, \\right or \\big")
    }
}
