public import LanguageModel

/// Updates a reward model on batches of labelled groups.
public final class RewardTrainer {
    public let model: Transformer
    public let optimiser: AdamW
    private let pool: WorkerPool
    private let pass: PackedPass
    private let gradients: FloatBuffer
    private let centring: Double
    private let tokensPerPass: Int

    /// - Parameter model: has a scalar head.
    public init(model: Transformer, settings: RewardModelSettings, pool: WorkerPool) {
        self.model = model
        self.pool = pool
        centring = settings.centring
        tokensPerPass = settings.tokensPerPass
        optimiser = AdamW(
            model: model,
            settings: AdamWSettings(
                learningRate: settings.learningRate, weightDecay: settings.weightDecay, clipNorm: settings.clipNorm))
        pass = PackedPass(model: model, pool: pool, products: settings.products)
        gradients = model.makeGradients()
    }

    /// What a batch showed before the update.
    public struct BatchReport: Sendable, Equatable {
        /// Weighted mean over the batch's judgements, centring included.
        public var loss = 0.0
        /// Share of the strict pairs whose winner scores higher; ties count half.
        public var accuracy = 0.0
        public var tokens = 0
        /// Of the gradient, before clipping.
        public var gradientNorm = 0.0
    }

    /// Adds the gradient of a batch's loss into `gradients`, one forward pass a group whatever its judgements.
    ///
    /// The loss is the weighted mean over all judgements of the batch, so how the batch is cut into passes does not change
    /// it.
    public func accumulate(_ batch: [RewardExample], into gradients: FloatBuffer) throws -> BatchReport {
        let weight = Self.weight(of: batch)
        guard weight > 0 else { return BatchReport() }
        var report = BatchReport()
        var pairs = 0
        var right = 0.0
        for range in passes(of: batch.map(\.tokens), tokenBudget: tokensPerPass) {
            let part = Array(batch[range])
            let groups = part.map(\.tokens)
            try pass.forward(groups)
            var slopes: [Float] = []
            for (example, scores) in zip(part, pass.terminalScores(of: groups)) {
                var total = [Double](repeating: 0, count: scores.count)
                for element in example.elements {
                    let loss = RankingLoss.kwise(scores: scores, element: element, centring: centring)
                    let share = element.weight / weight
                    report.loss += share * loss.value
                    for index in total.indices { total[index] += share * loss.gradient[index] }
                    pairs += element.pairs.count
                    for pair in element.pairs { right += orderCredit(scores[pair.winner] - scores[pair.loser]) }
                }
                slopes += total.map { Float($0) }
            }
            pass.scoreBackward(slopes, atRows: pass.terminalRows(of: groups), into: gradients)
            pass.backward(into: gradients)
            report.tokens += groups.reduce(0) { $0 + $1.tokenCount }
        }
        report.accuracy = right / Double(max(1, pairs))
        return report
    }

    private static func weight(of batch: [RewardExample]) -> Double {
        batch.reduce(0) { $0 + $1.elements.reduce(0) { $0 + $1.weight } }
    }

    /// One update. A batch whose labels have no weight at all teaches nothing and changes nothing, not even the moments.
    /// - Throws: `RewardModelError.diverged` before any weight has changed; `EngineError`.
    public func step(_ batch: [RewardExample], learningRate: Float) throws -> BatchReport {
        guard Self.weight(of: batch) > 0 else { return BatchReport() }
        gradients.zero()
        var report = try accumulate(batch, into: gradients)
        guard report.loss.isFinite else { throw RewardModelError.diverged(step: optimiser.stepCount, what: "the loss") }
        guard gradients.firstNotFinite == nil else {
            throw RewardModelError.diverged(step: optimiser.stepCount, what: "a gradient")
        }
        report.gradientNorm = try optimiser.step(model, gradients: gradients, learningRate: learningRate, pool: pool)
        return report
    }
}

/// What a score difference between winner and loser is worth in accuracy.
func orderCredit(_ lead: Double) -> Double { lead > 0 ? 1 : lead == 0 ? 0.5 : 0 }
