public import Foundation
import GRDB

/// A checkpoint that nothing hangs on.
public struct Prunable: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, Codable {
        case policy
        case rewardModel = "reward_model"
    }

    public let kind: Kind
    public let id: Int64
    public let name: String
    /// Relative to the data folder.
    public let path: String
    public let bytes: Int64
    public let createdAt: Date

    public init(kind: Kind, id: Int64, name: String, path: String, bytes: Int64, createdAt: Date) {
        self.kind = kind
        self.id = id
        self.name = name
        self.path = path
        self.bytes = bytes
        self.createdAt = createdAt
    }
}

/// What checkpoints take on disk and which of them may go.
public struct RetentionReport: Sendable, Hashable {
    /// Oldest first.
    public let prunable: [Prunable]
    /// All policies and reward models that are not pruned, and the runs where the disk was measured.
    public let usedBytes: Int64
    public let quotaBytes: Int64?

    /// 0 while there is room, or no quota.
    public var bytesOverQuota: Int64 { quotaBytes.map { max(0, usedBytes - $0) } ?? 0 }

    /// The oldest prunable ones that bring the use under the quota; all of them where that is not enough.
    public var toPrune: [Prunable] {
        var over = bytesOverQuota
        return prunable.prefix { item in
            defer { over -= item.bytes }
            return over > 0
        }
    }

    public var sentence: String {
        func words(_ bytes: Int64) -> String {
            bytes < 10_000_000 ? "\((bytes + 999) / 1000) kB" : "\((bytes + 999_999) / 1_000_000) MB"
        }
        let room = prunable.reduce(0) { $0 + $1.bytes }
        var text = "Checkpoints and runs take \(words(usedBytes))"
        if let quotaBytes { text += " of \(words(quotaBytes))" }
        text += "; \(prunable.count) checkpoints (\(words(room))) may be deleted."
        if bytesOverQuota > room {
            text += " Even so \(words(bytesOverQuota - room)) would be over the quota: raise it or archive a project."
        }
        return text
    }
}

extension Store {
    /// What may be pruned: refreshed policies and reward models beyond the newest `keepLast` of their project that are
    /// neither current, nor a reference, nor in a sampling mix, nor compared by people just now, nor the parent of anything, nor
    /// used by an unfinished run.
    /// - Parameters:
    ///   - usedBytes: what is on the disk, as it was measured; nil adds up what the checkpoints said when they came.
    ///   - keeping: what somebody is about to use, which is left out.
    public func retention(
        keepLast: Int, quotaBytes: Int64? = nil, usedBytes: Int64? = nil, keeping: [Parent] = []
    ) async throws -> RetentionReport {
        try await read { db in
            let mixed = Set(
                try db.rows("SELECT settings FROM projects").flatMap { row -> [PolicyID] in
                    let settings: ProjectSettings = try row.json("settings")
                    return settings.mix.compactMap { if case .policy(let id) = $0.policy { id } else { nil } }
                })
            let policies = try db.rows(
                """
                SELECT id, name, path, bytes, created_at FROM policies p
                WHERE pruned_at IS NULL AND kind = 'refreshed'
                    AND id NOT IN (SELECT policy_id FROM current_policies WHERE until IS NULL)
                    AND id NOT IN (SELECT reference_policy_id FROM projects WHERE reference_policy_id IS NOT NULL)
                    AND id NOT IN (SELECT candidate_id FROM promotions WHERE decision IS NULL
                        UNION SELECT incumbent_id FROM promotions WHERE decision IS NULL)
                    AND \(Database.hasNoDescendants("policy"))
                    AND (SELECT count(*) FROM policies newer WHERE newer.project_id IS p.project_id
                        AND newer.kind = 'refreshed' AND newer.pruned_at IS NULL AND newer.id > p.id) >= ?
                """, [keepLast]
            ).map { Prunable(row: $0, kind: .policy) }.filter { !mixed.contains(PolicyID(rawValue: $0.id)) }
            let rewardModels = try db.rows(
                """
                SELECT id, name, path, bytes, created_at FROM reward_models p
                WHERE pruned_at IS NULL AND \(Database.hasNoDescendants("reward_model"))
                    AND (SELECT count(*) FROM reward_models newer WHERE newer.project_id IS p.project_id
                        AND newer.pruned_at IS NULL AND newer.id > p.id) >= ?
                """, [keepLast]
            ).map { Prunable(row: $0, kind: .rewardModel) }
            let used =
                try usedBytes
                ?? Int64.fetchOne(
                    db.cachedStatement(
                        sql: """
                            SELECT (SELECT coalesce(sum(bytes), 0) FROM policies WHERE pruned_at IS NULL)
                                + (SELECT coalesce(sum(bytes), 0) FROM reward_models WHERE pruned_at IS NULL)
                            """))
            return RetentionReport(
                prunable: (policies + rewardModels).filter { item in
                    !keeping.contains { $0.kind.rawValue == item.kind.rawValue && $0.id == item.id }
                }.sorted {
                    ($0.createdAt, $0.kind.rawValue, $0.id) < ($1.createdAt, $1.kind.rawValue, $1.id)
                }, usedBytes: used ?? 0, quotaBytes: quotaBytes)
        }
    }

    /// Everything that was pruned: none of it should be on the disk any more. A folder that something else has taken over
    /// is left out.
    public func pruned() async throws -> [Prunable] {
        try await read { db in
            func items(_ table: String, _ kind: Prunable.Kind) throws -> [Prunable] {
                try db.rows(
                    """
                    SELECT id, name, path, bytes, created_at FROM \(table) p WHERE pruned_at IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM \(table) o WHERE o.path = p.path AND o.pruned_at IS NULL)
                    ORDER BY id
                    """
                ).map { Prunable(row: $0, kind: kind) }
            }
            return try items("policies", .policy) + items("reward_models", .rewardModel)
        }
    }

    /// Notes that the files are going. Call it before deleting them, so that nothing starts to use them.
    public func markPruned(_ item: Prunable, by actor: Actor) async throws {
        let now = now
        try await write { db in
            let table = item.kind == .policy ? "policies" : "reward_models"
            guard
                try db.exists(
                    "SELECT 1 FROM \(table) p WHERE id = ? AND pruned_at IS NULL AND \(Database.hasNoDescendants(item.kind.rawValue))",
                    [item.id])
            else {
                throw StoreError.notAllowed("'\(item.name)' is gone or something was made from it; it is kept")
            }
            if item.kind == .policy,
                try db.exists(
                    """
                    SELECT 1 FROM current_policies WHERE policy_id = ?1 AND until IS NULL
                    UNION SELECT 1 FROM projects WHERE reference_policy_id = ?1
                    UNION SELECT 1 FROM promotions WHERE decision IS NULL AND ?1 IN (candidate_id, incumbent_id)
                    """, [item.id])
            {
                throw StoreError.notAllowed(
                    "'\(item.name)' is a current or a reference policy, or is being compared; it is kept")
            }
            try db.run("UPDATE \(table) SET pruned_at = ? WHERE id = ?", [now.milliseconds, item.id])
            try db.audit(
                .checkpointPrune, subject: "\(item.kind.rawValue) \(item.id)", details: item.name, by: actor, at: now)
        }
    }
}

extension Prunable {
    fileprivate init(row: Row, kind: Kind) {
        self.init(
            kind: kind, id: row["id"], name: row["name"], path: row["path"], bytes: row["bytes"],
            createdAt: row.date("created_at"))
    }
}

extension Database {
    /// As a condition on `p`: no policy and no reward model was made from it, and no unfinished run reads it.
    fileprivate static func hasNoDescendants(_ kind: String) -> String {
        """
        NOT EXISTS (SELECT 1 FROM lineage WHERE parent_kind = '\(kind)' AND parent_id = p.id
            AND (child_kind <> 'run' OR child_id IN (SELECT id FROM runs WHERE state IN ('queued', 'running'))))
        """
    }
}
