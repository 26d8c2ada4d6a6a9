import Foundation

/// log(1 + exp(x)), right for any x: no overflow above, no loss of the small value below.
public func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// 1 / (1 + exp(-x)), right for any x.
public func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let power = exp(x)
    return power / (1 + power)
}

/// The cross-entropy of a probability σ(z) against a target from 0 to 1, and its derivative by z.
public func binaryCrossEntropy(_ z: Double, target: Double) -> (value: Double, slope: Double) {
    (target * softplus(-z) + (1 - target) * softplus(z), sigmoid(z) - target)
}
