import Testing
import Web

@Suite struct FormulaTests {
    private func formula(_ source: String) -> String? {
        rendered("$\(source)$")?.firstMatch(of: #/<math>(.*)<\/math>/#).map { String($0.output.1) }
    }

    @Test(arguments: [
        ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        ("\\frac{a}{b+1}", "<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"),
        ("\\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        ("\\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (
            "\\sum_{i=1}^n i",
            "<mrow><munderover><mo movablelimits=\"true\">∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
                + "<mi>i</mi></mrow>"
        ),
        ("\\alpha\\le\\infty", "<mrow><mi>α</mi><mo>≤</mo><mi>∞</mi></mrow>"),
        (
            "f'(x)",
            "<mrow><msup><mi>f</mi><mo>′</mo></msup><mo stretchy=\"false\">(</mo><mi>x</mi><mo stretchy=\"false\">)</mo></mrow>"
        ),
        ("\\mathbb{R}", "<mi mathvariant=\"normal\">ℝ</mi>"),
        ("\\mathrm{softmax}", "<mi>softmax</mi>"),
        ("\\text{if } x<1", "<mrow><mtext>if\u{A0}</mtext><mi>x</mi><mo>&lt;</mo><mn>1</mn></mrow>"),
        ("3.14", "<mn>3.14</mn>"),
        ("\\hat{y}", "<mover accent=\"true\"><mi>y</mi><mo stretchy=\"false\">^</mo></mover>"),
        (
            "\\left(x\\right]",
            "<mrow><mo form=\"prefix\" fence=\"true\" stretchy=\"true\">(</mo><mi>x</mi>"
                + "<mo form=\"postfix\" fence=\"true\" stretchy=\"true\">]</mo></mrow>"
        ),
        (
            "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
            "<mrow><mo form=\"prefix\" fence=\"true\" stretchy=\"true\">(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>"
                + "<mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable>"
                + "<mo form=\"postfix\" fence=\"true\" stretchy=\"true\">)</mo></mrow>"
        ),
    ])
    func laTeXBecomesMathML(source: String, markup: String) { #expect(formula(source) == markup) }

    @Test(arguments: [
        "\\unknown{x}", "\\frac{a}", "x^", "{a", "a}", "\\begin{matrix}a", "\\left(a", "a^b^c", "\\color{red}x",
        "\u{202E}x",
        "\\href{javascript:alert(1)}{x}", "\\def\\a{b}",
    ])
    func whatCannotBeReadIsShownAsItsSource(source: String) {
        let html = rendered("$\(source)$") ?? ""
        #expect(!html.contains("<math"))
        #expect(html.isEmpty || html.contains("<code class=\"formula-source\""))
    }

    @Test(arguments: [
        "It costs $5 and $10.", "US$5-$10", "$HOME/bin:$PATH", "a $ b $ c", "\\$x\\$ and *y*", "$1,000 to $2,000 *now*",
    ])
    func pricesAndVariablesAreNoFormulas(text: String) { #expect(rendered(text)?.contains("<math") != true) }

    @Test(arguments: ["`$x$`", "```\n$x$ and \\(y\\)\n```", "    $x$", "<div $x$>"])
    func codeAndRawHTMLHoldNoFormulas(text: String) throws {
        let html = try #require(rendered(text))
        #expect(!html.contains("<math") && html.contains("$x$"))
    }

    @Test(arguments: [
        "$$x_1$$", "\\[x_1\\]", "$$\nx_1\n$$", "> $$\n> x_1\n> $$", "- a\n\n  \\[\n  x_1\n  \\]",
        "| \\(x_1\\) |\n|---|",
    ])
    func everyDelimiterIsRead(text: String) {
        #expect(rendered(text)?.contains("<msub><mi>x</mi><mn>1</mn></msub>") == true)
    }

    @Test func underscoresOfFormulasAreNoEmphasis() {
        #expect(rendered("$a_1$ and $b_2$")?.contains("<em>") == false)
    }

    @Test func aFormulaIsTextToo() throws {
        let html = try #require(rendered("$a<b>\\text{<img src=x onerror=alert(1)>}$"))
        #expect(html.contains("<math") && !html.contains("<img"))
    }
}
