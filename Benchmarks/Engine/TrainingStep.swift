import ArgumentParser
import Foundation
import LanguageModel
import SeededRandom

/// One optimiser step of next-token training: forward, backward and AdamW over every token of the batch.
struct TrainingStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training-step", abstract: "Times steps of next-token training.")
    @Option var shape: Shape
    @Option(help: "Sequences a step.") var batch = 8
    @Option(help: "Tokens a sequence.") var length = 256
    @Option(help: "How products are computed: f32 or bf16.") var products = Products.f32
    @Option(help: "Tokens of one packed pass; a step adds up the gradients of its passes.") var tokensPerPass = Int.max
    @OptionGroup var measuring: Measuring

    func run() throws {
        let pool = WorkerPool(threads: measuring.threads)
        let model = try Transformer(configuration: shape.configuration, seed: 0)
        let optimiser = AdamW(model: model, settings: AdamWSettings())
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool, products: products.precision)
        var random = SplitMix64(seed: 1)
        let share = -1 / Float(batch * (length - 1))
        try measuring.report(
            "training-step",
            ["shape": shape.rawValue, "batch": "\(batch)", "length": "\(length)", "products": products.rawValue],
            tokens: batch * length
        ) {
            let groups = (0..<batch).map { _ in TokenGroup(prompt: shape.tokens(length, using: &random)) }
            let start = Clock.now
            gradients.zero(on: pool)
            var seconds = ["forward": Clock.now - start, "head": 0, "backward": 0]
            for range in passes(of: groups, tokenBudget: tokensPerPass) {
                let begin = Clock.now
                try pass.forward(Array(groups[range]))
                let forward = Clock.now
                pass.headBackward(of: pass.layout.allTargets, into: gradients) { _, _ in share }
                let head = Clock.now
                pass.backward(into: gradients)
                seconds.merge(
                    ["forward": forward - begin, "head": head - forward, "backward": Clock.now - head],
                    uniquingKeysWith: +)
            }
            let backward = Clock.now
            try optimiser.step(model, gradients: gradients, learningRate: 1e-4, pool: pool)
            let end = Clock.now
            return seconds.merging(["step": end - start, "optimiser": end - backward]) { $1 }
        }
    }
}

/// Names of product precisions that are short enough for a command line.
enum Products: String, ExpressibleByArgument {
    case f32, bf16
    var precision: ProductPrecision { self == .f32 ? .float32 : .bfloat16 }
}
