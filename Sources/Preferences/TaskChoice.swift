import Foundation

/// Which candidate tasks are worth a person's time, and which responses of many show the most.
public enum TaskChoice {
    /// How much an answer to a group is expected to tell, in nats, as the mean over its pairs.
    ///
    /// With several scorers it is their disagreement: the entropy of the mean prediction less the mean of the entropies,
    /// which is what the answer is expected to tell about which scorer is right (Houlsby et al. 2011, “BALD”). With one
    /// scorer it is the entropy of its prediction. A prediction is σ(score of one − score of the other).
    /// - Parameter scores: `[scorers][responses]`.
    public static func information(_ scores: [[Double]]) -> Double {
        guard let count = scores.first?.count, count > 1 else { return 0 }
        var total = 0.0
        for first in 0..<count {
            for second in (first + 1)..<count {
                total += told(by: scores.map { 1 / (1 + exp($0[second] - $0[first])) })
            }
        }
        return total / Double(count * (count - 1) / 2)
    }

    /// How much it is expected to tell whether each response is what a head says it is (safe, say), in nats, as the mean
    /// over the responses. As of orders: the heads' disagreement, or what a single head leaves open.
    /// - Parameter logOdds: `[heads][responses]`.
    public static func information(ofMarks logOdds: [[Double]]) -> Double {
        guard let count = logOdds.first?.count, count > 0 else { return 0 }
        let total = (0..<count).reduce(0) { sum, response in
            sum + told(by: logOdds.map { 1 / (1 + exp(-$0[response])) })
        }
        return total / Double(count)
    }

    /// What a yes or no is expected to tell, by its probability according to each scorer.
    private static func told(by predictions: [Double]) -> Double {
        let mean = predictions.reduce(0, +) / Double(predictions.count)
        let own = predictions.map(entropy).reduce(0, +) / Double(predictions.count)
        return predictions.count > 1 ? max(0, entropy(mean) - own) : entropy(mean)
    }

    private static func entropy(_ p: Double) -> Double {
        func term(_ p: Double) -> Double { p > 0 ? -p * log(p) : 0 }
        return term(p) + term(1 - p)
    }

    /// With which probability each candidate is taken, each by itself, so that `expected` are taken in the mean: a share by
    /// chance alone, the rest in proportion to what they tell. None is 0, so that weighting by the inverse gives
    /// unbiased figures for all candidates (Horvitz and Thompson 1952).
    /// - Parameters:
    ///   - expected: above 0; more than there are candidates takes all.
    ///   - randomShare: above 0 and at most 1.
    public static func inclusionProbabilities(
        information: [Double], expected: Double, randomShare: Double
    ) -> [Double] {
        let count = Double(information.count)
        guard expected < count else { return information.map { _ in 1 } }
        let useful = information.map { $0.isFinite ? max(0, $0) : 0 }
        let total = useful.reduce(0, +)
        let sizes = useful.map { (1 - randomShare) * (total > 0 ? $0 / total : 1 / count) + randomShare / count }
        // What would be above 1 is certain, and the others share the rest.
        var certain = Set<Int>()
        while true {
            let left = expected - Double(certain.count)
            let size = sizes.indices.reduce(0) { certain.contains($1) ? $0 : $0 + sizes[$1] }
            let probabilities = sizes.indices.map { certain.contains($0) ? 1 : left * sizes[$0] / size }
            let over = probabilities.indices.filter { !certain.contains($0) && probabilities[$0] >= 1 }
            if over.isEmpty { return probabilities }
            certain.formUnion(over)
        }
    }

    /// Which of many responses to show so that they differ: the first, then again and again the one whose nearest
    /// neighbour among those chosen is farthest (Gonzalez 1985). The distance is 1 less the share of pairs of neighbouring
    /// words that two texts have in common (Jaccard).
    /// - Returns: places in `texts`, ascending.
    public static func farthest(_ texts: [String], keeping count: Int) -> [Int] {
        guard texts.count > count else { return Array(texts.indices) }
        let sets = texts.map(wordPairs)
        var chosen = [0]
        var nearest = sets.map { distance($0, sets[0]) }
        while chosen.count < count {
            let rest = texts.indices.filter { !chosen.contains($0) }
            guard let next = rest.max(by: { (nearest[$0], -$0) < (nearest[$1], -$1) }) else { break }
            chosen.append(next)
            for place in texts.indices { nearest[place] = min(nearest[place], distance(sets[place], sets[next])) }
        }
        return chosen.sorted()
    }

    private static func wordPairs(_ text: String) -> Set<String> {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count > 1 else { return Set(words) }
        return Set(zip(words, words.dropFirst()).map { "\($0) \($1)" })
    }

    private static func distance(_ first: Set<String>, _ second: Set<String>) -> Double {
        let union = first.union(second).count
        return union == 0 ? 0 : 1 - Double(first.intersection(second).count) / Double(union)
    }
}
