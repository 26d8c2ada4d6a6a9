import Foundation

/// What a drawing shows: named series over two axes with units. The page, the SVG file and the CSV file all come from it.
struct Plot: Sendable, Equatable {
    /// What an axis measures, in words with its unit.
    struct Axis: Sendable, Equatable {
        /// For example “Entropy (nats a token)”.
        var label: String
        /// Whether its values are counted, so that there is nothing to mark between two whole numbers.
        var isCounted = false
        /// What the axis spans; nil takes what the points span.
        var range: ClosedRange<Double>?
    }

    struct Point: Sendable, Equatable {
        var x: Double
        var y: Double
        /// The interval around `y`, where it has one.
        var interval: ClosedRange<Double>?

        init(x: Double, y: Double, interval: ClosedRange<Double>? = nil) {
            self.x = x
            self.y = y
            self.interval = interval
        }
    }

    struct Series: Sendable, Equatable {
        /// For people.
        var name: String
        /// The name in files and the API: the column of the CSV file.
        var column: String
        /// In order of x.
        var points: [Point]
        /// Whether the points are joined by a line; else each one is a mark.
        var isLine = true
    }

    /// The name of its files, without an ending.
    var name: String
    var title: String
    var x: Axis
    var y: Axis
    /// At most as many as there are styles of line: `PlotDrawing.styles`.
    var series: [Series]
    /// Draws y = x, which calibrated probabilities lie on.
    var hasDiagonal = false

    /// What it shows, for people who do not see it.
    var summary: String {
        let parts = series.map { series -> String in
            guard let first = series.points.first, let last = series.points.last,
                let low = series.points.map(\.y).min(), let high = series.points.map(\.y).max()
            else { return "\(series.name): no numbers yet" }
            let at = x.isCounted ? "at \(x.label.lowercased()) " : "at "
            return "\(series.name): from \(Self.text(first.y)) \(at)\(Self.text(first.x)) to \(Self.text(last.y)) "
                + "\(at)\(Self.text(last.x)); lowest \(Self.text(low)), highest \(Self.text(high))"
        }
        return parts.joined(separator: ". ")
    }

    /// Its numbers, all of them: a line for each x, a column for each series, with its interval where it has one.
    var csv: String {
        var rows: [Double: [String: Point]] = [:]
        for series in series {
            for point in series.points { rows[point.x, default: [:]][series.column] = point }
        }
        let withInterval = Set(series.filter { $0.points.contains { $0.interval != nil } }.map(\.column))
        let head = series.flatMap { series in
            withInterval.contains(series.column)
                ? [series.column, "\(series.column)_low", "\(series.column)_high"] : [series.column]
        }
        var text = ([x.isCounted ? x.label.lowercased() : "x"] + head).map(Self.field).joined(separator: ",") + "\r\n"
        for x in rows.keys.sorted() {
            let cells = series.flatMap { series -> [String] in
                let point = rows[x]?[series.column]
                let value = point.map { "\($0.y)" } ?? ""
                guard withInterval.contains(series.column) else { return [value] }
                let interval = point?.interval
                return [value, interval.map { "\($0.lowerBound)" } ?? "", interval.map { "\($0.upperBound)" } ?? ""]
            }
            text += ([x == x.rounded() && abs(x) < 1e15 ? "\(Int(x))" : "\(x)"] + cells).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// A field as RFC 4180 has it.
    private static func field(_ text: String) -> String {
        text.contains { ",\"\r\n".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }

    /// A number with four significant digits at most.
    static func text(_ value: Double) -> String {
        let text =
            value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(format: "%.4g", value)
        return text.replacing("-", with: "−")
    }
}

extension Plot.Series {
    /// At most `count` points: of each stretch the lowest and the highest, so that no spike is lost.
    func thinned(to count: Int) -> [Plot.Point] {
        guard points.count > count, count >= 4 else { return points }
        let stretches = count / 2
        var kept: [Plot.Point] = []
        for stretch in 0..<stretches {
            let range = (stretch * points.count / stretches)..<((stretch + 1) * points.count / stretches)
            let slice = points[range]
            guard let low = slice.indices.min(by: { slice[$0].y < slice[$1].y }),
                let high = slice.indices.max(by: { slice[$0].y < slice[$1].y })
            else { continue }
            kept.append(points[min(low, high)])
            if low != high { kept.append(points[max(low, high)]) }
        }
        return kept
    }
}
