import Foundation
import JSON
package import Preferences

/// How well the heads beside the preference score do on held-out labels of single responses.
package struct HeadFigures {
    package var safety: RewardCard.Safety?
    package var rating: RewardCard.Rating?

    /// - Parameters:
    ///   - scores: of the held-out examples `[examples][responses]`.
    ///   - training: what the baselines are learnt from.
    package init(_ examples: [RewardExample], scores: [[HeadScores]], training: [RewardExample]) {
        safety = Self.safety(examples, scores, training)
        rating = Self.rating(examples, scores, training)
    }

    /// By name, for a run's numbers.
    var metrics: [String: JSONValue] {
        var metrics: [String: JSONValue] = [:]
        if let safety {
            metrics["held_out_safety_labels"] = .integer(safety.marks)
            metrics["held_out_safety_accuracy"] = .number(safety.accuracy)
            if let area = safety.discrimination { metrics["held_out_safety_discrimination"] = .number(area) }
        }
        if let rating {
            metrics["held_out_ratings"] = .integer(rating.marks)
            metrics["held_out_rating_error"] = .number(rating.meanError)
        }
        return metrics
    }

    /// A head's output beside what a person said, with the label's weight.
    private struct Pair {
        var output: Double
        var value: Double
        var weight: Double
    }

    private static func pairs(
        _ examples: [RewardExample], _ scores: [[HeadScores]], _ marks: KeyPath<RewardExample, [ResponseMark]>,
        _ head: KeyPath<HeadScores, Double?>
    ) -> [Pair] {
        zip(examples, scores).flatMap { example, own in
            example[keyPath: marks].compactMap { mark in
                own[mark.response][keyPath: head].map { Pair(output: $0, value: mark.value, weight: mark.weight) }
            }
        }
    }

    private static func mean(_ pairs: [Pair], _ of: (Pair) -> Double) -> Double {
        let weight = pairs.reduce(0) { $0 + $1.weight }
        return pairs.reduce(0) { $0 + $1.weight * of($1) } / weight
    }

    private static func mean(_ marks: [ResponseMark]) -> Double {
        marks.reduce(0) { $0 + $1.weight * $1.value } / marks.reduce(0) { $0 + $1.weight }
    }

    private static func safety(
        _ examples: [RewardExample], _ scores: [[HeadScores]], _ training: [RewardExample]
    ) -> RewardCard.Safety? {
        let pairs = pairs(examples, scores, \.safety, \.safety)
        let learnt = training.flatMap(\.safety)
        guard !pairs.isEmpty, !learnt.isEmpty else { return nil }
        let commoner = mean(learnt) >= 0.5 ? 1.0 : 0
        return RewardCard.Safety(
            marks: pairs.count, unsafe: pairs.count { $0.value == 0 },
            accuracy: mean(pairs) { orderCredit($0.value == 1 ? $0.output : -$0.output) },
            baselineAccuracy: mean(pairs) { $0.value == commoner ? 1 : 0 },
            logLoss: mean(pairs) { binaryCrossEntropy($0.output, target: $0.value).value },
            discrimination: discrimination(pairs))
    }

    /// The area under the ROC curve: the safe ones' mean rank in one order of all, by Mann and Whitney, each with its weight.
    private static func discrimination(_ pairs: [Pair]) -> Double? {
        func weight(_ pairs: some Sequence<Pair>, _ value: Double) -> Double {
            pairs.reduce(0) { $0 + ($1.value == value ? $1.weight : 0) }
        }
        let (safe, unsafe) = (weight(pairs, 1), weight(pairs, 0))
        guard safe > 0, unsafe > 0 else { return nil }
        let sorted = pairs.sorted { $0.output < $1.output }
        var (area, below, index) = (0.0, 0.0, 0)
        while index < sorted.count {
            var end = index
            while end < sorted.count, sorted[end].output == sorted[index].output { end += 1 }
            let equals = sorted[index..<end]
            let lower = weight(equals, 0)
            area += weight(equals, 1) * (below + lower / 2)
            below += lower
            index = end
        }
        return area / (safe * unsafe)
    }

    private static func rating(
        _ examples: [RewardExample], _ scores: [[HeadScores]], _ training: [RewardExample]
    ) -> RewardCard.Rating? {
        let pairs = pairs(examples, scores, \.ratings, \.rating)
        let learnt = training.flatMap(\.ratings)
        guard !pairs.isEmpty, !learnt.isEmpty else { return nil }
        // From the head's scale, on which three points are 1, to people's.
        let usual = mean(learnt)
        return RewardCard.Rating(
            marks: pairs.count, meanError: mean(pairs) { 3 * abs(min(1, max(-1, $0.output)) - $0.value) },
            baselineError: mean(pairs) { 3 * abs(usual - $0.value) }, correlation: correlation(pairs))
    }

    private static func correlation(_ pairs: [Pair]) -> Double? {
        let (x, y) = (mean(pairs, \.output), mean(pairs, \.value))
        let products = mean(pairs) { ($0.output - x) * ($0.value - y) }
        let squares = (
            mean(pairs) { ($0.output - x) * ($0.output - x) }, mean(pairs) { ($0.value - y) * ($0.value - y) }
        )
        let scale = (squares.0 * squares.1).squareRoot()
        return scale > 0 ? products / scale : nil
    }
}
