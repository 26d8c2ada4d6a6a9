import Foundation
import JSON

/// One number of a run over its steps, ready to be drawn.
struct MetricsCurve: Sendable, Equatable {
    struct Point: Sendable, Equatable {
        var step: Double
        var value: Double
    }

    /// The number's name in `metrics.jsonl`.
    var name: String
    /// In order of steps.
    var points: [Point]

    /// Members of a line that say where it stands and are no curve of their own.
    private static let coordinates: Set<String> = [
        "step", "steps", "time", "epoch", "attempt", "phase", "event", "note", "seconds_left",
    ]
    /// What a person looks at first; everything else follows by name.
    private static let preferred = [
        "loss", "held_out_log_loss", "held_out_loss", "accuracy", "held_out_accuracy", "reward", "objective", "kl",
        "entropy", "response_length", "end_share",
    ]

    /// The curves of a run: every number of its lines that is there at least twice.
    ///
    /// Where lines have steps, those without one (a phase before or after the training) are no points of a curve.
    /// Where a newer attempt repeats steps of an older one, the newer one's lines count.
    static func all(of lines: [MetricsLine]) -> [MetricsCurve] {
        let lines = withoutRepeats(lines)
        let hasSteps = lines.contains { $0.values["step"]?.doubleValue != nil }
        var pointsByName: [String: [Point]] = [:]
        for (position, line) in lines.enumerated() {
            guard let step = hasSteps ? line.values["step"]?.doubleValue : Double(position) else { continue }
            for (name, value) in line.values.objectValue ?? [:] where !coordinates.contains(name) {
                guard let number = value.doubleValue else { continue }
                pointsByName[name, default: []].append(Point(step: step, value: number))
            }
        }
        return pointsByName.filter { $0.value.count >= 2 }
            .map { MetricsCurve(name: $0.key, points: $0.value) }
            .sorted { ($0.importance, $0.name) < ($1.importance, $1.name) }
    }

    private var importance: Int { Self.preferred.firstIndex(of: name) ?? Self.preferred.count }

    private static func withoutRepeats(_ lines: [MetricsLine]) -> [MetricsLine] {
        var firstStepOfLater = Double.infinity
        var kept: [MetricsLine] = []
        var attempt: Int?
        var firstStepOfAttempt = Double.infinity
        for line in lines.reversed() {
            if line.attempt != attempt {
                firstStepOfLater = min(firstStepOfLater, firstStepOfAttempt)
                firstStepOfAttempt = .infinity
                attempt = line.attempt
            }
            guard let step = line.values["step"]?.doubleValue else {
                kept.append(line)
                continue
            }
            firstStepOfAttempt = min(firstStepOfAttempt, step)
            if step < firstStepOfLater { kept.append(line) }
        }
        return kept.reversed()
    }

    /// The number's name on pages.
    var words: String { MetricWords.words(name) }

    /// What the curve shows, for people who do not see it.
    var summary: String {
        guard let first = points.first, let last = points.last, let low = points.map(\.value).min(),
            let high = points.map(\.value).max()
        else { return "\(words): no numbers yet" }
        return "\(words): from \(Self.text(first.value)) at step \(Self.text(first.step)) to \(Self.text(last.value)) "
            + "at step \(Self.text(last.step)); lowest \(Self.text(low)), highest \(Self.text(high))"
    }

    /// A number with four significant digits at most.
    static func text(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
        return String(format: "%.4g", value)
    }
}

extension MetricsCurve {
    /// At most `count` points: of each stretch of steps the lowest and the highest, so that no spike is lost.
    func thinned(to count: Int) -> [Point] {
        guard points.count > count, count >= 4 else { return points }
        let stretches = count / 2
        var kept: [Point] = []
        for stretch in 0..<stretches {
            let range = (stretch * points.count / stretches)..<((stretch + 1) * points.count / stretches)
            let slice = points[range]
            guard let low = slice.indices.min(by: { slice[$0].value < slice[$1].value }),
                let high = slice.indices.max(by: { slice[$0].value < slice[$1].value })
            else { continue }
            kept.append(points[min(low, high)])
            if low != high { kept.append(points[max(low, high)]) }
        }
        return kept
    }
}
