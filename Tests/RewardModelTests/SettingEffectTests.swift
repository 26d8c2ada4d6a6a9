import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import Testing

/// That what settings say of the loss reaches it: each changes what a run makes of the same labels, and as it should.
@Suite struct SettingEffectTests {
    private let world: TinyWorld
    private let folder: TemporaryFolder

    init() throws {
        world = try TinyWorld()
        folder = try TemporaryFolder()
    }

    /// Who says the order a, b, c, d, and who the opposite.
    struct Said {
        var right: [String] = []
        var wrong: [String] = []
    }

    /// A setting, or a value of `loss`.
    enum Choice: String, CaseIterable {
        case reliabilityWeights = "reliability_weights"
        case softLabels = "soft_labels"
        case labelSmoothing = "label_smoothing"
        case plackettLuce = "plackett_luce"
        case topOne = "top_one"

        var setting: [String: JSONValue] {
            switch self {
            case .reliabilityWeights, .softLabels: [rawValue: true]
            case .labelSmoothing: [rawValue: 0.3]
            case .plackettLuce, .topOne: ["loss": .string(rawValue)]
            }
        }

        /// What people say of each of four groups.
        var labels: [Said] {
            let (agreed, against) = (Said(right: ["ann"]), Said(wrong: ["ann"]))
            let divided = Said(right: ["ann", "bob"], wrong: ["dan"])
            let many = Said(right: ["ann", "bob", "cat", "eve", "fay"])
            return switch self {
            // Two agree, and the third is always against them.
            case .reliabilityWeights: [divided, divided, divided, divided]
            // Most labels are of one group, and most groups say the opposite.
            case .softLabels: [many, against, against, against]
            case .labelSmoothing, .plackettLuce, .topOne: [agreed, agreed, agreed, agreed]
            }
        }
    }

    private static let ids = ["a", "b", "c", "d"]
    private static let texts = ["a red apple", "one sweet apple", "an old stone", "cold hard stone"]

    /// The same prompt and responses in each group, so that nothing but the labels can be learnt.
    private func group(_ index: Int, _ said: Said) throws -> LabelledGroup {
        func label(_ annotator: String, _ order: [String]) throws -> GroupLabel {
            GroupLabel(
                labelID: "\(index)-\(annotator)", annotator: annotator, revision: 1,
                judgement: .ranking(try Ranking(rows: order.map { [$0] })))
        }
        return LabelledGroup(
            group: ResponseGroup(
                id: "g\(index)", prompt: .text("Say something about lunch."),
                responses: zip(Self.ids, Self.texts).map { GroupResponse(id: $0, text: $1, finished: true) }),
            labels: try said.right.map { try label($0, Self.ids) }
                + said.wrong.map { try label($0, Self.ids.reversed()) },
            split: .train)
    }

    private struct Made {
        let weights: String
        let scores: [String: Double]

        /// How far one response stands above another.
        func lead(_ first: String, _ second: String) -> Double { (scores[first] ?? .nan) - (scores[second] ?? .nan) }
    }

    private func made(_ name: String, _ choice: Choice, _ settings: [String: JSONValue]) throws -> Made {
        let base: [String: JSONValue] = [
            "groups_per_step": 4, "minimum_steps": 80, "learning_rate": 0.003, "reference_samples": 8,
            "maximum_response_tokens": 8,
        ]
        let groups = try choice.labels.enumerated().map { try group($0, $1) }
        let run = try world.run(
            in: folder.url, name: name, groups: groups, settings: .object(base.merging(settings) { $1 }))
        let exit = Job.execute(run) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) }
        let message = exit == .failed ? try run.failure(attempt: 1)?.message : nil
        try #require(exit == .done, "\(message ?? "")")
        let model = try LoadedRewardModel(folder: run.attemptURL(1).appending(path: "output/reward-model"))
        let scorer = RewardScorer(model, pool: WorkerPool(threads: 1))
        let scores = try scorer.rawScores(of: [model.tokens(of: groups[0].group)])[0]
        return Made(
            weights: model.model.parameters.sha256,
            scores: Dictionary(uniqueKeysWithValues: zip(Self.ids, scores)))
    }

    @Test(arguments: Choice.allCases) func aSettingChangesWhatARunMakes(choice: Choice) throws {
        let plain = try made("plain", choice, [:])
        let with = try made("with", choice, choice.setting)
        #expect(plain.weights != with.weights)
        print("\(choice): plain \(plain.scores), with it \(with.scores)")
        switch choice {
        case .reliabilityWeights:
            // Two votes against one are worth log 2 at most; without the third there is no such bound.
            #expect(plain.lead("a", "d") > 0 && with.lead("a", "d") > plain.lead("a", "d"))
        case .softLabels:
            #expect(plain.lead("a", "d") > 0 && with.lead("a", "d") < 0)
        case .labelSmoothing:
            #expect(with.lead("a", "d") > 0 && with.lead("a", "d") < plain.lead("a", "d"))
        case .plackettLuce:
            #expect(plain.lead("a", "d") > 0 && with.lead("a", "d") > 0)
        case .topOne:
            // Only the best is set apart from the others.
            #expect(with.lead("a", "b") > 0 && with.lead("c", "d") < plain.lead("c", "d"))
        }
    }
}
