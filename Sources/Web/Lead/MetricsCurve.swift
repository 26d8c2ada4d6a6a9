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
            .sorted { $0.name < $1.name }
    }

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
}
