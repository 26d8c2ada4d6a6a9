import Foundation
import RewardModel

/// Losses that move a policy by people's orders alone, without a reward model: functions of how much likelier the policy
/// makes each response of a group than the reference does.
public struct PreferenceObjective: Sendable, Equatable {
    public enum Method: String, Sendable, Codable, CaseIterable {
        /// −log σ of β times the difference of log-ratios. Source: Rafailov et al. 2023, "Direct Preference Optimization",
        /// equation 7; label smoothing: Mitchell 2023, "A note on DPO with noisy preferences".
        case dpo
        /// (difference of log-ratios a token − 1/(2β))², which does not run away where people always agree. Source: Azar et
        /// al. 2024, "A General Theoretical Paradigm to Understand Learning from Human Preferences", equation 17; the mean over
        /// tokens: TRL.
        case ipo

        /// The β of a run that names none. DPO: Rafailov et al. 2023, TRL. IPO asks for a lead of 1/(2β) nats a token: with
        /// DPO's 0.1 that would be 5 nats a token, far beyond where texts break, so half a nat.
        public var usualBeta: Double {
            switch self {
            case .dpo: 0.1
            case .ipo: 1
            }
        }
    }

    /// What an order of K responses is to the loss.
    public enum Order: String, Sendable, Codable, CaseIterable {
        /// The mean over all strict pairs, as in InstructGPT's equation 1.
        case pairs
        /// Plackett–Luce: one draw after the other from those that are left. Source: Rafailov et al. 2023, appendix A.3.
        case plackettLuce = "plackett-luce"
    }

    public var method: Method
    public var order: Order
    /// β.
    public var beta: Double
    /// Probability that a pair was judged the wrong way round.
    public var labelSmoothing: Double

    public init(method: Method = .dpo, order: Order = .pairs, beta: Double = 0.1, labelSmoothing: Double = 0) {
        self.method = method
        self.order = order
        self.beta = beta
        self.labelSmoothing = labelSmoothing
    }

    /// One label's loss and its derivative by each response's log-ratio `[responses]`.
    /// - Parameters:
    ///   - logRatios: log π − log π_ref of each response, summed over its tokens, nats `[responses]`.
    ///   - lengths: tokens of each response `[responses]`.
    ///   - levels: indices of the responses, best level first; those of one level are tied and not compared.
    public func callAsFunction(
        logRatios: [Double], lengths: [Int], levels: [[Int]]
    ) -> (loss: Double, gradient: [Double]) {
        switch (method, order) {
        case (.dpo, .plackettLuce): plackettLuce(logRatios, levels)
        case (.dpo, .pairs):
            pairs(logRatios, levels) { lead in
                let z = beta * lead
                let (right, wrong) = (1 - labelSmoothing, labelSmoothing)
                return (right * softplus(-z) + wrong * softplus(z), beta * (wrong * sigmoid(z) - right * sigmoid(-z)))
            }
        case (.ipo, _):
            averaged(logRatios, lengths) { means in
                pairs(means, levels) { lead in
                    let error = lead - 1 / (2 * beta)
                    return (error * error, 2 * error)
                }
            }
        }
    }

    /// Mean over all strict pairs of a function of the winner's lead.
    private func pairs(
        _ values: [Double], _ levels: [[Int]], _ loss: (_ lead: Double) -> (value: Double, slope: Double)
    ) -> (loss: Double, gradient: [Double]) {
        var total = 0.0
        var count = 0
        var gradient = [Double](repeating: 0, count: values.count)
        for (rank, winners) in levels.enumerated() {
            for winner in winners {
                for loser in levels[(rank + 1)...].joined() {
                    let found = loss(values[winner] - values[loser])
                    total += found.value
                    gradient[winner] += found.slope
                    gradient[loser] -= found.slope
                    count += 1
                }
            }
        }
        let share = 1 / Double(max(1, count))
        return (total * share, gradient.map { $0 * share })
    }

    /// A tied response is drawn from itself and all below its level.
    private func plackettLuce(_ logRatios: [Double], _ levels: [[Int]]) -> (loss: Double, gradient: [Double]) {
        let scores = logRatios.map { beta * $0 }
        var total = 0.0
        var gradient = [Double](repeating: 0, count: scores.count)
        for (rank, drawn) in levels.dropLast().enumerated() {
            for index in drawn {
                let left = [index] + levels[(rank + 1)...].joined()
                let top = left.reduce(-Double.infinity) { max($0, scores[$1]) }
                let sum = left.reduce(0) { $0 + exp(scores[$1] - top) }
                total += top + log(sum) - scores[index]
                for other in left { gradient[other] += beta * exp(scores[other] - top) / sum }
                gradient[index] -= beta
            }
        }
        return (total, gradient)
    }

    private func averaged(
        _ logRatios: [Double], _ lengths: [Int], _ loss: ([Double]) -> (loss: Double, gradient: [Double])
    ) -> (loss: Double, gradient: [Double]) {
        let found = loss(zip(logRatios, lengths).map { $0 / Double($1) })
        return (found.loss, zip(found.gradient, lengths).map { $0 / Double($1) })
    }
}
