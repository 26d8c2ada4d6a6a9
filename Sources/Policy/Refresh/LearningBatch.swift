import LanguageModel

/// What a method learns from: a rollout's responses with advantages, and returns where there is a value network, in Double.
public struct LearningBatch: Sendable {
    /// The responses that are learnt from: all, or of each group the best one.
    public var rollout: Rollout
    /// Advantage of each token `[responses][tokens]`.
    public var advantages: [[Double]]
    /// What the value network is to learn `[responses][tokens]`; empty without one.
    public var returns: [[Double]] = []
    /// The value network's values when the rollout was made `[responses][tokens]`; empty without one.
    public var values: [[Double]] = []
    /// Shaped score of each response of the whole rollout, before any KL penalty.
    public var shapedScores: [Double]
    /// β.
    public var coefficient: Double

    /// Generalised advantages with a per-token KL penalty, in the order of Ziegler et al. 2019 and Huang et al. 2024:
    /// KL, score at the last token, optional reward whitening, advantages, returns, then advantage whitening.
    public init(rollout: Rollout, values: [[Double]], coefficient: Double, settings: PolicyRefreshSettings) {
        shapedScores = Self.shapedScores(rollout, settings)
        var rewards = TokenRewards.assigned(
            penalty: Self.penalty(rollout, settings), scores: shapedScores, coefficient: coefficient)
        if settings.whitenRewards { rewards = Whitening(unbiased: true, shiftMean: false)(rewards) }
        let estimated = AdvantageEstimation(discount: settings.discount, decay: settings.decay)
            .advantages(rewards: rewards, values: values)
        advantages = settings.whitenAdvantages ? Whitening()(estimated.advantages) : estimated.advantages
        returns = estimated.returns
        self.values = values
        self.rollout = rollout
        self.coefficient = coefficient
    }

    /// One advantage a response, from its reward and the others', for the methods without a value network.
    ///
    /// The reward is the shaped score, less β · the token-summed KL where the method has it in the reward.
    /// - Parameter baseline: of REINFORCE; takes in this rollout's rewards.
    public init(
        rollout: Rollout, coefficient: Double, settings: PolicyRefreshSettings, baseline: inout RewardBaseline
    ) {
        let scores = Self.shapedScores(rollout, settings)
        shapedScores = scores
        self.coefficient = coefficient
        var rewards = scores
        if settings.method.weighsWholeResponses {
            rewards = zip(scores, Self.penalty(rollout, settings)).map { $0 - coefficient * $1.reduce(0, +) }
        }
        let groups = rollout.groups.indices.map { rollout.rows(ofGroup: $0) }
        var responses: [Double] = []
        switch settings.method {
        case .ppo: preconditionFailure("PPO's advantages are of tokens")
        case .rloo: responses = groups.flatMap { GroupAdvantages.leaveOneOut(Array(rewards[$0])) }
        case .grpo, .drGRPO:
            responses = groups.flatMap {
                GroupAdvantages.centred(Array(rewards[$0]), scaling: settings.method == .grpo)
            }
        case .reinforce:
            let mean = baseline.value(for: rewards)
            responses = rewards.map { $0 - mean }
            baseline.add(rewards)
        case .bestOfK:
            self.rollout = rollout.keeping(
                groups.map { rows in rows.max { scores[$0] < scores[$1] } ?? rows.lowerBound })
            advantages = self.rollout.logProbabilities.map { row in row.map { _ in 1 } }
            return
        }
        self.rollout = rollout
        advantages = zip(responses, rollout.logProbabilities).map { [Double](repeating: $0, count: $1.count) }
    }

    private static func penalty(_ rollout: Rollout, _ settings: PolicyRefreshSettings) -> [[Double]] {
        settings.klEstimator.estimate(
            policy: rollout.logProbabilities, reference: rollout.referenceLogProbabilities)
    }

    private static func shapedScores(_ rollout: Rollout, _ settings: PolicyRefreshSettings) -> [Double] {
        zip(rollout.scores, rollout.responses).map {
            settings.shaping.shaped(score: $0, endsWithEndToken: $1.finished, tokens: $1.tokens.count)
        }
    }

    /// The part of the batch that some groups make, in their order.
    func minibatch(groups: [Int]) -> Minibatch {
        let rows = groups.flatMap { rollout.rows(ofGroup: $0) }
        return Minibatch(
            groups: groups.map { rollout.groups[$0].tokens },
            logProbabilities: rows.map { rollout.logProbabilities[$0] },
            referenceLogProbabilities: rows.map { rollout.referenceLogProbabilities[$0] },
            advantages: rows.map { advantages[$0] }, returns: returns.isEmpty ? [] : rows.map { returns[$0] },
            values: values.isEmpty ? [] : rows.map { values[$0] })
    }
}

/// What one optimiser step learns from: whole groups, numbers by response.
struct Minibatch {
    var groups: [TokenGroup]
    /// By the policy that sampled `[responses][tokens]`.
    var logProbabilities: [[Double]]
    /// By the reference `[responses][tokens]`.
    var referenceLogProbabilities: [[Double]]
    var advantages: [[Double]]
    /// Of the value network; empty without one.
    var returns: [[Double]]
    var values: [[Double]]

    var responseTokenCount: Int { logProbabilities.reduce(0) { $0 + $1.count } }
}
