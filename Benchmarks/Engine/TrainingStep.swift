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
    @Option(help: "Steps that are timed, after one that is not.") var steps = 5
    @Option var threads = 2
    @Flag(help: "Also print where the time goes.") var parts = false

    func run() throws {
        let pool = WorkerPool(threads: threads)
        let model = try Transformer(configuration: shape.configuration, seed: 0)
        let optimiser = AdamW(model: model, settings: AdamWSettings())
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        var random = SplitMix64(seed: 1)
        let groups = (0..<batch).map { _ in
            TokenGroup(
                prompt: (0..<length).map { _ in
                    Int32.random(in: 0..<Int32(shape.configuration.vocabularySize), using: &random)
                })
        }
        var times = Times()
        for step in 0...steps {
            let start = Clock.now
            gradients.zero()
            try pass.forward(groups)
            let forward = Clock.now
            pass.headBackward(of: pass.layout.allTargets, into: gradients) { _, _ in -1 / Float(batch * (length - 1)) }
            let head = Clock.now
            pass.backward(into: gradients)
            let backward = Clock.now
            try optimiser.step(model, gradients: gradients, learningRate: 1e-4, pool: pool)
            let end = Clock.now
            if step > 0 {
                times.add([
                    "step": end - start, "forward": forward - start, "head": head - forward,
                    "backward": backward - head, "optimiser": end - backward,
                ])
            }
        }
        var result = times.medians
        if !parts { result = ["step": result["step"] ?? 0] }
        Report.print(
            "training-step", ["shape": shape.rawValue, "batch": "\(batch)", "length": "\(length)"], seconds: result,
            tokens: batch * length)
    }
}
