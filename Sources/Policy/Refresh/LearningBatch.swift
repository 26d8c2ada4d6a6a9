/// What PPO learns from: a rollout's responses with advantages and returns, in Double.
///
/// Other algorithms make the same from the same rollout by another rule; what updates the policy does not change.
public struct LearningBatch: Sendable {
    public var rollout: Rollout
    /// Advantage of each token, whitened where asked for `[responses][tokens]`.
    public var advantages: [[Double]]
    /// What the value network is to learn `[responses][tokens]`.
    public var returns: [[Double]]
    /// The value network's values when the rollout was made `[responses][tokens]`.
    public var values: [[Double]]
    /// Shaped score of each response, before the KL penalty.
    public var shapedScores: [Double]

    /// Generalised advantages with a per-token KL penalty, in the order of Ziegler et al. 2019 and Huang et al. 2024:
    /// KL, score at the last token, optional reward whitening, advantages, returns, then advantage whitening.
    public init(rollout: Rollout, values: [[Double]], coefficient: Double, settings: PolicyRefreshSettings) {
        let penalty = settings.klEstimator.estimate(
            policy: rollout.logProbabilities, reference: rollout.referenceLogProbabilities)
        shapedScores = zip(rollout.scores, rollout.responses).map {
            settings.shaping.shaped(score: $0, endsWithEndToken: $1.finished)
        }
        var rewards = TokenRewards.assigned(penalty: penalty, scores: shapedScores, coefficient: coefficient)
        if settings.whitenRewards { rewards = Whitening(unbiased: true, shiftMean: false)(rewards) }
        let estimated = AdvantageEstimation(discount: settings.discount, decay: settings.decay)
            .advantages(rewards: rewards, values: values)
        advantages = settings.whitenAdvantages ? Whitening()(estimated.advantages) : estimated.advantages
        returns = estimated.returns
        self.values = values
        self.rollout = rollout
    }

    /// The part of the batch that some groups make, in their order.
    func minibatch(groups: [Int]) -> Minibatch {
        let rows = groups.flatMap { rollout.rows(ofGroup: $0) }
        return Minibatch(
            groups: groups.map { rollout.groups[$0].tokens },
            logProbabilities: rows.map { rollout.logProbabilities[$0] },
            advantages: rows.map { advantages[$0] }, returns: rows.map { returns[$0] }, values: rows.map { values[$0] })
    }
}
