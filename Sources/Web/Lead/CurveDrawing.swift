import Foundation

/// The geometry of one curve in a drawing of fixed size; the page and the downloaded file draw the same.
struct CurveDrawing: Sendable, Equatable {
    static let width = 480.0
    static let height = 200.0
    private static let left = 56.0
    private static let right = 12.0
    private static let top = 12.0
    private static let bottom = 28.0

    /// A line of the grid with its number.
    struct Tick: Sendable, Equatable {
        var position: String
        var label: String
    }

    var name: String
    var summary: String
    /// `x,y x,y …` for a polyline.
    var points: String
    var horizontal: [Tick]
    var vertical: [Tick]
    var plotLeft: String { Self.text(Self.left) }
    var plotRight: String { Self.text(Self.width - Self.right) }
    var plotBottom: String { Self.text(Self.height - Self.bottom) }

    init(_ curve: MetricsCurve) {
        name = curve.name
        summary = curve.summary
        let steps = Self.range(curve.points.map(\.step))
        let values = Self.range(curve.points.map(\.value))
        func x(_ step: Double) -> Double {
            Self.left + (step - steps.low) / (steps.high - steps.low) * (Self.width - Self.left - Self.right)
        }
        func y(_ value: Double) -> Double {
            Self.height - Self.bottom
                - (value - values.low) / (values.high - values.low) * (Self.height - Self.top - Self.bottom)
        }
        points = curve.thinned(to: 400).map { "\(Self.text(x($0.step))),\(Self.text(y($0.value)))" }
            .joined(separator: " ")
        horizontal = Self.ticks(values).map { Tick(position: Self.text(y($0)), label: MetricsCurve.text($0)) }
        vertical = Self.ticks(steps, ofWholeNumbers: true).map {
            Tick(position: Self.text(x($0)), label: MetricsCurve.text($0))
        }
    }

    /// The drawing as a file of its own: colours are attributes, since no page's style sheet reaches it.
    var svg: String {
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 200\" width=\"960\" height=\"400\" "
                + "font-family=\"sans-serif\" font-size=\"11\">",
            "<title>\(Self.escaped(summary))</title>",
            "<rect width=\"480\" height=\"200\" fill=\"#ffffff\"/>",
        ]
        for tick in horizontal {
            parts.append(
                "<line x1=\"\(plotLeft)\" x2=\"\(plotRight)\" y1=\"\(tick.position)\" y2=\"\(tick.position)\" "
                    + "stroke=\"#d5d5d5\"/><text x=\"50\" y=\"\(tick.position)\" text-anchor=\"end\" "
                    + "dominant-baseline=\"middle\" fill=\"#333333\">\(Self.escaped(tick.label))</text>")
        }
        for tick in vertical {
            parts.append(
                "<text x=\"\(tick.position)\" y=\"190\" text-anchor=\"middle\" fill=\"#333333\">"
                    + "\(Self.escaped(tick.label))</text>")
        }
        parts.append(
            "<polyline points=\"\(points)\" fill=\"none\" stroke=\"#1d5fa8\" stroke-width=\"1.5\" "
                + "stroke-linejoin=\"round\"/>")
        parts.append("</svg>\n")
        return parts.joined(separator: "\n")
    }

    /// A range that is never empty, so that a flat curve is drawn in the middle.
    private static func range(_ values: [Double]) -> (low: Double, high: Double) {
        let low = values.min() ?? 0
        let high = values.max() ?? 1
        if high > low { return (low, high) }
        let margin = max(abs(low) * 0.1, 0.5)
        return (low - margin, high + margin)
    }

    /// Round numbers inside the range, three to six where it is wide enough: steps are counted, so between two of them
    /// there is nothing to mark.
    private static func ticks(
        _ range: (low: Double, high: Double), ofWholeNumbers isCounted: Bool = false
    ) -> [Double] {
        let rough = (range.high - range.low) / 4
        let magnitude = pow(10, floor(log10(rough)))
        let round = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough } ?? rough
        let step = isCounted ? max(1, round) : round
        var ticks: [Double] = []
        var index = (range.low / step).rounded(.up)
        while index * step <= range.high * (1 + 1e-12) + 1e-300, ticks.count < 8 {
            ticks.append(index * step)
            index += 1
        }
        return ticks
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
