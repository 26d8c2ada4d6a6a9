import LanguageModel
import SeededRandom

/// One model under next-token training: gradients, optimiser and the pass they share.
final class NextTokenTrainer {
    /// Which tokens are learnt.
    enum Targets {
        /// Every token that has one before it (pretraining).
        case all
        /// The tokens of responses; prompts are only read (supervised fine-tuning).
        case responses
    }

    let model: Transformer
    let optimiser: AdamW
    private let targets: Targets
    private let pool: WorkerPool
    private let gradients: FloatBuffer
    private let pass: PackedPass
    /// For the held-out loss, which rounds no products and needs no activations.
    private let exactPass: PackedPass
    private let tokensPerPass: Int
    private let seed: UInt64

    /// - Parameter seed: of dropout, where the model's tuning has it.
    init(model: Transformer, targets: Targets, settings: NextTokenSettings, seed: UInt64, pool: WorkerPool) {
        self.model = model
        self.seed = seed
        self.targets = targets
        self.pool = pool
        optimiser = AdamW(model: model, settings: settings.optimiser)
        gradients = model.makeGradients()
        let arena = PassArena()
        pass = PackedPass(model: model, pool: pool, products: settings.products, arena: arena)
        exactPass = PackedPass(model: model, pool: pool, keepsActivations: false, arena: arena)
        tokensPerPass = settings.tokensPerPass
    }

    /// Tokens that an example teaches.
    func targetCount(_ group: TokenGroup) -> Int {
        let responses = group.responses.reduce(0) { $0 + $1.count }
        return targets == .responses ? responses : max(0, group.prompt.count - 1) + responses
    }

    /// One optimiser step on a batch. The loss is divided by the target count of the whole step, however many passes it
    /// is cut into.
    /// - Returns: mean loss in nats a token, tokens learnt from, and the gradient's norm before clipping.
    /// - Throws: `PolicyError.diverged` where loss or gradient are not finite; the weights are left as they were.
    func step(
        _ groups: [TokenGroup], number: Int, learningRate: Float
    ) throws -> (loss: Double, tokens: Int, gradientNorm: Double) {
        let count = groups.reduce(0) { $0 + targetCount($1) }
        gradients.zero(on: pool)
        var sum = 0.0
        let share = -1 / Float(count)
        // Streams from here on: the plan takes one an epoch, from 0.
        var random = SplitMix64(seed: seed, stream: 1 << 40 + UInt64(number))
        var dropout = DropoutMask(seed: random.next(), firstRow: 0)
        defer { pass.dropout = nil }
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            pass.dropout = dropout
            try pass.forward(Array(groups[range]))
            dropout.firstRow += pass.layout.tokenCount
            let learnt = pass.headBackward(of: predictionTargets(of: pass), into: gradients) { _, _ in share }
            pass.backward(into: gradients)
            for logProbability in learnt { sum -= Double(logProbability) }
        }
        let loss = sum / Double(count)
        guard loss.isFinite else { throw PolicyError.diverged(step: number, what: "the loss is not a number") }
        do {
            let norm = try optimiser.step(model, gradients: gradients, learningRate: learningRate, pool: pool)
            return (loss, count, norm)
        } catch {
            throw PolicyError.diverged(step: number, what: "\(error)")
        }
    }

    /// Mean loss of examples that are not learnt from, nats a token; nil for none.
    func loss(of groups: [TokenGroup]) throws -> Double? {
        let count = groups.reduce(0) { $0 + targetCount($1) }
        guard count > 0 else { return nil }
        var sum = 0.0
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            try exactPass.forward(Array(groups[range]))
            for logProbability in exactPass.logProbabilities(of: predictionTargets(of: exactPass)) {
                sum -= Double(logProbability)
            }
        }
        return sum / Double(count)
    }

    private func predictionTargets(of pass: PackedPass) -> PredictionTargets {
        targets == .all ? pass.layout.allTargets : pass.layout.responseTargets
    }
}
