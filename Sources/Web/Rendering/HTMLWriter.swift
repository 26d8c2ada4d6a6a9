/// Markup of ours: only a literal can be one, so that no text of others becomes it by mistake.
struct Markup: ExpressibleByStringLiteral, Sendable {
    fileprivate let text: String

    init(stringLiteral text: String) { self.text = text }
}

/// Builds HTML from tags of ours and text of others: what is written as text can't become markup, and hidden characters
/// in it are shown and counted.
struct HTMLWriter: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Characters that were shown as a mark.
    private(set) var hiddenCount = 0

    var html: String { String(decoding: bytes, as: UTF8.self) }

    init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// Writes markup as it stands in our source.
    mutating func tag(_ markup: Markup) { bytes.append(contentsOf: markup.text.utf8) }

    /// Writes markup that another part of ours made, with all text in it escaped.
    mutating func markup(_ markup: String) { bytes.append(contentsOf: markup.utf8) }

    /// Writes markup that was made by another writer.
    mutating func append(_ other: HTMLWriter) {
        bytes.append(contentsOf: other.bytes)
        hiddenCount += other.hiddenCount
    }

    /// Writes a number into markup.
    mutating func number(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    /// Writes text; each hidden character in it becomes a mark.
    mutating func text(_ text: some StringProtocol) {
        guard HiddenCharacters.mayStand(in: text.utf8) else { return escaped(text) }
        let scalars = text.unicodeScalars
        var before: Unicode.Scalar?
        var start = scalars.startIndex
        var at = start
        while at != scalars.endIndex {
            let next = scalars.index(after: at)
            let after = next == scalars.endIndex ? nil : scalars[next]
            if let mark = HiddenCharacters.mark(for: scalars[at], after: before, before: after) {
                escaped(text[start..<at])
                tag("<span class=\"hidden-character\">")
                escaped(mark)
                tag("</span>")
                hiddenCount += 1
                start = next
            }
            before = scalars[at]
            at = next
        }
        escaped(text[start...])
    }

    /// Writes text without marks: into an attribute between double quotes, or where the text must stay as it is.
    mutating func escaped(_ text: some StringProtocol) { HTMLEscaping.append(text.utf8, to: &bytes) }
}
