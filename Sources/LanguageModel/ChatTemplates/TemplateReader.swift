/// A template cut into text, outputs `{{ … }}` and tags `{% … %}`, with white space treated as transformers has Jinja
/// treat it: the line break after a tag goes (`trim_blocks`), and so do the blanks before it (`lstrip_blocks`).
struct TemplateReader {
    enum Token: Equatable {
        case name(String)
        case text(String)
        case integer(Int)
        case number(Double)
        case symbol(String)
    }

    enum Piece {
        case text(String)
        case output([Token])
        case tag([Token])
    }

    /// Scalars of a name: looking one up costs as much as it is long.
    private static let longestName = 256

    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    /// The last tag ended with a line break.
    private var isAtLineStart = true
    private(set) var pieces: [(line: Int, piece: Piece)] = []

    /// - Throws: `TemplateFailure.notUnderstood`.
    static func pieces(of template: String) throws -> [(line: Int, piece: Piece)] {
        var reader = TemplateReader(template)
        try reader.read()
        return reader.pieces
    }

    private init(_ template: String) {
        var scalars: [Unicode.Scalar] = []
        for scalar in template.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        source = scalars.map { $0 == "\r" ? "\n" : $0 }
        if source.last == "\n" { end = source.count - 1 } else { end = source.count }
    }

    /// Where the template ends: one line break at its end does not count.
    private let end: Int

    private func failure(_ reason: String) -> TemplateFailure { .notUnderstood(line: line, reason: reason) }

    private func has(_ text: StaticString, at place: Int) -> Bool {
        let scalars = text.description.unicodeScalars
        guard place + scalars.count <= end else { return false }
        return zip(scalars, source[place...]).allSatisfy { $0 == $1 }
    }

    /// Goes on to `place`, counting lines.
    private mutating func advance(to place: Int) {
        while position < place {
            if source[position] == "\n" { line += 1 }
            position += 1
        }
    }

    private mutating func read() throws {
        while position < end {
            var start = position
            while start < end,
                !(source[start] == "{" && (has("{{", at: start) || has("{%", at: start) || has("{#", at: start)))
            {
                start += 1
            }
            let startLine = line
            let text = Array(source[position..<start])
            guard start < end else {
                advance(to: end)
                add(text, startLine)
                return
            }
            let kind = source[start + 1]
            let sign = start + 2 < end ? source[start + 2] : " "
            add(stripped(text, before: kind, sign), startLine)
            advance(to: start + 2 + (sign == "-" || sign == "+" ? 1 : 0))
            if kind == "#" { try comment() } else { try tag(isOutput: kind == "{") }
        }
    }

    private mutating func add(_ text: [Unicode.Scalar], _ line: Int) {
        guard !text.isEmpty else { return }
        pieces.append((line, .text(Self.string(text))))
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private func stripped(_ text: [Unicode.Scalar], before kind: Unicode.Scalar, _ sign: Unicode.Scalar) -> [Unicode
        .Scalar]
    {
        var end = text.count
        if sign == "-" {
            while end > 0, TemplateText.isSpace(text[end - 1]) { end -= 1 }
            return Array(text[..<end])
        }
        guard sign != "+", kind != "{" else { return text }
        while end > 0, text[end - 1] != "\n", TemplateText.isSpace(text[end - 1]) { end -= 1 }
        let startsLine = end > 0 ? text[end - 1] == "\n" : isAtLineStart
        return startsLine ? Array(text[..<end]) : text
    }

    private mutating func comment() throws {
        var place = position
        while place < end, !has("#}", at: place) { place += 1 }
        guard place < end else { throw failure("a comment does not end") }
        let sign = place > position ? source[place - 1] : " "
        endTag(at: place, sign: sign, trims: true)
    }

    /// Goes past `%}`, `}}` or `#}` at `place` and past the white space that its sign takes.
    private mutating func endTag(at place: Int, sign: Unicode.Scalar, trims: Bool) {
        var next = place + 2
        if sign == "-" {
            while next < end, TemplateText.isSpace(source[next]) { next += 1 }
        } else if sign != "+", trims, next < end, source[next] == "\n" {
            next += 1
        }
        isAtLineStart = source[next - 1] == "\n"
        advance(to: next)
    }

    private mutating func tag(isOutput: Bool) throws {
        let startLine = line
        var tokens: [Token] = []
        var open: [Unicode.Scalar] = []
        while true {
            while position < end, TemplateText.isSpace(source[position]) { advance(to: position + 1) }
            guard position < end else { throw failure("a tag does not end") }
            if open.isEmpty, endTagHere(isOutput: isOutput) { break }
            let token = try token()
            if case .symbol(let symbol) = token { try balance(symbol, &open) }
            tokens.append(token)
        }
        pieces.append((startLine, isOutput ? .output(tokens) : .tag(tokens)))
    }

    private mutating func endTagHere(isOutput: Bool) -> Bool {
        let sign = source[position]
        let signs = sign == "-" || (sign == "+" && !isOutput)
        let place = signs ? position + 1 : position
        guard isOutput ? has("}}", at: place) : has("%}", at: place) else { return false }
        endTag(at: place, sign: signs ? sign : " ", trims: !isOutput)
        return true
    }

    private func balance(_ symbol: String, _ open: inout [Unicode.Scalar]) throws {
        switch symbol {
        case "(": open.append(")")
        case "[": open.append("]")
        case "{": open.append("}")
        case ")", "]", "}":
            guard let expected = open.popLast(), symbol == String(expected) else {
                throw failure("the bracket \(symbol) was not opened")
            }
        default: break
        }
    }

    private mutating func token() throws -> Token {
        let first = source[position]
        if first == "'" || first == "\"" { return .text(try quoted(first)) }
        if first.properties.isXIDStart || first == "_" {
            let start = position
            while position < end, source[position].properties.isXIDContinue { position += 1 }
            guard position - start <= Self.longestName else { throw failure("a name longer than any real one") }
            return .name(Self.string(source[start..<position]))
        }
        if ("0"..."9").contains(first) { return try number() }
        for symbol: StaticString in ["**", "//", "==", "!=", ">=", "<="] where has(symbol, at: position) {
            position += 2
            return .symbol(symbol.description)
        }
        guard "+-/*%~[](){}><=.:|,".unicodeScalars.contains(first) else {
            throw failure("the character \(Self.string([first]).debugDescription)")
        }
        position += 1
        return .symbol(Self.string([first]))
    }

    private mutating func number() throws -> Token {
        let start = position
        func digits(_ from: Int) -> Int {
            var place = from
            while place < end, ("0"..."9").contains(source[place]) { place += 1 }
            return place
        }
        position = digits(position)
        var isWhole = true
        if position + 1 < end, source[position] == ".", digits(position + 1) > position + 1 {
            position = digits(position + 1)
            isWhole = false
        }
        if position < end, source[position].properties.isXIDContinue { throw failure("this way to write a number") }
        let text = Self.string(source[start..<position])
        if isWhole, let value = Int(text) { return .integer(value) }
        guard !isWhole, let value = Double(text) else { throw failure("the number \(text.prefix(40))") }
        return .number(value)
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws -> String {
        advance(to: position + 1)
        var text = String.UnicodeScalarView()
        while position < end, source[position] != quote {
            let scalar = source[position]
            advance(to: position + 1)
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard position < end else { break }
            let escaped = source[position]
            advance(to: position + 1)
            if let plain = try unescaped(escaped) { text.append(plain) }
        }
        guard position < end else { throw failure("a text does not end") }
        advance(to: position + 1)
        return String(text)
    }

    /// Python's escapes; nil for a line break that is escaped away.
    private mutating func unescaped(_ letter: Unicode.Scalar) throws -> Unicode.Scalar? {
        switch letter {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "\\", "'", "\"": return letter
        case "\n": return nil
        case "x": return try hexadecimal(digits: 2)
        case "u": return try hexadecimal(digits: 4)
        case "U": return try hexadecimal(digits: 8)
        default: throw failure("the escape \\\(Self.string([letter])) in a text")
        }
    }

    private mutating func hexadecimal(digits: Int) throws -> Unicode.Scalar {
        guard position + digits <= end,
            let value = UInt32(Self.string(source[position..<position + digits]), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw failure("an escape in a text that names no character") }
        position += digits
        return scalar
    }
}
