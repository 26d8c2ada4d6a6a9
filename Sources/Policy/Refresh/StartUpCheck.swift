import LanguageModel

/// What must hold before the first update of a run, checked on its first rollout.
///
/// Most silent faults of RLHF code show here: another temperature or mask on one side, a sampler that is not the policy,
/// a reference that is not what it is called, a score read at another token.
public struct StartUpCheck {
    /// How far two computations of one number may lie apart, in nats or scores.
    public struct Tolerances: Sendable, Equatable {
        /// Decoder against training pass: another order of the same float32 sums.
        public var decode = 1e-3
        /// Scoring pass against training pass: the log of PPO's first ratio.
        public var ratio = 1e-5
        /// Value network at the last token against the reward model's score, relative to a score of 1.
        public var value = 1e-3
        public init() {}
    }

    public var tolerances = Tolerances()
    /// The base and the reference are the same bytes, so their KL must be exactly zero.
    public var referenceIsBase: Bool
    /// The value network is still the reward model, so it must give its score at the last token.
    public var valueIsRewardModel: Bool
    /// Tokens that end a response.
    public var endTokens: [Int32]

    public init(referenceIsBase: Bool, valueIsRewardModel: Bool, endTokens: [Int32]) {
        self.referenceIsBase = referenceIsBase
        self.valueIsRewardModel = valueIsRewardModel
        self.endTokens = endTokens
    }

    /// Every finding as a sentence; none means that training may begin. Changes no weight.
    /// - Parameter value: a network of its own; nil where the method has none, or a head on the policy's trunk.
    public func findings(rollout: Rollout, policy: PolicyLearner, value: ValueLearner?) throws -> [String] {
        guard !rollout.responses.isEmpty else { return ["the first rollout has no responses"] }
        return try numberFindings(rollout) + passFindings(rollout, policy: policy) + tokenFindings(rollout)
            + (value.map { try valueFindings(rollout, value: $0) } ?? [])
    }

    /// - Throws: `PolicyError.startUpCheckFailed` with every finding.
    public func require(rollout: Rollout, policy: PolicyLearner, value: ValueLearner?) throws {
        let found = try findings(rollout: rollout, policy: policy, value: value)
        if !found.isEmpty { throw PolicyError.startUpCheckFailed(found) }
    }

    private func numberFindings(_ rollout: Rollout) -> [String] {
        var found: [String] = []
        let named = [
            ("policy log-probability", rollout.logProbabilities),
            ("reference log-probability", rollout.referenceLogProbabilities), ("score", [rollout.scores]),
        ]
        for (name, rows) in named where !rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) {
            found.append("a \(name) is not a finite number")
        }
        let distance = largestDifference(rollout.logProbabilities, rollout.referenceLogProbabilities)
        if referenceIsBase && distance != 0 {
            found.append(
                "the base is byte for byte the reference, yet their log-probabilities differ by \(distance) nats: "
                    + "another temperature, mask or weight on one side")
        }
        return found
    }

    private func passFindings(_ rollout: Rollout, policy: PolicyLearner) throws -> [String] {
        // A plain policy gradient with advantage 1: any fault of the backward pass shows as well as with real numbers.
        let count = Double(rollout.responseTokenCount)
        let now = try policy.accumulate(rollout.tokenGroups) { _, _, _ in -1 / count }
        var found: [String] = []
        let ratio = largestDifference(now, rollout.logProbabilities)
        if !(ratio < tolerances.ratio) {
            found.append(
                "PPO's first ratio is not 1: scoring and training passes differ by \(ratio) nats (at most "
                    + "\(tolerances.ratio))")
        }
        let decoded = largestDifference(now, rollout.responses.map(\.decodeLogProbabilities))
        if !(decoded < tolerances.decode) {
            found.append(
                "the decoder is not the policy that is trained: log-probabilities differ by \(decoded) nats (at most "
                    + "\(tolerances.decode))")
        }
        let norm = policy.gradientNorm
        if !norm.isFinite {
            found.append("a gradient is not a finite number")
        } else if !(norm > 0) {
            found.append("the gradient is zero")
        }
        return found
    }

    private func tokenFindings(_ rollout: Rollout) -> [String] {
        for (index, response) in rollout.responses.enumerated() {
            guard let last = response.tokens.last else { return ["response \(index + 1) has no token"] }
            if response.finished != endTokens.contains(last) {
                return [
                    "the reward model would read response \(index + 1) at token \(last), which is "
                        + (response.finished
                            ? "not the end token that it was trained on"
                            : "an end token, yet the response counts as unfinished")
                ]
            }
            if response.tokens.dropLast().contains(where: endTokens.contains) {
                return ["response \(index + 1) goes on after an end token"]
            }
        }
        return []
    }

    private func valueFindings(_ rollout: Rollout, value: ValueLearner) throws -> [String] {
        let last = try value.lastTokenValues(of: rollout.tokenGroups)
        guard last.allSatisfy(\.isFinite) else { return ["a value is not a finite number"] }
        guard valueIsRewardModel else { return [] }
        for (index, (own, score)) in zip(last, rollout.scores).enumerated()
        where !(abs(own - score) <= tolerances.value * max(1, abs(score))) {
            return [
                "the value network starts as the reward model, yet at the last token of response \(index + 1) it says "
                    + "\(own) and the reward model \(score)"
            ]
        }
        return []
    }

    /// Infinite where the shapes differ or a number is not finite.
    private func largestDifference(_ rows: [[Double]], _ others: [[Double]]) -> Double {
        guard rows.map(\.count) == others.map(\.count) else { return .infinity }
        var largest = 0.0
        for (row, other) in zip(rows, others) {
            for (left, right) in zip(row, other) {
                let difference = abs(left - right)
                if !difference.isFinite { return .infinity }
                largest = max(largest, difference)
            }
        }
        return largest
    }
}
