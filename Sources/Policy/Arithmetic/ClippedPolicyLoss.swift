import Foundation

/// PPO's clipped surrogate loss and its gradient.
///
/// With ρ = exp(new − old): a token's loss is max(−A·ρ, −A·clip(ρ, 1−ε, 1+ε)).
/// Source: Schulman et al. 2017, "Proximal Policy Optimization Algorithms", equation 7; dual clip: Ye et al. 2020,
/// "Mastering Complex Control in MOBA Games", equation 5.
public struct ClippedPolicyLoss: Sendable, Codable, Equatable {
    /// ε.
    public var clipRange: Double
    /// A token with a negative advantage loses at most −A times this; nil is plain PPO. More than 1 where set.
    public var dualClip: Double?

    public init(clipRange: Double = 0.2, dualClip: Double? = nil) {
        self.clipRange = clipRange
        self.dualClip = dualClip
    }

    /// Log-ratios beyond this are cut, so that exp stays finite (verl, OpenRLHF).
    public static let largestLogRatio = 20.0

    /// One token: its loss, the derivative of the loss with respect to the new log-probability, and whether the clipped
    /// branch was strictly larger.
    public func token(new: Double, old: Double, advantage: Double) -> (loss: Double, gradient: Double, clipped: Bool) {
        let logRatio = new - old
        let bounded = min(max(logRatio, -Self.largestLogRatio), Self.largestLogRatio)
        let ratio = exp(bounded)
        let plain = -advantage * ratio
        let cut = -advantage * min(max(ratio, 1 - clipRange), 1 + clipRange)
        let clipped = cut > plain
        var loss = clipped ? cut : plain
        // The clipped branch is larger only where the ratio is outside the range, and there it is constant.
        var gradient = clipped || bounded != logRatio ? 0 : plain
        if let dualClip, advantage < 0, loss > -advantage * dualClip {
            loss = -advantage * dualClip
            gradient = 0
        }
        return (loss, gradient, clipped)
    }

    /// Mean loss over `tokenCount` tokens, its gradient, and the share of clipped tokens.
    ///
    /// The mean divides by the token count of the whole minibatch, so that a minibatch cut into several passes gives the
    /// same gradient as one pass.
    /// - Parameters: rows `[responses][tokens]`.
    /// - Returns: `gradient` `[responses][tokens]` = d mean / d new; sums over the rows given, divided by `tokenCount`.
    public func callAsFunction(
        new: [[Double]], old: [[Double]], advantages: [[Double]], tokenCount: Int? = nil
    ) -> (loss: Double, gradient: [[Double]], clipFraction: Double) {
        precondition(new.count == old.count && new.count == advantages.count, "the same responses in every argument")
        let count = Double(tokenCount ?? new.reduce(0) { $0 + $1.count })
        var loss = 0.0
        var clippedTokens = 0
        var gradient: [[Double]] = []
        gradient.reserveCapacity(new.count)
        for response in new.indices {
            precondition(
                new[response].count == old[response].count && new[response].count == advantages[response].count,
                "the same tokens in every argument")
            gradient.append(
                new[response].indices.map { index in
                    let one = token(
                        new: new[response][index], old: old[response][index], advantage: advantages[response][index])
                    loss += one.loss
                    clippedTokens += one.clipped ? 1 : 0
                    return one.gradient / count
                })
        }
        return (loss / count, gradient, Double(clippedTokens) / count)
    }
}
