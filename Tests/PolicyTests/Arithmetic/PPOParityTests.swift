import Foundation
import Policy
import Testing

/// The arrays and results of one setting of `ppo.json`.
struct PPOParityCase: Decodable {
    struct Settings: Decodable {
        var gamma: Double
        var lambda: Double
        var kl_estimator: KLEstimator
        var kl_coefficient: Double
        var clip_range: Double
        var value_clip_range: Double
        var value_coefficient: Double
        var whiten_rewards: Bool
    }
    struct Expected: Decodable {
        var rewards: [[Double]]
        var advantages: [[Double]]
        var returns: [[Double]]
        var whitened_advantages: [[Double]]
        var policy_loss: Double
        var value_loss: Double
        var loss: Double
        var policy_clip_fraction: Double
        var value_clip_fraction: Double
        var approximate_kl: Double
    }
    var settings: Settings
    var lengths: [Int]
    var score: [Double]
    var old_logprobs: [[Double]]
    var reference_logprobs: [[Double]]
    var new_logprobs: [[Double]]
    var old_values: [[Double]]
    var new_values: [[Double]]
    var expected: Expected

    static let count = 3

    static func numbered(_ number: Int) throws -> PPOParityCase {
        let path = try fixturePath(named: "ppo.json")
        let cases = try JSONDecoder().decode([PPOParityCase].self, from: Data(contentsOf: path))
        try #require(cases.count == count)
        return cases[number]
    }
}

/// To 1e-9, number by number.
func expectEqual(
    _ found: [[Double]], _ expected: [[Double]], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.map(\.count) == expected.map(\.count), sourceLocation: sourceLocation)
    let differences = zip(found.joined(), expected.joined()).map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 < 1e-9 }, "by \(differences.max() ?? 0)", sourceLocation: sourceLocation)
}

@Suite struct PPOParityTests {
    @Test(arguments: 0..<PPOParityCase.count)
    func `agrees with PyTorch to 1e-9 in every step`(setting: Int) throws {
        let one = try PPOParityCase.numbered(setting)
        let settings = one.settings
        #expect(one.old_logprobs.map(\.count) == one.lengths)

        let penalty = settings.kl_estimator.estimate(policy: one.old_logprobs, reference: one.reference_logprobs)
        var rewards = TokenRewards.assigned(
            penalty: penalty, scores: one.score, coefficient: settings.kl_coefficient)
        if settings.whiten_rewards { rewards = Whitening(unbiased: true, shiftMean: false)(rewards) }
        expectEqual(rewards, one.expected.rewards)

        let estimated = AdvantageEstimation(discount: settings.gamma, decay: settings.lambda)
            .advantages(rewards: rewards, values: one.old_values)
        expectEqual(estimated.advantages, one.expected.advantages)
        expectEqual(estimated.returns, one.expected.returns)
        let advantages = Whitening()(estimated.advantages)
        expectEqual(advantages, one.expected.whitened_advantages)

        let policy = ClippedPolicyLoss(clipRange: settings.clip_range)(
            new: one.new_logprobs, old: one.old_logprobs, advantages: advantages)
        let value = ClippedValueLoss(clipRange: settings.value_clip_range)(
            values: one.new_values, old: one.old_values, returns: estimated.returns)
        #expect(abs(policy.loss - one.expected.policy_loss) < 1e-9)
        #expect(abs(value.loss - one.expected.value_loss) < 1e-9)
        #expect(abs(policy.loss + settings.value_coefficient * value.loss - one.expected.loss) < 1e-9)
        #expect(abs(policy.clipFraction - one.expected.policy_clip_fraction) < 1e-9)
        #expect(abs(value.clipFraction - one.expected.value_clip_fraction) < 1e-9)
        let moved = UpdateDiagnostics.approximateKL(new: one.new_logprobs, old: one.old_logprobs)
        #expect(abs(moved - one.expected.approximate_kl) < 1e-9)
    }
}
