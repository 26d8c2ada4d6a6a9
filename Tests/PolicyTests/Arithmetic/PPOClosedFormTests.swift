import Policy
import SeededRandom
import Testing

@Suite struct PPOClosedFormTests {
    private func numbers(_ count: Int, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in random.nextUnit() * 2 - 1 }
    }

    @Test func `decay one gives the reward to go minus the value`() {
        let rewards = numbers(9, seed: 1)
        let values = numbers(9, seed: 2)
        let found = AdvantageEstimation(discount: 1, decay: 1).advantages(rewards: rewards, values: values)
        for token in 0..<9 {
            #expect(abs(found.advantages[token] - (rewards[token...].reduce(0, +) - values[token])) < 1e-12)
            #expect(abs(found.returns[token] - rewards[token...].reduce(0, +)) < 1e-12)
        }
    }

    @Test func `decay zero gives the one-step error`() {
        let rewards = numbers(9, seed: 3)
        let values = numbers(9, seed: 4)
        let found = AdvantageEstimation(discount: 0.9, decay: 0).advantages(rewards: rewards, values: values).advantages
        for token in 0..<9 {
            let next = token < 8 ? values[token + 1] : 0
            #expect(abs(found[token] - (rewards[token] + 0.9 * next - values[token])) < 1e-12)
        }
    }

    @Test func `what follows a response in the batch does not reach its advantages`() {
        let rewards = [numbers(4, seed: 5), numbers(7, seed: 6)]
        let values = [numbers(4, seed: 7), numbers(7, seed: 8)]
        let together = AdvantageEstimation().advantages(rewards: rewards, values: values)
        let alone = AdvantageEstimation().advantages(rewards: [rewards[0]], values: [values[0]])
        #expect(together.advantages[0] == alone.advantages[0])
        #expect(together.returns[0] == alone.returns[0])
    }

    @Test func `the rewards of a response sum to its score minus beta times its KL`() {
        let policy = [numbers(5, seed: 9), numbers(3, seed: 10)]
        let reference = [numbers(5, seed: 11), numbers(3, seed: 12)]
        let penalty = KLEstimator.k1.estimate(policy: policy, reference: reference)
        let rewards = TokenRewards.assigned(penalty: penalty, scores: [1.5, -0.25], coefficient: 0.05)
        for (row, (kl, score)) in zip(rewards, zip(penalty, [1.5, -0.25])) {
            #expect(abs(row.reduce(0, +) - (score - 0.05 * kl.reduce(0, +))) < 1e-12)
        }
    }

    @Test(arguments: KLEstimator.allCases)
    func `every KL estimate is exactly zero where policy and reference agree`(estimator: KLEstimator) {
        for logProbability in [-0.0, -0.1, -3.7, -50] {
            #expect(estimator.estimate(policy: logProbability, reference: logProbability) == 0)
        }
    }

    @Test func `at ratio one the loss is minus the mean advantage and the gradient is the plain policy gradient`() {
        let old = [numbers(6, seed: 13), numbers(2, seed: 14)]
        let advantages = Whitening()([numbers(6, seed: 15), numbers(2, seed: 16)])
        let found = ClippedPolicyLoss()(new: old, old: old, advantages: advantages)
        #expect(abs(found.loss) < 1e-12)
        #expect(found.clipFraction == 0)
        #expect(UpdateDiagnostics.approximateKL(new: old, old: old) == 0)
        for (row, other) in zip(found.gradient, advantages) {
            for (gradient, advantage) in zip(row, other) { #expect(abs(gradient + advantage / 8) < 1e-15) }
        }
    }

    @Test func `the gradients of both losses agree with finite differences`() {
        let step = 1e-6
        let advantages = numbers(200, seed: 17)
        let old = numbers(200, seed: 18)
        let new = zip(old, numbers(200, seed: 19)).map { $0 + 0.6 * $1 }
        let targets = numbers(200, seed: 20)
        for policy in [ClippedPolicyLoss(), ClippedPolicyLoss(clipRange: 0.1, dualClip: 1.3)] {
            func loss(_ shifted: Int, _ delta: Double) -> Double {
                var moved = new
                moved[shifted] += delta
                return policy(new: [moved], old: [old], advantages: [advantages]).loss
            }
            let gradient = policy(new: [new], old: [old], advantages: [advantages]).gradient[0]
            for token in new.indices {
                let slope = (loss(token, step) - loss(token, -step)) / (2 * step)
                #expect(abs(slope - gradient[token]) < 1e-8)
            }
        }
        for value in [ClippedValueLoss(), ClippedValueLoss(clipRange: nil)] {
            func loss(_ shifted: Int, _ delta: Double) -> Double {
                var moved = new
                moved[shifted] += delta
                return value(values: [moved], old: [old], returns: [targets]).loss
            }
            let gradient = value(values: [new], old: [old], returns: [targets]).gradient[0]
            for token in new.indices {
                let slope = (loss(token, step) - loss(token, -step)) / (2 * step)
                #expect(abs(slope - gradient[token]) < 1e-8)
            }
        }
    }

    @Test func `a minibatch cut into two passes gives the gradient of one pass`() {
        let new = [numbers(6, seed: 21), numbers(2, seed: 22)]
        let old = [numbers(6, seed: 23), numbers(2, seed: 24)]
        let advantages = [numbers(6, seed: 25), numbers(2, seed: 26)]
        let loss = ClippedPolicyLoss()
        let whole = loss(new: new, old: old, advantages: advantages)
        let parts = (0..<2).map {
            loss(new: [new[$0]], old: [old[$0]], advantages: [advantages[$0]], tokenCount: 8)
        }
        #expect(abs(whole.loss - parts[0].loss - parts[1].loss) < 1e-12)
        #expect(whole.gradient == parts[0].gradient + parts[1].gradient)
        #expect(abs(whole.clipFraction - parts[0].clipFraction - parts[1].clipFraction) < 1e-12)
    }

    @Test func `a huge log-ratio stays finite`() {
        let loss = ClippedPolicyLoss()
        for (new, old) in [(0.0, -1000.0), (-1000.0, 0.0)] {
            for advantage in [-2.0, 2.0] {
                let one = loss.token(new: new, old: old, advantage: advantage)
                #expect(one.loss.isFinite && one.gradient.isFinite)
            }
        }
    }

    @Test func `the dual clip bounds what a bad token can cost`() {
        let plain = ClippedPolicyLoss().token(new: 2, old: 0, advantage: -1)
        let bounded = ClippedPolicyLoss(dualClip: 3).token(new: 2, old: 0, advantage: -1)
        #expect(plain.loss > 7)
        #expect(bounded.loss == 3 && bounded.gradient == 0)
    }

    @Test func `a missing end token costs its penalty after the clip`() {
        let shaping = ScoreShaping(clip: 5, missingEndPenalty: 1)
        #expect(shaping.shaped(score: 2, endsWithEndToken: true, tokens: 7) == 2)
        #expect(shaping.shaped(score: 2, endsWithEndToken: false, tokens: 7) == 1)
        #expect(shaping.shaped(score: 9, endsWithEndToken: true, tokens: 7) == 5)
        #expect(shaping.shaped(score: -9, endsWithEndToken: false, tokens: 7) == -6)
    }

    @Test func `each token costs the length penalty, after the clip`() {
        let shaping = ScoreShaping(clip: 5, missingEndPenalty: 1, lengthPenalty: 0.125)
        #expect(shaping.shaped(score: 9, endsWithEndToken: true, tokens: 8) == 4)
        #expect(shaping.shaped(score: 2, endsWithEndToken: false, tokens: 4) == 0.5)
    }

    @Test func `gains level off where they are asked to, and losses do not`() {
        let shaping = ScoreShaping(clip: nil, saturation: 1, missingEndPenalty: 0)
        func shaped(_ score: Double) -> Double { shaping.shaped(score: score, endsWithEndToken: true, tokens: 1) }
        #expect(abs(shaped(0)) < 1e-15)
        #expect(abs(shaped(1) - 0.759_771) < 1e-6)
        #expect(abs((shaped(1e-4) - shaped(-1e-4)) / 2e-4 - 1) < 1e-6)
        #expect(abs(shaped(1000) - 2 * 0.693_147_180_559_945) < 1e-12)
        #expect(abs(shaped(-1000) - (-2000 + 2 * 0.693_147_180_559_945)) < 1e-9)
    }

    @Test func `explained variance is one for a perfect critic and zero for a constant one`() throws {
        let returns = [[1.0, 2], [4.0]]
        #expect(try #require(UpdateDiagnostics.explainedVariance(values: returns, returns: returns)) == 1)
        let constant = try #require(UpdateDiagnostics.explainedVariance(values: [[3, 3], [3]], returns: returns))
        #expect(abs(constant) < 1e-12)
        #expect(UpdateDiagnostics.explainedVariance(values: [[1, 2]], returns: [[3, 3]]) == nil)
    }
}
