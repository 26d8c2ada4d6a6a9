/// Marks keywords, strings, comments and numbers of code with spans, in one pass over its bytes.
///
/// It knows the words and marks of a language, not its grammar: what it does not know stays as it is, and no code is
/// ever changed.
enum CodeHighlighter {
    /// Longer code is shown without colours.
    static let mostBytes = 20_000

    static func write(_ code: String, language: CodeLanguage, into html: inout HTMLWriter) {
        if language.isDifference { return writeDifference(code, into: &html) }
        var scanner = CodeScanner(code, language: language)
        while let (kind, text) = scanner.next() { write(text, kind: kind, into: &html) }
    }

    private static func writeDifference(_ code: String, into html: inout HTMLWriter) {
        for line in code.split(separator: "\n", omittingEmptySubsequences: false) {
            let kind: CodeKind =
                switch line.first {
                case "+": .added
                case "-": .removed
                case "@": .comment
                default: .other
                }
            write(line, kind: kind, into: &html)
            if line.endIndex != code.endIndex { html.tag("\n") }
        }
    }

    private static func write(_ text: Substring, kind: CodeKind, into html: inout HTMLWriter) {
        switch kind {
        case .other: return html.text(text)
        case .keyword: html.tag("<span class=\"keyword\">")
        case .string: html.tag("<span class=\"string\">")
        case .comment: html.tag("<span class=\"comment\">")
        case .number: html.tag("<span class=\"literal\">")
        case .added: html.tag("<span class=\"added\">")
        case .removed: html.tag("<span class=\"removed\">")
        }
        html.text(text)
        html.tag("</span>")
    }
}

/// What a piece of code is.
enum CodeKind: Equatable {
    case keyword, string, comment, number, added, removed, other
}

/// Cuts code into pieces that together are the code.
struct CodeScanner {
    private let code: String
    private let bytes: String.UTF8View
    private let language: CodeLanguage
    private var at: String.Index

    init(_ code: String, language: CodeLanguage) {
        self.code = code
        self.language = language
        bytes = code.utf8
        at = code.startIndex
    }

    mutating func next() -> (CodeKind, Substring)? {
        let start = at
        while at != bytes.endIndex {
            let found = at
            guard let kind = special() else {
                skip(1)
                continue
            }
            guard found == start else {
                at = found
                break
            }
            return (kind, code[start..<at])
        }
        return start == at ? nil : (.other, code[start..<at])
    }

    /// Passes a comment, a string, a number or a keyword that starts here; passes a plain word and returns `.other`.
    private mutating func special() -> CodeKind? {
        if comment() { return .comment }
        if string() { return .string }
        guard let first = bytes[at...].first, isWord(first) else { return nil }
        let start = at
        at = bytes[at...].firstIndex { !isWord($0) } ?? bytes.endIndex
        if isDigit(first) {
            // A point and what follows it: 0.5, 1.5e3.
            if at != bytes.endIndex, bytes[at] == UInt8(ascii: "."), let digit = bytes[at...].dropFirst().first,
                isDigit(digit)
            {
                skip(1)
                at = bytes[at...].firstIndex { !isWord($0) } ?? bytes.endIndex
            }
            return .number
        }
        let word = String(code[start..<at])
        if language.keywords.contains(language.ignoresCase ? word.lowercased() : word) { return .keyword }
        return language.hasElements && isElement(at: start) ? .keyword : .other
    }

    private func isElement(at start: String.Index) -> Bool {
        guard start != bytes.startIndex else { return false }
        var before = bytes.index(before: start)
        if bytes[before] == UInt8(ascii: "/"), before != bytes.startIndex { before = bytes.index(before: before) }
        return bytes[before] == UInt8(ascii: "<")
    }

    private mutating func comment() -> Bool {
        for (open, close) in language.blockComments where stands(open) {
            skip(open.utf8.count)
            pass(through: close)
            return true
        }
        for mark in language.lineComments where stands(mark) {
            at = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            return true
        }
        return false
    }

    private mutating func string() -> Bool {
        for mark in language.strings where stands(mark.open) {
            skip(mark.open.utf8.count)
            while at != bytes.endIndex {
                if stands(mark.close) {
                    skip(mark.close.utf8.count)
                    return true
                }
                if bytes[at] == UInt8(ascii: "\n"), !mark.spansLines { return true }
                skip(mark.hasEscapes && bytes[at] == UInt8(ascii: "\\") ? 2 : 1)
            }
            return true
        }
        return false
    }

    private mutating func pass(through mark: String) {
        while at != bytes.endIndex {
            if stands(mark) { return skip(mark.utf8.count) }
            skip(1)
        }
    }

    private func stands(_ mark: String) -> Bool { bytes[at...].starts(with: mark.utf8) }

    /// Passes whole characters' bytes: a piece must not end inside of one.
    private mutating func skip(_ count: Int) {
        at = bytes.index(at, offsetBy: count, limitedBy: bytes.endIndex) ?? bytes.endIndex
        while at != bytes.endIndex, bytes[at] & 0xC0 == 0x80 { at = bytes.index(after: at) }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), 0x80...:
            true
        default: language.wordCharacters.utf8.contains(byte)
        }
    }
}
