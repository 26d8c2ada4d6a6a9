import Foundation

/// A plot as SVG. One drawing serves the page and the file: it carries its colours as attributes, which the page's style
/// sheet overrides by class, so that it follows light and dark there.
struct PlotDrawing: Sendable {
    private static let width = 480.0
    private static let leastLeft = 64.0
    private static let right = 22.0
    /// What an axis or a series is called has letters of 13 units: this high a line, and about this wide a letter.
    private static let textLine = 15.0
    private static let letter = 7.2
    private static let plotHeight = 170.0
    /// Below the plot: the numbers of the axis, then its name.
    private static let bottom = 46.0
    private static let legendLine = 18.0
    /// The line or mark before a series's name.
    private static let legendMark = 32.0
    private static let mostPoints = 400

    /// How series are told apart, never by colour alone.
    struct Style {
        var color: String
        var dashes: String?
        var mark: Mark
    }
    enum Mark { case circle, square, triangle, diamond }

    static let styles = [
        Style(color: "#1f5a6e", dashes: nil, mark: .circle), Style(color: "#b0560f", dashes: "7 4", mark: .square),
        Style(color: "#5b4a9e", dashes: "2 3", mark: .triangle),
        Style(color: "#23663a", dashes: "9 3 2 3", mark: .diamond),
    ]

    private let plot: Plot
    private let xs: (low: Double, high: Double)
    private let ys: (low: Double, high: Double)
    /// What is measured upwards, in as many lines as its length asks for.
    private let yLabel: [String]
    /// Where the plot begins: right of that label and the axis's numbers.
    private let left: Double
    /// Names of series that are too long for half the width stand below each other.
    private let legendColumns: Int

    init(_ plot: Plot) {
        self.plot = plot
        let points = plot.series.flatMap(\.points)
        xs = Self.span(points.map(\.x), plot.x.range)
        ys = Self.span(
            points.flatMap { [$0.y, $0.interval?.lowerBound ?? $0.y, $0.interval?.upperBound ?? $0.y] }, plot.y.range)
        yLabel = Self.lines(plot.y.label, width: Self.plotHeight + 20)
        let numbers = Self.ticks(ys, isCounted: plot.y.isCounted).map { Plot.text($0).count }.max() ?? 0
        left = max(
            Self.leastLeft + Self.textLine * Double(yLabel.count - 1),
            Self.textLine * Double(yLabel.count) + Self.letter * Double(numbers) + 10)
        let half = (Self.width - left - Self.right) / 2 - Self.legendMark
        let longest = plot.series.map(\.name.count).max() ?? 0
        legendColumns = Self.letter * Double(longest) > half ? 1 : 2
    }

    /// The drawing within a page, whose heading is the plot's title.
    var element: String { svg(isFile: false) }

    /// The drawing as a file of its own, with its title.
    var file: String { svg(isFile: true) + "\n" }

    private func svg(isFile: Bool) -> String {
        let title = isFile ? 26.0 : 0
        let rows = (plot.series.count + legendColumns - 1) / legendColumns
        let legend = plot.series.count > 1 ? Self.legendLine * Double(rows) + 6 : 0
        let top = title + legend + 10
        let height = top + Self.plotHeight + Self.bottom
        var svg = HTMLWriter(capacity: 8192)
        svg.markup("<svg class=\"chart\" viewBox=\"0 0 480 \(Self.text(height))\" role=\"img\" ")
        if isFile {
            svg.markup(
                "xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"\(Self.text(height * 2))\" "
                    + "font-family=\"sans-serif\" font-size=\"13\" ")
        }
        svg.markup("aria-label=\"")
        svg.escaped("\(plot.title). \(plot.summary)")
        svg.tag("\">")
        if isFile {
            svg.tag("<title>")
            svg.escaped("\(plot.title). \(plot.summary)")
            svg.markup("</title><rect width=\"480\" height=\"\(Self.text(height))\" fill=\"#ffffff\"/>")
            text(plot.title, x: left, y: 18, anchor: "start", isTitle: true, to: &svg)
        }
        if legend > 0 { drawLegend(top: title, to: &svg) }
        drawAxes(top: top, to: &svg)
        if plot.hasDiagonal { drawDiagonal(top: top, to: &svg) }
        for (series, style) in zip(plot.series, Self.styles.indices) { draw(series, style, top: top, to: &svg) }
        svg.tag("</svg>")
        return svg.html
    }

    private func x(_ value: Double) -> Double {
        left + (value - xs.low) / (xs.high - xs.low) * (Self.width - left - Self.right)
    }

    private func y(_ value: Double, top: Double) -> Double {
        top + Self.plotHeight - (value - ys.low) / (ys.high - ys.low) * Self.plotHeight
    }

    private func drawAxes(top: Double, to svg: inout HTMLWriter) {
        let bottom = top + Self.plotHeight
        for value in Self.ticks(ys, isCounted: plot.y.isCounted) {
            line("grid-line", (left, y(value, top: top)), (Self.width - Self.right, y(value, top: top)), to: &svg)
            text(Plot.text(value), x: left - 6, y: y(value, top: top) + 4, anchor: "end", to: &svg)
        }
        for value in Self.ticks(xs, isCounted: plot.x.isCounted) {
            line("axis", (x(value), bottom), (x(value), bottom + 4), to: &svg)
            text(Plot.text(value), x: x(value), y: bottom + 18, anchor: "middle", to: &svg)
        }
        line("axis", (left, bottom), (Self.width - Self.right, bottom), to: &svg)
        line("axis", (left, top), (left, bottom), to: &svg)
        text(plot.x.label, x: (left + Self.width - Self.right) / 2, y: bottom + 38, anchor: "middle", to: &svg)
        let middle = Self.text((top + bottom) / 2)
        for (index, line) in yLabel.enumerated() {
            let x = Self.text(12 + Self.textLine * Double(index))
            svg.markup(
                "<text transform=\"rotate(-90 \(x) \(middle))\" x=\"\(x)\" y=\"\(middle)\" text-anchor=\"middle\" "
                    + "fill=\"#444444\">")
            svg.escaped(line)
            svg.tag("</text>")
        }
    }

    /// A label in lines that are no wider than `width` units; its unit, in brackets, stays together.
    private static func lines(_ label: String, width: Double) -> [String] {
        let most = Int(width / letter)
        guard label.count > most else { return [label] }
        if label.hasSuffix(")"), let bracket = label.lastIndex(of: "("), bracket > label.startIndex {
            let words = label[..<bracket].trimmingCharacters(in: .whitespaces)
            return lines(words, width: width) + [String(label[bracket...])]
        }
        var lines = [""]
        for word in label.split(separator: " ") {
            let longer = lines[lines.count - 1].isEmpty ? String(word) : lines[lines.count - 1] + " " + word
            if longer.count <= most || lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = longer
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private func drawDiagonal(top: Double, to svg: inout HTMLWriter) {
        let low = max(xs.low, ys.low)
        let high = min(xs.high, ys.high)
        guard low < high else { return }
        line("axis", (x(low), y(low, top: top)), (x(high), y(high, top: top)), to: &svg)
    }

    private func draw(_ series: Plot.Series, _ index: Int, top: Double, to svg: inout HTMLWriter) {
        let style = Self.styles[index]
        for point in series.points {
            guard let interval = point.interval else { continue }
            svg.markup(
                "<line class=\"curve-\(index + 1)\" x1=\"\(Self.text(x(point.x)))\" x2=\"\(Self.text(x(point.x)))\" "
                    + "y1=\"\(Self.text(y(interval.lowerBound, top: top)))\" "
                    + "y2=\"\(Self.text(y(interval.upperBound, top: top)))\" stroke=\"\(style.color)\"/>")
        }
        guard series.isLine else {
            for point in series.points { mark(style, index, x(point.x), y(point.y, top: top), to: &svg) }
            return
        }
        let points = series.thinned(to: Self.mostPoints).map {
            "\(Self.text(x($0.x))),\(Self.text(y($0.y, top: top)))"
        }
        let dashes = style.dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
        svg.markup(
            "<polyline class=\"curve-\(index + 1)\" points=\"\(points.joined(separator: " "))\" fill=\"none\" "
                + "stroke=\"\(style.color)\" stroke-width=\"2\" stroke-linejoin=\"round\"\(dashes)/>")
    }

    private func drawLegend(top: Double, to svg: inout HTMLWriter) {
        for (index, series) in plot.series.enumerated() where index < Self.styles.count {
            let style = Self.styles[index]
            let column = Double(index % legendColumns) / Double(legendColumns)
            let left = self.left + column * (Self.width - self.left - Self.right)
            let middle = top + Self.legendLine * (Double(index / legendColumns) + 0.7)
            if series.isLine {
                let dashes = style.dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
                svg.markup(
                    "<line class=\"curve-\(index + 1)\" x1=\"\(Self.text(left))\" x2=\"\(Self.text(left + 26))\" "
                        + "y1=\"\(Self.text(middle))\" y2=\"\(Self.text(middle))\" stroke=\"\(style.color)\" "
                        + "stroke-width=\"2\"\(dashes)/>")
            } else {
                mark(style, index, left + 13, middle, to: &svg)
            }
            text(series.name, x: left + Self.legendMark, y: middle + 4, anchor: "start", to: &svg)
        }
    }

    private func mark(_ style: Style, _ index: Int, _ x: Double, _ y: Double, to svg: inout HTMLWriter) {
        let shape =
            switch style.mark {
            case .circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
            case .square: "M-4-4h8v8h-8z"
            case .triangle: "M0-5L5 4H-5z"
            case .diamond: "M0-5L5 0L0 5L-5 0z"
            }
        svg.markup(
            "<path class=\"mark-\(index + 1)\" transform=\"translate(\(Self.text(x)) \(Self.text(y)))\" d=\"\(shape)\" "
                + "fill=\"\(style.color)\"/>")
    }

    private func line(
        _ name: String, _ from: (Double, Double), _ to: (Double, Double), to svg: inout HTMLWriter
    ) {
        svg.markup(
            "<line class=\"\(name)\" x1=\"\(Self.text(from.0))\" x2=\"\(Self.text(to.0))\" y1=\"\(Self.text(from.1))\" "
                + "y2=\"\(Self.text(to.1))\" stroke=\"\(name == "axis" ? "#8a8a8a" : "#d5d5d5")\"/>")
    }

    private func text(
        _ text: String, x: Double, y: Double, anchor: String, isTitle: Bool = false, to svg: inout HTMLWriter
    ) {
        svg.markup(
            "<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" text-anchor=\"\(anchor)\" "
                + "fill=\"\(isTitle ? "#111111" : "#444444")\"\(isTitle ? " font-weight=\"bold\"" : "")>")
        svg.escaped(text)
        svg.tag("</text>")
    }

    /// A range that is never empty, so that a flat curve is drawn in the middle.
    private static func span(_ values: [Double], _ given: ClosedRange<Double>?) -> (low: Double, high: Double) {
        if let given, given.lowerBound < given.upperBound { return (given.lowerBound, given.upperBound) }
        let low = values.min() ?? 0
        let high = values.max() ?? 1
        if high > low { return (low, high) }
        let margin = max(abs(low) * 0.1, 0.5)
        return (low - margin, high + margin)
    }

    /// Round numbers inside the range, three to six where it is wide enough.
    private static func ticks(_ range: (low: Double, high: Double), isCounted: Bool) -> [Double] {
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
}
