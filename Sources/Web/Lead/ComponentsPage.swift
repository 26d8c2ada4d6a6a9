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
    let plot = PlotDrawing(
        Plot(
            name: "score", title: "Score", x: Plot.Axis(label: "Step", isCounted: true), y: Plot.Axis(label: "Score"),
            series: [0.0, 0.3].map { lag in
                Plot.Series(
                    name: lag == 0 ? "Learned from" : "Held out", column: lag == 0 ? "score" : "held_out_score",
                    points: (0...40).map { step in
                        let way = Double(step) / 40
                        let wave = step % 4 == 0 ? 0.05 : -0.03
                        return Plot.Point(x: Double(step), y: 0.4 + way * (1.6 - lag - way) + wave)
                    })
            })
    ).element

    /// A text with one of everything that Markdown has.
    static let sampleText = """
        ## A heading of a text

        A paragraph with *emphasis*, **weight**, ~~what is gone~~, `code`, [a link](https://example.org/page) and a \
        formula, $e^{i\\pi} + 1 = 0$.

        - a list
          1. in it another
        - [x] a task that is done
        - [ ] one to do

        > A quotation.

        | Method | Score |
        |:-------|------:|
        | ranking | 0.81 |
        | comparison | 0.78 |

        ```swift
        /// Says hello.
        func greet(_ name: String) -> String { "Hello, \\(name)!" } // 1 line
        ```

        $$\\mathcal{L}(\\theta) = -\\frac{1}{\\binom{K}{2}} \\sum_{(w,l)} \\log \\sigma\\left(r_\\theta(x, y_w) - r_\\theta(x, y_l)\\right)$$

        ![An image that is not loaded](https://example.org/image.png)
        """
}
