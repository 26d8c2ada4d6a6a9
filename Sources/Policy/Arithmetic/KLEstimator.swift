import Foundation

/// A per-token estimate of KL(policy ‖ reference) from one sample, in nats.
///
/// With d = log π(token) − log π_ref(token) for a token drawn from π.
/// Source: Schulman, "Approximating KL Divergence" (2020), joschu.net/blog/kl-approx.html.
public enum KLEstimator: String, Sendable, Codable, CaseIterable {
    /// d: unbiased, high variance. The right one as a penalty in the reward, because the policy gradient of its
    /// expectation is the gradient of the KL itself.
    case k1
    /// d²/2: low variance, biased.
    case k2
    /// exp(−d) − 1 + d: unbiased in value, never negative, low variance.
    case k3

    /// The estimate for one token.
    public func estimate(policy: Double, reference: Double) -> Double {
        let d = policy - reference
        switch self {
        case .k1: return d
        case .k2: return d * d / 2
        case .k3: return expm1(-d) + d
        }
    }

    /// The derivative of the estimate by the policy's log-probability, for an estimate that stands in a loss.
    ///
    /// On tokens that the policy sampled itself, the expected gradient is that of the KL for k2, that of KL(reference ‖
    /// policy) for k3, and zero for k1, which therefore belongs into the reward and never into a loss.
    /// Source: Tang and Munos 2025, "On a few pitfalls in KL divergence gradient estimation for RL".
    public func lossGradient(policy: Double, reference: Double) -> Double {
        let d = policy - reference
        switch self {
        case .k1: return 1
        case .k2: return d
        case .k3: return -expm1(-d)
        }
    }

    /// The estimates for every token of every response: `[responses][tokens]` like its arguments.
    public func estimate(policy: [[Double]], reference: [[Double]]) -> [[Double]] {
        precondition(policy.count == reference.count, "one row of reference log-probabilities a response")
        return zip(policy, reference).map { row, other in
            precondition(row.count == other.count, "one reference log-probability a token")
            return zip(row, other).map { estimate(policy: $0, reference: $1) }
        }
    }
}
