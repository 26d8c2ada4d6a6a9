import Foundation

/// A loss and its derivative by each score of a group, in double precision.
public struct RankingLoss: Sendable, Equatable {
    public var value: Double
    /// dLoss/dscore `[responses]`.
    public var gradient: [Double]
    /// dLoss/dparameter of the model of ties; 0 without one.
    public var tieSlope = 0.0

    public init(value: Double, gradient: [Double]) {
        self.value = value
        self.gradient = gradient
    }

    private init(responses: Int) { self.init(value: 0, gradient: [Double](repeating: 0, count: responses)) }

    /// The mean of -log σ(r_winner - r_loser - margin) over an element's pairs, plus the pull of all scores towards zero.
    ///
    /// The gradient of the first part sums to zero over the group, because adding a number to all scores changes nothing.
    /// Sources: Ouyang et al. 2022 (InstructGPT), equation 1; margins: Touvron et al. 2023 (Llama 2), equation 2; soft
    /// labels are the pairs' shares of the votes.
    /// - Parameters:
    ///   - scores: the group's scores `[responses]`.
    ///   - ties: how likely a tie is; tied pairs then count like strict ones.
    ///   - labelSmoothing: ε of (1 - ε) · loss(z) + ε · loss(-z), as if that share of the labels were the wrong way round
    ///     (Mitchell 2023, conservative DPO).
    ///   - centring: as `centre`.
    public static func kwise(
        scores: [Double], element: RankingElement, ties: TieModel = .none, labelSmoothing: Double = 0,
        centring: Double = 0
    ) -> RankingLoss {
        var loss = RankingLoss(responses: scores.count)
        let tied = ties == .none ? [] : element.ties
        let total = element.pairs.reduce(0) { $0 + $1.share } + tied.reduce(0) { $0 + $1.share }
        let share = total > 0 ? 1 / total : 0
        for pair in element.pairs {
            let lead = scores[pair.winner] - scores[pair.loser] - pair.margin
            if labelSmoothing > 0 {
                loss.add(ties.first(lead), share * pair.share * (1 - labelSmoothing), pair.winner, pair.loser)
                loss.add(ties.first(-lead), share * pair.share * labelSmoothing, pair.loser, pair.winner)
            } else {
                loss.add(ties.first(lead), share * pair.share, pair.winner, pair.loser)
            }
        }
        for pair in tied {
            guard let term = ties.tie(scores[pair.first] - scores[pair.second]) else { continue }
            loss.add(term, share * pair.share, pair.first, pair.second)
        }
        loss.centre(scores: scores, members: element.members, by: centring)
        return loss
    }

    /// Adds a term of the difference of two scores.
    private mutating func add(_ term: TieModel.Term, _ share: Double, _ first: Int, _ second: Int) {
        value += share * term.value
        let slope = share * term.slope
        gradient[first] += slope
        gradient[second] -= slope
        tieSlope += share * term.parameterSlope
    }

    /// Adds c · (2 · mean score)², which for two responses is c · (r₁ + r₂)² (Eisenstein et al. 2023, equation 2); the
    /// mean is over the responses that the element speaks of.
    public mutating func centre(scores: [Double], members: [Int], by centring: Double) {
        guard centring > 0, !members.isEmpty else { return }
        let count = Double(members.count)
        let mean = members.reduce(0) { $0 + scores[$1] } / count
        value += centring * 4 * mean * mean
        for member in members { gradient[member] += centring * 8 * mean / count }
    }

    /// Plackett–Luce: the negative log-probability of drawing the responses in that order, best first, each from those
    /// that are left with probability softmax(score).
    ///
    /// Sources: Plackett 1975; Luce 1959. With two responses it is Bradley–Terry.
    /// - Parameter order: indices, best first, without ties; responses not in it take no part.
    public static func plackettLuce(scores: [Double], order: [Int]) -> RankingLoss {
        plackettLuce(scores: scores, rows: order.map { [$0] })
    }

    /// Plackett–Luce with ties dropped: each response of a row is drawn from itself and the rows below, so that tied ones
    /// never stand against each other.
    /// - Parameter rows: best first.
    public static func plackettLuce(scores: [Double], rows: [[Int]]) -> RankingLoss {
        var loss = RankingLoss(responses: scores.count)
        for (place, row) in rows.enumerated() {
            let below = rows[(place + 1)...].flatMap(\.self)
            for index in row where !below.isEmpty { loss.draw(index, among: [index] + below, scores: scores) }
        }
        return loss
    }

    /// Only the first draw of `plackettLuce`: the cross-entropy of the best response among all.
    ///
    /// Source: Ziegler et al. 2019, equation 1.
    public static func topOne(scores: [Double], best: Int, among members: [Int]) -> RankingLoss {
        topOne(scores: scores, rows: [[best], members.filter { $0 != best }])
    }

    /// The same with ties dropped: the mean over the responses of the first row, each among itself and the rows below.
    public static func topOne(scores: [Double], rows: [[Int]]) -> RankingLoss {
        var loss = RankingLoss(responses: scores.count)
        guard let best = rows.first, rows.count > 1 else { return loss }
        let below = rows[1...].flatMap(\.self)
        for index in best {
            loss.draw(index, among: [index] + below, scores: scores, share: 1 / Double(best.count))
        }
        return loss
    }

    /// Adds the cross-entropy of drawing `drawn` by softmax.
    private mutating func draw(_ drawn: Int, among left: [Int], scores: [Double], share: Double = 1) {
        let top = left.reduce(-Double.infinity) { max($0, scores[$1]) }
        let sum = left.reduce(0) { $0 + exp(scores[$1] - top) }
        value += share * (top + log(sum) - scores[drawn])
        for index in left { gradient[index] += share * exp(scores[index] - top) / sum }
        gradient[drawn] -= share
    }
}
