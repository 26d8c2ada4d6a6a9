/// Generalised advantage estimation over the tokens of each response.
///
/// Source: Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized Advantage Estimation", eq. 16.
public struct AdvantageEstimation: Sendable, Codable, Equatable {
    /// Discount γ a token.
    public var discount: Double
    /// λ: 1 gives return − value, 0 gives the one-step error.
    public var decay: Double

    public init(discount: Double = 1, decay: Double = 0.95) {
        self.discount = discount
        self.decay = decay
    }

    /// Advantages and returns of one response.
    ///
    /// The value after the last token is 0: the response is over there, whether or not it wrote the end token.
    /// - Parameters:
    ///   - rewards: reward of each token `[tokens]`.
    ///   - values: value of the state before each token `[tokens]`.
    /// - Returns: advantages `[tokens]`, and returns = advantages + values `[tokens]`, before any whitening.
    public func advantages(rewards: [Double], values: [Double]) -> (advantages: [Double], returns: [Double]) {
        precondition(rewards.count == values.count, "one value a reward")
        var advantages = [Double](repeating: 0, count: rewards.count)
        var following = 0.0
        var next = 0.0
        for token in stride(from: rewards.count - 1, through: 0, by: -1) {
            let error = rewards[token] + discount * next - values[token]
            following = error + discount * decay * following
            advantages[token] = following
            next = values[token]
        }
        return (advantages, zip(advantages, values).map(+))
    }

    /// The same for every response of a batch: `[responses][tokens]` in and out.
    public func advantages(rewards: [[Double]], values: [[Double]]) -> (advantages: [[Double]], returns: [[Double]]) {
        precondition(rewards.count == values.count, "one row of values a response")
        let rows = zip(rewards, values).map { advantages(rewards: $0, values: $1) }
        return (rows.map(\.advantages), rows.map(\.returns))
    }
}
