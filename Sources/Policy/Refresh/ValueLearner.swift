public import LanguageModel

/// A value network under training: a trunk with a scalar head, read at the state before each token.
///
/// Its output is `gain` · head + `bias`, so that a network that starts as a copy of the reward model speaks in normalised
/// scores with unchanged weights.
public final class ValueLearner {
    public let model: Transformer
    public let optimiser: AdamW
    public let gain: Double
    public let bias: Double
    private let pool: WorkerPool
    private let memory: LearningMemory
    private let pass: PackedPass
    /// For values alone, which need no activations afterwards.
    private let scoring: PackedPass
    private let tokensPerPass: Int

    /// - Parameter memory: shared with learners that work before and after: a `step` is one turn.
    public init(
        model: Transformer, gain: Double, bias: Double, optimiser: AdamWSettings, tokensPerPass: Int, pool: WorkerPool,
        memory: LearningMemory = LearningMemory()
    ) {
        precondition(model.configuration.head == .scalar, "a value network has a scalar head")
        self.model = model
        self.gain = gain
        self.bias = bias
        self.optimiser = AdamW(model: model, settings: optimiser)
        self.tokensPerPass = tokensPerPass
        self.pool = pool
        self.memory = memory
        memory.reserve(gradients: model.trainedTable.count)
        pass = PackedPass(model: model, pool: pool, arena: memory.passes)
        scoring = PackedPass(model: model, pool: pool, keepsActivations: false, arena: memory.passes)
    }

    /// Values of the state before each response token: `[responses][tokens]`.
    public func values(of groups: [TokenGroup]) throws -> [[Double]] {
        var found: [[Double]] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try scoring.forward(part)
            found += read(scoring, part).values
        }
        return found
    }

    /// Values at each response's last token, where a reward model reads its score: `[responses]`.
    public func lastTokenValues(of groups: [TokenGroup]) throws -> [Double] {
        var found: [Double] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try scoring.forward(part)
            let rows = part.indices.flatMap { group in
                part[group].responses.indices.map { scoring.layout.lastResponseRow(group, $0) }
            }
            found += scoring.scores(atRows: rows).map { gain * Double($0) + bias }
        }
        return found
    }

    /// One optimiser step on the value loss of a minibatch.
    /// - Throws: `PolicyError.diverged` before a weight has changed.
    func step(
        _ batch: Minibatch, loss: ClippedValueLoss, number: Int, learningRate: Float
    ) throws -> (loss: Double, clipFraction: Double, gradientNorm: Double) {
        let gradients = memory.takeGradients(model.trainedTable.count, zeroedOn: pool).values
        let count = batch.responseTokenCount
        var total = 0.0
        var clipped = 0.0
        var response = 0
        for range in passes(of: batch.groups, tokenBudget: tokensPerPass) {
            let part = Array(batch.groups[range])
            try pass.forward(part)
            let (values, rows) = read(pass, part)
            let responses = response..<response + values.count
            response = responses.upperBound
            let found = loss(
                values: values, old: Array(batch.values[responses]), returns: Array(batch.returns[responses]),
                tokenCount: count)
            total += found.loss
            clipped += found.clipFraction
            pass.scoreBackward(
                found.gradient.flatMap { row in row.map { Float(gain * $0) } }, atRows: rows, into: gradients)
            pass.backward(into: gradients)
        }
        do {
            guard total.isFinite else { throw EngineError.notFinite("the loss") }
            let norm = try optimiser.step(model, gradients: gradients, learningRate: learningRate, pool: pool)
            return (total, clipped, norm)
        } catch {
            throw PolicyError.diverged(
                step: number, what: "the value network's loss or gradient is not finite")
        }
    }

    private func read(_ pass: PackedPass, _ groups: [TokenGroup]) -> (values: [[Double]], rows: [Int]) {
        let states = groups.indices.flatMap { group in
            groups[group].responses.indices.map { pass.layout.statesBefore(group, $0) }
        }
        let rows = states.flatMap { $0 }
        let scores = pass.scores(atRows: rows)
        var start = 0
        let values = states.map { state in
            defer { start += state.count }
            return scores[start..<start + state.count].map { gain * Double($0) + bias }
        }
        return (values, rows)
    }
}
