public import LanguageModel

/// Updates a reward model on batches of labelled groups.
public final class RewardTrainer {
    public let model: Transformer
    public let optimiser: AdamW
    /// Further heads; nil for a plain classifier.
    public let heads: RewardHeads?
    /// Nil without further heads. It clips their gradient by itself, and leaves thresholds alone.
    public let headOptimiser: AdamW?
    /// Nil where the heads have no thresholds.
    let thresholdOptimiser: ThresholdOptimiser?
    /// Gradients of the further heads, as `accumulate` adds them.
    public let headGradients: FloatBuffer
    private let pool: WorkerPool
    private let pass: PackedPass
    private let gradients: FloatBuffer
    private let objective: BatchObjective
    private let tokensPerPass: Int

    /// - Parameters:
    ///   - model: has a scalar head.
    ///   - heads: the ones that the settings ask for; nil where they ask for none.
    public init(model: Transformer, heads: RewardHeads? = nil, settings: RewardModelSettings, pool: WorkerPool) {
        precondition(heads?.layout ?? HeadLayout() == settings.heads, "heads of other settings")
        self.model = model
        self.heads = heads
        self.pool = pool
        objective = BatchObjective(settings)
        tokensPerPass = settings.tokensPerPass
        let adam = AdamWSettings(
            learningRate: settings.learningRate, weightDecay: settings.weightDecay, clipNorm: settings.clipNorm)
        optimiser = AdamW(model: model, settings: adam)
        headOptimiser = heads.map { AdamW(table: $0.table, settings: adam) }
        thresholdOptimiser = heads.flatMap { ThresholdOptimiser($0) }
        headGradients = FloatBuffer(count: heads?.table.count ?? 0)
        pass = PackedPass(model: model, pool: pool, products: settings.products)
        gradients = model.makeGradients()
    }

    /// What a batch showed before the update.
    public struct BatchReport: Sendable, Equatable {
        /// Weighted mean over the batch's judgements, centring included, and the weighted losses of further heads.
        public var loss = 0.0
        /// Share of the strict pairs whose winner scores higher; ties count half.
        public var accuracy = 0.0
        public var tokens = 0
        /// Of the trunk's gradient, before clipping.
        public var gradientNorm = 0.0
    }

    /// Adds the gradient of a batch's loss into `gradients` and `headGradients`, one forward pass a group whatever its
    /// judgements.
    ///
    /// The loss is the weighted mean over all judgements of the batch, so how the batch is cut into passes does not change
    /// it.
    public func accumulate(_ batch: [RewardExample], into gradients: FloatBuffer) throws -> BatchReport {
        let weights = objective.weights(of: batch)
        guard weights.isAnything else { return BatchReport() }
        var report = BatchReport()
        var tally = PairTally()
        for range in passes(of: batch.map(\.tokens), tokenBudget: tokensPerPass) {
            let part = Array(batch[range])
            let groups = part.map(\.tokens)
            try pass.forward(groups)
            let rows = pass.terminalRows(of: groups)
            let scores = pass.terminalScores(of: groups)
            if let heads {
                let states = pass.hiddenStates(atRows: rows)
                var work = HeadWork(heads: heads, states: states)
                var slopes: [Float] = []
                for (example, own) in zip(part, scores) {
                    slopes += work.add(
                        example, classifier: own, objective: objective, weights: weights, report: &report,
                        tally: &tally)
                }
                if heads.layout.members == 1 { pass.scoreBackward(slopes, atRows: rows, into: gradients) }
                pass.addHiddenGradients(work.stateGradients, atRows: rows)
                work.store(in: headGradients)
            } else {
                var slopes: [Float] = []
                for (example, own) in zip(part, scores) {
                    let loss = objective.preference(example, scores: own, weights: weights, tieParameter: 0)
                    report.loss += loss.value
                    slopes += loss.gradient.map { Float($0) }
                    tally.add(example, scores: own)
                }
                pass.scoreBackward(slopes, atRows: rows, into: gradients)
            }
            pass.backward(into: gradients)
            report.tokens += groups.reduce(0) { $0 + $1.tokenCount }
        }
        report.accuracy = tally.accuracy
        return report
    }

    /// What the scores' differences mean as it stands.
    public var tieModel: TieModel { heads?.tieModel ?? TieModel.none }

    /// One update. A batch whose labels have no weight at all teaches nothing and changes nothing, not even the moments.
    /// - Parameter learningRate: of weights. Thresholds take the share of their own peak that it is of the settings'.
    /// - Throws: `RewardModelError.diverged` before any weight has changed; `EngineError`.
    public func step(_ batch: [RewardExample], learningRate: Float) throws -> BatchReport {
        guard objective.weights(of: batch).isAnything else { return BatchReport() }
        gradients.zero(on: pool)
        headGradients.zero()
        var report = try accumulate(batch, into: gradients)
        guard report.loss.isFinite else { throw RewardModelError.diverged(step: optimiser.stepCount, what: "the loss") }
        let diverged = RewardModelError.diverged(step: optimiser.stepCount, what: "a gradient")
        guard headGradients.firstNotFinite == nil else { throw diverged }
        do {
            report.gradientNorm = try optimiser.step(
                model, gradients: gradients, learningRate: learningRate, pool: pool)
        } catch {
            throw diverged
        }
        if let heads, let headOptimiser {
            try thresholdOptimiser?.step(
                gradients: headGradients, share: learningRate / optimiser.settings.learningRate, pool: pool)
            try headOptimiser.step(heads.values, gradients: headGradients, learningRate: learningRate, pool: pool)
            if heads.layout.members > 1 { try model.setTensor("score.weight", heads.meanMember) }
        }
        return report
    }
}

/// Strict pairs and how many of them are in order.
struct PairTally {
    private var pairs = 0
    private var right = 0.0

    mutating func add(_ example: RewardExample, scores: [Double]) {
        for element in example.elements {
            pairs += element.pairs.count
            for pair in element.pairs { right += orderCredit(scores[pair.winner] - scores[pair.loser]) }
        }
    }

    var accuracy: Double { right / Double(max(1, pairs)) }
}

/// What a score difference between winner and loser is worth in accuracy.
func orderCredit(_ lead: Double) -> Double { lead > 0 ? 1 : lead == 0 ? 0.5 : 0 }
