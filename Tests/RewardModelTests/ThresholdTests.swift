import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import SeededRandom
import Testing

/// Whether the parameter of ties and the threshold of acceptability are learnt, and not left for the scores to make up for.
@Suite struct ThresholdTests {
    private let pool = WorkerPool(threads: 2)

    private static let treatments: [TieTreatment] = [.davidson, .raoKupper]
    private static let words = 8
    private static let pairs = 2000
    private static let acceptableFrom = -1.5

    /// Pairs of responses of one token. What is said of a pair is drawn from a model of ties over the tokens' utilities, and
    /// whether a response will do by how far its utility is above `acceptableFrom`.
    private struct Draws {
        let utilities: [Double]
        let ties: TieModel
        var random = SplitMix64(seed: 3)

        init(_ utilities: [Double], _ ties: TieModel) {
            self.utilities = utilities
            self.ties = ties
        }

        mutating func example() -> RewardExample {
            let words = (0..<2).map { _ in random.nextIndex(below: ThresholdTests.words) }
            let lead = utilities[words[0]] - utilities[words[1]]
            let (first, second) = (exp(-ties.first(lead).value), exp(-ties.first(-lead).value))
            let drawn = random.nextUnit()
            var element = RankingElement(pairs: [], ties: [TiedPair(0, 1)], members: [0, 1])
            if drawn < first {
                element = RankingElement(ranks: [1, 2])
            } else if drawn < first + second {
                element = RankingElement(ranks: [2, 1])
            }
            var example = RewardExample(
                id: "p", tokens: TokenGroup(prompt: [0], responses: words.map { [Int32($0 + 2)] }), elements: [element],
                lengths: [1, 1])
            for (place, word) in words.enumerated() {
                let likely = sigmoid(utilities[word] - ThresholdTests.acceptableFrom)
                let mark = ResponseMark(response: place, value: random.nextUnit() < likely ? 1 : 0)
                example.acceptability.append(mark)
            }
            return example
        }
    }

    private func ties(_ treatment: TieTreatment, _ parameter: Double) -> TieModel {
        switch treatment {
        case .drop: .none
        case .davidson: .davidson(logWeight: parameter)
        case .raoKupper: .raoKupper(parameter: parameter)
        }
    }

    /// log ν, or ρ.
    private func parameter(_ heads: RewardHeads) -> Double {
        switch heads.tieModel {
        case .none: .nan
        case .davidson(let logWeight): logWeight
        case .raoKupper(let parameter): parameter
        }
    }

    private func settings(_ treatment: TieTreatment, learningRate: Float) -> RewardModelSettings {
        var settings = RewardModelSettings()
        settings.groupsPerStep = 50
        settings.epochs = 5
        settings.learningRate = learningRate
        settings.centring = 0
        settings.ties = treatment
        settings.acceptabilityWeight = 1
        return settings
    }

    private func model() throws -> Transformer {
        try Transformer(
            configuration: .llama(
                vocabularySize: Self.words + 2, width: 16, layers: 1, heads: 2, keyValueHeads: 2, feedForward: 32,
                contextLength: 8, endTokenIDs: [1], padTokenID: 1), seed: 4
        ).withScalarHead(seed: 5)
    }

    /// What a model says of each token.
    private func scores(_ model: Transformer) throws -> [Double] {
        let group = TokenGroup(prompt: [0], responses: (0..<Self.words).map { [Int32($0 + 2)] })
        return try RewardScorer(model: model, normalisation: .identity, pool: pool).rawScores(of: [group])[0]
    }

    /// Two hundred steps on pairs that are drawn.
    /// - Parameter starts: whether the thresholds begin at the labels' shares; else at 0.
    private func train(
        _ model: Transformer, utilities: [Double], ties: TieModel, settings: RewardModelSettings, starts: Bool
    ) throws -> RewardHeads {
        var draws = Draws(utilities, ties)
        let examples = (0..<Self.pairs).map { _ in draws.example() }
        let heads = RewardHeads(layout: settings.heads, width: model.configuration.width)
        if starts { heads.startThresholds(on: examples) }
        let trainer = RewardTrainer(model: model, heads: heads, settings: settings, pool: pool)
        let plan = TrainingPlan(groupCount: examples.count, settings: settings, seed: 6)
        for step in 0..<plan.totalSteps {
            _ = try trainer.step(
                plan.groups(step: step).map { examples[$0] }, learningRate: plan.schedule.rate(step: step))
        }
        return heads
    }

    /// The labels are drawn from the scores that the model begins with, and the trunk hardly moves: what is found is the
    /// thresholds' alone. Begun at 0, and at the trunk's rate, they would come 0.0001 far.
    @Test(arguments: treatments) func thresholdsFindTheirPlaceHoweverSlowTheTrunkIs(treatment: TieTreatment) throws {
        let model = try model()
        let heads = try train(
            model, utilities: scores(model), ties: ties(treatment, 1),
            settings: settings(treatment, learningRate: 1e-6), starts: false)
        let threshold = try #require(heads.acceptabilityThreshold)
        print("\(treatment): parameter \(parameter(heads)) of 1, threshold \(threshold) of \(Self.acceptableFrom)")
        #expect(abs(parameter(heads) - 1) < 0.25)
        #expect(abs(threshold - Self.acceptableFrom) < 0.25)
    }

    /// ν is 3, or e^ρ is: at the trunk's rate the parameter would come 0.33 far at most, of 1.1.
    @Test(arguments: treatments) func aKnownParameterComesBackWithTheUtilities(treatment: TieTreatment) throws {
        let utilities = (0..<Self.words).map { 0.8 * (Double($0) - 3.5) }
        let truth = log(3.0)
        let model = try model()
        let heads = try train(
            model, utilities: utilities, ties: ties(treatment, truth),
            settings: settings(treatment, learningRate: 3e-3), starts: true)
        let found = try scores(model)
        // The utilities' mean is 0.
        let products = zip(utilities, found).reduce(0.0) { $0 + $1.0 * $1.1 }
        let slope = products / utilities.reduce(0.0) { $0 + $1 * $1 }
        let mean = found.reduce(0, +) / Double(found.count)
        let threshold = try #require(heads.acceptabilityThreshold)
        print("\(treatment): parameter \(parameter(heads)) of \(truth), slope \(slope), threshold \(threshold - mean)")
        #expect(abs(parameter(heads) - truth) < 0.3)
        #expect((0.8...1.25).contains(slope))
        // Scores may lie anywhere, and the threshold with them.
        #expect(abs(threshold - mean - Self.acceptableFrom) < 0.4)
    }

    @Test(arguments: treatments) func theyBeginAtTheSharesOfTheLabels(treatment: TieTreatment) throws {
        // Of one judgement, which counts twice, half the pairs are ties; of the other, none.
        let half = RankingElement(
            pairs: [PreferencePair(winner: 0, loser: 1)], ties: [TiedPair(1, 2)], members: [0, 1, 2], weight: 2)
        var example = RewardExample(
            id: "g", tokens: TokenGroup(prompt: [0], responses: [[2], [3], [4]]),
            elements: [half, RankingElement(ranks: [1, 2, 3])], lengths: [1, 1, 1])
        example.acceptability = [
            ResponseMark(response: 0, value: 1, weight: 3), ResponseMark(response: 1, value: 0, weight: 1),
        ]
        let heads = RewardHeads(layout: settings(treatment, learningRate: 1e-3).heads, width: 4)
        func shares() throws -> (ties: Double, acceptable: Double) {
            let tie = try #require(heads.tieModel.tie(0))
            let threshold = try #require(heads.acceptabilityThreshold)
            return (exp(-tie.value), sigmoid(-threshold))
        }
        heads.startThresholds(on: [example])
        // With half a judgement more on each side.
        let begun = try shares()
        #expect(abs(begun.ties - 1.5 / 4) < 1e-6 && abs(begun.acceptable - 3.5 / 5) < 1e-6)
        // Where all is tied, or nothing is said, they are finite too.
        let tied = RewardExample(
            id: "t", tokens: example.tokens,
            elements: [RankingElement(pairs: [], ties: [TiedPair(0, 1)], members: [0, 1])], lengths: [1, 1, 1])
        heads.startThresholds(on: [tied])
        let last = try shares()
        #expect(abs(last.ties - 0.75) < 1e-6 && abs(last.acceptable - 0.5) < 1e-6)
    }

    /// A gradient of 0 by log ν means as many foretold ties as there are, and one by τ as many acceptable responses.
    @Test func aRunWithALargeModelsRateForetellsAsManyTiesAsThereAre() throws {
        let world = try TinyWorld()
        let folder = try TemporaryFolder()
        let groups = try (0..<9).map { try world.fullyJudged($0) }
        let run = try world.run(
            in: folder.url, groups: groups,
            settings: [
                "learning_rate": 0.00001, "minimum_steps": 150, "groups_per_step": 9, "reference_samples": 8,
                "maximum_response_tokens": 8, "margins": "none", "ties": "davidson", "acceptability_weight": 1,
            ])
        let exit = Job.execute(run) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) }
        let message = exit == .failed ? try run.failure(attempt: 1)?.message : nil
        try #require(exit == .done, "\(message ?? "")")
        let output = run.attemptURL(1).appending(path: "output/reward-model")
        let model = try LoadedRewardModel(folder: output)
        let heads = try #require(model.heads).heads
        var reading = LabelReading(margins: .none)
        (reading.ties, reading.acceptability) = (.davidson, true)
        let examples = try groups.map { try RewardExample($0, template: world.template, reading: reading) }
        let scores = try RewardScorer(model, pool: pool).rawScores(of: examples.map(\.tokens))
        var ties = (said: 0.0, foretold: 0.0, count: 0.0)
        var acceptable = (said: 0.0, foretold: 0.0, count: 0.0)
        let threshold = try #require(heads.acceptabilityThreshold)
        for (example, own) in zip(examples, scores) {
            for element in example.elements {
                let strict = element.pairs.map { own[$0.winner] - own[$0.loser] }
                let leads = strict + element.ties.map { own[$0.first] - own[$0.second] }
                ties.said += Double(element.ties.count) / Double(leads.count)
                for lead in leads {
                    let tie = try #require(heads.tieModel.tie(lead))
                    ties.foretold += exp(-tie.value) / Double(leads.count)
                }
                ties.count += 1
            }
            for mark in example.acceptability {
                acceptable.said += mark.value
                acceptable.foretold += sigmoid(own[mark.response] - threshold)
                acceptable.count += 1
            }
        }
        #expect(ties.said > 0 && abs(ties.said - ties.foretold) < 0.02 * ties.count)
        #expect(acceptable.said > 0 && abs(acceptable.said - acceptable.foretold) < 0.02 * acceptable.count)
        let details = try Lineage.read(from: output).details
        let weight = try #require(details["tie_weight"]?.doubleValue)
        #expect(abs(log(weight) - parameter(heads)) < 1e-12)
    }

    @Test func aCheckpointOfAnOlderVersionIsRefusedInWords() throws {
        let world = try TinyWorld()
        let folder = try TemporaryFolder()
        let run = try world.run(
            in: folder.url, groups: try (0..<3).map { try world.fullyJudged($0) }, settings: ["ties": "davidson"])
        // One without the thresholds' own moments.
        let stopped = Job.execute(run) { attempt in
            try attempt.writeCheckpoint(step: 4) { try Data("{}".utf8).write(to: $0.appending(path: "state.json")) }
            throw JobStopped("As a run of an older version was.")
        }
        #expect(stopped == .stopped)
        #expect(Job.execute(run) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) } == .failed)
        let failure = try #require(try run.failure(attempt: 2))
        #expect(failure.message.contains("older version") && failure.message.contains("Start a new run"))
    }
}
