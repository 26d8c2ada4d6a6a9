package import Labels

/// A text of a prompt, a response or a project as its page shows it: what stands inside an element of class `text`.
///
/// Templates write `{{{text.html}}}`. It holds the text as it was written and, where that differs, the formatted one; the
/// page's script turns between both.
package struct ShownText: Sendable {
    /// HTML of ours around the escaped text: notices, then `div.rendered` where there is formatting, then `div.raw`.
    package let html: String

    /// Texts above this many bytes are cut into blocks that the browser lays out only when they come into view.
    private static let longText = 20_000
    private static let blockBytes = 4_000
    /// A longer line is broken, since a browser lays out a line as a whole.
    private static let longestLine = 120_000

    package init(_ text: String, as rendering: TextRendering) {
        var writer = HTMLWriter(capacity: text.utf8.count * 3 + 128)
        var rendered: HTMLWriter?
        var limit: MarkdownLimit?
        switch rendering {
        // What a reader cannot see is marked whatever the rendering.
        case .plain: rendered = Self.marked(text)
        case .markdown:
            do {
                rendered = try MarkdownHTML.render(text) ?? Self.marked(text)
            } catch {
                limit = error
                rendered = Self.marked(text)
            }
        }
        if let limit { Self.notice(limit.description, into: &writer) }
        if text.utf8.count > Self.longestLine, Self.hasLongLine(text) {
            Self.notice(
                "A line of it is longer than \(Self.longestLine / 1000) kB and is shown in parts.", into: &writer)
        }
        if let count = rendered?.hiddenCount, count > 0 {
            Self.notice(
                count == 1
                    ? "1 invisible character is marked in this text."
                    : "\(count) invisible characters are marked in this text.", into: &writer)
        }
        let isLong = text.utf8.count > Self.longText
        if let rendered {
            writer.tag(isLong ? "<div class=\"rendered long\">" : "<div class=\"rendered\">")
            writer.append(rendered)
            writer.tag("</div>")
        }
        writer.tag(isLong ? "<div class=\"raw long\" dir=\"auto\"" : "<div class=\"raw\" dir=\"auto\"")
        writer.tag(">")
        Self.writeRaw(text, inBlocks: isLong, into: &writer)
        writer.tag("</div>")
        html = writer.html
    }

    private static func hasLongLine(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "\n")).contains { $0.count > longestLine }
    }

    private static func notice(_ words: String, into writer: inout HTMLWriter) {
        writer.tag("<p class=\"text-notice\">")
        writer.escaped(words)
        writer.tag("</p>")
    }

    /// A text without formatting whose hidden characters are marked; nil where it has none.
    private static func marked(_ text: String) -> HTMLWriter? {
        var writer = HTMLWriter(capacity: text.utf8.count + 64)
        guard HiddenCharacters.mayStand(in: text.utf8) else { return nil }
        writeBlocks(text, isMarked: true, into: &writer)
        return writer.hiddenCount > 0 ? writer : nil
    }

    /// The text as it was written. The one space that many tokenizers put before a response is in the page and shown as
    /// no indent; any other white space is the author's and is shown.
    private static func writeRaw(_ text: String, inBlocks: Bool, into writer: inout HTMLWriter) {
        var rest = Substring(text)
        if text.hasPrefix(" "), let second = text.dropFirst().first, !second.isWhitespace {
            writer.tag("<span class=\"first-space\"> </span>")
            rest = text.dropFirst()
        }
        if inBlocks {
            writeBlocks(rest, isMarked: false, into: &writer)
        } else {
            writer.escaped(rest)
        }
    }

    private static func characterStart(_ place: String.Index, in text: some StringProtocol) -> String.Index {
        var place = place
        while place != text.endIndex, text.utf8[place] & 0xC0 == 0x80 { place = text.utf8.index(after: place) }
        return place
    }

    /// Writes a text as blocks of whole lines.
    private static func writeBlocks(_ text: some StringProtocol, isMarked: Bool, into writer: inout HTMLWriter) {
        var start = text.startIndex
        while start != text.endIndex {
            let wanted = text.utf8.index(start, offsetBy: blockBytes, limitedBy: text.endIndex) ?? text.endIndex
            let longest = text.utf8.index(start, offsetBy: longestLine, limitedBy: text.endIndex) ?? text.endIndex
            let lineEnd = text.utf8[wanted..<longest].firstIndex(of: UInt8(ascii: "\n"))
            // A part ends between two characters.
            let end = lineEnd.map { text.utf8.index(after: $0) } ?? Self.characterStart(longest, in: text)
            writer.tag("<div class=\"block\" dir=\"auto\">")
            let block = text[start..<end]
            if isMarked { writer.text(block) } else { writer.escaped(block) }
            writer.tag("</div>")
            start = end
        }
    }
}
