public import LanguageModel

/// A value network that shares the policy's trunk: a linear head read at the state before each token, whose gradient goes
/// into the trunk with the policy's.
///
/// The head starts at zero, so that it moves no state before it has learnt something. Source: Ziegler et al. 2019, whose
/// code has this form.
public final class SharedValueHead {
    /// Weights `[width]`, then the bias.
    public let parameters: FloatBuffer
    public let optimiser: AdamW
    private let table: ParameterTable
    private let gradients: FloatBuffer
    private let width: Int
    private let scoring: PackedPass
    private let pool: WorkerPool
    private let tokensPerPass: Int

    /// - Parameter arena: memory of passes that run before and after its own.
    public init(
        policy: Transformer, optimiser settings: AdamWSettings, tokensPerPass: Int, pool: WorkerPool,
        arena: PassArena = PassArena()
    ) {
        width = policy.configuration.width
        self.pool = pool
        self.tokensPerPass = tokensPerPass
        table = ParameterTable(tensors: [("value.weight", [1, policy.configuration.width]), ("value.bias", [1])])
        parameters = FloatBuffer(count: table.count)
        gradients = FloatBuffer(count: table.count)
        optimiser = AdamW(table: table, settings: settings)
        scoring = PackedPass(model: policy, pool: pool, keepsActivations: false, arena: arena)
    }

    private var weights: [Float] { parameters.array(table.entries[0].range) }
    private var bias: Float { parameters[table.entries[1].offset] }

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

    /// Sets the head's gradient to zero.
    func begin() { gradients.zero() }

    /// Adds the gradient of a value loss to the head's, and `trunkShare` of it to the states' of a pass.
    /// - Parameters:
    ///   - first: number of the pass's first response in the minibatch.
    ///   - trunkShare: what the value loss counts beside the policy's; nil leaves the trunk alone.
    func accumulate(
        _ pass: PackedPass, _ groups: [TokenGroup], first: Int, batch: Minibatch, loss: ClippedValueLoss,
        trunkShare: Double?
    ) -> (loss: Double, clipFraction: Double) {
        let (values, rows, states) = read(pass, groups)
        let responses = first..<first + values.count
        let found = loss(
            values: values, old: Array(batch.values[responses]), returns: Array(batch.returns[responses]),
            tokenCount: batch.responseTokenCount)
        let slopes = found.gradient.flatMap { $0 }
        let (start, biasPlace) = (table.entries[0].offset, table.entries[1].offset)
        let weights = weights
        var stateGradients = [Float](repeating: 0, count: trunkShare == nil ? 0 : states.count)
        for (index, slope) in slopes.enumerated() {
            for column in 0..<width {
                gradients[start + column] += Float(slope) * states[index * width + column]
                if let trunkShare {
                    stateGradients[index * width + column] = Float(trunkShare * slope) * weights[column]
                }
            }
            gradients[biasPlace] += Float(slope)
        }
        if trunkShare != nil { pass.addHiddenGradients(stateGradients, atRows: rows) }
        return (found.loss, found.clipFraction)
    }

    /// One step of the head with what was accumulated.
    /// - Throws: `PolicyError.diverged` before a weight has changed.
    func step(number: Int, learningRate: Float) throws -> Double {
        guard gradients.firstNotFinite == nil else {
            throw PolicyError.diverged(step: number, what: "the value head's gradient is not finite")
        }
        return try optimiser.step(parameters, gradients: gradients, learningRate: learningRate, pool: pool)
    }

    /// One step of the head alone, on a trunk that stays as it is.
    func warmUp(_ batch: Minibatch, learningRate: Float) throws {
        begin()
        var response = 0
        for range in passes(of: batch.groups, tokenBudget: tokensPerPass) {
            let part = Array(batch.groups[range])
            try scoring.forward(part)
            _ = accumulate(
                scoring, part, first: response, batch: batch, loss: ClippedValueLoss(clipRange: nil), trunkShare: nil)
            response += part.reduce(0) { $0 + $1.responses.count }
        }
        _ = try step(number: 0, learningRate: learningRate)
    }

    private func read(
        _ pass: PackedPass, _ groups: [TokenGroup]
    ) -> (values: [[Double]], rows: [Int], states: [Float]) {
        let before = groups.indices.flatMap { group in
            groups[group].responses.indices.map { pass.layout.statesBefore(group, $0) }
        }
        let rows = before.flatMap { $0 }
        let states = pass.hiddenStates(atRows: rows)
        let (weights, bias) = (weights, bias)
        var row = 0
        let values = before.map { response in
            response.map { _ in
                defer { row += 1 }
                return weights.indices.reduce(Double(bias)) {
                    $0 + Double(states[row * width + $1]) * Double(weights[$1])
                }
            }
        }
        return (values, rows, states)
    }
}
