import Labels
import Testing
import Web

@Suite struct HiddenCharacterTests {
    private func mark(_ name: String) -> String { "<span class=\"hidden-character\">\(name)</span>" }

    @Test(arguments: [
        ("a\u{202E}b", "RLO"), ("a\u{200B}b", "ZWSP"), ("a\u{2066}b", "LRI"), ("a\u{200D}b", "ZWJ"),
        ("a\u{FEFF}b", "BOM"),
        ("a\u{AD}b", "SHY"), ("a\u{1B}b", "ESC"), ("a\u{85}b", "U+0085"), ("a\u{3164}b", "U+3164"),
        ("a\u{E0041}b", "U+E0041"),
        ("a\u{200F}b", "RLM"), ("a\u{2062}b", "U+2062"),
    ])
    func aHiddenCharacterIsMarkedAndCounted(text: String, name: String) throws {
        #expect(try #require(rendered("*x* " + text)).contains("a\(mark(name))b"))
        #expect(notices("*x* " + text) == ["1 invisible character is marked in this text."])
        // Without any formatting too.
        #expect(try #require(rendered(text)).contains("a\(mark(name))b"))
    }

    @Test func everyOneIsCountedWhereverItStands() {
        let text = "`a\u{202E}` [\u{200B}b](https://x.example) <i\u{2066}>\n\n```\n\u{200B}\n```"
        #expect(notices(text) == ["4 invisible characters are marked in this text."])
    }

    @Test(arguments: [
        "👨‍👩‍👧 *a*", "*a* ❤️‍🔥", "می‌خواهم *a*", "क्‍ष *a*", "🏴\u{E0067}\u{E0062}\u{E007F} *a*", "é ü ∀ *a*", "日本語\u{3000} *a*",
    ])
    func joinersThatAScriptOrAnEmojiNeedsStay(text: String) {
        #expect(rendered(text)?.contains("hidden-character") == false)
    }

    @Test func theTextAsItWasWrittenKeepsThem() {
        #expect(
            ShownText("a\u{202E}b", as: .markdown).html.hasSuffix("<div class=\"raw\" dir=\"auto\">a\u{202E}b</div>"))
    }
}
