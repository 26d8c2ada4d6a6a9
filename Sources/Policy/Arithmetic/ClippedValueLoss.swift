/// PPO's clipped value loss and its gradient.
///
/// ½ · mean of max((v − R)², (clip(v, v_old ± ε) − R)²).
/// Source: Schulman et al., the `baselines` implementation of PPO; kept by every RLHF trainer since Ziegler et al. 2019.
public struct ClippedValueLoss: Sendable, Codable, Equatable {
    /// ε in units of the value; nil does not clip.
    public var clipRange: Double?

    public init(clipRange: Double? = 0.2) { self.clipRange = clipRange }

    /// One token: its loss (with the ½), the derivative with respect to the new value, and whether the clipped branch
    /// was strictly larger.
    public func token(value: Double, old: Double, target: Double) -> (loss: Double, gradient: Double, clipped: Bool) {
        let error = value - target
        let plain = error * error
        guard let clipRange else { return (plain / 2, error, false) }
        let moved = min(max(value, old - clipRange), old + clipRange)
        let cut = (moved - target) * (moved - target)
        // The clipped branch differs from the plain one only outside the range, and there it is constant.
        return cut > plain ? (cut / 2, 0, true) : (plain / 2, error, false)
    }

    /// Mean loss over `tokenCount` tokens, its gradient `[responses][tokens]`, and the share of clipped tokens.
    /// - Parameters: rows `[responses][tokens]`.
    public func callAsFunction(
        values: [[Double]], old: [[Double]], returns: [[Double]], tokenCount: Int? = nil
    ) -> (loss: Double, gradient: [[Double]], clipFraction: Double) {
        precondition(values.count == old.count && values.count == returns.count, "the same responses in every argument")
        let count = Double(tokenCount ?? values.reduce(0) { $0 + $1.count })
        var loss = 0.0
        var clippedTokens = 0
        var gradient: [[Double]] = []
        gradient.reserveCapacity(values.count)
        for response in values.indices {
            precondition(
                values[response].count == old[response].count && values[response].count == returns[response].count,
                "the same tokens in every argument")
            gradient.append(
                values[response].indices.map { index in
                    let one = token(
                        value: values[response][index], old: old[response][index], target: returns[response][index])
                    loss += one.loss
                    clippedTokens += one.clipped ? 1 : 0
                    return one.gradient / count
                })
        }
        return (loss / count, gradient, Double(clippedTokens) / count)
    }
}
