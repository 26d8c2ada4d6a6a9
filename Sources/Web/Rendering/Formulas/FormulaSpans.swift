/// The formulas of a text, set apart before Markdown reads it, so that `_` and `\` in them stay what they are in LaTeX.
///
/// In the text a formula's place is taken by its number between two marks that stand nowhere else in the text. Where
/// Markdown then finds such a place in code, in an address or in raw HTML, the source is put back as it was.
struct FormulaSpans: Sendable {
    struct Formula: Sendable, Equatable {
        /// With its delimiters, as written.
        let source: String
        /// Without them.
        let body: String
        let isDisplay: Bool
    }

    enum Piece: Equatable {
        case text(Substring)
        case formula(Formula)
    }

    /// The text with its formulas replaced.
    let text: String
    let formulas: [Formula]
    private let mark: Character

    init(_ text: String) {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "\\") }),
            let mark = Self.unusedMark(in: text)
        else {
            self.text = text
            formulas = []
            mark = "\u{F8FF}"
            return
        }
        var finder = FormulaFinder(text, mark: mark)
        finder.run()
        self.text = finder.formulas.isEmpty ? text : String(decoding: finder.output, as: UTF8.self)
        formulas = finder.formulas
        self.mark = Character(mark)
    }

    /// A character of the private use area that the text does not hold.
    private static func unusedMark(in text: String) -> Unicode.Scalar? {
        guard text.utf8.contains(where: { $0 == 0xEE || $0 == 0xEF }) else { return "\u{F8FF}" }
        let used = Set(text.unicodeScalars.lazy.map(\.value).filter { (0xE000...0xF8FF).contains($0) })
        return (UInt32(0xE000)...0xF8FF).reversed().first { !used.contains($0) }.flatMap(Unicode.Scalar.init)
    }

    private func holdsFormula(_ text: String) -> Bool {
        // The private use area starts with these bytes; searching for a character costs far more.
        !formulas.isEmpty && text.utf8.contains { $0 == 0xEE || $0 == 0xEF } && text.contains(mark)
    }

    /// What Markdown gave back, with the formulas in their places.
    func pieces(of text: String) -> [Piece] {
        guard holdsFormula(text) else { return [.text(Substring(text))] }
        var pieces: [Piece] = []
        let parts = text.split(separator: mark, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index % 2 == 1, let number = Int(part), formulas.indices.contains(number) {
                pieces.append(.formula(formulas[number]))
            } else if !part.isEmpty {
                pieces.append(.text(part))
            }
        }
        return pieces
    }

    /// The same with the source of each formula.
    func restored(_ text: String) -> String {
        guard holdsFormula(text) else { return text }
        return pieces(of: text).map { piece in
            switch piece {
            case .text(let text): String(text)
            case .formula(let formula): formula.source
            }
        }.joined()
    }
}

/// Finds `$…$`, `$$…$$`, `\(…\)` and `\[…\]` outside of code.
///
/// A dollar opens a formula as in Pandoc: nothing blank behind it, and no letter or digit in front of it; it closes one
/// with nothing blank in front of it and no letter or digit behind it. So prices and shell variables stay text.
private struct FormulaFinder {
    private static let longestInline = 500
    private static let longestDisplay = 5_000

    private let bytes: [UInt8]
    private let mark: [UInt8]
    private var at = 0
    private var fence: CodeFence?
    private var isLineQuoted = false
    /// Where the next one of each closing mark, or a blank line, was found last; looked for anew once it is passed.
    private var found: [String: Int] = [:]
    private(set) var output: [UInt8] = []
    private(set) var formulas: [FormulaSpans.Formula] = []

    init(_ text: String, mark: Unicode.Scalar) {
        bytes = Array(text.utf8)
        self.mark = Array(String(Character(mark)).utf8)
        output.reserveCapacity(bytes.count)
    }

    mutating func run() {
        var isLineStart = true
        while at < bytes.count {
            if isLineStart, copyLineOfCode() { continue }
            isLineStart = false
            switch bytes[at] {
            case UInt8(ascii: "\n"):
                isLineStart = true
                copy(1)
            case UInt8(ascii: "`"): copyCodeSpan()
            case UInt8(ascii: "\\"):
                if !take("\\(", "\\)", isDisplay: false), !take("\\[", "\\]", isDisplay: true) {
                    copy(at + 1 < bytes.count && bytes[at + 1] != UInt8(ascii: "\n") ? 2 : 1)
                }
            case UInt8(ascii: "$"):
                if !take("$$", "$$", isDisplay: true), !takeDollars() {
                    copy(bytes[at...].prefix { $0 == UInt8(ascii: "$") }.count)
                }
            default: copy(1)
            }
        }
    }

    private mutating func copy(_ count: Int) {
        output.append(contentsOf: bytes[at..<at + count])
        at += count
    }

    /// Copies the line where it is a fence or stands between fences.
    private mutating func copyLineOfCode() -> Bool {
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let head = bytes[at..<end].prefix { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ">") }
        isLineQuoted = head.contains(UInt8(ascii: ">"))
        let body = bytes[head.endIndex..<end]
        if let open = fence {
            if open.isClosed(by: body) { fence = nil }
        } else {
            fence = CodeFence(opening: body)
            if fence == nil { return false }
        }
        copy(min(end + 1, bytes.count) - at)
        return true
    }

    private mutating func copyCodeSpan() {
        let length = bytes[at...].prefix { $0 == UInt8(ascii: "`") }.count
        let limit = next("\n\n", from: at)
        var close = at + length
        while close < limit {
            guard bytes[close] == UInt8(ascii: "`") else {
                close += 1
                continue
            }
            let run = bytes[close..<limit].prefix { $0 == UInt8(ascii: "`") }.count
            if run == length { return copy(close + run - at) }
            close += run
        }
        copy(length)
    }

    /// Takes a formula between two marks of their own.
    private mutating func take(_ open: String, _ close: String, isDisplay: Bool) -> Bool {
        guard bytes[at...].starts(with: open.utf8) else { return false }
        let start = at + open.utf8.count
        let end = next(close, from: start)
        let longest = isDisplay ? Self.longestDisplay : Self.longestInline
        guard end < bytes.count, end - start <= longest, end <= next("\n\n", from: start) else { return false }
        return replace(start..<end, closedBy: close.utf8.count, isDisplay: isDisplay)
    }

    private mutating func takeDollars() -> Bool {
        let start = at + 1
        guard start < bytes.count, !isBlank(bytes[start]), at == 0 || !isWord(bytes[at - 1]) else { return false }
        var end = start
        let limit = min(bytes.count, start + Self.longestInline)
        while end < limit, bytes[end] != UInt8(ascii: "$"), bytes[end] != UInt8(ascii: "\n") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < limit, bytes[end] == UInt8(ascii: "$"), !isBlank(bytes[end - 1]) else { return false }
        if end + 1 < bytes.count, isWord(bytes[end + 1]) || bytes[end + 1] == UInt8(ascii: "$") { return false }
        return replace(start..<end, closedBy: 1, isDisplay: false)
    }

    /// Puts the formula's number in its place, unless there is nothing in it.
    private mutating func replace(_ range: Range<Int>, closedBy closing: Int, isDisplay: Bool) -> Bool {
        guard bytes[range].contains(where: { !isBlank($0) }) else { return false }
        let end = range.upperBound + closing
        var body = String(decoding: bytes[range], as: UTF8.self)
        if isLineQuoted {
            body = body.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
                index == 0 ? line : line.drop { $0 == " " || $0 == ">" }
            }.joined(separator: "\n")
        }
        let source = String(decoding: bytes[at..<end], as: UTF8.self)
        output.append(contentsOf: mark)
        output.append(contentsOf: String(formulas.count).utf8)
        output.append(contentsOf: mark)
        formulas.append(FormulaSpans.Formula(source: source, body: body, isDisplay: isDisplay))
        at = end
        return true
    }

    /// Where a mark stands next, or the end. `\n\n` stands for a blank line.
    private mutating func next(_ closing: String, from start: Int) -> Int {
        if let known = found[closing], known >= start { return known }
        let wanted = Array(closing.utf8)
        var place = start
        while place < bytes.count {
            if closing == "\n\n" {
                if bytes[place] == wanted[0] {
                    let rest = bytes[(place + 1)...].prefix { $0 != wanted[0] }
                    if rest.allSatisfy({ isBlank($0) || $0 == UInt8(ascii: ">") }) { break }
                    place = rest.endIndex
                    continue
                }
            } else if bytes[place...].starts(with: wanted) {
                break
            } else if bytes[place] == UInt8(ascii: "\\") {
                place += 1
            }
            place += 1
        }
        place = min(place, bytes.count)
        found[closing] = place
        return place
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
