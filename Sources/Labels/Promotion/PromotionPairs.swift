import Foundation
import GRDB
import Preferences
import SeededRandom

/// A pair that is to be sampled for a comparison of two policies.
public struct PromotionPlan: Sendable, Hashable {
    public let promotion: PromotionID
    /// Its first part is the candidate's.
    public let plan: GroupPlan
}

extension Store {
    /// The next pairs to sample, as far as a project's open comparisons of policies lack ready ones.
    ///
    /// Each takes the held-out prompts in a random order of its own, every prompt once, and both policies answer at the
    /// same temperature. Retired prompts, and those that one of the two cannot answer, are passed over.
    public func planPromotionPairs(_ project: ProjectID, limit: Int) async throws -> [PromotionPlan] {
        let now = now
        return try await read { db in
            let project = try db.project(project)
            let open = try db.rows(
                "SELECT id FROM promotions WHERE project_id = ? AND decision IS NULL ORDER BY id", [project.id]
            ).map { try db.promotion($0["id"]) }
            var plans: [PromotionPlan] = []
            for promotion in open where plans.count < limit {
                let missing = try db.missingPairs(of: promotion, in: project, at: now)
                for prompt in try db.freshPrompts(for: promotion, limit: min(missing, limit - plans.count)) {
                    plans.append(PromotionPlan(promotion: promotion.id, plan: promotion.plan(prompt, in: project)))
                }
            }
            return plans
        }
    }

    /// Makes the pair's task, before all ordinary ones; two equal texts are noted as a tie instead.
    /// - Parameter responses: the candidate's and the other policy's.
    /// - Returns: nil where no task was made: the texts are the same, the comparison was decided meanwhile, or it has a
    ///   pair of this prompt.
    @discardableResult
    public func enter(_ pair: PromotionPlan, responses: [NewResponse]) async throws -> TaskID? {
        guard responses.count == 2 else {
            throw StoreError.invalid(
                field: "responses", problem: "a comparison is between 2 responses; found \(responses.count)")
        }
        let now = now
        let configuration = configuration
        return try await write { db in
            let promotion = try db.promotion(pair.promotion)
            let prompt = pair.plan.prompt
            let isThere = try db.exists(
                "SELECT 1 FROM promotion_pairs WHERE promotion_id = ? AND prompt_id = ?", [promotion.id, prompt.id])
            guard promotion.decision == nil, !isThere else { return nil }
            var task: TaskID?
            if responses[0].text != responses[1].text {
                let project = try db.project(promotion.project)
                let new = NewGroup(prompt: prompt.id, responses: responses, mode: .comparison)
                // Not withdrawn when another policy goes live: it is a comparison of these two all the same.
                task = try db.enter(
                    [new], in: project, isOfCurrentPolicy: false, at: now, configuration: configuration)[0]
                try db.run(
                    "UPDATE tasks SET priority = 1, label_use = ? WHERE id = ?", [promotion.labelUse.rawValue, task])
            }
            try db.run(
                "INSERT INTO promotion_pairs (promotion_id, prompt_id, task_id, made_at) VALUES (?, ?, ?, ?)",
                [promotion.id, prompt.id, task, now.milliseconds])
            return task
        }
    }
}

extension Promotion {
    fileprivate func plan(_ prompt: StoredPrompt, in project: Project) -> GroupPlan {
        var generator = SplitMix64(seed: seed, stream: UInt64(bitPattern: prompt.id.rawValue))
        let parts = [candidate, incumbent].map {
            PlanPart(policy: $0, temperature: temperature, count: 1, seed: Int64(generator.next() >> 11))
        }
        return GroupPlan(
            prompt: prompt, parts: parts, basis: SamplingBasis(policy: project.currentPolicy, round: project.round),
            mode: .comparison)
    }
}

extension Database {
    /// Pairs that are wanted and not ready yet, no more at once than the project keeps ahead.
    fileprivate func missingPairs(of promotion: Promotion, in project: Project, at now: Date) throws -> Int {
        let made = try count("SELECT count(*) FROM promotion_pairs WHERE promotion_id = ?", [promotion.id])
        let ready = try count(
            """
            SELECT count(*) FROM promotion_pairs JOIN tasks ON tasks.id = task_id
            WHERE promotion_id = ? AND state = 'open' AND label_count = 0
                AND NOT EXISTS (SELECT 1 FROM leases
                    WHERE task_id = tasks.id AND closed_at IS NULL AND expires_at > ?)
                AND NOT EXISTS (SELECT 1 FROM skips WHERE task_id = tasks.id)
            """, [promotion.id, now.milliseconds])
        return max(0, min(promotion.pairsWanted - made, max(1, project.settings.tasksAhead) - ready))
    }

    fileprivate func freshPrompts(for promotion: Promotion, limit: Int) throws -> [StoredPrompt] {
        guard limit > 0 else { return [] }
        let ids = try Int64.fetchAll(
            cachedStatement(
                sql: """
                    SELECT id FROM prompts p WHERE project_id = ? AND use = 'held_out'
                        AND NOT EXISTS (SELECT 1 FROM promotion_pairs WHERE promotion_id = ? AND prompt_id = p.id)
                        AND \(Database.canBeSampled)
                    """),
            arguments: [
                promotion.project, promotion.id, try Database.list([promotion.candidate.id, promotion.incumbent.id]),
            ])
        // An order that stays as it is when prompts are added or used up.
        let ordered = ids.map { id -> (place: UInt64, id: Int64) in
            var generator = SplitMix64(seed: promotion.seed ^ 0x0DDE_D0A1, stream: UInt64(bitPattern: id))
            return (generator.next(), id)
        }.sorted { $0 < $1 }
        return try ordered.prefix(limit).map { try prompt(ID($0.id)) }
    }
}
