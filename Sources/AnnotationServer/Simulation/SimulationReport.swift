import Foundation

/// A mean with the interval that holds it with 95% confidence.
package struct Estimate: Codable, Sendable, Equatable {
    package let mean: Double
    package let low: Double
    package let high: Double

    /// From values in clusters (the responses of one prompt), which are not independent of each other: the variance
    /// of the mean is that between the clusters' totals (the usual cluster-robust form).
    /// - Parameter clusters: `[prompts][responses]`.
    package init(clusters: [[Double]]) {
        let count = Double(clusters.reduce(0) { $0 + $1.count })
        let mean = clusters.reduce(0) { $0 + $1.reduce(0, +) } / max(count, 1)
        let groups = Double(clusters.count)
        let squares = clusters.reduce(0.0) { sum, cluster in
            let deviation = cluster.reduce(0) { $0 + $1 - mean }
            return sum + deviation * deviation
        }
        let correction = groups > 1 ? groups / (groups - 1) : 1
        let error = (squares * correction).squareRoot() / max(count, 1)
        self.mean = mean
        low = mean - 1.959963984540054 * error
        high = mean + 1.959963984540054 * error
    }

    var text: String { String(format: "%.3f [%.3f, %.3f]", mean, low, high) }
}

/// What one round of a simulation came to. Round 0 is the supervised policy itself.
struct SimulationRound: Codable, Sendable, Equatable {
    let round: Int
    let policy: String
    /// Labels so far.
    let labels: Int
    /// Gold score of fresh samples.
    let gold: Estimate
    /// Share of fresh samples whose gold score is above that of the supervised policy's sample for the same prompt,
    /// ties counting half.
    let winRate: Estimate
    /// Held-out pair accuracy of the round's reward model; nil for round 0.
    let rewardModelAccuracy: Double?
    /// Nats a response, summed over its tokens, estimated on the fresh samples.
    let klToSupervised: Double
    /// Share of fresh samples that end with the end token.
    let endShare: Double
    /// Distinct word pairs over all word pairs of the fresh samples.
    let distinct2: Double
    /// Mean over prompts of the share of distinct texts among a prompt's samples.
    let distinctTexts: Double
    /// Words a response.
    let meanWords: Double
    /// Seconds that retraining, refreshing and judging took.
    let seconds: Double

    static let header =
        "round  labels  gold score              win rate                RM acc.  KL nats  end    dist-2  texts  words  seconds"

    var row: String {
        let accuracy = rewardModelAccuracy.map { String(format: "%.3f", $0) } ?? "  -  "
        let start = "\(pad("\(round)", 5))  \(pad("\(labels)", 6))  \(pad(gold.text, 22))  \(pad(winRate.text, 22))"
        return start
            + String(
                format: "  %@    %6.2f   %.3f  %.3f   %.3f  %5.1f  %6.0f", accuracy, klToSupervised, endShare,
                distinct2,
                distinctTexts, meanWords, seconds)
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// Everything a simulation prints, as one JSON file.
struct SimulationReport: Codable, Sendable, Equatable {
    let gold: String
    /// As it is called in settings: `ppo`, `dpo`, ….
    let method: String
    let seed: UInt64
    let noise: Double
    let rankingsPerRound: Int
    let responsesPerPrompt: Int
    var rounds: [SimulationRound]
}
