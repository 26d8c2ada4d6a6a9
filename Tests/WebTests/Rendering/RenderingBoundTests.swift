import Labels
import Testing
import Web

/// What a hostile text may cost: it is shown plain, and says why.
@Suite struct RenderingBoundTests {
    private func table(columns: Int, rows: Int) -> String {
        let line = String(repeating: "|a", count: columns)
        return line + "\n" + String(repeating: "|-", count: columns) + "\n" + String(repeating: "a\n", count: rows)
    }

    @Test func aTextBeyondTheBoundsSaysThatItIsNotFormatted() throws {
        let cases: [(String, String)] = [
            (String(repeating: "**word** ", count: 12_000), "108 kB"),
            (String(repeating: ">", count: 60) + "a", "more than 48 deep"),
            (String(repeating: "1. ", count: 60), "more than 48 deep"),
            (String(repeating: "*a_ ", count: 5_000), "too many marks"),
            (table(columns: 2_000, rows: 2_000), "a table in it is too large"),
            (String(repeating: "# a\n", count: 24_000), "too many parts"),
        ]
        for (text, words) in cases {
            #expect(rendered(text) == nil)
            #expect(try #require(notices(text).first).contains(words))
            #expect(ShownText(text, as: .markdown).html.contains(text.prefix(50).replacing(">", with: "&gt;")))
        }
    }

    @Test func codeIsNoDenseParagraph() {
        #expect(
            rendered("```json\n" + String(repeating: "[{\"a\": (1)}],\n", count: 3_000) + "```")?.contains("<pre")
                == true)
    }

    @Test func aVeryLongLineIsShownInPartsAndSaysSo() {
        let text = "é" + String(repeating: "word 日本 ", count: 20_000)
        let html = ShownText(text, as: .markdown).html
        #expect(notices(text).contains { $0.contains("shown in parts") })
        let raw = html.ranges(of: "<div class=\"raw").last.map { String(html[$0.lowerBound...]) } ?? ""
        #expect(raw.ranges(of: "<div class=\"block\"").count == 3)
        #expect(raw.replacing(#/<[^>]*>/#, with: "") == text)
    }

    @Test func aLongTextIsCutIntoBlocksThatTogetherAreTheText() {
        let text = (0..<5_000).map { "Line \($0) & more" }.joined(separator: "\n")
        let html = ShownText(text, as: .plain).html
        #expect(html.ranges(of: "<div class=\"block\"").count > 10)
        #expect(html.replacing(#/<[^>]*>/#, with: "").replacing("&amp;", with: "&") == text)
    }
}
