import JSON
package import LanguageModel

/// What looks at a policy are held against.
package struct LookBaseline: Sendable, Codable, Equatable {
    /// Of the reference's own answers.
    package var reference: SampleStatistics
    /// Mean entropy of the policy that the run started from, nats a token.
    package var entropy: Double
}

/// What a policy's answers showed at one moment of its tuning.
package struct PolicyLook: Sendable {
    package var rollout: Rollout
    package var statistics: SampleStatistics
    /// Mean entropy of its next-token distributions, nats a token.
    package var entropy: Double
    /// The reward model's mean score; nil where the run has none.
    package var reward: Double?
    /// In words, what a refresh would not hand out or would warn of.
    package var alarms: [RefreshAlarm]

    /// For a metrics line, by the names that a refresh gives them.
    var numbers: [String: JSONValue] {
        var numbers: [String: JSONValue] = [
            "kl": .number(rollout.tokenSumKL), "entropy": .number(entropy),
            "response_length": .number(statistics.meanLength), "end_share": .number(statistics.endShare),
            "distinct_1": .number(statistics.distinct1), "distinct_2": .number(statistics.distinct2),
            "distinct_text_share": .number(statistics.distinctTextShare),
        ]
        if let reward { numbers["reward"] = .number(reward) }
        if !alarms.isEmpty { numbers["alarms"] = .array(alarms.map { .string($0.message) }) }
        return numbers
    }

    /// The last words of a run that made this policy.
    package var notes: [String] {
        guard !alarms.isEmpty else { return [] }
        return [
            "Read its samples before you use this policy: " + alarms.map(\.message).joined(separator: "; ")
                + ". Nothing but beta holds a policy back in preference tuning: take a larger one, a lower "
                + "learning_rate or fewer epochs."
        ]
    }
}

/// Looks at a policy while it learns from orders, which samples nothing by itself: its answers to the same prompts with
/// the same seeds each time, held to the limits of a refresh. They change nothing of what is learnt.
package struct PolicyLooks {
    private let collector: RolloutCollector
    /// The reference's answers.
    private let own: RolloutCollector
    private let prompts: [RolloutCollector.Prompt]
    private let limits: PolicyRefreshSettings
    private let hasReward: Bool
    private let seed: UInt64

    /// As in a refresh: that answers to one prompt grow alike shows in groups alone.
    private static let responsesPerPrompt = 4

    /// - Parameters:
    ///   - scorer: a reward model, for people to read; nil where the run has none.
    ///   - prompts: those that can be answered; some spread over them are.
    ///   - arena: memory of passes, given back while responses are sampled.
    package init(
        policy: Transformer, reference: Transformer, template: PromptTemplate, scorer: (any ResponseScorer)?,
        prompts: [RolloutCollector.Prompt], settings: PreferenceTuningSettings, seed: UInt64, pool: WorkerPool,
        arena: PassArena = PassArena()
    ) {
        precondition(!prompts.isEmpty, "a look needs a prompt")
        let groups = max(1, min(prompts.count, settings.samples / Self.responsesPerPrompt))
        self.prompts = (0..<groups).map { prompts[prompts.count * $0 / groups] }
        var limits = PolicyRefreshSettings()
        limits.responsesPerPrompt = max(1, settings.samples / groups)
        limits.maximumTokens = settings.maximumTokens
        limits.tokensPerPass = settings.tokensPerPass
        limits.klBudget = settings.klBudget
        self.limits = limits
        self.seed = seed
        hasReward = scorer != nil
        let judge: any ResponseScorer = scorer ?? NoScorer()
        collector = RolloutCollector(
            policy: policy, reference: reference, template: template, scorer: judge, settings: limits, pool: pool,
            arena: arena)
        own = RolloutCollector(
            policy: reference, reference: reference, template: template, scorer: judge, settings: limits, pool: pool,
            arena: arena)
    }

    /// The first look, before anything is learnt.
    /// - Parameter startsAsReference: the policy computes what the reference computes: one set of answers is both's.
    /// - Returns: the answers of the policy, and what later looks are held against.
    package func begin(startsAsReference: Bool) throws -> (before: Rollout, baseline: LookBaseline) {
        let ofReference = try own.collect(prompts, seed: seed)
        let before = startsAsReference ? ofReference : try collector.collect(prompts, seed: seed)
        return (
            before,
            LookBaseline(
                reference: SampleStatistics(groups: SampleStatistics.samples(of: ofReference.groups)),
                entropy: UpdateDiagnostics.mean(before.entropies))
        )
    }

    /// A look at the policy as its weights are now.
    package func take(against baseline: LookBaseline) throws -> PolicyLook {
        let rollout = try collector.collect(prompts, seed: seed)
        let statistics = SampleStatistics(groups: SampleStatistics.samples(of: rollout.groups))
        let entropy = UpdateDiagnostics.mean(rollout.entropies)
        let scores = rollout.scores
        return PolicyLook(
            rollout: rollout, statistics: statistics, entropy: entropy,
            reward: hasReward ? scores.reduce(0, +) / Double(max(1, scores.count)) : nil,
            alarms: RefreshLimits(reference: baseline.reference, settings: limits).alarms(
                statistics: statistics, tokenSumKL: rollout.tokenSumKL, entropy: entropy,
                firstEntropy: baseline.entropy))
    }

    /// Lines of samples.jsonl as a refresh writes them: one answer to each of a few prompts.
    /// - Parameter phase: `probe`, or `handed_out` for the policy that the run makes.
    func samples(of rollout: Rollout, step: Int, phase: String) -> [[String: JSONValue]] {
        let texts = Dictionary(prompts.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
        return RefreshMetrics.samples(
            rollout, number: step, count: RefreshReporter.probedPrompts, promptTexts: texts
        ).map { line in
            var line = line
            line["phase"] = .string(phase)
            if !hasReward { line.removeValue(forKey: "score") }
            return line
        }
    }
}

/// Stands where a collector wants a reward model and a run has none.
private struct NoScorer: ResponseScorer {
    func scores(of groups: [TokenGroup]) throws -> [[Double]] { groups.map { $0.responses.map { _ in 0 } } }
}
