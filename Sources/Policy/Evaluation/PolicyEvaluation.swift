public import LanguageModel
public import Preferences
import SeededRandom

/// A mean over responses with its standard error.
public struct KLEstimate: Sendable, Codable, Equatable {
    /// Mean over responses of the token sum, nats a response.
    public var mean: Double
    /// Standard deviation of a response's sum over the root of their number; nil for a single response.
    public var standardError: Double?
    public var responses: Int

    enum CodingKeys: String, CodingKey {
        case mean
        case standardError = "standard_error"
        case responses
    }
}

/// What a policy does with prompts it was not trained on.
public enum PolicyEvaluation {
    /// Fresh responses to each prompt: `[prompts][perPrompt]`. Prompt i's seed is stream i of `seed`.
    public static func freshSamples(
        policy: PolicySampler, prompts: [Prompt], perPrompt: Int, seed: UInt64, options: SamplingOptions
    ) throws -> [[PolicyResponse]] {
        try policy.sample(
            prompts.enumerated().map { index, prompt in
                var random = SplitMix64(seed: seed, stream: UInt64(index))
                return PolicyRequest(prompt: prompt, count: perPrompt, seed: random.next(), options: options)
            })
    }

    /// Statistics of sampled groups.
    public static func statistics(of groups: [[PolicyResponse]]) -> SampleStatistics {
        SampleStatistics(
            groups: groups.map { group in
                group.map { .init(text: $0.text, tokenCount: $0.tokenIDs.count, finished: $0.finished) }
            })
    }

    /// KL(policy ‖ reference) over responses that the policy sampled without top-k and top-p: the mean over responses of
    /// the token sum of log π − log π_ref, both from the training pass.
    /// - Parameters:
    ///   - groups: prompts and the policy's responses to them, as tokens.
    ///   - temperature: the one that the responses were sampled at.
    public static func klToReference(
        of groups: [TokenGroup], policy: PolicySampler, reference: PolicySampler, temperature: Double = 1
    ) throws -> KLEstimate {
        let own = try policy.logProbabilities(of: groups, temperature: temperature).flatMap { $0 }
        let other = try reference.logProbabilities(of: groups, temperature: temperature).flatMap { $0 }
        let sums = zip(own, other).map { row, base in zip(row, base).reduce(0) { $0 + $1.0 - $1.1 } }
        let count = Double(sums.count)
        let mean = sums.isEmpty ? 0 : sums.reduce(0, +) / count
        let squares = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return KLEstimate(
            mean: mean, standardError: sums.count > 1 ? (squares / (count - 1) / count).squareRoot() : nil,
            responses: sums.count)
    }
}
