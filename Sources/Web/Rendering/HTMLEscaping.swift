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
        guard text.utf8.contains(where: Self.isSpecial) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 16)
        Self.append(text.utf8, to: &escaped)
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
        default: false
        }
    }

    /// Adds text to HTML, in an element or in an attribute between quotes.
    static func append(_ text: some Sequence<UInt8>, to html: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "<"): html.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): html.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "&"): html.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "\""): html.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): html.append(contentsOf: "&#39;".utf8)
            default: html.append(byte)
            }
        }
    }
}
