import Mustache

/// Escapes text for HTML byte by byte.
///
/// The template library's own escaping goes by `Character`, and a `<` that follows U+0600 (or a quote that precedes a
/// combining mark) is part of a larger character, which it lets through as it is. Responses are hostile text, so
/// every template is parsed with this content type instead.
struct HTMLEscaping: MustacheContentType {
    /// The name under which the library knows it.
    static let name = "PLUMB_HTML"
    /// Stands at the head of every template, since each partial starts from the library's default.
    static let pragma = "{{% CONTENT_TYPE: \(name) }}\n"

    static func register() { MustacheContentTypes.register(HTMLEscaping(), named: name) }

    func escapeText(_ text: String) -> String {
        guard text.utf8.contains(where: { Self.entity(for: $0) != nil }) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 16)
        Self.append(text.utf8, to: &escaped)
        return String(decoding: escaped, as: UTF8.self)
    }

    /// What stands for a byte that would mean something in HTML.
    private static func entity(for byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }

    /// Adds text to HTML, in an element or in an attribute between quotes.
    static func append(_ text: some Sequence<UInt8>, to html: inout [UInt8]) {
        for byte in text {
            if let entity = entity(for: byte) {
                html.append(contentsOf: entity.utf8)
            } else {
                html.append(byte)
            }
        }
    }
}
