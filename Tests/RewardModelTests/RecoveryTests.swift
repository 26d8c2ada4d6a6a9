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

    private struct Outcome {
        let figures: RewardEvaluation
        let ceiling: Double
        let correlation: Double
        /// See `calibrationSlope`.
        let slope: Double
    }

    private func outcome(flipped: Double, centring: Double) throws -> Outcome {
        var world = World(flipped: flipped, seed: 9)
        let training = (0..<Self.trainingPairs).map { _ in world.pair().example }
        let heldOut = (0..<Self.heldOutPairs).map { _ in world.pair() }
        var settings = RewardModelSettings()
        settings.groupsPerStep = 128
        settings.epochs = 4
        settings.learningRate = 5e-3
        settings.tokensPerPass = 4096
        settings.centring = centring
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
        // On these very labels, so that their own chance is no part of the difference.
        let likelier = heldOut.count { ($0.probability > 0.5) == $0.firstWins }
        return Outcome(
            figures: RewardEvaluation(heldOut.map(\.example), scores: scores, longerIsBetter: true),
            ceiling: Double(likelier) / Double(heldOut.count),
            correlation: Self.correlation(scores.flatMap { $0 }, heldOut.flatMap(\.utilities)),
            slope: Self.calibrationSlope(zip(scores, heldOut).map { ($0[0] - $0[1], $1.firstWins) }))
    }

    @Test(arguments: [0, 0.1, 0.25]) func utilitiesAreRecoveredToWithinAPointOfWhatCanBeKnown(flipped: Double) throws {
        let found = try outcome(flipped: flipped, centring: RewardModelSettings().centring)
        print(
            "flipped \(flipped): correlation \(found.correlation), accuracy \(found.figures.accuracy) of "
                + "\(found.ceiling), calibration error \(found.figures.calibrationError), slope \(found.slope)")
        #expect(found.correlation > (flipped == 0 ? 0.95 : 0.9))
        #expect(abs(found.figures.accuracy - found.ceiling) < 0.01)
        #expect(found.figures.calibrationError < 0.03)
    }

    /// Labels are draws, so likelihood alone makes a difference of logits the log-odds. Centring takes a part of that away: it
    /// pulls at the sum of two scores, whose variance over pairs is that of their difference.
    @Test(arguments: [0, 0.1, 0.25]) func `a difference of logits is the log-odds, which centring makes too small`(
        flipped: Double
    ) throws {
        let plain = try outcome(flipped: flipped, centring: 0)
        print("flipped \(flipped), without centring: slope \(plain.slope)")
        #expect((0.9...1.1).contains(plain.slope))
        #expect(plain.figures.calibrationError < 0.03)
        let centred = try outcome(flipped: flipped, centring: 0.05)
        #expect(centred.slope > plain.slope + 0.1)
    }

    /// b in P(first above second) = σ(b · difference of logits) by maximum likelihood (Newton's method): 1 where the logits are
    /// the log-odds, below 1 where the model is too sure of itself.
    private static func calibrationSlope(_ pairs: [(logit: Double, firstWins: Bool)]) -> Double {
        var slope = 1.0
        for _ in 0..<20 {
            var (gradient, curvature) = (0.0, 0.0)
            for (logit, firstWins) in pairs {
                let probability = sigmoid(slope * logit)
                gradient += ((firstWins ? 1 : 0) - probability) * logit
                curvature += probability * (1 - probability) * logit * logit
            }
            slope += gradient / curvature
        }
        return slope
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
