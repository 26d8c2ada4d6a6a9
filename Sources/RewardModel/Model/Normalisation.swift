/// What a reward model's scores are normalised to.
public enum NormalisationRule: String, Sendable, Codable, CaseIterable {
    /// Samples of the reference policy have mean 0 and deviation 1 (Ziegler et al. 2019, §2.1).
    case gainAndBias = "gain_and_bias"
    /// Samples of the reference policy have mean 0; the scale stays the logit's (Stiennon et al. 2020).
    case bias
    /// People's demonstrations have mean 0; the scale stays the logit's (Ouyang et al. 2022, §3.5).
    case demonstrations
}

/// From the head's logit to the score that PPO and best-of-K use: gain · logit + bias.
///
/// It is fitted as a `NormalisationRule` says. The logit itself stays what preference probabilities are made of:
/// σ(difference of logits).
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

    /// The normalisation that gives these logits mean 0 and leaves their scale.
    public static func centred(on logits: [Double]) -> Normalisation {
        let mean = logits.reduce(0, +) / Double(max(1, logits.count))
        return Normalisation(gain: 1, bias: -mean, samples: logits.count)
    }

    /// As a rule asks for.
    /// - Throws: `RewardModelError.oneScoreForAll`
    static func fitted(to logits: [Double], _ rule: NormalisationRule) throws(RewardModelError) -> Normalisation {
        switch rule {
        case .gainAndBias: try fitted(to: logits)
        case .bias, .demonstrations: centred(on: logits)
        }
    }
}
