/// Advantages of whole responses from the rewards of their group.
public enum GroupAdvantages {
    /// Added to a group's deviation before the division (TRL).
    public static let epsilon = 1e-4

    /// Each reward less the mean of the others': a baseline that does not depend on the response itself.
    ///
    /// Source: Kool et al. 2019, "Buy 4 REINFORCE Samples, Get a Baseline for Free!"; Ahmadian et al. 2024.
    /// - Parameter rewards: of one group, two at least `[responses]`.
    public static func leaveOneOut(_ rewards: [Double]) -> [Double] {
        precondition(rewards.count > 1, "the others of a group are one response at least")
        let sum = rewards.reduce(0, +)
        return rewards.map { $0 - (sum - $0) / Double(rewards.count - 1) }
    }

    /// Each reward less the group's mean, over the group's deviation (with n − 1, as TRL) where `scaling`.
    ///
    /// Source: Shao et al. 2024 (DeepSeekMath), §4.1.2; without scaling: Liu et al. 2025 (Dr. GRPO).
    /// - Parameter rewards: of one group, two at least `[responses]`.
    public static func centred(_ rewards: [Double], scaling: Bool) -> [Double] {
        precondition(rewards.count > 1, "a deviation needs two responses at least")
        let mean = rewards.reduce(0, +) / Double(rewards.count)
        let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(rewards.count - 1)).squareRoot()
        return rewards.map { scaling ? ($0 - mean) / (deviation + epsilon) : $0 - mean }
    }
}

/// The mean of all rewards so far, which REINFORCE takes off a reward.
///
/// Source: Williams 1992, "Simple Statistical Gradient-Following Algorithms"; the running mean: Ahmadian et al. 2024.
public struct RewardBaseline: Sendable, Codable, Equatable {
    private var sum = 0.0
    private var count = 0

    public init() {}

    /// Of the rewards before these; for the first ones, which have none before them, their own mean.
    public func value(for rewards: [Double]) -> Double {
        count > 0 ? sum / Double(count) : rewards.reduce(0, +) / Double(max(1, rewards.count))
    }

    public mutating func add(_ rewards: [Double]) {
        sum += rewards.reduce(0, +)
        count += rewards.count
    }
}
