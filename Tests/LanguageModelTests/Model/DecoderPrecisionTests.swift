import Foundation
import LanguageModel
import Testing

/// The decoder in each precision and on each instruction set against the training pass, on every architecture.
@Suite struct DecoderPrecisionTests {
    let pool = WorkerPool(threads: 2)

    /// Mean over the tokens of the divergence of the decoder's distribution from the training pass's, in nats, and the
    /// largest difference of a token's own log-probability.
    private func cost(_ parity: ParityCase, _ precision: WeightPrecision, _ kernels: KernelSet) throws
        -> (divergence: Double, difference: Double)
    {
        let model = try Checkpoint.load(parity.policy)
        let tokens = try parity.group().prompt + (0..<20).map { Int32(5 + $0 * 6) }
        let size = model.configuration.vocabularySize
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        try pass.forward([TokenGroup(prompt: tokens)])
        let rows = tokens.indices.flatMap { [Int](repeating: $0, count: size) }
        let all = pass.logProbabilities(
            of: PredictionTargets(rows: rows, tokens: tokens.flatMap { _ in (0..<size).map(Int32.init) }))
        var (divergence, difference, place) = (0.0, 0.0, 0)
        try DecoderLogits(model: model, pool: pool, precision: precision, kernels: kernels).read(tokens) { logits in
            let most = Double(logits.max() ?? 0)
            let logSum = most + log(logits.reduce(0) { $0 + exp(Double($1) - most) })
            for token in 0..<size {
                let (own, exact) = (Double(logits[token]) - logSum, Double(all[place * size + token]))
                divergence += exp(exact) * (exact - own)
                difference = max(difference, abs(exact - own))
            }
            place += 1
        }
        return (divergence / Double(tokens.count), difference)
    }

    @Test(arguments: ParityCase.all) func inFloat32TheDecoderSaysWhatTheTrainingPassSays(_ parity: ParityCase) throws {
        for kernels in KernelSet.available {
            let found = try cost(parity, .float32, kernels)
            #expect(found.difference < 2e-5, "\(kernels)")
            #expect(abs(found.divergence) < 1e-6, "\(kernels)")
        }
    }

    /// These models are tiny and random: the rarest tokens' log-probabilities move the most, and real models less.
    @Test(arguments: ParityCase.all) func lowerPrecisionsCostLittle(_ parity: ParityCase) throws {
        for kernels in KernelSet.available {
            for (precision, divergence, difference) in [(WeightPrecision.bfloat16, 1e-4, 0.1), (.int8, 1e-3, 0.3)] {
                let found = try cost(parity, precision, kernels)
                #expect(found.divergence < divergence, "\(precision) on \(kernels)")
                #expect(found.difference < difference, "\(precision) on \(kernels)")
            }
        }
    }
}
