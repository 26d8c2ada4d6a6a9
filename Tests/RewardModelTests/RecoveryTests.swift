import Foundation
import LanguageModel
import Preferences
import RewardModel
import SeededRandom
import Testing

/// Whether training finds the utilities that labels were drawn from.
@Suite struct RecoveryTests {
    /// Responses of random tokens whose utility is the sum of their tokens' values; labels are Bernoulli draws from
    /// Bradley–Terry, and a share of them is turned round.
    private struct World {
        let values: [Double]
        let flipped: Double
        var random: SplitMix64

        static let words = 24

        init(flipped: Double, seed: UInt64) {
            self.flipped = flipped
            random = SplitMix64(seed: seed, stream: 1)
            var values = SplitMix64(seed: 77)
            self.values = (0..<Self.words).map { _ in 1.6 * (values.nextUnit() - 0.5) }
        }

        struct Pair {
            let example: RewardExample
            let utilities: [Double]
            /// That a label puts the first response above the second.
            let probability: Double
            let firstWins: Bool
        }

        mutating func pair() -> Pair {
            let responses = (0..<2).map { _ in (0..<4).map { _ in random.nextIndex(below: Self.words) } }
            let utilities = responses.map { $0.reduce(0) { $0 + values[$1] } }
            let likely = sigmoid(utilities[0] - utilities[1])
            let probability = (1 - flipped) * likely + flipped * (1 - likely)
            let firstWins = random.nextUnit() < probability
            return Pair(
                example: RewardExample(
                    id: "p",
                    tokens: TokenGroup(prompt: [0], responses: responses.map { $0.map { Int32($0 + 2) } + [1] }),
                    elements: [RankingElement(ranks: firstWins ? [1, 2] : [2, 1])], lengths: [4, 4]),
                utilities: utilities, probability: probability, firstWins: firstWins)
        }
    }

    private static let trainingPairs = 16_000
    private static let heldOutPairs = 20_000

    @Test(arguments: [0, 0.1, 0.25]) func utilitiesAreRecoveredToWithinAPointOfWhatCanBeKnown(flipped: Double) throws {
        var world = World(flipped: flipped, seed: 9)
        let training = (0..<Self.trainingPairs).map { _ in world.pair().example }
        let heldOut = (0..<Self.heldOutPairs).map { _ in world.pair() }
        var settings = RewardModelSettings()
        settings.groupsPerStep = 128
        settings.epochs = 4
        settings.learningRate = 5e-3
        settings.tokensPerPass = 4096
        let policy = try Transformer(
            configuration: .llama(
                vocabularySize: World.words + 2, width: 16, layers: 1, heads: 2, keyValueHeads: 2, feedForward: 32,
                contextLength: 8, endTokenIDs: [1], padTokenID: 1), seed: 4)
        let model = try policy.withScalarHead(seed: 5)
        let pool = WorkerPool(threads: 2)
        let trainer = RewardTrainer(model: model, settings: settings, pool: pool)
        let plan = TrainingPlan(groupCount: training.count, settings: settings, seed: 6)
        for step in 0..<plan.totalSteps {
            _ = try trainer.step(
                plan.groups(step: step).map { training[$0] }, learningRate: plan.schedule.rate(step: step))
        }
        let scores = try RewardScorer(model: model, normalisation: .identity, pool: pool).rawScores(
            of: heldOut.map(\.example.tokens))
        let figures = RewardEvaluation(heldOut.map(\.example), scores: scores, longerIsBetter: true)
        // On these very labels, so that their own chance is no part of the difference.
        let ceiling =
            heldOut.reduce(0.0) { $0 + (($1.probability > 0.5) == $1.firstWins ? 1 : 0) } / Double(heldOut.count)
        let correlation = Self.correlation(scores.flatMap { $0 }, heldOut.flatMap(\.utilities))
        print(
            "flipped \(flipped): correlation \(correlation), accuracy \(figures.accuracy) of \(ceiling), "
                + "calibration error \(figures.calibrationError)")
        #expect(correlation > (flipped == 0 ? 0.95 : 0.9))
        #expect(abs(figures.accuracy - ceiling) < 0.01)
        #expect(figures.calibrationError < 0.03)
    }

    private static func correlation(_ xs: [Double], _ ys: [Double]) -> Double {
        let count = Double(xs.count)
        let (x, y) = (xs.reduce(0, +) / count, ys.reduce(0, +) / count)
        let products = zip(xs, ys).reduce((0.0, 0.0, 0.0)) { sums, pair in
            let (a, b) = (pair.0 - x, pair.1 - y)
            return (sums.0 + a * b, sums.1 + a * a, sums.2 + b * b)
        }
        return products.0 / (products.1 * products.2).squareRoot()
    }
}
