import ArgumentParser
import Foundation
import LanguageModel
import Policy
import RewardModel
import SeededRandom

/// One PPO round: sampling, scoring by policy, reference, reward model and value network, then all updates of policy and
/// value network, with full-length responses.
struct RefreshRound: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh-round", abstract: "Times rounds of PPO.")
    @Option var shape: Shape
    @Option(help: "Prompts a round.") var batch = 32
    @Option(help: "Prompt tokens.") var prompt = 64
    @Option(help: "Responses a prompt.") var responses = 1
    @Option(help: "Tokens a response.") var length = 48
    @Option(help: "Passes over the round's responses.") var epochs = 4
    @Option(help: "Responses an optimiser step.") var minibatch = 8
    @Flag(help: "Give the most memory of each phase, MB, beside its seconds. Resets the process's own high-water mark.")
    var memory = false
    @OptionGroup var measuring: Measuring

    func run() throws {
        let pool = WorkerPool(threads: measuring.threads)
        let policy = try Transformer(configuration: shape.configuration, seed: 0)
        let round = try Round(self, policy: policy, pool: pool)
        let tokens = batch * responses * length
        var random = SplitMix64(seed: 2)
        try measuring.report(
            "refresh-round", ["shape": shape.rawValue, "prompts": "\(batch)", "responses": "\(responses)"],
            tokens: tokens
        ) {
            try round.run(prompts: (0..<batch).map { _ in shape.tokens(prompt, using: &random) }, seed: random.next())
        }
    }

    /// Everything that lives from one round to the next.
    private final class Round {
        let settings: PolicyRefreshSettings
        let policy: PolicyLearner
        let value: ValueLearner
        let sampler: GroupSampler
        let policyScorer: GroupScorer
        let referenceScorer: GroupScorer
        let reward: RewardScorer
        /// Of all passes and both learners, as in the job.
        let memory = LearningMemory()
        let command: RefreshRound

        init(_ command: RefreshRound, policy model: Transformer, pool: WorkerPool) throws {
            var settings = PolicyRefreshSettings()
            settings.epochs = command.epochs
            settings.minibatches = max(1, command.batch * command.responses / command.minibatch)
            settings.approximateKLLimit = .greatestFiniteMagnitude
            settings.warmUpIterations = 0
            self.settings = settings
            self.command = command
            policy = PolicyLearner(
                model: model, optimiser: settings.optimiser(learningRate: 1e-5), temperature: 1,
                tokensPerPass: settings.tokensPerPass, pool: pool, memory: memory)
            value = ValueLearner(
                model: try model.withScalarHead(seed: 1), gain: 1, bias: 0,
                optimiser: settings.optimiser(learningRate: 1e-5), tokensPerPass: settings.tokensPerPass, pool: pool,
                memory: memory)
            reward = RewardScorer(
                model: try model.withScalarHead(seed: 2), normalisation: .identity, pool: pool,
                tokensPerPass: settings.tokensPerPass, arena: memory.passes)
            sampler = GroupSampler(model: model, pool: pool)
            sampler.release()
            policyScorer = GroupScorer(
                model: model, pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
            referenceScorer = GroupScorer(
                model: model.copy(), pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
        }

        func run(prompts: [[Int32]], seed: UInt64) throws -> [String: Double] {
            var peaks: [String: Double] = [:]
            func endPhase(_ name: String) {
                if command.memory { peaks["\(name)_mb"] = ProcessMemory.takeMost() }
            }
            endPhase("before")
            let start = Clock.now
            let groups = try sampled(prompts, seed: seed)
            let rolledOut = Clock.now
            endPhase("rollout")
            let tokens = groups.map(\.tokens)
            let own = try policyScorer.logProbabilitiesAndEntropies(of: tokens)
            let reference = try referenceScorer.logProbabilities(of: tokens)
            let scores = try reward.scores(of: tokens).flatMap { $0 }
            let rollout = Rollout(
                groups: groups, logProbabilities: own.logProbabilities.flatMap { $0 },
                referenceLogProbabilities: reference.flatMap { $0 }, entropies: own.entropies.flatMap { $0 },
                scores: scores)
            let batch = LearningBatch(
                rollout: rollout, values: try value.values(of: tokens), coefficient: settings.klCoefficient,
                settings: settings)
            let scored = Clock.now
            endPhase("scoring")
            let report = try RefreshUpdate(policy: policy, value: .separate(value), settings: settings)
                .learn(from: batch, iteration: 0, seed: seed)
            let end = Clock.now
            endPhase("learning")
            precondition(report.steps == settings.epochs * settings.minibatches, "some updates were skipped")
            return [
                "step": end - start, "rollout": rolledOut - start, "scoring": scored - rolledOut,
                "learning": end - scored,
            ].merging(peaks) { $1 }
        }

        private func sampled(_ prompts: [[Int32]], seed: UInt64) throws -> [Rollout.Group] {
            memory.passes.release()
            sampler.refresh()
            defer { sampler.release() }
            let requests = prompts.enumerated().map { index, prompt in
                SamplingRequest(
                    prompt: prompt,
                    seeds: (0..<command.responses).map { seed &+ UInt64(index * command.responses + $0) },
                    settings: LanguageModel.SamplingSettings(
                        temperature: 1, topK: 0, topP: 1, maximumTokens: command.length, endTokens: []))
            }
            return zip(prompts, try sampler.sample(requests)).map { prompt, responses in
                Rollout.Group(
                    promptID: "", prompt: prompt,
                    responses: responses.map {
                        .init(
                            tokens: $0.tokens, text: "", finished: true,
                            decodeLogProbabilities: $0.logProbabilities.map(Double.init))
                    })
            }
        }
    }
}
