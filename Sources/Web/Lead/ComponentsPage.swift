import Hummingbird
import Labels

/// Every part that pages are made of on one page, as the one style sheet family draws it: what is built anew takes its
/// parts from here, and a change of a style is seen everywhere at once.
struct ComponentPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.components)) { _, context in
            try services.pages.page(ComponentsPage(), for: context)
        }
    }
}

struct ComponentsPage: PageModel {
    static let template = "lead-components"
    let title = "Components"
    let sample = ShownText(Self.sampleText, as: .markdown)
    let hostile = ShownText("An order \u{202E}turned around\u{202C} and a zero\u{200B}width space.", as: .markdown)
    let lines = Self.plot(named: "Lines", points: 40, isLine: true)
    let marks = Self.plot(named: "Marks", points: 6, isLine: false)

    /// A plot with as many series as have a style of their own.
    private static func plot(named name: String, points: Int, isLine: Bool) -> String {
        PlotDrawing(
            Plot(
                name: name, title: name, x: Plot.Axis(label: "Step", isCounted: true), y: Plot.Axis(label: "Score"),
                series: PlotDrawing.styles.indices.map { index in
                    let lag = Double(index) * 0.3
                    var series = Plot.Series(
                        name: "Series \(index + 1)", column: "score_\(index + 1)",
                        points: (0...points).map { step in
                            let way = Double(step) / Double(points)
                            let wave = step % 4 == 0 ? 0.05 : -0.03
                            return Plot.Point(x: Double(step), y: 0.4 + way * (1.6 - lag - way) + wave)
                        })
                    series.isLine = isLine
                    return series
                })
        ).element
    }

    /// A text with one of everything that Markdown has.
    static let sampleText = """
        # A heading of a text

        ## One below it

        ### And below that

        A paragraph with *emphasis*, **weight**, ~~what is gone~~, `code`, [a link](https://example.org/page) and a \
        formula, $e^{i\\pi} + 1 = 0$.

        - a list
          1. in it another
        - [x] a task that is done
        - [ ] one to do

        > A quotation.

        | Method | Round | Score |
        |:-------|:-----:|------:|
        | ranking | 1 | 0.81 |
        | comparison | 2 | 0.78 |

        ```swift
        /// Says hello.
        func greet(_ name: String, times: Int = 2) -> String { "Hello, \\(name)!" } // 1 line
        ```

        ```diff
        - a line that is gone
        + a line that is new
        ```

        $$\\boxed{x = y} \\quad \\textbf{bold} \\quad \\textit{italic} \\quad \\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$

        A formula that cannot be read stands as it was written: $\\frac{1}$.

        $$\\mathcal{L}(\\theta) = -\\frac{1}{\\binom{K}{2}} \\sum_{(w,l)} \\log \\sigma\\left(r_\\theta(x, y_w) - r_\\theta(x, y_l)\\right)$$

        ![An image that is not loaded](https://example.org/image.png)
        """
}
