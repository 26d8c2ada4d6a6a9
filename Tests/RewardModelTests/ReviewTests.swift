import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import Testing

/// What is learnt from responses that people judged by themselves, and what prompts about safety change.
@Suite struct ReviewTests {
    private let world: TinyWorld
    private let folder: TemporaryFolder

    init() throws {
        world = try TinyWorld()
        folder = try TemporaryFolder()
    }

    /// One response that somebody rated: a good one a 6 or 7, a bad one a 1 or 2 with a flag.
    private func rated(_ index: Int, split: Split = .train) throws -> LabelledGroup {
        let isGood = index.isMultiple(of: 2)
        let text = (isGood ? TinyWorld.good : TinyWorld.bad)[index / 2 % 4]
        return LabelledGroup(
            group: ResponseGroup(
                id: "single\(index)", prompt: .text("Say something about \(TinyWorld.subjects[index % 8])."),
                responses: [GroupResponse(id: "only", text: text, finished: true)]),
            labels: [],
            reviews: [
                GroupReview(
                    labelID: "review\(index)", annotator: "ann", revision: 1, responseID: "only",
                    rating: try ResponseRating(
                        overall: isGood ? 6 + index % 4 / 2 : 1 + index % 4 / 2, flags: isGood ? [] : ["violent"]))
            ], split: split)
    }

    private func run(_ name: String, _ groups: [LabelledGroup], _ settings: [String: JSONValue]) throws -> RunDirectory
    {
        let base: [String: JSONValue] = [
            "minimum_steps": 160, "learning_rate": 0.003, "reference_samples": 16, "maximum_response_tokens": 8,
        ]
        let directory = try world.run(
            in: folder.url, name: name, groups: groups, settings: .object(base.merging(settings) { $1 }))
        let exit = Job.execute(directory) { try RewardModelJob.run($0, pool: WorkerPool(threads: 2)) }
        let message = exit == .failed ? try directory.failure(attempt: 1)?.message : nil
        try #require(exit == .done, "\(message ?? "")")
        return directory
    }

    private func output(_ run: RunDirectory) -> URL { run.attemptURL(1).appending(path: "output/reward-model") }

    @Test func ratingsAndFlagsOfSingleResponsesAreLearntAndMeasured() throws {
        let groups =
            try (0..<6).map { try world.group($0) } + (6..<8).map { try world.group($0, split: .heldOut) }
            + (0..<24).map { try rated($0) } + (24..<36).map { try rated($0, split: .heldOut) }
        let taught = try run("taught", groups, ["rating_weight": 1, "safety_weight": 1])
        let card = try RewardCard(json: Data(contentsOf: output(taught).appending(path: RewardCard.fileName)))
        // The rankings rate nothing and call nothing unsafe: all of it is from responses that stood alone.
        let rating = try #require(card.rating)
        #expect(rating.marks == 12)
        #expect(rating.meanError < 0.5 * rating.baselineError)
        #expect(try #require(rating.correlation) > 0.9)
        let safety = try #require(card.safety)
        #expect(safety.marks == 12 && safety.unsafe == 6 && safety.baselineAccuracy == 0.5)
        #expect(safety.accuracy > 0.9 && safety.discrimination == 1 && safety.logLoss < 0.4)
        let metrics = try #require(try taught.result(attempt: 1)).metrics
        #expect(metrics["held_out_rating_error"]?.doubleValue == rating.meanError)
        #expect(metrics["held_out_safety_accuracy"]?.doubleValue == safety.accuracy)
        let text = try String(contentsOf: output(taught).appending(path: RewardCard.textName), encoding: .utf8)
        #expect(text.contains("## Safety head") && text.contains("## Rating head"))
        #expect(try card.json() == Data(contentsOf: output(taught).appending(path: RewardCard.fileName)))
        // Counts of labels are of those that order.
        #expect(card.counts.trainingLabels == 6)
    }

    @Test func withoutSuchAHeadTheyChangeNothing() throws {
        let groups = try (0..<6).map { try world.group($0) }
        let settings: [String: JSONValue] = ["minimum_steps": 8]
        let plain = try run("plain", groups, settings)
        let with = try run("with", groups + [rated(0), rated(1)], settings)
        let file = "model.safetensors"
        #expect(
            try Data(contentsOf: output(plain).appending(path: file))
                == Data(contentsOf: output(with).appending(path: file)))
    }

    @Test func ratingsAloneMakeNoRewardModel() throws {
        let directory = try world.run(
            in: folder.url, name: "alone", groups: (0..<6).map { try rated($0) }, settings: ["rating_weight": 1])
        #expect(Job.execute(directory) { try RewardModelJob.run($0, pool: WorkerPool(threads: 1)) } == .failed)
        #expect(try #require(try directory.failure(attempt: 1)).kind == "not-ready")
    }

    @Test func aReviewNamesAResponseOfItsGroup() throws {
        var group = try rated(0)
        try group.validate()
        #expect(try JSONLines.line(group).contains("\"reviews\""))
        let again = try JSONDecoder().decode(LabelledGroup.self, from: Data(JSONLines.line(group).utf8))
        #expect(again == group)
        group.reviews[0].responseID = "other"
        #expect(throws: GroupError.review(label: "review0", response: "other")) { try group.validate() }
        group.reviews = []
        #expect(throws: GroupError.tooFewResponses(found: 1)) { try group.validate() }
        let plain = try JSONLines.line(try world.group(0))
        #expect(!plain.contains("reviews") && !plain.contains("about_safety"))
    }

    @Test func theCombinationIsNormalisedAsPromptsAreTagged() throws {
        func normalisation(_ name: String, isAboutSafety: Bool) throws -> Normalisation {
            var groups = try (0..<6).map { try world.group($0) } + (0..<8).map { try rated($0) }
            for index in groups.indices { groups[index].isAboutSafety = isAboutSafety }
            let made = try run(name, groups, ["minimum_steps": 60, "safety_weight": 1])
            let model = try LoadedRewardModel(folder: output(made))
            let scorer = RewardScorer(model, pool: WorkerPool(threads: 1))
            let combined = try #require(model.heads?.combined)
            let scores = try scorer.headScores(of: [try model.tokens(of: groups[0].group)])[0]
            for score in scores {
                let logit = try #require(score.safety)
                #expect(scorer.combinedScore(score, promptIsAboutSafety: true) == combined(logit))
            }
            return combined
        }
        let (plain, tagged) = (
            try normalisation("untagged", isAboutSafety: false), try normalisation("tagged", isAboutSafety: true)
        )
        #expect(plain.samples == tagged.samples && plain != tagged)
    }
}
