public import LanguageModel

/// A policy under training: any loss whose gradient is known for each response token's log-probability.
public final class PolicyLearner {
    public let model: Transformer
    public let optimiser: AdamW
    /// Temperature of its log-probabilities: that of the sampling.
    public let temperature: Double
    private let pool: WorkerPool
    private let memory: LearningMemory
    private var turn: LearningMemory.Gradients?
    private let pass: PackedPass
    private let tokensPerPass: Int

    /// Called between a pass's head and its backward with the pass, its groups and the number of responses before them, to
    /// add the gradient of another head on the same trunk.
    typealias OtherHead = (_ pass: PackedPass, _ groups: [TokenGroup], _ firstResponse: Int) -> Void

    /// - Parameter memory: shared with learners that work before and after: an `accumulate` and its `step` are one turn.
    public init(
        model: Transformer, optimiser: AdamWSettings, temperature: Double, tokensPerPass: Int, pool: WorkerPool,
        memory: LearningMemory = LearningMemory()
    ) {
        self.model = model
        self.optimiser = AdamW(model: model, settings: optimiser)
        self.temperature = temperature
        self.tokensPerPass = tokensPerPass
        self.pool = pool
        self.memory = memory
        memory.reserve(gradients: model.trainedTable.count)
        pass = PackedPass(model: model, pool: pool, arena: memory.passes)
    }

    /// Puts the gradient of a loss of single tokens into the gradient buffer, in as many passes as the token budget asks
    /// for.
    /// - Parameters:
    ///   - entropyGradient: d loss / d entropy of the distribution that each token of a response is drawn from.
    ///   - gradient: d loss / d log-probability of a token, given response, token and the log-probability now; responses
    ///     are counted over all groups.
    /// - Returns: the log-probabilities now `[responses][tokens]`.
    public func accumulate(
        _ groups: [TokenGroup], entropyGradient: ((_ response: Int) -> Double)? = nil,
        gradient: @escaping (_ response: Int, _ token: Int, _ logProbability: Double) -> Double
    ) throws -> [[Double]] {
        try accumulate(groups, entropyGradient: entropyGradient, otherHead: nil, gradient: gradient)
    }

    /// The same with another head on the trunk.
    func accumulate(
        _ groups: [TokenGroup], entropyGradient: ((_ response: Int) -> Double)?, otherHead: OtherHead?,
        gradient: @escaping (_ response: Int, _ token: Int, _ logProbability: Double) -> Double
    ) throws -> [[Double]] {
        try run(groups, entropyGradient: entropyGradient, otherHead: otherHead) { _, _ in gradient }
    }

    /// The same of a loss of whole responses: their log-probabilities are taken first, which costs the head's forward once
    /// more.
    /// - Parameter gradient: d loss / d sum of a response's log-probabilities, for the responses of one pass (the range of
    ///   their numbers over all groups) with those sums now; a group is never cut.
    public func accumulate(
        _ groups: [TokenGroup], entropyGradient: ((_ response: Int) -> Double)? = nil,
        ofResponses gradient: (_ responses: Range<Int>, _ sums: [Double]) -> [Double]
    ) throws -> [[Double]] {
        try run(groups, entropyGradient: entropyGradient, otherHead: nil) { part, first in
            let targets = pass.layout.responseTargets
            let now = pass.logProbabilities(of: targets, temperature: Float(temperature))
            let sums = targets.rows(of: now, groups: part).flatMap { $0 }.map { $0.reduce(0, +) }
            let slopes = gradient(first..<first + sums.count, sums)
            return { response, _, _ in slopes[response - first] }
        }
    }

    /// Gradients of this learner's turn, all zero.
    private func begin() -> FloatBuffer {
        let own = memory.takeGradients(model.trainedTable.count, zeroedOn: pool)
        turn = own
        return own.values
    }

    /// What `accumulate` left.
    private var gradients: FloatBuffer {
        guard let turn, memory.areCurrent(turn) else {
            preconditionFailure("accumulate comes first, and another learner's turn ends this one's")
        }
        return turn.values
    }

    /// - Parameter slopes: called after a pass's forward with its groups and the number of responses before them.
    private func run(
        _ groups: [TokenGroup], entropyGradient: ((_ response: Int) -> Double)?, otherHead: OtherHead?,
        slopes: (_ groups: [TokenGroup], _ firstResponse: Int)
            -> (_ response: Int, _ token: Int, _ logProbability: Double) -> Double
    ) throws -> [[Double]] {
        let gradients = begin()
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
            let gradient = slopes(part, found.count)
            let learnt = pass.headBackward(
                of: targets, temperature: Float(temperature), into: gradients,
                entropyGradient: entropyGradient.map { slope in { Float(slope(places[$0].response)) } }
            ) {
                Float(gradient(places[$0].response, places[$0].token, Double($1)))
            }
            otherHead?(pass, part, found.count)
            pass.backward(into: gradients)
            found += targets.rows(of: learnt, groups: part).flatMap { $0 }
        }
        return found
    }

    /// Adds the gradient of `coefficient` times the mean loss of texts to what `accumulate` left.
    ///
    /// Source: Ouyang et al. 2022, equation 2, γ (PPO-ptx).
    /// - Returns: the mean loss, nats a token.
    func add(texts: [TokenGroup], targets: NextTokenTrainer.Targets, coefficient: Double) throws -> Double {
        let count = texts.reduce(0) { sum, text in
            let responses = text.responses.reduce(0) { $0 + $1.count }
            return sum + responses + (targets == .all ? max(0, text.prompt.count - 1) : 0)
        }
        guard count > 0 else { return 0 }
        var sum = 0.0
        let slope = Float(-coefficient / Double(count))
        let gradients = gradients
        for range in passes(of: texts, tokenBudget: tokensPerPass) {
            try pass.forward(Array(texts[range]))
            let learnt = pass.headBackward(
                of: targets == .all ? pass.layout.allTargets : pass.layout.responseTargets, into: gradients
            ) { _, _ in slope }
            pass.backward(into: gradients)
            for logProbability in learnt { sum -= Double(logProbability) }
        }
        return sum / Double(count)
    }

    /// Is every number of the gradient buffer finite?
    public var gradientsAreFinite: Bool { gradients.firstNotFinite == nil }

    /// A copy of the gradient buffer.
    package var gradientValues: [Float] { gradients.array(0..<gradients.count) }

    /// Norm of the gradient buffer.
    public var gradientNorm: Double { optimiser.gradientNorm(gradients, pool: pool) }

    /// One optimiser step with the accumulated gradient.
    /// - Returns: the gradient's norm before clipping.
    /// - Throws: `PolicyError.diverged` before a weight has changed.
    public func step(number: Int, learningRate: Float) throws -> Double {
        do {
            return try optimiser.step(model, gradients: gradients, learningRate: learningRate, pool: pool)
        } catch {
            throw PolicyError.diverged(step: number, what: "the policy's gradient is not finite")
        }
    }
}
