import Foundation
import LanguageModel
import Policy
import SeededRandom
import Testing

/// What a refresh makes of a rollout before it learns from it: the order of the steps, and where each number stands.
@Suite struct LearningBatchTests {
    /// Groups of responses of these lengths, whose numbers hang on response and token alone.
    private func rollout(
        _ lengths: [[Int]], scores: [Double], finished: [Bool]? = nil, logProbabilities: [[Double]]? = nil,
        reference: [[Double]]? = nil
    ) -> Rollout {
        var place = 0
        let groups = lengths.enumerated().map { index, row in
            Rollout.Group(
                promptID: "p\(index)", prompt: [5],
                responses: row.map { length in
                    defer { place += 1 }
                    return Rollout.Response(
                        tokens: (0..<length).map { Int32(10 + $0) }, text: "", finished: finished?[place] ?? true,
                        decodeLogProbabilities: [])
                })
        }
        let own = logProbabilities ?? lengths.joined().map { [Double](repeating: -1, count: $0) }
        return Rollout(
            groups: groups, logProbabilities: own, referenceLogProbabilities: reference ?? own, entropies: own,
            scores: scores)
    }

    /// Nothing happens to a score but what a test asks for.
    private var settings: PolicyRefreshSettings {
        var settings = PolicyRefreshSettings()
        (settings.scoreClip, settings.scoreSaturation, settings.missingEndPenalty) = (nil, nil, 0)
        return settings
    }

    /// Against the whole of `ppo.json`, in the order in which a refresh really does it.
    @Test(arguments: 0..<PPOParityCase.count)
    func `agrees with PyTorch to 1e-9 from the rollout to the loss`(setting: Int) throws {
        let one = try PPOParityCase.numbered(setting)
        var settings = settings
        settings.klEstimator = one.settings.kl_estimator
        settings.whitenRewards = one.settings.whiten_rewards
        (settings.discount, settings.decay) = (one.settings.gamma, one.settings.lambda)
        let batch = LearningBatch(
            rollout: rollout(
                one.lengths.map { [$0] }, scores: one.score, logProbabilities: one.old_logprobs,
                reference: one.reference_logprobs), values: one.old_values,
            coefficient: one.settings.kl_coefficient, settings: settings)
        expectEqual(batch.advantages, one.expected.whitened_advantages)
        expectEqual(batch.returns, one.expected.returns)
        let objective = PolicyObjective(
            method: .ppo, clipping: ClippedPolicyLoss(clipRange: one.settings.clip_range), penalty: nil,
            maximumTokens: 160)
        let found = objective(
            new: one.new_logprobs, old: one.old_logprobs, reference: one.reference_logprobs,
            advantages: batch.advantages)
        #expect(abs(found.loss - one.expected.policy_loss) < 1e-9)
        #expect(abs(found.clipFraction - one.expected.policy_clip_fraction) < 1e-9)
    }

    /// TRL and DeepSpeed-Chat put the score one token further where another response of the batch is longer.
    @Test func `the score stands at each response's own last token, and nothing is worth anything after it`() {
        var settings = settings
        (settings.whitenAdvantages, settings.decay) = (false, 0)
        let lengths = [[3, 5], [1]]
        let zeros = lengths.joined().map { [Double](repeating: 0, count: $0) }
        let batch = LearningBatch(
            rollout: rollout(lengths, scores: [2, -1, 4]), values: zeros, coefficient: 0.3, settings: settings)
        // With λ = 0 and no values an advantage is the token's reward.
        #expect(batch.advantages == [[0, 0, 2], [0, 0, 0, 0, -1], [4]])
        let values = [[1.0, 1, 1], [1, 1, 1, 1, 1], [1]]
        let errors = LearningBatch(
            rollout: rollout(lengths, scores: [2, -1, 4]), values: values, coefficient: 0.3, settings: settings)
        #expect(errors.advantages == [[0, 0, 1], [0, 0, 0, 0, -2], [3]])
        #expect(errors.returns == [[1, 1, 2], [1, 1, 1, 1, -1], [4]])
    }

    /// lm-human-preferences whitens each minibatch by itself, trlx over padding too.
    @Test func `advantages are whitened over all tokens of the rollout, returns are not`() throws {
        let lengths = [[2, 6], [4], [3]]
        let values = lengths.joined().map { length in (0..<length).map { 0.1 * Double($0) } }
        let scores = [1.5, -2, 0.25, 3]
        let made = rollout(lengths, scores: scores)
        var plain = settings
        plain.whitenAdvantages = false
        let raw = LearningBatch(rollout: made, values: values, coefficient: 0.3, settings: plain)
        let batch = LearningBatch(rollout: made, values: values, coefficient: 0.3, settings: settings)
        let all = batch.advantages.flatMap { $0 }
        #expect(all.count == 15)
        #expect(abs(all.reduce(0, +)) < 1e-12)
        #expect(abs(all.reduce(0) { $0 + $1 * $1 } / 14 - 1) < 1e-6)
        // A minibatch of one group keeps what sets it apart.
        let group = batch.advantages[..<2].flatMap { $0 }
        #expect(abs(group.reduce(0, +) / 8) > 0.2)
        #expect(batch.returns == raw.returns)
        for (row, (advantages, own)) in zip(raw.returns, zip(raw.advantages, values)) {
            #expect(zip(row, zip(advantages, own)).allSatisfy { abs($0 - $1.0 - $1.1) < 1e-12 })
        }
    }

    /// Put in the score's place, as in N+, the penalty would be better than an honest bad answer's score.
    @Test func `an unfinished response's score is lowered and not replaced`() {
        var settings = settings
        settings.missingEndPenalty = 1
        let batch = LearningBatch(
            rollout: rollout([[2, 2]], scores: [-3, -3], finished: [true, false]), values: [[0, 0], [0, 0]],
            coefficient: 0.3, settings: settings)
        #expect(batch.shapedScores == [-3, -4])
    }

    @Test func `the best response of each group is learnt alone`() {
        var settings = settings
        settings.method = .bestOfK
        var baseline = RewardBaseline()
        let batch = LearningBatch(
            rollout: rollout([[2, 3, 4], [5, 6]], scores: [0.1, 2, -1, 0, 0.5]), coefficient: 0.3, settings: settings,
            baseline: &baseline)
        #expect(batch.rollout.responses.map(\.tokens.count) == [3, 6])
        #expect(batch.advantages == [[1, 1, 1], [1, 1, 1, 1, 1, 1]])
        #expect(batch.rollout.scores == [2, 0.5] && batch.shapedScores.count == 5)
    }

    /// KL(best of K ‖ policy) = log K − (K − 1)/K where no two scores are equal, less where some are (Stiennon et al. 2020, §4.3).
    @Test(arguments: [(4, 0.6363), (9, 1.3083), (16, 1.8351)])
    func `what best-of-K imitates is as far from the policy as its formula says`(k: Int, expected: Double) {
        let formula = log(Double(k)) - Double(k - 1) / Double(k)
        #expect(abs(formula - expected) < 5e-5)
        var settings = settings
        settings.method = .bestOfK
        var random = SplitMix64(seed: UInt64(k))
        let groups = 6000
        // A score is the place of a response among all that the policy might give.
        let scores = (0..<groups * k).map { _ in random.nextUnit() }
        var baseline = RewardBaseline()
        let batch = LearningBatch(
            rollout: rollout([[Int]](repeating: [Int](repeating: 1, count: k), count: groups), scores: scores),
            coefficient: 0, settings: settings, baseline: &baseline)
        let bins = 40
        var counts = [Double](repeating: 0, count: bins)
        for score in batch.rollout.scores { counts[min(bins - 1, Int(score * Double(bins)))] += 1 }
        let shares = counts.map { $0 / Double(groups) }
        let divergence = shares.reduce(0) { $0 + ($1 > 0 ? $1 * log($1 * Double(bins)) : 0) }
        #expect(abs(divergence - formula) < 0.05 * formula, "\(divergence) of \(formula)")
    }

    @Test func `the penalty of whole responses is their token-summed KL, and it is not GRPO's`() {
        let lengths = [[2, 1]]
        let reference = [[-1.5, -1.25], [-2.0]]
        let made = rollout(lengths, scores: [1, 1], reference: reference)
        // trlx reports the KL the other way round, prompts and all.
        #expect(abs(made.tokenSumKL - 0.875) < 1e-12)
        func advantages(_ method: PolicyMethod) -> [[Double]] {
            var settings = settings
            settings.method = method
            var baseline = RewardBaseline()
            return LearningBatch(rollout: made, coefficient: 0.4, settings: settings, baseline: &baseline).advantages
        }
        // KL 0.75 and 1: rewards 0.7 and 0.6.
        let found = advantages(.rloo)
        #expect(abs(found[0][0] - 0.1) < 1e-12 && abs(found[0][1] - 0.1) < 1e-12 && abs(found[1][0] + 0.1) < 1e-12)
        #expect(advantages(.grpo) == [[0, 0], [0]])
    }
}
