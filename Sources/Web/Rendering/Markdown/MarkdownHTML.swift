/// Writes a Markdown document as HTML of ours: no attribute and no element comes from the text. Nothing in it loads,
/// leads anywhere or runs; links and images are buttons that hold an address.
struct MarkdownHTML {
    /// - Returns: the HTML and how many hidden characters are marked in it; nil where the text has no formatting at all,
    ///   so that it is best shown as it was written.
    /// - Throws: `MarkdownLimit` where the text is too large or too deep to be formatted.
    static func render(_ text: String) throws(MarkdownLimit) -> HTMLWriter? {
        try MarkdownBounds.check(text)
        let text =
            text.utf8.contains(0x0D) ? text.replacing("\r\n", with: "\n").replacing("\r", with: "\n") : text
        let formulas = FormulaSpans(text)
        let events = try MarkdownParser.events(formulas.text)
        if formulas.formulas.isEmpty, isPlain(events, text) { return nil }
        var renderer = MarkdownHTML(formulas: formulas, capacity: text.utf8.count * 2)
        for event in events { renderer.write(event) }
        return renderer.html
    }

    /// Whether a document is paragraphs of the very characters that were written.
    private static func isPlain(_ events: [MarkdownEvent], _ text: String) -> Bool {
        var read = ""
        for event in events {
            switch event {
            case .text(let part): read += part
            case .lineEnd, .begin(.paragraph(isTight: false)), .end(.paragraph(isTight: false)): continue
            default: return false
            }
        }
        let isInk = { (byte: UInt8) in byte != 0x20 && byte != 0x0A && byte != 0x09 }
        return read.utf8.lazy.filter(isInk).elementsEqual(text.utf8.lazy.filter(isInk))
    }

    private let formulas: FormulaSpans
    private var html: HTMLWriter
    /// What is written into: the page, or the description of an image.
    private var imageDepth = 0
    private var linkDepth = 0
    private var isTableBodyOpen = false

    private init(formulas: FormulaSpans, capacity: Int) {
        self.formulas = formulas
        html = HTMLWriter(capacity: capacity)
    }

    private mutating func write(_ event: MarkdownEvent) {
        if imageDepth > 0 { return writeDescription(event) }
        switch event {
        case .begin(let container): begin(container)
        case .end(let container): end(container)
        case .text(let text): write(text)
        case .lineEnd(let indent):
            html.tag("\n")
            html.text(indent)
        case .code(let code):
            html.tag("<code>")
            html.text(formulas.restored(code))
            html.tag("</code>")
        case .codeBlock(let code, let language): writeCode(code, language: formulas.restored(language))
        case .html(let markup): html.text(formulas.restored(markup))
        case .htmlBlock(let markup):
            html.tag("<p dir=\"auto\">")
            let markup = formulas.restored(markup)
            html.text(markup.hasSuffix("\n") ? markup.dropLast() : markup[...])
            html.tag("</p>")
        case .rule: html.tag("<hr>")
        }
    }

    private mutating func begin(_ container: MarkdownContainer) {
        switch container {
        case .paragraph(let isTight): if !isTight { html.tag("<p dir=\"auto\">") }
        case .heading(let level):
            // Below the headings of the page: a response's own outline must not break into it.
            html.tag("<div class=\"heading h")
            html.number(level)
            html.tag("\" role=\"heading\" aria-level=\"")
            html.number(min(9, level + 3))
            html.tag("\" dir=\"auto\">")
        case .quote: html.tag("<blockquote dir=\"auto\">")
        case .bulletList: html.tag("<ul dir=\"auto\">")
        case .numberedList(let start):
            html.tag("<ol dir=\"auto\" start=\"")
            html.number(start)
            html.tag("\">")
        case .item(nil): html.tag("<li dir=\"auto\">")
        case .item(let isDone?):
            html.tag("<li class=\"task-item\" dir=\"auto\"><span role=\"img\" aria-label=\"")
            html.tag(isDone ? "done\">☑" : "to do\">☐")
            html.tag("</span> ")
        case .table: html.tag("<div class=\"wide-content\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>")
        case .row(let isHeader):
            if isHeader {
                html.tag("<thead>")
            } else if !isTableBodyOpen {
                isTableBodyOpen = true
                html.tag("<tbody>")
            }
            html.tag("<tr>")
        case .cell(let isHeader, let alignment): beginCell(isHeader: isHeader, alignment: alignment)
        case .emphasis: html.tag("<em>")
        case .strong: html.tag("<strong>")
        case .strikethrough: html.tag("<del>")
        case .link(let address): beginLink(formulas.restored(address))
        case .image(let address): beginImage(formulas.restored(address))
        }
    }

    private mutating func end(_ container: MarkdownContainer) {
        switch container {
        case .paragraph(let isTight): if !isTight { html.tag("</p>") }
        case .heading: html.tag("</div>")
        case .quote: html.tag("</blockquote>")
        case .bulletList: html.tag("</ul>")
        case .numberedList: html.tag("</ol>")
        case .item: html.tag("</li>")
        case .table:
            html.tag(isTableBodyOpen ? "</tbody></table></div>" : "</table></div>")
            isTableBodyOpen = false
        case .row(let isHeader): html.tag(isHeader ? "</tr></thead>" : "</tr>")
        case .cell(let isHeader, _): html.tag(isHeader ? "</th>" : "</td>")
        case .emphasis: html.tag("</em>")
        case .strong: html.tag("</strong>")
        case .strikethrough: html.tag("</del>")
        case .link(let address): endLink(formulas.restored(address))
        case .image: break
        }
    }

    private mutating func beginCell(isHeader: Bool, alignment: ColumnAlignment?) {
        html.tag(isHeader ? "<th scope=\"col\" dir=\"auto\"" : "<td dir=\"auto\"")
        switch alignment {
        case .left: html.tag(" class=\"left\">")
        case .center: html.tag(" class=\"center\">")
        case .right: html.tag(" class=\"right\">")
        case nil: html.tag(">")
        }
    }

    // MARK: Text, formulas, code

    private mutating func write(_ text: String) {
        for piece in formulas.pieces(of: text) {
            switch piece {
            case .text(let text): html.text(text)
            case .formula(let formula): write(formula)
            }
        }
    }

    private mutating func write(_ formula: FormulaSpans.Formula) {
        guard let markup = try? FormulaReader.mathML(formula.body, isDisplay: formula.isDisplay) else {
            html.tag("<code class=\"formula-source\" title=\"This formula could not be read\">")
            html.text(formula.source)
            html.tag("</code>")
            return
        }
        if formula.isDisplay && linkDepth == 0 {
            html.tag("<span class=\"wide-content\" tabindex=\"0\" role=\"group\" aria-label=\"Formula\">")
            html.markup(markup)
            html.tag("</span>")
        } else {
            html.markup(markup)
        }
    }

    private mutating func writeCode(_ code: String, language name: String) {
        let code = formulas.restored(code)
        let shown = name.prefix(30)
        html.tag("<div class=\"code\">")
        if !shown.isEmpty {
            html.tag("<p class=\"code-language\">")
            html.text(shown)
            html.tag("</p>")
        }
        html.tag("<pre class=\"wide-content\" dir=\"ltr\" tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code>")
        if code.utf8.count <= CodeHighlighter.mostBytes, let language = CodeLanguage.named(name) {
            CodeHighlighter.write(code, language: language, into: &html)
        } else {
            html.text(code)
        }
        html.tag("</code></pre></div>")
    }

    // MARK: Links and images

    private mutating func beginLink(_ address: String) {
        linkDepth += 1
        switch TextAddress(address) {
        case .web(let whole): beginButton("address", address: whole)
        case .other: html.tag("<span class=\"address inert\">")
        }
    }

    private mutating func endLink(_ address: String) {
        linkDepth -= 1
        if case .web = TextAddress(address) { return html.tag("</button>") }
        writeAddress(address)
        html.tag("</span>")
    }

    private mutating func beginButton(_ className: Markup, address: String) {
        html.tag("<button type=\"button\" class=\"")
        html.tag(className)
        html.tag("\" data-address=\"")
        html.escaped(address)
        html.tag("\" title=\"")
        html.escaped(address)
        html.tag("\">")
    }

    /// An image's place: it is not loaded, and its address can be read. Its description follows until its end.
    private mutating func beginImage(_ address: String) {
        imageDepth = 1
        if linkDepth == 0, case .web(let whole) = TextAddress(address) {
            beginButton("address image", address: whole)
        } else {
            html.tag("<span class=\"address image inert\">")
        }
        html.tag("<span class=\"image-word\">Image</span> ")
    }

    private mutating func writeDescription(_ event: MarkdownEvent) {
        switch event {
        case .begin(.image): imageDepth += 1
        case .end(.image(let address)):
            imageDepth -= 1
            guard imageDepth == 0 else { return }
            let address = formulas.restored(address)
            writeAddress(address)
            if linkDepth == 0, case .web = TextAddress(address) {
                html.tag("</button>")
            } else {
                html.tag("</span>")
            }
        case .text(let text), .code(let text), .html(let text): html.text(formulas.restored(text))
        case .lineEnd: html.tag(" ")
        default: break
        }
    }

    private mutating func writeAddress(_ address: String) {
        html.tag(" <bdi class=\"where\">")
        html.text(address.prefix(TextAddress.longestShown))
        if address.count > TextAddress.longestShown { html.tag("…") }
        html.tag("</bdi>")
    }
}
