/// Why a text is shown as it was written and not formatted. The words are for the person who reads the text.
enum MarkdownLimit: Error, Equatable, CustomStringConvertible {
    case tooLong(bytes: Int)
    case tooDeep
    case tooManyParts
    case paragraphTooDense
    case tableTooLarge
    case noMemory
    case noExtension(String)

    var description: String {
        switch self {
        case .tooLong(let bytes):
            "Shown without formatting: with \(bytes / 1000) kB it is longer than the "
                + "\(MarkdownBounds.mostBytes / 1000) kB that are formatted."
        case .tooDeep:
            "Shown without formatting: lists or quotes stand in each other more than \(MarkdownParser.deepest) deep."
        case .tooManyParts: "Shown without formatting: it has too many parts."
        case .paragraphTooDense: "Shown without formatting: one paragraph has too many marks of formatting."
        case .tableTooLarge: "Shown without formatting: a table in it is too large."
        case .noMemory: "Shown without formatting: the server had no memory for it."
        case .noExtension(let name): "Shown without formatting: the installed cmark-gfm has no extension “\(name)”."
        }
    }
}

/// What a text may ask of the Markdown library, looked at before it is parsed: some inputs take time that grows with the
/// square of their length there, and a response is hostile text.
enum MarkdownBounds {
    static let mostBytes = 100_000
    /// Marks (`*`, `_`, `[`, …) in lines without a blank one between them.
    static let mostMarks = 6_000
    /// Largest number of columns times lines: a row is filled up to the columns of its table.
    static let mostCells = 50_000

    static func check(_ text: String) throws(MarkdownLimit) {
        let bytes = text.utf8.count
        guard bytes <= mostBytes else { throw .tooLong(bytes: bytes) }
        var fence: CodeFence?
        var marks = 0
        var lines = 0
        var columns = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lines += 1
            if let open = fence {
                if open.isClosed(by: line) { fence = nil }
                continue
            }
            // An indented fence may end with the list item that it stands in: only one at the margin is sure to be code.
            fence = CodeFence(opening: line)
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { marks = 0 }
            var pipes = 0
            for byte in line {
                switch byte {
                case UInt8(ascii: "|"): pipes += 1
                case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"),
                    UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: "&"), UInt8(ascii: ":"),
                    UInt8(ascii: "@"), UInt8(ascii: "!"), UInt8(ascii: "`"), UInt8(ascii: "\\"):
                    marks += 1
                default: break
                }
            }
            columns = max(columns, pipes + 1)
            guard marks <= mostMarks else { throw .paragraphTooDense }
        }
        guard columns == 1 || columns * lines <= mostCells else { throw .tableTooLarge }
    }
}
