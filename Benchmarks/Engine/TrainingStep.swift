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
            gradients.zero()
            try pass.forward(groups)
            let forward = Clock.now
            pass.headBackward(of: pass.layout.allTargets, into: gradients) { _, _ in share }
            let head = Clock.now
            pass.backward(into: gradients)
            let backward = Clock.now
            try optimiser.step(model, gradients: gradients, learningRate: 1e-4, pool: pool)
            let end = Clock.now
            return [
                "step": end - start, "forward": forward - start, "head": head - forward, "backward": backward - head,
                "optimiser": end - backward,
            ]
        }
    }
}

/// Names of product precisions that are short enough for a command line.
enum Products: String, ExpressibleByArgument {
    case f32, bf16
    var precision: ProductPrecision { self == .f32 ? .float32 : .bfloat16 }
}
