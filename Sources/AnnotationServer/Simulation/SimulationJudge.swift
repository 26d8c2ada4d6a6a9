import Foundation
import LanguageModel
import Policy
import Preferences

/// Judges a policy by fresh samples on prompts that were never ranked nor used in PPO.
struct SimulationJudge: Sendable {
    let plan: SimulationPlan

    /// Fresh samples of one policy: as many a prompt as a ranked group has.
    struct Samples: Sendable {
        let responses: [[PolicyResponse]]
        /// `[prompts][responses]`
        let gold: [[Double]]
        let statistics: SampleStatistics
        /// Nats a response against the supervised policy.
        let klToSupervised: Double
    }

    private var prompts: [Prompt] {
        Array(plan.evaluationPrompts.prefix(max(1, plan.evaluationSamples / plan.responsesPerPrompt)))
    }

    /// Blocking: call it from a thread of its own.
    func samples(of folder: URL) throws -> Samples {
        let pool = WorkerPool()
        let policy = try PolicySampler(folder: folder, pool: pool)
        let supervised = try PolicySampler(folder: plan.policy, pool: pool)
        // Not the seeds of any round's training.
        let seed = plan.seed &+ 0x5EED_0000
        let responses = try PolicyEvaluation.freshSamples(
            policy: policy, prompts: prompts, perPrompt: plan.responsesPerPrompt, seed: seed,
            options: SamplingOptions(temperature: 1, maximumTokens: plan.maximumTokens))
        let pairs = zip(prompts, responses).flatMap { prompt, group in group.map { (prompt.plainText, $0.text) } }
        let scores = try plan.gold.scores(pairs.map { (prompt: $0.0, response: $0.1) })
        let size = plan.responsesPerPrompt
        let gold = stride(from: 0, to: scores.count, by: size).map { Array(scores[$0..<min($0 + size, scores.count)]) }
        let groups = try zip(prompts, responses).map { prompt, group in
            TokenGroup(prompt: try policy.policy.tokens(of: prompt), responses: group.map(\.tokenIDs))
        }
        let kl = try PolicyEvaluation.klToReference(of: groups, policy: policy, reference: supervised)
        return Samples(
            responses: responses, gold: gold, statistics: PolicyEvaluation.statistics(of: responses),
            klToSupervised: kl.mean)
    }

    func round(
        _ number: Int, policy: String, labels: Int, samples: Samples, against supervised: Samples, accuracy: Double?,
        seconds: Double
    ) throws -> SimulationRound {
        let wins = zip(samples.gold, supervised.gold).map { new, old in
            zip(new, old).map { $0 > $1 ? 1 : $0 == $1 ? 0.5 : 0.0 }
        }
        let words = samples.responses.joined().map { Double($0.text.split(whereSeparator: \.isWhitespace).count) }
        return SimulationRound(
            round: number, policy: policy, labels: labels, gold: Estimate(clusters: samples.gold),
            winRate: Estimate(clusters: wins), rewardModelAccuracy: accuracy, klToSupervised: samples.klToSupervised,
            endShare: samples.statistics.endShare, distinct2: samples.statistics.distinct2,
            distinctTexts: samples.statistics.distinctTextShare,
            meanWords: words.reduce(0, +) / Double(max(words.count, 1)), seconds: seconds)
    }
}
