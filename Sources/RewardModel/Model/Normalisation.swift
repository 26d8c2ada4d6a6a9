/// From the head's logit to the score that PPO and best-of-K use: gain · logit + bias.
///
/// It is fitted so that samples of the reference policy have mean 0 and deviation 1 (Ziegler et al. 2019, §2.1). The
/// logit itself stays what preference probabilities are made of: σ(difference of logits).
public struct Normalisation: Codable, Sendable, Equatable {
    public var gain: Double
    public var bias: Double
    /// How many reference samples it was fitted to; 0 for none.
    public var samples: Int

    public init(gain: Double, bias: Double, samples: Int) {
        self.gain = gain
        self.bias = bias
        self.samples = samples
    }

    /// Leaves the logit as it is.
    public static let identity = Normalisation(gain: 1, bias: 0, samples: 0)

    public func callAsFunction(_ logit: Double) -> Double { gain * logit + bias }

    /// The normalisation that gives these logits mean 0 and deviation 1 (over the samples themselves, not Bessel's).
    /// - Throws: `RewardModelError.oneScoreForAll`
    public static func fitted(to logits: [Double]) throws(RewardModelError) -> Normalisation {
        let count = Double(max(1, logits.count))
        let mean = logits.reduce(0, +) / count
        let variance = logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let deviation = variance.squareRoot()
        guard deviation.isFinite, deviation > 1e-6 * max(1, abs(mean)) else {
            throw .oneScoreForAll(samples: logits.count)
        }
        return Normalisation(gain: 1 / deviation, bias: -mean / deviation, samples: logits.count)
    }
}
