import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs
import Testing

@Suite struct DataTests {
    private let world: TinyWorld

    init() throws { world = try TinyWorld() }

    @Test func aFinishedSampleIsReadAtItsEndTokenAndACutOneAtItsLast() {
        let ids = world.template.response(text: "a red apple", ended: false)
        let end = world.template.endTokenID
        let cut = GroupResponse(
            id: "a", text: "a red apple", tokenIDs: ids, tokenIDsSource: .own, finished: false)
        #expect(world.template.judgedTokens(of: cut).tokens == ids)
        let finished = GroupResponse(
            id: "b", text: "a red apple", tokenIDs: ids + [end], tokenIDsSource: .own, finished: true)
        #expect(world.template.judgedTokens(of: finished).tokens == ids + [end])
        #expect(world.template.judgedTokens(of: finished).areStored)
        let trimmed = GroupResponse(
            id: "c", text: "a red apple", tokenIDs: ids, tokenIDsSource: .retokenised, finished: true)
        #expect(world.template.judgedTokens(of: trimmed).tokens == ids + [end])
    }

    @Test func aWrittenResponseEndsWithTheEndToken() {
        let written = GroupResponse(id: "a", text: "a red apple")
        let tokens = world.template.judgedTokens(of: written).tokens
        #expect(tokens == world.template.response(text: "a red apple", ended: true))
        #expect(tokens.last == world.template.endTokenID)
        #expect(world.template.judgedTokens(of: GroupResponse(id: "b", text: "")).tokens == [world.template.endTokenID])
    }

    @Test func idsOfAnotherTokenizerAreNotTrusted() {
        let foreign = GroupResponse(
            id: "a", text: "a red apple", tokenIDs: [5, 6, 7], tokenIDsSource: .own, finished: true)
        let judged = world.template.judgedTokens(of: foreign)
        #expect(!judged.areStored)
        #expect(judged.tokens == world.template.response(text: "a red apple", ended: true))
        let outside = GroupResponse(id: "b", text: "x", tokenIDs: [1_000_000], tokenIDsSource: .own)
        #expect(!world.template.judgedTokens(of: outside).areStored)
    }

    @Test func settingsHaveDefaultsAndKnowTheirNames() throws {
        let decoder = JSONDecoder()
        #expect(try decoder.decode(RewardModelSettings.self, from: Data("{}".utf8)) == RewardModelSettings())
        let some = try decoder.decode(
            RewardModelSettings.self, from: Data(#"{"learning_rate": 0.5, "margins": "large"}"#.utf8))
        #expect(some.learningRate == 0.5 && some.margins == .large && some.epochs == RewardModelSettings().epochs)
        let encoded = try JSONEncoder().encode(some)
        #expect(try decoder.decode(RewardModelSettings.self, from: encoded) == some)
        let specification = RunSpecification(
            kind: "reward-model", seed: 1, parents: [], settings: ["learnng_rate": 1], version: "1")
        #expect {
            try specification.settings(as: RewardModelSettings.self)
        } throws: { error in
            if case RunError.badSettings("learnng_rate", _) = error { true } else { false }
        }
    }

    @Test func valuesOutOfRangeNameTheSetting() {
        var settings = RewardModelSettings()
        settings.learningRate = 0
        #expect(throws: RewardModelError.badSetting(field: "learning_rate", reason: "must be above 0")) {
            try settings.validate()
        }
    }

    @Test func numbersThatNoPlanCanHoldNameTheSetting() {
        let changes: [(String, (inout RewardModelSettings) -> Void)] = [
            ("epochs", { $0.epochs = 1e300 }), ("epochs", { $0.epochs = .infinity }), ("epochs", { $0.epochs = .nan }),
            ("minimum_steps", { $0.minimumSteps = .max }), ("evaluations", { $0.evaluations = .max }),
            ("groups_per_step", { $0.groupsPerStep = .max }), ("reference_samples", { $0.referenceSamples = .max }),
            ("reference_temperature", { $0.referenceTemperature = 1e-30 }),
        ]
        for (field, change) in changes {
            var settings = RewardModelSettings()
            change(&settings)
            let error = #expect(throws: RewardModelError.self) { try settings.validate() }
            guard case .badSetting(field, _)? = error else {
                Issue.record("\(field): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func heldOutPromptsAreCutInTwoOnceThereAreTwenty() {
        let prompts = (0..<25).map { Prompt.text("prompt \($0)") }
        let halves = HeldOutHalves(prompts + prompts.prefix(3))
        #expect(halves.areApart)
        #expect(prompts.count { halves.selects($0) } == 12)
        #expect(prompts.count { halves.reports($0) } == 13)
        #expect(prompts.allSatisfy { halves.selects($0) != halves.reports($0) })
        let shuffled = HeldOutHalves(prompts.reversed())
        #expect(prompts.allSatisfy { halves.selects($0) == shuffled.selects($0) })
        let few = HeldOutHalves(Array(prompts.prefix(19)) + prompts.prefix(19))
        #expect(!few.areApart)
        #expect(prompts.prefix(19).allSatisfy { few.selects($0) && few.reports($0) })
    }

    @Test func normalisationGivesMeanZeroAndDeviationOne() throws {
        let logits = [3.0, 5.0, 9.0, -2.0, 4.5]
        let normalisation = try Normalisation.fitted(to: logits)
        let scores = logits.map { normalisation($0) }
        let mean = scores.reduce(0, +) / 5
        #expect(abs(mean) < 1e-14)
        #expect(abs(scores.reduce(0) { $0 + $1 * $1 } / 5 - 1) < 1e-14)
        #expect(throws: RewardModelError.oneScoreForAll(samples: 3)) { try Normalisation.fitted(to: [2, 2, 2]) }
    }
}
