import Testing
import Web

@Suite struct CodeTests {
    private func code(_ language: String, _ code: String) -> String? {
        rendered("```\(language)\n\(code)\n```")?.firstMatch(of: #/<code>([\s\S]*)<\/code>/#).map {
            String($0.output.1)
        }
    }

    @Test(arguments: [
        (
            "python", "def f(): # it\n    return \"a\" + 1.5",
            "<span class=\"keyword\">def</span> f(): <span class=\"comment\"># it</span>\n    "
                + "<span class=\"keyword\">return</span> <span class=\"string\">&quot;a&quot;</span> + "
                + "<span class=\"literal\">1.5</span>\n"
        ),
        (
            "Swift", "let a = \"\"\"\n  let\n  \"\"\"",
            "<span class=\"keyword\">let</span> a = <span class=\"string\">&quot;&quot;&quot;\n  let\n  &quot;&quot;&quot;</span>\n"
        ),
        (
            "js", "/* a\nb */ x = 'it\\'s'",
            "<span class=\"comment\">/* a\nb */</span> x = <span class=\"string\">&#39;it\\&#39;s&#39;</span>\n"
        ),
        (
            "SQL", "select 'a' from t",
            "<span class=\"keyword\">select</span> <span class=\"string\">&#39;a&#39;</span> <span class=\"keyword\">from</span> t\n"
        ),
        (
            "html", "<p class=\"a\">",
            "&lt;<span class=\"keyword\">p</span> class=<span class=\"string\">&quot;a&quot;</span>&gt;\n"
        ),
        (
            "diff", "+a\n-b\n c",
            "<span class=\"added\">+a</span>\n<span class=\"removed\">-b</span>\n c\n"
        ),
        ("unknown", "if <b>", "if &lt;b&gt;\n"),
    ])
    func codeHasItsWordsMarked(language: String, source: String, html: String) {
        #expect(code(language, source) == html)
    }

    /// Whatever the language, the text of a code block is the code.
    @Test func highlightingChangesNoCharacter() throws {
        let source = "a ∀\"é\\\n'x' /* <b> */ -- # // 1.e5 `{-}` <!-- --> \"\"\" == \u{E9}9 [[ ]]"
        for language in [
            "python", "js", "ts", "java", "c", "cpp", "cs", "go", "rust", "swift", "kotlin", "scala", "php",
            "ruby", "bash", "sql", "html", "css", "json", "yaml", "toml", "lua", "r", "julia", "haskell", "perl",
            "latex", "diff",
        ] {
            let html = try #require(code(language, source))
            var text = html.replacing(#/<\/?span[^>]*>/#, with: "")
            for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
            {
                text = text.replacing(entity, with: character)
            }
            #expect(text == source + "\n", "\(language)")
        }
    }

    @Test func theLanguageOfAHostileFenceIsText() {
        #expect(
            rendered("```<b>\"onclick=1\na\n```")?.contains("<p class=\"code-language\">&lt;b&gt;&quot;onclick=1</p>")
                == true)
    }
}
