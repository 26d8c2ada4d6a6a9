import LanguageModel
import SeededRandom

/// What tests of tuning share.
enum TuningCase {
    /// Fills everything that a tuning trains with random numbers, so that no part of it is zero.
    static func stir(_ model: Transformer, scale: Double = 0.2) {
        for (index, entry) in model.trainedTable.entries.enumerated() {
            model.trainedParameters.store(
                randomValues(entry.count, seed: UInt64(900 + index), scale: scale), at: entry.offset)
        }
        model.publishTrained()
    }

    /// Sum of the response tokens' negative log-likelihoods and its gradients.
    static func loss(
        _ model: Transformer, _ groups: [TokenGroup], pool: WorkerPool, dropout: DropoutMask? = nil
    ) throws -> (loss: Double, logProbabilities: [Float], gradients: FloatBuffer) {
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool)
        pass.dropout = dropout
        try pass.forward(groups)
        let found = pass.headBackward(of: pass.layout.responseTargets, into: gradients) { _, _ in -1 }
        pass.backward(into: gradients)
        return (-found.reduce(0) { $0 + Double($1) }, found, gradients)
    }

    static func logProbabilities(_ model: Transformer, _ groups: [TokenGroup], pool: WorkerPool) throws -> [Float] {
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        try pass.forward(groups)
        return pass.logProbabilities(of: pass.layout.responseTargets)
    }

    /// Methods that a configuration can be tuned by, one of each kind.
    static func methods(_ c: ModelConfiguration) -> [TuningMethod] {
        [
            .lowRank(LowRankSettings(rank: 5, alpha: 7)),
            .lowRank(LowRankSettings(rank: 19, alpha: 4, layers: [c.layers - 1], rankStabilised: true)),
            .bottleneck(BottleneckSettings(width: 6)), .bottleneck(BottleneckSettings(width: 9, layers: [0])),
            .promptVectors(PromptVectorSettings(count: 4)), .layers([1]),
        ]
    }
}
