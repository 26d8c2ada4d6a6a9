/// One step of a walk through a Markdown document: a container opens or closes, or a leaf stands there. A flat list, so
/// that no nesting in a response can exhaust a stack.
enum MarkdownEvent: Sendable, Equatable {
    case begin(MarkdownContainer)
    case end(MarkdownContainer)
    case text(String)
    /// The end of a line inside a paragraph, with the spaces that the writer put before the next line.
    case lineEnd(indent: String)
    case code(String)
    /// - Parameter language: the first word after the fence; empty where there is none.
    case codeBlock(String, language: String)
    /// Raw HTML, which is shown as the text it is.
    case html(String)
    case htmlBlock(String)
    case rule
}

/// What holds other parts of a document.
enum MarkdownContainer: Sendable, Equatable {
    /// - Parameter isTight: it is the text of a list item without blank lines around it.
    case paragraph(isTight: Bool)
    case heading(level: Int)
    case quote
    case bulletList
    case numberedList(start: Int)
    /// - Parameter isDone: of a task list; nil for any other item.
    case item(isDone: Bool?)
    case table
    case row(isHeader: Bool)
    case cell(isHeader: Bool, alignment: ColumnAlignment?)
    case emphasis
    case strong
    case strikethrough
    case link(address: String)
    case image(address: String)
}

/// How a table's writer aligned a column.
enum ColumnAlignment: String, Sendable, Equatable {
    case left, center, right
}
