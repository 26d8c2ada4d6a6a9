import Foundation
import LanguageModel
import Policy
import SeededRandom

/// Rewards one token: the share of a response that it makes, so that nothing but the policy gradient can find it.
struct TokenShareScorer: ResponseScorer {
    let token: Int32

    func scores(of groups: [TokenGroup]) -> [[Double]] {
        groups.map { group in
            group.responses.map { response in
                4 * Double(response.count { $0 == token }) / Double(response.count)
            }
        }
    }
}

/// Policy, value network and collector of a tiny refresh.
struct TinyRefresh {
    let policy: PolicyLearner
    let refresh: PolicyRefresh

    /// - Parameters:
    ///   - tiny: the policy to start from; nil is one with random weights.
    ///   - prompts: nil is a few texts.
    ///   - referenceTuning: what the reference has beside its weights; nil is nothing.
    init(
        settings: PolicyRefreshSettings, scorer: any ResponseScorer, watcher: (any ResponseScorer)? = nil, seed: UInt64,
        threads: Int = 2, tiny: TinyPolicy? = nil, prompts: [RolloutCollector.Prompt]? = nil,
        referenceTuning: TuningMethod? = nil
    ) throws {
        let pool = WorkerPool(threads: threads)
        let tiny = try tiny ?? TinyPolicy(seed: 1).sharpened(by: 3)
        let plain = tiny.model.copy()
        let reference = if let referenceTuning { try plain.tuned(referenceTuning, seed: 1) } else { plain }
        policy = PolicyLearner(
            model: tiny.model, optimiser: settings.optimiser(learningRate: settings.policyLearningRate),
            temperature: settings.temperature, tokensPerPass: settings.tokensPerPass, pool: pool)
        let valueOptimiser = settings.optimiser(learningRate: settings.valueLearningRate)
        let network: ValueNetwork =
            switch (settings.method.usesValueNetwork, settings.valueNetwork) {
            case (false, _): .none
            case (true, .separate):
                .separate(
                    ValueLearner(
                        model: try tiny.model.withScalarHead(seed: 5), gain: 1, bias: 0, optimiser: valueOptimiser,
                        tokensPerPass: settings.tokensPerPass, pool: pool))
            case (true, .shared):
                .shared(
                    SharedValueHead(
                        policy: tiny.model, optimiser: valueOptimiser, tokensPerPass: settings.tokensPerPass,
                        pool: pool))
            }
        let collector = RolloutCollector(
            policy: tiny.model, reference: reference, template: tiny.template, scorer: scorer, watcher: watcher,
            settings: settings,
            pool: pool)
        let prompts =
            try prompts
            ?? ["the cat", "a dog", "the moon", "tell"].map {
                RolloutCollector.Prompt(id: $0, text: $0, tokens: try tiny.template.prompt(text: $0))
            }
        refresh = PolicyRefresh(
            settings: settings, policy: policy, value: network, collector: collector,
            check: StartUpCheck(
                referenceIsBase: true, valueIsRewardModel: false, endTokens: tiny.template.endTokenIDs),
            prompts: prompts, seed: seed,
            state: RefreshState(
                controller: settings.controller,
                reference: try PolicyRefresh.baseline(
                    collector: collector, prompts: prompts, settings: settings, seed: seed)))
    }
}
