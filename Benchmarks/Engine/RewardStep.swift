import ArgumentParser
import Foundation
import LanguageModel
import RewardModel
import SeededRandom

/// One optimiser step of a reward model on rankings, one element a group.
struct RewardStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reward-step", abstract: "Times steps of reward-model training on rankings.")
    @Option var shape: Shape
    @Option(help: "Groups a step.") var batch = 16
    @Option(help: "Prompt tokens.") var prompt = 128
    @Option(help: "Responses a group.") var responses = 4
    @Option(help: "Tokens a response.") var length = 64
    @Option(help: "Tokens of one packed pass.") var tokensPerPass = 4_096
    @OptionGroup var measuring: Measuring

    func run() throws {
        let pool = WorkerPool(threads: measuring.threads)
        let base = try Transformer(configuration: shape.configuration, seed: 0)
        var settings = RewardModelSettings()
        settings.tokensPerPass = tokensPerPass
        let trainer = RewardTrainer(model: try base.withScalarHead(seed: 1), settings: settings, pool: pool)
        var random = SplitMix64(seed: 2)
        let tokens = batch * (prompt + responses * length)
        try measuring.report("reward-step", ["shape": shape.rawValue, "responses": "\(responses)"], tokens: tokens) {
            let examples = (0..<batch).map { index in
                let group = TokenGroup(
                    prompt: shape.tokens(prompt, using: &random),
                    responses: (0..<responses).map { _ in shape.tokens(length, using: &random) })
                return RewardExample(
                    id: "\(index)", tokens: group, elements: [RankingElement(ranks: Array(1...responses))],
                    lengths: [Int](repeating: length, count: responses))
            }
            let start = Clock.now
            _ = try trainer.step(examples, learningRate: 1e-5)
            return ["step": Clock.now - start]
        }
    }
}
