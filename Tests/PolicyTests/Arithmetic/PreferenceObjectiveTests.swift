import Foundation
import Policy
import RewardModel
import SeededRandom
import Testing

@Suite struct PreferenceObjectiveTests {
    private let logRatios = [0.9, -2.1, 0.4, 3.3, -0.2]
    private let lengths = [12, 7, 30, 9, 15]

    private static let objectives = [
        PreferenceObjective(), PreferenceObjective(beta: 0.7, labelSmoothing: 0.1),
        PreferenceObjective(order: .plackettLuce, beta: 0.4), PreferenceObjective(method: .ipo, beta: 0.05),
    ]

    @Test(arguments: objectives, [[[2], [0], [4], [1], [3]], [[0, 3], [1], [2, 4]], [[1], [0]]])
    func `gradients agree with finite differences, and those of a group sum to zero`(
        objective: PreferenceObjective, levels: [[Int]]
    ) {
        let gradient = objective(logRatios: logRatios, lengths: lengths, levels: levels).gradient
        for index in logRatios.indices {
            var (up, down) = (logRatios, logRatios)
            up[index] += 1e-6
            down[index] -= 1e-6
            let slope =
                (objective(logRatios: up, lengths: lengths, levels: levels).loss
                    - objective(logRatios: down, lengths: lengths, levels: levels).loss) / 2e-6
            #expect(abs(slope - gradient[index]) < 1e-7)
        }
        // Only differences between responses count: of DPO's, plain ones; of IPO's, those of means over tokens.
        let weighted = objective.method == .ipo ? zip(gradient, lengths).map { $0 * Double($1) } : gradient
        #expect(abs(weighted.reduce(0, +)) < 1e-12)
    }

    @Test func `DPO is the reward model's loss on implicit rewards`() {
        let ranks = [2, 5, 1, 3, 4]
        let levels = [[2], [0], [3], [4], [1]]
        let rewards = logRatios.map { 0.1 * $0 }
        let found = PreferenceObjective()(logRatios: logRatios, lengths: lengths, levels: levels)
        let known = RankingLoss.kwise(scores: rewards, element: RankingElement(ranks: ranks))
        #expect(abs(found.loss - known.value) < 1e-12)
        for (own, other) in zip(found.gradient, known.gradient) { #expect(abs(own - 0.1 * other) < 1e-12) }
        let listwise = PreferenceObjective(order: .plackettLuce)(
            logRatios: logRatios, lengths: lengths, levels: levels)
        let luce = RankingLoss.plackettLuce(scores: rewards, order: [2, 0, 3, 4, 1])
        #expect(abs(listwise.loss - luce.value) < 1e-12)
        for (own, other) in zip(listwise.gradient, luce.gradient) { #expect(abs(own - 0.1 * other) < 1e-12) }
    }

    @Test func `one pair gives the published numbers`() {
        let pair = [[0], [1]]
        // −log σ(0.1 · 3) and its slope.
        let dpo = PreferenceObjective()(logRatios: [0.9, -2.1], lengths: [1, 1], levels: pair)
        #expect(abs(dpo.loss - 0.5543552444685271) < 1e-12)
        #expect(abs(dpo.gradient[0] + 0.1 * 0.425557483188341) < 1e-12)
        let smoothed = PreferenceObjective(labelSmoothing: 0.25)(
            logRatios: [0.9, -2.1], lengths: [1, 1], levels: pair)
        #expect(abs(smoothed.loss - (0.75 * 0.5543552444685271 + 0.25 * 0.8543552444685272)) < 1e-12)
        // IPO's lead is that of the means over tokens, and it wants 1/(2β) = 5.
        let ipo = PreferenceObjective(method: .ipo)(logRatios: [6, -4], lengths: [2, 4], levels: pair)
        #expect(ipo.loss == 1)
        #expect(ipo.gradient == [-1, 0.5])
        let luce = PreferenceObjective(order: .plackettLuce)(logRatios: [0.9, -2.1], lengths: [1, 1], levels: pair)
        #expect(abs(luce.loss - dpo.loss) < 1e-12)
    }

    @Test func `extreme log-ratios stay finite`() {
        for objective in Self.objectives {
            let found = objective(logRatios: [-1e5, 1e5], lengths: [3, 3], levels: [[0], [1]])
            #expect(found.loss.isFinite && found.gradient.allSatisfy(\.isFinite))
        }
    }
}
