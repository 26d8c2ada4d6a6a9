import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Labels
import NIOCore
import Testing
import Web

@Suite struct HostileTextTests {
    /// Texts that must arrive as text. Several put a mark before or after `<` or `"` that joins it into one larger
    /// character, which escaping by characters would miss.
    static let texts = [
        "<script>alert(1)</script>", "\u{0600}<script>alert(1)</script>", "\u{0600}<img src=x onerror=alert(1)>",
        "\u{110BD}<svg onload=alert(1)>", "\"\u{0301} autofocus onfocus=alert(1) x=\"", "'\u{200D} onclick='alert(1)",
        "</div></form><form action=//evil.example>", "&lt;b&gt; &amp;amp;", "<!-- ", "]]>", "{{shell.csrf}}",
        "{{#page}}{{/page}}", "<\u{0301}script>", "\u{FEFF}<iframe src=//evil.example>", "a\r\nb\tc   d",
    ]

    @Test(arguments: texts)
    func aResponseIsShownAsTheTextItIs(hostile: String) async throws {
        let site = try await TestSite.make(
            tasks: 1, responses: 4,
            text: { _, response in response == 0 ? "MARK\(hostile)MARK" : "plain \(response)" })
        try await site.run { client in
            var browser = try await site.browser(client)
            let page = try await browser.get(site.nextTask)
            let raw = page.text.components(separatedBy: #"<div class="raw" dir="auto">"#).first { $0.hasPrefix("MARK") }
            let parts = try #require(raw).components(separatedBy: "MARK")
            try #require(parts.count >= 3, "the text must stand on the page as it was written")
            let bytes = Array(parts[1].utf8)
            #expect(!bytes.contains(UInt8(ascii: "<")))
            #expect(!bytes.contains(UInt8(ascii: ">")))
            #expect(!bytes.contains(UInt8(ascii: "\"")))
            #expect(Array(unescaped(parts[1]).unicodeScalars) == Array(hostile.unicodeScalars))
        }
    }

    @Test func aNameWithMarkupStaysAName() async throws {
        let site = try await TestSite.make()
        try await site.run { client in
            var browser = Browser(client)
            _ = try await browser.get(Path.signIn)
            let page = try await browser.post(
                Path.signIn, ["name": "\"\u{0301} autofocus onfocus=\"alert(1)", "password": "wrong wrong"])
            let value = try #require(Browser.attribute("value", after: "id=\"name\"", in: page.text))
            #expect(value.utf8.starts(with: "&quot;".utf8))
        }
    }

    private func unescaped(_ text: String) -> String {
        var result = text
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
            result = result.replacingOccurrences(of: entity, with: character, options: .literal)
        }
        return result
    }
}
