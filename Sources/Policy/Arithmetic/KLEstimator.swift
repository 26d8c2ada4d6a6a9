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

    /// The estimates for every token of every response: `[responses][tokens]` like its arguments.
    public func estimate(policy: [[Double]], reference: [[Double]]) -> [[Double]] {
        precondition(policy.count == reference.count, "one row of reference log-probabilities a response")
        return zip(policy, reference).map { row, other in
            precondition(row.count == other.count, "one reference log-probability a token")
            return zip(row, other).map { estimate(policy: $0, reference: $1) }
        }
    }
}
