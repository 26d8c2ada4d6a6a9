import Foundation

/// A loss and its derivative by each score of a group, in double precision.
public struct RankingLoss: Sendable, Equatable {
    public var value: Double
    /// dLoss/dscore `[responses]`.
    public var gradient: [Double]

    public init(value: Double, gradient: [Double]) {
        self.value = value
        self.gradient = gradient
    }

    /// The mean of -log σ(r_winner - r_loser - margin) over an element's pairs, plus the pull of all scores towards zero.
    ///
    /// The gradient of the first part sums to zero over the group, because adding a number to all scores changes nothing.
    /// Sources: Ouyang et al. 2022 (InstructGPT), equation 1; margins: Touvron et al. 2023 (Llama 2), equation 2.
    /// - Parameters:
    ///   - scores: the group's scores `[responses]`.
    ///   - centring: c of c · (2 · mean score)², which for two responses is c · (r₁ + r₂)² (Eisenstein et al. 2023,
    ///     equation 2); the mean is over the responses that the element speaks of.
    public static func kwise(scores: [Double], element: RankingElement, centring: Double = 0) -> RankingLoss {
        var loss = RankingLoss(value: 0, gradient: [Double](repeating: 0, count: scores.count))
        let share = 1 / Double(max(1, element.pairs.count))
        for pair in element.pairs {
            let lead = scores[pair.winner] - scores[pair.loser] - pair.margin
            loss.value += share * softplus(-lead)
            let slope = share * sigmoid(-lead)
            loss.gradient[pair.winner] -= slope
            loss.gradient[pair.loser] += slope
        }
        if centring > 0, !element.members.isEmpty {
            let count = Double(element.members.count)
            let mean = element.members.reduce(0) { $0 + scores[$1] } / count
            loss.value += centring * 4 * mean * mean
            for member in element.members { loss.gradient[member] += centring * 8 * mean / count }
        }
        return loss
    }

    /// Plackett–Luce: the negative log-probability of drawing the responses in that order, best first, each from those
    /// that are left with probability softmax(score).
    ///
    /// Sources: Plackett 1975; Luce 1959. With two responses it is Bradley–Terry.
    /// - Parameter order: indices, best first, without ties; responses not in it take no part.
    public static func plackettLuce(scores: [Double], order: [Int]) -> RankingLoss {
        listwise(scores: scores, order: order, draws: max(0, order.count - 1))
    }

    /// Only the first draw of `plackettLuce`: the cross-entropy of the best response among all.
    ///
    /// Source: Ziegler et al. 2019, equation 1.
    public static func topOne(scores: [Double], best: Int, among members: [Int]) -> RankingLoss {
        listwise(scores: scores, order: [best] + members.filter { $0 != best }, draws: 1)
    }

    private static func listwise(scores: [Double], order: [Int], draws: Int) -> RankingLoss {
        var loss = RankingLoss(value: 0, gradient: [Double](repeating: 0, count: scores.count))
        for draw in 0..<draws {
            let left = order[draw...]
            let top = left.reduce(-Double.infinity) { max($0, scores[$1]) }
            let sum = left.reduce(0) { $0 + exp(scores[$1] - top) }
            loss.value += top + log(sum) - scores[order[draw]]
            for index in left { loss.gradient[index] += exp(scores[index] - top) / sum }
            loss.gradient[order[draw]] -= 1
        }
        return loss
    }
}
