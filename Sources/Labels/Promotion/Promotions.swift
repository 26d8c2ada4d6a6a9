import Foundation
import GRDB
import Preferences

extension Store {
    /// Begins to compare a policy with the one that is live: pairs on held-out prompts become tasks that come before
    /// others, and nobody who answers them sees which policy wrote what.
    /// - Throws: `StoreError` where there is no held-out prompt, no current policy, the two are one policy, files are gone,
    ///   or such a comparison of the candidate is open already.
    public func startPromotion(_ new: NewPromotion, in project: ProjectID, by actor: Actor) async throws -> Promotion {
        try new.validate()
        let now = now
        return try await write { db in
            let project = try db.project(project)
            let candidate = try db.usablePolicy(new.candidate)
            guard let incumbentID = new.incumbent ?? project.currentPolicy else {
                throw StoreError.noCurrentPolicy(project: project.name)
            }
            let incumbent = try db.usablePolicy(incumbentID)
            guard candidate.id != incumbent.id else {
                throw StoreError.invalid(field: "candidate", problem: "it is the policy that it would be compared with")
            }
            for policy in [candidate, incumbent] where policy.project != nil && policy.project != project.id {
                throw StoreError.invalid(field: "candidate", problem: "'\(policy.name)' belongs to another project")
            }
            guard
                try db.exists(
                    "SELECT 1 FROM prompts WHERE project_id = ? AND use = 'held_out' AND retired_at IS NULL LIMIT 1",
                    [project.id])
            else { throw StoreError.noPrompts(project: project.name, use: .heldOut) }
            if try db.exists(
                "SELECT 1 FROM promotions WHERE project_id = ? AND candidate_id = ? AND decision IS NULL",
                [project.id, candidate.id])
            {
                throw StoreError.notAllowed("policy '\(candidate.name)' is being compared already; decide that first")
            }
            let id: PromotionID = try db.insert(
                """
                INSERT INTO promotions (project_id, candidate_id, incumbent_id, temperature, worthwhile, pairs_wanted,
                    seed, label_use, started_by, started_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    project.id, candidate.id, incumbent.id, new.temperature, new.worthwhile, new.pairs,
                    Int64(bitPattern: new.seed), new.labelUse.rawValue, actor.words, now.milliseconds,
                ])
            try db.audit(
                .promotionStart, subject: "promotion \(id)",
                details:
                    "policy \(candidate.id) (\(candidate.name)) against policy \(incumbent.id) (\(incumbent.name))",
                by: actor, at: now)
            return try db.promotion(id)
        }
    }

    public func promotion(_ id: PromotionID) async throws -> PromotionStanding {
        try await read { db in try db.standing(of: db.promotion(id)) }
    }

    /// Newest first.
    public func promotions(_ project: ProjectID) async throws -> [PromotionStanding] {
        try await read { db in
            _ = try db.project(project)
            return try db.rows("SELECT id FROM promotions WHERE project_id = ? ORDER BY id DESC", [project])
                .map { try db.standing(of: db.promotion($0["id"])) }
        }
    }

    /// Asks for more pairs.
    /// - Throws: `StoreError.notAllowed` for one that is decided.
    public func extendPromotion(_ id: PromotionID, by pairs: Int, actor: Actor) async throws -> PromotionStanding {
        let now = now
        return try await write { db in
            let promotion = try db.openPromotion(id)
            guard pairs >= 1, promotion.pairsWanted + pairs <= 100_000 else {
                throw StoreError.invalid(field: "pairs", problem: "from 1 to 100000 in all; found \(pairs)")
            }
            try db.run("UPDATE promotions SET pairs_wanted = pairs_wanted + ? WHERE id = ?", [pairs, id])
            try db.audit(
                .promotionExtend, subject: "promotion \(id)", details: "\(pairs) more pairs", by: actor, at: now)
            return try db.standing(of: db.promotion(id))
        }
    }

    /// Says what its labels may be used for besides the decision, from the next snapshot on.
    public func setLabelUse(_ use: LabelUse, of id: PromotionID, by actor: Actor) async throws {
        let now = now
        try await write { db in
            _ = try db.promotion(id)
            try db.run("UPDATE promotions SET label_use = ? WHERE id = ?", [use.rawValue, id])
            try db.run(
                """
                UPDATE tasks SET label_use = ?
                WHERE id IN (SELECT task_id FROM promotion_pairs WHERE promotion_id = ? AND task_id IS NOT NULL)
                """, [use.rawValue, id])
            try db.audit(
                .promotionLabelUse, subject: "promotion \(id)", details: use.rawValue, by: actor, at: now)
        }
    }

    /// Records what was decided, with what was advised at that moment, and withdraws the tasks that nobody has opened.
    /// Making the policy current is another step, so that whoever does it wakes sampling too.
    /// - Throws: `StoreError.notAllowed` for one that is decided.
    public func decidePromotion(
        _ id: PromotionID, _ decision: PromotionDecision, by actor: Actor
    ) async throws -> PromotionStanding {
        let now = now
        return try await write { db in
            let promotion = try db.openPromotion(id)
            let standing = try db.standing(of: promotion)
            try db.run(
                "UPDATE promotions SET decision = ?, advice = ?, decided_by = ?, decided_at = ? WHERE id = ?",
                [decision.rawValue, standing.advice.rawValue, actor.words, now.milliseconds, id])
            try db.closeExpiredLeases(at: now)
            try db.withdrawDecidedPairs(in: promotion.project, at: now)
            let found =
                standing.newest.map {
                    "win rate \($0.winRate) in \($0.interval.lowerBound)...\($0.interval.upperBound) after \($0.pairs) pairs"
                } ?? "before any pair was decided"
            try db.audit(
                .promotionDecide, subject: "promotion \(id)",
                details:
                    "\(decision.rawValue) policy \(promotion.candidate.id) (\(promotion.candidate.name)); \(found); "
                    + "advice: \(standing.advice.rawValue)", by: actor, at: now)
            return try db.standing(of: db.promotion(id))
        }
    }
}

extension Database {
    /// Withdraws the tasks of decided comparisons that have no label and are in nobody's hands. One that somebody holds may be
    /// finished; given back, it goes with the next call. The caller has closed the expired leases.
    func withdrawDecidedPairs(in project: ProjectID, at now: Date) throws {
        // Of the index of open tasks only those that come before ordinary ones are looked at.
        try run(
            """
            UPDATE tasks SET state = 'withdrawn', closed_at = ?1 WHERE id IN (
                SELECT t.id FROM tasks t JOIN promotion_pairs pair ON pair.task_id = t.id
                JOIN promotions p ON p.id = pair.promotion_id
                WHERE t.project_id = ?2 AND t.state = 'open' AND t.review_since IS NULL AND t.priority > 0
                    AND t.label_count = 0 AND p.decision IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM leases WHERE task_id = tasks.id AND closed_at IS NULL)
            """, [now.milliseconds, project])
    }

    func promotion(_ id: PromotionID) throws -> Promotion {
        let found = try row(
            """
            SELECT promotions.*, coalesce(starters.name, started_by) AS starter,
                coalesce(deciders.name, decided_by) AS decider
            FROM promotions LEFT JOIN users starters ON started_by = 'user ' || starters.id
            LEFT JOIN users deciders ON decided_by = 'user ' || deciders.id WHERE promotions.id = ?
            """, [id])
        guard let found else { throw StoreError.unknown(what: "promotion", id: "\(id)") }
        return try Promotion(
            row: found, candidate: policy(found["candidate_id"]), incumbent: policy(found["incumbent_id"]))
    }

    fileprivate func openPromotion(_ id: PromotionID) throws -> Promotion {
        let promotion = try promotion(id)
        guard promotion.decision == nil else {
            throw StoreError.notAllowed("promotion \(id) is decided; start another comparison")
        }
        return promotion
    }

    func standing(of promotion: Promotion) throws -> PromotionStanding {
        let pairs = try rows(
            """
            SELECT pair.prompt_id, pair.task_id, pair.made_at, t.state, t.group_id, t.closed_at FROM promotion_pairs pair
            LEFT JOIN tasks t ON t.id = pair.task_id WHERE pair.promotion_id = ?
            """, [promotion.id])
        var outcomes: [(at: Int64, prompt: Int64, share: Double)] = []
        for pair in pairs {
            let prompt: Int64 = pair["prompt_id"]
            guard let task: Int64 = pair["task_id"] else {
                outcomes.append((pair["made_at"], prompt, 0.5))
                continue
            }
            // A pair counts when everybody who was asked has answered, so that no answer decides whether it does.
            guard pair["state"] as String? == "done", let share = try candidateShare(promotion, task: task) else {
                continue
            }
            outcomes.append((pair["closed_at"] ?? pair["made_at"], prompt, share))
        }
        outcomes.sort { ($0.at, $0.prompt) < ($1.at, $1.prompt) }
        return PromotionStanding(
            promotion, sampled: pairs.count, identical: pairs.count { ($0["task_id"] as Int64?) == nil },
            outcomes: outcomes.map(\.share))
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
