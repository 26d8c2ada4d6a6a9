package import LanguageModel
import SeededRandom

/// Samples a group of responses for each of several prompts and has them scored by policy, reference and reward model.
package final class RolloutCollector {
    /// A prompt that is ready to be answered.
    package struct Prompt: Sendable {
        package var id: String
        /// For people.
        package var text: String
        package var tokens: [Int32]
        /// Tagged as being about safety.
        package var isAboutSafety: Bool

        package init(id: String, text: String, tokens: [Int32], isAboutSafety: Bool = false) {
            self.id = id
            self.text = text
            self.tokens = tokens
            self.isAboutSafety = isAboutSafety
        }
    }

    private let template: PromptTemplate
    private let contextLength: Int
    private let settings: PolicyRefreshSettings
    private let sampler: GroupSampler
    private let policyScorer: GroupScorer
    private let referenceScorer: GroupScorer
    let reference: Transformer
    private let scorer: any ResponseScorer
    private let watcher: (any ResponseScorer)?
    private let arena: PassArena

    /// - Parameter arena: memory of passes, also of those that `scorer` and a learner may run; it is given back while
    ///   responses are sampled, and the sampler's while they are scored and learnt from.
    package init(
        policy: Transformer, reference: Transformer, template: PromptTemplate, scorer: any ResponseScorer,
        watcher: (any ResponseScorer)? = nil, settings: PolicyRefreshSettings, pool: WorkerPool,
        arena: PassArena = PassArena()
    ) {
        self.template = template
        self.settings = settings
        self.scorer = scorer
        self.watcher = watcher
        self.reference = reference
        contextLength = policy.usableContextLength
        self.arena = arena
        sampler = GroupSampler(model: policy, pool: pool)
        sampler.release()
        policyScorer = GroupScorer(
            model: policy, pool: pool, tokensPerPass: settings.tokensPerPass, arena: arena)
        referenceScorer = GroupScorer(
            model: reference, pool: pool, tokensPerPass: settings.tokensPerPass, arena: arena)
    }

    /// A rollout of the policy as its weights are now.
    /// - Parameter seed: the group's seed is stream g of it; response k's is derived from the group's.
    package func collect(_ prompts: [Prompt], seed: UInt64) throws -> Rollout {
        let groups = try sampled(prompts, seed: seed)
        let tokens = groups.map(\.tokens)
        let own = try policyScorer.logProbabilitiesAndEntropies(of: tokens, temperature: settings.temperature)
        let reference = try referenceScorer.logProbabilities(of: tokens, temperature: settings.temperature)
        let aboutSafety = prompts.map(\.isAboutSafety)
        let judged = try scorer.judgements(of: tokens, aboutSafety: aboutSafety)
        var rollout = Rollout(
            groups: groups, logProbabilities: own.logProbabilities.flatMap { $0 },
            referenceLogProbabilities: reference.flatMap { $0 }, entropies: own.entropies.flatMap { $0 },
            scores: judged.scores.flatMap { $0 })
        rollout.memberDeviations = judged.memberDeviations?.flatMap { $0 }
        rollout.safety = judged.safety?.flatMap { $0 }
        rollout.watcherScores = try watcher?.judgements(of: tokens, aboutSafety: aboutSafety).scores.flatMap { $0 }
        return rollout
    }

    /// The responses alone.
    package func sampled(_ prompts: [Prompt], seed: UInt64) throws -> [Rollout.Group] {
        arena.release()
        sampler.refresh()
        defer { sampler.release() }
        let requests = prompts.enumerated().map { index, prompt in
            var random = SplitMix64(seed: seed, stream: UInt64(index))
            let groupSeed = random.next()
            return SamplingRequest(
                prompt: prompt.tokens,
                seeds: (0..<settings.responsesPerPrompt).map { PolicySampler.seed(ofResponse: $0, from: groupSeed) },
                settings: LanguageModel.SamplingSettings(
                    temperature: Float(settings.temperature), topK: 0, topP: 1,
                    maximumTokens: min(settings.maximumTokens, contextLength - prompt.tokens.count),
                    endTokens: template.endTokenIDs))
        }
        return zip(prompts, try sampler.sample(requests)).map { prompt, responses in
            Rollout.Group(
                promptID: prompt.id, prompt: prompt.tokens,
                responses: responses.map {
                    Rollout.Response(
                        tokens: $0.tokens, text: template.responseText($0.tokens), finished: $0.finished,
                        decodeLogProbabilities: $0.logProbabilities.map(Double.init))
                })
        }
    }
}
