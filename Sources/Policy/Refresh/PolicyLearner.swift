public import LanguageModel

/// What one optimiser step learns from: whole groups, numbers by response.
struct Minibatch {
    var groups: [TokenGroup]
    /// By the policy that sampled `[responses][tokens]`.
    var logProbabilities: [[Double]]
    var advantages: [[Double]]
    var returns: [[Double]]
    var values: [[Double]]

    var responseTokenCount: Int { logProbabilities.reduce(0) { $0 + $1.count } }
}

/// A policy under training: any loss whose gradient is known for each response token's log-probability.
public final class PolicyLearner {
    public let model: Transformer
    public let optimiser: AdamW
    /// Temperature of its log-probabilities: that of the sampling.
    public let temperature: Double
    private let pool: WorkerPool
    private let gradients: FloatBuffer
    private let pass: PackedPass
    private let tokensPerPass: Int

    public init(
        model: Transformer, optimiser: AdamWSettings, temperature: Double, tokensPerPass: Int, pool: WorkerPool
    ) {
        self.model = model
        self.optimiser = AdamW(model: model, settings: optimiser)
        self.temperature = temperature
        self.tokensPerPass = tokensPerPass
        self.pool = pool
        gradients = model.makeGradients()
        pass = PackedPass(model: model, pool: pool)
    }

    /// Puts the gradient of a loss into the gradient buffer, in as many passes as the token budget asks for.
    /// - Parameter gradient: d loss / d log-probability of a token, given response, token and the log-probability now;
    ///   responses are counted over all groups.
    /// - Returns: the log-probabilities now `[responses][tokens]`.
    public func accumulate(
        _ groups: [TokenGroup], gradient: (_ response: Int, _ token: Int, _ logProbability: Double) -> Double
    ) throws -> [[Double]] {
        gradients.zero()
        var found: [[Double]] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try pass.forward(part)
            let targets = pass.layout.responseTargets
            var places = [(response: Int, token: Int)](repeating: (0, 0), count: targets.count)
            var response = found.count
            for group in part.indices {
                for index in part[group].responses.indices {
                    for (token, target) in targets.range(group: group, response: index).enumerated() {
                        places[target] = (response, token)
                    }
                    response += 1
                }
            }
            let learnt = pass.headBackward(of: targets, temperature: Float(temperature), into: gradients) {
                Float(gradient(places[$0].response, places[$0].token, Double($1)))
            }
            pass.backward(into: gradients)
            found += targets.rows(of: learnt, groups: part).flatMap { $0 }
        }
        return found
    }

    /// Is every number of the gradient buffer finite?
    public var gradientsAreFinite: Bool { gradients.firstNotFinite == nil }

    /// Norm of the gradient buffer.
    public var gradientNorm: Double {
        gradients.array(0..<gradients.count).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// One optimiser step with the accumulated gradient.
    /// - Returns: the gradient's norm before clipping.
    /// - Throws: `PolicyError.diverged` before a weight has changed.
    public func step(number: Int, learningRate: Float) throws -> Double {
        guard gradientsAreFinite else {
            throw PolicyError.diverged(step: number, what: "the policy's gradient is not finite")
        }
        return try optimiser.step(model, gradients: gradients, learningRate: learningRate, pool: pool)
    }
}
