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

    /// Records what was decided, with what was advised at that moment, makes a promoted policy current, and withdraws the tasks
    /// that nobody has opened: all of it or nothing, so that of two decisions at once one is refused and one holds.
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
            if decision == .promote {
                try db.makeCurrent(promotion.candidate.id, in: promotion.project, by: actor, at: now)
            }
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
}
