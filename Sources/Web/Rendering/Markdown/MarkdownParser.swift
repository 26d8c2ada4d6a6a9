import CMarkGFM
import Synchronization

/// CommonMark with GitHub's tables, strikethrough, autolinks and task lists, read by cmark-gfm.
///
/// The one file that touches the library's memory: a tree is read into values and freed before anybody sees it.
enum MarkdownParser {
    /// Steps of one document's walk; above it the text is shown plain.
    static let mostEvents = 60_000
    /// How deep containers may stand in each other.
    static let deepest = 48

    /// The library keeps the characters that its extensions look for in global tables, which every parse fills and
    /// empties: two at once would read half-filled ones.
    private static let library = Mutex(false)

    /// - Throws: `MarkdownLimit` where the document is nested too deep or has too many parts.
    static func events(_ text: String) throws(MarkdownLimit) -> [MarkdownEvent] {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let result: Result<[MarkdownEvent], MarkdownLimit> = library.withLock { isReady in
            if !isReady {
                cmark_gfm_core_extensions_ensure_registered()
                isReady = true
            }
            return Result { () throws(MarkdownLimit) in try read(text, lines: lines) }
        }
        return try result.get()
    }

    private static func read(_ text: String, lines: [Substring.UTF8View]) throws(MarkdownLimit) -> [MarkdownEvent] {
        // Two tildes strike through; one is "about" in many people's writing.
        guard let parser = unsafe cmark_parser_new(CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE) else { throw .noMemory }
        defer { unsafe cmark_parser_free(parser) }
        for name in ["table", "strikethrough", "autolink", "tasklist"] {
            guard let found = unsafe cmark_find_syntax_extension(name) else { throw .noExtension(name) }
            unsafe cmark_parser_attach_syntax_extension(parser, found)
        }
        var source = text
        source.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe cmark_parser_feed(parser, characters.baseAddress, characters.count)
            }
        }
        guard let document = unsafe cmark_parser_finish(parser) else { throw .noMemory }
        defer { unsafe cmark_node_free(document) }
        guard let steps = unsafe cmark_iter_new(document) else { throw .noMemory }
        defer { unsafe cmark_iter_free(steps) }
        return unsafe try walk(steps, lines: lines)
    }

    private static func walk(_ steps: OpaquePointer, lines: [Substring.UTF8View]) throws(MarkdownLimit)
        -> [MarkdownEvent]
    {
        var events: [MarkdownEvent] = []
        var depth = 0
        var paragraphStart = 0
        while true {
            let step = unsafe cmark_iter_next(steps)
            if step == CMARK_EVENT_DONE { return events }
            guard let node = unsafe cmark_iter_get_node(steps) else { return events }
            guard events.count < mostEvents else { throw .tooManyParts }
            if let leaf = unsafe leaf(node) {
                if step == CMARK_EVENT_ENTER { events.append(leaf) }
                continue
            }
            depth += step == CMARK_EVENT_ENTER ? 1 : -1
            guard depth <= deepest else { throw .tooDeep }
            guard let container = unsafe container(node) else { continue }
            if step == CMARK_EVENT_ENTER {
                events.append(.begin(container))
                if case .paragraph = container { paragraphStart = events.count }
            } else {
                if case .paragraph = container {
                    unsafe indent(&events, from: paragraphStart, paragraph: node, lines: lines)
                }
                events.append(.end(container))
            }
        }
    }

    private static func leaf(_ node: OpaquePointer) -> MarkdownEvent? {
        let literal = { unsafe string(cmark_node_get_literal(node)) }
        switch unsafe cmark_node_get_type(node) {
        case CMARK_NODE_TEXT: return .text(literal())
        case CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK: return .lineEnd(indent: "")
        case CMARK_NODE_CODE: return .code(literal())
        case CMARK_NODE_HTML_INLINE, CMARK_NODE_CUSTOM_INLINE: return .html(literal())
        case CMARK_NODE_HTML_BLOCK, CMARK_NODE_CUSTOM_BLOCK: return .htmlBlock(literal())
        case CMARK_NODE_THEMATIC_BREAK: return .rule
        case CMARK_NODE_CODE_BLOCK:
            let words = unsafe string(cmark_node_get_fence_info(node)).split(whereSeparator: \.isWhitespace)
            return .codeBlock(literal(), language: words.first.map(String.init) ?? "")
        default: return nil
        }
    }

    private static func container(_ node: OpaquePointer) -> MarkdownContainer? {
        switch unsafe string(cmark_node_get_type_string(node)) {
        case "paragraph":
            guard let item = unsafe cmark_node_parent(node), let list = unsafe cmark_node_parent(item) else {
                return .paragraph(isTight: false)
            }
            return unsafe .paragraph(isTight: cmark_node_get_list_tight(list) != 0)
        case "heading": return unsafe .heading(level: Int(cmark_node_get_heading_level(node)))
        case "block_quote": return .quote
        case "list":
            let isNumbered = unsafe cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
            guard isNumbered else { return .bulletList }
            return unsafe .numberedList(start: Int(cmark_node_get_list_start(node)))
        case "item": return .item(isDone: nil)
        case "tasklist": return unsafe .item(isDone: cmark_gfm_extensions_get_tasklist_item_checked(node))
        case "table": return .table
        case "table_header": return .row(isHeader: true)
        case "table_row": return .row(isHeader: false)
        case "table_cell": return unsafe cell(node)
        case "emph": return .emphasis
        case "strong": return .strong
        case "strikethrough": return .strikethrough
        case "link": return unsafe .link(address: string(cmark_node_get_url(node)))
        case "image": return unsafe .image(address: string(cmark_node_get_url(node)))
        default: return nil
        }
    }

    private static func cell(_ node: OpaquePointer) -> MarkdownContainer {
        guard let row = unsafe cmark_node_parent(node), let table = unsafe cmark_node_parent(row) else {
            return .cell(isHeader: false, alignment: nil)
        }
        var column = 0
        var before = unsafe cmark_node_previous(node)
        while let each = unsafe before {
            column += 1
            unsafe before = cmark_node_previous(each)
        }
        var alignment: ColumnAlignment?
        let columns = unsafe Int(cmark_gfm_extensions_get_table_columns(table))
        if column < columns, let letters = unsafe cmark_gfm_extensions_get_table_alignments(table) {
            switch unsafe letters[column] {
            case UInt8(ascii: "l"): alignment = .left
            case UInt8(ascii: "c"): alignment = .center
            case UInt8(ascii: "r"): alignment = .right
            default: alignment = nil
            }
        }
        let isHeader = unsafe string(cmark_node_get_type_string(row)) == "table_header"
        return .cell(isHeader: isHeader, alignment: alignment)
    }

    /// Gives a paragraph's line ends the spaces that stood before each next line, which Markdown drops: a poem keeps its
    /// steps. Where lines and line ends do not match, as after a code span over two lines, nothing is added.
    private static func indent(
        _ events: inout [MarkdownEvent], from start: Int, paragraph node: OpaquePointer, lines: [Substring.UTF8View]
    ) {
        let first = unsafe Int(cmark_node_get_start_line(node))
        let last = unsafe Int(cmark_node_get_end_line(node))
        let margin = unsafe max(0, Int(cmark_node_get_start_column(node)) - 1)
        let ends = events.indices[start...].filter {
            if case .lineEnd = events[$0] { true } else { false }
        }
        guard first >= 1, last <= lines.count, !ends.isEmpty, ends.count == last - first else { return }
        for (offset, end) in ends.enumerated() {
            events[end] = .lineEnd(indent: SourceLine.indent(of: lines[first + offset], beyond: margin))
        }
    }

    private static func string(_ characters: UnsafePointer<CChar>?) -> String {
        guard let characters = unsafe characters else { return "" }
        return unsafe String(cString: characters)
    }
}

/// White space at the start of a line of Markdown.
enum SourceLine {
    /// The white space that remains before a paragraph's line once the marks of quotes, or the margin of its list
    /// item, are taken off.
    static func indent(of line: Substring.UTF8View, beyond margin: Int) -> String {
        let head = line.prefix { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ">") }
        if let mark = head.lastIndex(of: UInt8(ascii: ">")) {
            let rest = head[head.index(after: mark)...]
            return String(Substring(rest.first == 0x20 ? rest.dropFirst() : rest))
        }
        return String(Substring(head.dropFirst(margin)))
    }
}
