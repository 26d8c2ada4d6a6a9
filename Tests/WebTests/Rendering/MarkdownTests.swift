import Labels
import Testing
import Web

@Suite struct MarkdownTests {
    static let cases: [(text: String, html: String)] = [
        (
            "Some *soft*, **strong** and ~~gone~~.",
            "<p dir=\"auto\">Some <em>soft</em>, <strong>strong</strong> and <del>gone</del>.</p>"
        ),
        ("about ~5~ of them, *a*", "<p dir=\"auto\">about ~5~ of them, <em>a</em></p>"),
        (
            "# One\n\ntext",
            "<div class=\"heading h1\" role=\"heading\" aria-level=\"4\" dir=\"auto\">One</div><p dir=\"auto\">text</p>"
        ),
        (
            "###### Six",
            "<div class=\"heading h6\" role=\"heading\" aria-level=\"9\" dir=\"auto\">Six</div>"
        ),
        ("- a\n- b", "<ul dir=\"auto\"><li dir=\"auto\">a</li><li dir=\"auto\">b</li></ul>"),
        (
            "3. a\n\n4. b",
            "<ol dir=\"auto\" start=\"3\"><li dir=\"auto\"><p dir=\"auto\">a</p></li><li dir=\"auto\"><p dir=\"auto\">b</p></li></ol>"
        ),
        (
            "- [x] a\n- [ ] b",
            "<ul dir=\"auto\"><li class=\"task-item\" dir=\"auto\"><span role=\"img\" aria-label=\"done\">☑</span> a</li>"
                + "<li class=\"task-item\" dir=\"auto\"><span role=\"img\" aria-label=\"to do\">☐</span> b</li></ul>"
        ),
        ("> said", "<blockquote dir=\"auto\"><p dir=\"auto\">said</p></blockquote>"),
        ("a\n\n---\n\nb", "<p dir=\"auto\">a</p><hr><p dir=\"auto\">b</p>"),
        ("`x < 1`", "<p dir=\"auto\"><code>x &lt; 1</code></p>"),
        (
            "| a | b |\n|:--|--:|\n| 1 | **2** |",
            "<div class=\"wide-content\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table><thead><tr>"
                + "<th scope=\"col\" dir=\"auto\" class=\"left\">a</th><th scope=\"col\" dir=\"auto\" class=\"right\">b</th>"
                + "</tr></thead><tbody><tr><td dir=\"auto\" class=\"left\">1</td>"
                + "<td dir=\"auto\" class=\"right\"><strong>2</strong></td></tr></tbody></table></div>"
        ),
    ]

    @Test(arguments: cases)
    func markdownIsFormatted(text: String, html: String) { #expect(rendered(text) == html) }

    @Test(arguments: [
        "Plain words.", "Two\nlines", "A poem\n    with steps\n  and back", "a\n\n\n\nb", "3 * 4 and 5_000",
        " one space",
        "a  b\tc", "1 < 2 & 3", "",
    ])
    func aTextWithoutFormattingIsShownAsItWasWritten(text: String) {
        #expect(rendered(text) == nil)
        #expect(ShownText(text, as: .markdown).html.hasPrefix("<div class=\"raw\" dir=\"auto\">"))
    }

    @Test func lineBreaksAndStepsAreKeptBesideFormatting() {
        #expect(
            rendered("**Song**\n  up\n    and up\nback  again")
                == "<p dir=\"auto\"><strong>Song</strong>\n  up\n    and up\nback  again</p>")
        #expect(rendered("> a\n>   b\n> c") == "<blockquote dir=\"auto\"><p dir=\"auto\">a\n  b\nc</p></blockquote>")
        #expect(rendered("- a\n  b\n    c") == "<ul dir=\"auto\"><li dir=\"auto\">a\nb\n  c</li></ul>")
    }

    @Test(arguments: [
        ("a <b onclick=x>c</b>", "<p dir=\"auto\">a &lt;b onclick=x&gt;c&lt;/b&gt;</p>"),
        ("<div>\n*a*\n</div>", "<p dir=\"auto\">&lt;div&gt;\n*a*\n&lt;/div&gt;</p>"),
        ("a <!-- b --> *c*", "<p dir=\"auto\">a &lt;!-- b --&gt; <em>c</em></p>"),
        ("&lt;b&gt; &amp;amp; *c*", "<p dir=\"auto\">&lt;b&gt; &amp;amp; <em>c</em></p>"),
    ])
    func rawHTMLIsShownAsText(text: String, html: String) { #expect(rendered(text) == html) }

    @Test func linksAreButtonsThatHoldTheirAddress() throws {
        let html = try #require(rendered("[here](https://example.org/a?b=1&c=\"2\")"))
        #expect(
            html == "<p dir=\"auto\"><button type=\"button\" class=\"address\" "
                + "data-address=\"https://example.org/a?b=1&amp;c=&quot;2&quot;\" "
                + "title=\"https://example.org/a?b=1&amp;c=&quot;2&quot;\">here</button></p>")
        #expect(
            try #require(rendered("see https://example.org/x now")).contains("data-address=\"https://example.org/x\""))
    }

    @Test(arguments: [
        "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](data:text/html,x)", "[a](vbscript:x)",
        "[a](/tasks)",
        "[a](//evil.example)", "[a](<https://evil.example/ x>)", "[a](https://evil.example/\u{202E}x)",
        "[a](&#106;avascript:x)",
    ])
    func otherAddressesAreShownAndNeverOpened(text: String) throws {
        let html = try #require(rendered(text))
        #expect(!html.contains("data-address") && !html.contains("href"))
        #expect(html.contains("<span class=\"address inert\">a <bdi class=\"where\">"))
    }

    @Test func imagesAreNotLoadedAndShowTheirAddress() {
        #expect(
            rendered("![a *cat*](https://example.org/c.png)")
                == "<p dir=\"auto\"><button type=\"button\" class=\"address image\" data-address=\"https://example.org/c.png\" "
                + "title=\"https://example.org/c.png\"><span class=\"image-word\">Image</span> a cat "
                + "<bdi class=\"where\">https://example.org/c.png</bdi></button></p>")
        // A button in a button would be taken apart by browsers.
        #expect(rendered("[![x](https://a.example/i)](https://b.example)").map { $0.ranges(of: "<button").count } == 1)
    }

    @Test func aProjectWithoutMarkdownShowsTextsAsTheyWereWritten() {
        #expect(ShownText("**a**", as: .plain).html == "<div class=\"raw\" dir=\"auto\">**a**</div>")
    }

    @Test func theSpaceOfATokenizerIsNoIndent() {
        #expect(ShownText(" a", as: .plain).html.contains("<span class=\"first-space\"> </span>a"))
        #expect(ShownText("  a", as: .plain).html.contains(">  a<"))
    }

    @Test func theTextAsItWasWrittenStandsBesideTheFormattedOne() {
        #expect(ShownText("**a**", as: .markdown).html.hasSuffix("<div class=\"raw\" dir=\"auto\">**a**</div>"))
    }

    @Test func manyTextsAtOnceAreEachReadWhole() async {
        let text = "~~a~~ and https://example.org | *b*\n\n| a |\n|---|\n| ~~b~~ |"
        let expected = rendered(text)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<400 { group.addTask { rendered(text) == expected } }
            for await isSame in group { #expect(isSame) }
        }
    }
}
