import Foundation

/// What a ranking loss does with responses that people tied.
public enum TieTreatment: String, Sendable, Codable, CaseIterable {
    /// They give no pair (Ouyang et al. 2022).
    case drop
    /// A tie is likeliest between equal scores, by a weight that is learnt (Davidson 1970).
    case davidson
    /// A tie means that the scores lie within a threshold that is learnt (Rao and Kupper 1967).
    case raoKupper = "rao_kupper"

    /// With the value that its parameter has now.
    func model(_ parameter: Double) -> TieModel {
        switch self {
        case .drop: .none
        case .davidson: .davidson(logWeight: parameter)
        case .raoKupper: .raoKupper(parameter: parameter)
        }
    }

    /// The parameter by which two equal scores tie with this probability. It is one number for both models: Davidson's
    /// ν / (2 + ν) and Rao and Kupper's (e^η - 1) / (e^η + 1) are it where ν, or e^η - 1, is 2 · share / (1 - share).
    static func parameter(tieBetweenEquals share: Double) -> Double { log(2 * share / (1 - share)) }
}

/// The probabilities of first, second and tie at a difference d of two scores.
///
/// With parameter 0 both models give a tie a third where the scores are equal.
public enum TieModel: Sendable, Equatable {
    /// No ties: P(first) = σ(d).
    case none
    /// ν = exp(logWeight): P(first) = e^(d/2) / (e^(d/2) + e^(-d/2) + ν). Source: Davidson 1970.
    case davidson(logWeight: Double)
    /// η = log(1 + exp(parameter)): P(first) = σ(d - η), P(tie) = (e^(2η) - 1) · σ(d - η) · σ(-d - η).
    /// Source: Rao and Kupper 1967, with η = log θ.
    case raoKupper(parameter: Double)

    /// A negative log-probability, its derivative by d and by the model's parameter.
    public struct Term: Sendable, Equatable {
        public var value: Double
        public var slope: Double
        public var parameterSlope: Double
    }

    /// -log P(first).
    public func first(_ d: Double) -> Term {
        switch self {
        case .none: return Term(value: softplus(-d), slope: -sigmoid(-d), parameterSlope: 0)
        case .davidson(let logWeight):
            let sums = Davidson(d, logWeight)
            return Term(
                value: sums.logSum - d / 2, slope: (sums.first - sums.second) / 2 - 0.5, parameterSlope: sums.tie)
        case .raoKupper(let parameter):
            let wrong = sigmoid(softplus(parameter) - d)
            return Term(
                value: softplus(softplus(parameter) - d), slope: -wrong, parameterSlope: wrong * sigmoid(parameter))
        }
    }

    /// -log P(tie); nil where the model has none.
    public func tie(_ d: Double) -> Term? {
        switch self {
        case .none: return nil
        case .davidson(let logWeight):
            let sums = Davidson(d, logWeight)
            return Term(
                value: sums.logSum - logWeight, slope: (sums.first - sums.second) / 2, parameterSlope: sums.tie - 1)
        case .raoKupper(let parameter):
            let threshold = softplus(parameter)
            let (below, above) = (sigmoid(threshold - d), sigmoid(threshold + d))
            // e^(2η) - 1 = e^(2η) · (1 - e^(-2η)): right for a small η and for a large one.
            let logWidth = 2 * threshold + log(-expm1(-2 * threshold))
            return Term(
                value: softplus(threshold - d) + softplus(threshold + d) - logWidth, slope: above - below,
                parameterSlope: (2 / expm1(-2 * threshold) + below + above) * sigmoid(parameter))
        }
    }

    /// The log-odds that the first wins where one of the two does, antisymmetric in d: a strict answer's probability is
    /// σ of it.
    public func strictLogOdds(_ d: Double) -> Double {
        switch self {
        // e^(d/2) against e^(-d/2): the weight of a tie drops out.
        case .none, .davidson: return d
        // log σ(d - η) - log σ(-d - η): steeper than d, since a threshold costs the lower one more.
        case .raoKupper(let parameter):
            let threshold = softplus(parameter)
            return softplus(threshold + d) - softplus(threshold - d)
        }
    }

    private struct Davidson {
        let logSum: Double
        let first: Double
        let second: Double
        let tie: Double

        init(_ d: Double, _ logWeight: Double) {
            let top = max(abs(d) / 2, logWeight)
            let sum = exp(d / 2 - top) + exp(-d / 2 - top) + exp(logWeight - top)
            logSum = top + log(sum)
            first = exp(d / 2 - logSum)
            second = exp(-d / 2 - logSum)
            tie = exp(logWeight - logSum)
        }
    }
}
