import Foundation
import GRDB
import Preferences

/// What the pairs of a comparison of policies came to, in an order in which what is known at a moment is no different from what
/// is still to come.
///
/// Two equal texts are a tie at once, while people take their time over the others. Counted as they come, ties would pile up
/// first and pull every early win rate to a half. So a tie counts no sooner than the pair that was sampled last before it and
/// went to people.
struct PromotionOutcomes {
    /// The candidate's share of each decided pair, 0...1, in the order in which they count.
    var shares: [Double] {
        decided.sorted { ($0.at, $0.place) < ($1.at, $1.place) }.map(\.share)
    }

    private var decided: [(at: Int64, place: Int, share: Double)] = []
    /// When the last pair before that went to people was answered; nil where it waits.
    private var answered: Int64? = .min

    /// Takes in the next pair in the order of sampling.
    mutating func add(_ pair: Pair) {
        switch pair {
        case .identical(let made): answered.map { decided.append((max($0, made), decided.count, 0.5)) }
        case .decided(let at, let share):
            decided.append((at, decided.count, share))
            answered = at
        case .waiting: answered = nil
        case .gone: break
        }
    }

    enum Pair {
        /// Two equal texts. All times are in milliseconds.
        case identical(made: Int64)
        /// - at: when the last answer came.
        case decided(at: Int64, share: Double)
        /// People have not answered yet, or not before the decision.
        case waiting
        /// Taken out of the work while the comparison was open; it holds nothing up.
        case gone
    }
}

extension Database {
    func standing(of promotion: Promotion) throws -> PromotionStanding {
        let pairs = try rows(
            """
            SELECT pair.task_id, pair.made_at, t.state, t.closed_at FROM promotion_pairs pair
            LEFT JOIN tasks t ON t.id = pair.task_id WHERE pair.promotion_id = ? ORDER BY pair.made_at, pair.prompt_id
            """, [promotion.id])
        var outcomes = PromotionOutcomes()
        for pair in pairs { outcomes.add(try outcome(of: pair, in: promotion)) }
        return PromotionStanding(
            promotion, sampled: pairs.count, identical: pairs.count { ($0["task_id"] as Int64?) == nil },
            outcomes: outcomes.shares)
    }

    private func outcome(of pair: Row, in promotion: Promotion) throws -> PromotionOutcomes.Pair {
        let made: Int64 = pair["made_at"]
        guard let task: Int64 = pair["task_id"] else { return .identical(made: made) }
        let closed: Int64? = pair["closed_at"]
        switch pair["state"] as String? {
        // A pair counts when everybody who was asked has answered, so that no answer decides whether it does.
        case "done":
            return try candidateShare(promotion, task: task).map { .decided(at: closed ?? made, share: $0) } ?? .gone
        case "withdrawn":
            // What a decision withdraws was waiting until then, and what was known then stays as it was.
            let isDecisions = promotion.decidedAt.map { closed ?? made >= $0.milliseconds } ?? false
            return isDecisions ? .waiting : .gone
        default: return .waiting
        }
    }

    /// The mean over the answers: 1 for the candidate, 0 for the other, ½ where neither is preferred.
    private func candidateShare(_ promotion: Promotion, task: Int64) throws -> Double? {
        let shares = try rows(
            """
            SELECT r.judgement, (SELECT public_id FROM responses x WHERE x.group_id = t.group_id AND x.policy_id = ?)
                AS candidate
            FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            JOIN tasks t ON t.id = l.task_id
            WHERE l.task_id = ? AND l.state = 'active' AND l.kind = 'comparison' ORDER BY l.id
            """, [promotion.candidate.id, task]
        ).map { row -> Double in
            let judgement: Judgement = try row.json("judgement")
            guard case .comparison(let comparison) = judgement, let winner = comparison.winner else { return 0.5 }
            return winner == row["candidate"] as String? ? 1 : 0
        }
        return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
    }
}
