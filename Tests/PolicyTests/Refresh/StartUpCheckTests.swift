import Foundation
import LanguageModel
import Policy
import SeededRandom
import Testing

/// The check must let a sound run begin, and must refuse each of the silent faults it is there for.
@Suite struct StartUpCheckTests {
    private let pool = WorkerPool(threads: 1)

    private struct Scene {
        var tiny: TinyPolicy
        var reference: Transformer
        var rewardModel: Transformer
        var rollout: Rollout
    }

    private struct HeadScorer: ResponseScorer {
        let model: Transformer
        func scores(of groups: [TokenGroup]) throws -> [[Double]] {
            let learner = ValueLearner(
                model: model, gain: 2, bias: -0.5, optimiser: AdamWSettings(), tokensPerPass: 500,
                pool: WorkerPool(threads: 1))
            var values = try learner.lastTokenValues(of: groups)[...]
            return groups.map { group in group.responses.map { _ in values.removeFirst() } }
        }
    }

    private func settings(temperature: Double = 1) -> PolicyRefreshSettings {
        var settings = PolicyRefreshSettings()
        settings.responsesPerPrompt = 4
        settings.maximumTokens = 16
        settings.tokensPerPass = 300
        settings.temperature = temperature
        return settings
    }

    private func scene(temperature: Double = 1) throws -> Scene {
        let tiny = try TinyPolicy(seed: 4).sharpened(by: 6)
        let reference = tiny.model.copy()
        let rewardModel = try tiny.model.withScalarHead(seed: 9)
        let collector = RolloutCollector(
            policy: tiny.model, reference: reference, template: tiny.template,
            scorer: HeadScorer(model: rewardModel), settings: settings(temperature: temperature), pool: pool)
        let prompts = try ["the cat", "a dog ran", "tell me"].map {
            RolloutCollector.Prompt(id: $0, text: $0, tokens: try tiny.template.prompt(text: $0))
        }
        return Scene(
            tiny: tiny, reference: reference, rewardModel: rewardModel,
            rollout: try collector.collect(prompts, seed: 3))
    }

    private func findings(
        _ scene: Scene, temperature: Double = 1, referenceIsBase: Bool = true, gain: Double = 2
    ) throws -> [String] {
        let settings = settings(temperature: temperature)
        let check = StartUpCheck(
            referenceIsBase: referenceIsBase, valueIsRewardModel: true, endTokens: scene.tiny.template.endTokenIDs)
        return try check.findings(
            rollout: scene.rollout,
            policy: PolicyLearner(
                model: scene.tiny.model, optimiser: settings.optimiser(learningRate: 1e-4),
                temperature: temperature, tokensPerPass: settings.tokensPerPass, pool: pool),
            value: ValueLearner(
                model: scene.rewardModel.copy(), gain: gain, bias: -0.5,
                optimiser: settings.optimiser(learningRate: 1e-4), tokensPerPass: settings.tokensPerPass, pool: pool))
    }

    @Test(arguments: [1.0, 0.7]) func `a sound run may begin, and checking changes no weight`(temperature: Double)
        throws
    {
        let scene = try scene(temperature: temperature)
        let before = scene.tiny.model.parameters.sha256
        #expect(try findings(scene, temperature: temperature) == [])
        #expect(scene.tiny.model.parameters.sha256 == before)
        #expect(scene.rollout.logProbabilities == scene.rollout.referenceLogProbabilities)
    }

    @Test func `one weight changed on the training side is refused`() throws {
        let scene = try scene()
        let entry = try #require(scene.tiny.model.table.entries.last { $0.shape.count == 2 })
        scene.tiny.model.parameters[entry.offset + 3] += 0.5
        let found = try findings(scene)
        #expect(found.contains { $0.contains("ratio is not 1") })
        #expect(found.contains { $0.contains("decoder is not the policy") })
    }

    @Test func `one weight changed in a reference that is said to be the base is refused`() throws {
        var scene = try scene()
        let entry = try #require(scene.reference.table.entries.last { $0.shape.count == 2 })
        scene.reference.parameters[entry.offset + 3] += 0.01
        scene.rollout.referenceLogProbabilities = try GroupScorer(model: scene.reference, pool: pool)
            .logProbabilities(of: scene.rollout.tokenGroups).flatMap { $0 }
        #expect(try findings(scene).contains { $0.contains("byte for byte the reference") })
        #expect(try findings(scene, referenceIsBase: false) == [])
    }

    @Test func `another temperature in training than in sampling is refused`() throws {
        let found = try findings(try scene(temperature: 1), temperature: 0.9)
        #expect(found.contains { $0.contains("ratio is not 1") })
    }

    @Test func `another temperature for the reference is refused`() throws {
        var scene = try scene()
        scene.rollout.referenceLogProbabilities = try GroupScorer(model: scene.reference, pool: pool)
            .logProbabilities(of: scene.rollout.tokenGroups, temperature: 0.9).flatMap { $0 }
        #expect(try findings(scene).contains { $0.contains("another temperature") })
    }

    @Test func `a response that sees its sibling on one side is refused`() throws {
        var scene = try scene()
        // What a wrong mask does: the second response of each group is scored as if the first were part of its prompt.
        scene.rollout.logProbabilities = try scene.rollout.groups.flatMap { group in
            var rows = try GroupScorer(model: scene.tiny.model, pool: pool).logProbabilities(of: [group.tokens])[0]
            let leaked = TokenGroup(
                prompt: group.prompt + group.responses[0].tokens, responses: [group.responses[1].tokens])
            rows[1] = try GroupScorer(model: scene.tiny.model, pool: pool).logProbabilities(of: [leaked])[0][0]
            return rows
        }
        scene.rollout.referenceLogProbabilities = scene.rollout.logProbabilities
        #expect(try findings(scene).contains { $0.contains("ratio is not 1") })
    }

    @Test func `a decoder that is another policy is refused`() throws {
        var scene = try scene()
        scene.rollout.groups[0].responses[0].decodeLogProbabilities[0] += 0.01
        #expect(try findings(scene).contains { $0.contains("decoder is not the policy") })
    }

    @Test func `gradients that are not numbers are refused`() throws {
        let scene = try scene()
        scene.tiny.model.parameters[scene.tiny.model.table.entries[0].offset] = .nan
        #expect(try findings(scene).contains { $0.contains("gradient") })
    }

    @Test func `a score that is read at another token than in the reward model's training is refused`() throws {
        var scene = try scene()
        let place = scene.rollout.groups[0].responses.firstIndex { !$0.finished } ?? 0
        scene.rollout.groups[0].responses[place].finished.toggle()
        #expect(try findings(scene).contains { $0.contains("reward model would read") })
    }

    @Test func `a value network that is not the reward model is refused`() throws {
        #expect(try findings(try scene(), gain: 2.1).contains { $0.contains("value network") })
    }

    @Test func `a score that is not a number is refused`() throws {
        var scene = try scene()
        scene.rollout.scores[0] = .nan
        #expect(try findings(scene).contains { $0.contains("score is not a finite number") })
    }
}
