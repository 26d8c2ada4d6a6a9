import Foundation
import Policy
import SeededRandom
import Testing

@Suite struct PolicyObjectiveTests {
    private func numbers(_ count: Int, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in random.nextUnit() * 2 - 1 }
    }

    private func rows(seed: UInt64) -> [[Double]] {
        [4, 1, 7].enumerated().map { numbers($1, seed: seed + UInt64($0)) }
    }

    private static let objectives: [PolicyObjective] = PolicyMethod.allCases.flatMap { method in
        [nil, .init(estimator: .k2, coefficient: 0.3), .init(estimator: .k3, coefficient: 0.7)].map {
            PolicyObjective(
                method: method, clipping: ClippedPolicyLoss(clipRange: 0.2, dualClip: 1.5), penalty: $0,
                maximumTokens: 9)
        }
    }

    @Test(arguments: objectives)
    func `the gradient of each method's loss agrees with finite differences`(objective: PolicyObjective) {
        let old = rows(seed: 1)
        let new = zip(old, rows(seed: 11)).map { zip($0, $1).map { $0 + 0.15 * $1 } }
        let (reference, advantages) = (rows(seed: 21), rows(seed: 31).map { row in row.map { _ in row[0] } })
        func loss(_ new: [[Double]]) -> Double {
            objective(new: new, old: old, reference: reference, advantages: advantages).loss
        }
        let gradient = objective(new: new, old: old, reference: reference, advantages: advantages).gradient
        let step = 1e-6
        for response in new.indices {
            for token in new[response].indices {
                var (up, down) = (new, new)
                up[response][token] += step
                down[response][token] -= step
                #expect(abs((loss(up) - loss(down)) / (2 * step) - gradient[response][token]) < 1e-8)
            }
        }
    }

    @Test func `a response's ratio is that of its sums, and every token gets its gradient`() {
        let objective = PolicyObjective(method: .rloo, clipping: ClippedPolicyLoss(), maximumTokens: 9)
        let found = objective(
            new: [[-1, -2], [-0.5]], old: [[-1.05, -2], [-0.5]], reference: [[0, 0], [0]],
            advantages: [[1.5, 1.5], [-2]])
        #expect(abs(found.loss - (-1.5 * exp(0.05) + 2) / 2) < 1e-12)
        #expect(abs(found.gradient[0][0] + 1.5 * exp(0.05) / 2) < 1e-12)
        #expect(found.gradient[0][0] == found.gradient[0][1])
        #expect(found.gradient[1] == [1])
    }

    @Test func `the averages of token losses are the published ones`() {
        let lengths = [2, 6]
        #expect(LossAveraging.tokens.divisors(lengths: lengths, maximumTokens: 10) == [8, 8])
        #expect(LossAveraging.tokensOfResponses.divisors(lengths: lengths, maximumTokens: 10) == [4, 12])
        #expect(LossAveraging.mostTokens.divisors(lengths: lengths, maximumTokens: 10) == [20, 20])
        #expect(LossAveraging.responses.divisors(lengths: lengths, maximumTokens: 10) == [2, 2])
        // Dr. GRPO's point: of two wrong answers the longer one is not let off more lightly.
        let clipping = ClippedPolicyLoss()
        func slopes(_ method: PolicyMethod) -> [[Double]] {
            let rows = [[-1.0, -1], [-1.0, -1, -1, -1, -1, -1]]
            return PolicyObjective(method: method, clipping: clipping, maximumTokens: 10)(
                new: rows, old: rows, reference: rows, advantages: rows.map { $0.map { _ in -1 } }
            ).gradient
        }
        #expect(slopes(.grpo)[0][0] == 3 * slopes(.grpo)[1][0])
        #expect(slopes(.drGRPO)[0][0] == slopes(.drGRPO)[1][0])
    }

    @Test func `advantages within a group are the published ones`() {
        let rewards = [1.0, 2, 6]
        #expect(GroupAdvantages.leaveOneOut(rewards) == [-3, -1.5, 4.5])
        #expect(GroupAdvantages.centred(rewards, scaling: false) == [-2, -1, 3])
        let deviation = 7.0.squareRoot() + 1e-4
        #expect(GroupAdvantages.centred(rewards, scaling: true) == [-2 / deviation, -1 / deviation, 3 / deviation])
        #expect(GroupAdvantages.centred([3, 3, 3], scaling: true) == [0, 0, 0])
    }

    @Test func `REINFORCE's baseline is the mean of all rewards before`() {
        var baseline = RewardBaseline()
        #expect(baseline.value(for: [1, 3]) == 2)
        baseline.add([1, 3])
        #expect(baseline.value(for: [100]) == 2)
        baseline.add([5])
        #expect(baseline.value(for: [100]) == 3)
    }

    /// Expectations over a distribution of three tokens, exactly: no sampling.
    @Test func `in a loss k2 has the gradient of the KL, k3 that of the KL turned round, and k1 none`() {
        let logits = [0.3, -0.4, 1.1]
        let reference = [log(0.5), log(0.3), log(0.2)]
        func policy(_ logits: [Double]) -> [Double] {
            let sum = log(logits.reduce(0) { $0 + exp($1) })
            return logits.map { $0 - sum }
        }
        func gradient(_ value: ([Double]) -> Double) -> [Double] {
            logits.indices.map { index in
                var (up, down) = (logits, logits)
                up[index] += 1e-6
                down[index] -= 1e-6
                return (value(policy(up)) - value(policy(down))) / 2e-6
            }
        }
        let now = policy(logits)
        let forward = gradient { p in zip(p, reference).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) } }
        let backward = gradient { p in zip(p, reference).reduce(0) { $0 + exp($1.1) * ($1.1 - $1.0) } }
        for (estimator, expected) in [(KLEstimator.k1, [0.0, 0, 0]), (.k2, forward), (.k3, backward)] {
            // E[slope(token) · d ln p(token)/d logit].
            let found = logits.indices.map { logit in
                now.indices.reduce(0.0) { sum, token in
                    let slope = estimator.lossGradient(policy: now[token], reference: reference[token])
                    return sum + exp(now[token]) * slope * ((token == logit ? 1 : 0) - exp(now[logit]))
                }
            }
            for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-8, "\(estimator)") }
        }
        for estimator in KLEstimator.allCases {
            let (policy, reference) = (-1.3, -0.9)
            let slope =
                (estimator.estimate(policy: policy + 1e-6, reference: reference)
                    - estimator.estimate(policy: policy - 1e-6, reference: reference)) / 2e-6
            #expect(abs(estimator.lossGradient(policy: policy, reference: reference) - slope) < 1e-8)
        }
    }
}
