public import Foundation
import GRDB
import Preferences

/// How a policy came to be: pretrained, tuned on demonstrations, moved by a policy refresh, or served by somebody else.
public enum PolicyKind: String, Sendable, Hashable, Codable, CaseIterable {
    case base, supervised, refreshed, foreign
}

public enum ParentKind: String, Sendable, Hashable, Codable, CaseIterable {
    case policy
    case rewardModel = "reward_model"
    case snapshot
}

/// Something that a policy, a reward model or a run was made from. JSON: `role`, `kind`, `id`.
public struct Parent: Sendable, Hashable, Codable {
    /// What it was used as, e.g. "start", "reference", "reward".
    public var role: String
    public var kind: ParentKind
    public var id: Int64

    public init(role: String, kind: ParentKind, id: Int64) {
        self.role = role
        self.kind = kind
        self.id = id
    }

    public static func policy(_ id: PolicyID, role: String) -> Parent {
        Parent(role: role, kind: .policy, id: id.rawValue)
    }
    public static func rewardModel(_ id: RewardModelID, role: String) -> Parent {
        Parent(role: role, kind: .rewardModel, id: id.rawValue)
    }
    public static func snapshot(_ id: SnapshotID, role: String) -> Parent {
        Parent(role: role, kind: .snapshot, id: id.rawValue)
    }
}

/// A policy to be entered.
public struct NewPolicy: Sendable, Hashable {
    /// Unique in the store.
    public var name: String
    public var kind: PolicyKind
    /// Folder relative to the data folder; for a foreign policy the address of its server.
    public var path: String
    /// Of its weights, in hexadecimal.
    public var sha256: String?
    public var parents: [Parent]
    public var metrics: [String: Double]
    /// On disk.
    public var bytes: Int64
    /// The project whose labels made it; nil for one that came from outside.
    public var project: ProjectID?

    public init(
        name: String, kind: PolicyKind, path: String, sha256: String? = nil, parents: [Parent] = [],
        metrics: [String: Double] = [:], bytes: Int64 = 0, project: ProjectID? = nil
    ) {
        self.name = name
        self.kind = kind
        self.path = path
        self.sha256 = sha256
        self.parents = parents
        self.metrics = metrics
        self.bytes = bytes
        self.project = project
    }
}

/// A version of the language model that is tuned.
public struct Policy: Sendable, Hashable {
    public let id: PolicyID
    public let name: String
    /// Counts the policies of its project, or those from outside.
    public let version: Int
    public let kind: PolicyKind
    public let path: String
    public let sha256: String?
    public let parents: [Parent]
    public let metrics: [String: Double]
    public let bytes: Int64
    public let project: ProjectID?
    public let run: RunID?
    public let createdAt: Date
    /// When its files were deleted to make room.
    public let prunedAt: Date?

    init(row: Row, parents: [Parent]) throws {
        id = row["id"]
        name = row["name"]
        version = row["version"]
        kind = try row.word("kind")
        path = row["path"]
        sha256 = row["sha256"]
        self.parents = parents
        metrics = try row.json("metrics")
        bytes = row["bytes"]
        project = row["project_id"]
        run = row["run_id"]
        createdAt = row.date("created_at")
        prunedAt = row.dateIfPresent("pruned_at")
    }
}

/// How long a policy was the current one.
public struct CurrentPolicyPeriod: Sendable, Hashable {
    public let policy: Policy
    public let from: Date
    /// Nil while it is current.
    public let until: Date?
    public let by: String
}

extension Store {
    /// - Throws: `StoreError.nameTaken`, or `.unknown` for a parent that is not there.
    public func addPolicy(_ new: NewPolicy, by actor: Actor) async throws -> Policy {
        let now = now
        return try await write { db in
            let id = try db.insertPolicy(new, run: nil, at: now)
            try db.audit(.policyCreate, subject: "policy \(id)", details: new.name, by: actor, at: now)
            return try db.policy(id)
        }
    }

    public func policy(_ id: PolicyID) async throws -> Policy { try await read { db in try db.policy(id) } }

    public func policy(named name: String) async throws -> Policy? {
        try await read { db in
            try db.row("SELECT * FROM policies WHERE name = ?", [name]).map { row in
                try Policy(row: row, parents: db.parents(of: "policy", id: row["id"]))
            }
        }
    }

    public func policies() async throws -> [Policy] {
        try await read { db in
            try db.rows("SELECT * FROM policies ORDER BY id").map { row in
                try Policy(row: row, parents: db.parents(of: "policy", id: row["id"]))
            }
        }
    }

    /// Makes a policy the one that new tasks are sampled from, and withdraws the open tasks that were sampled under
    /// another one and that nobody has opened. Open leases finish; a task that one of them gives back without an answer is
    /// withdrawn when the next person asks for work.
    /// - Returns: how many tasks were withdrawn.
    @discardableResult
    public func makeCurrent(_ policy: PolicyID, in project: ProjectID, by actor: Actor) async throws -> Int {
        let now = now
        return try await write { db in try db.makeCurrent(policy, in: project, by: actor, at: now) }
    }

    /// Sets the frozen policy that the KL penalty holds the current one to.
    public func setReference(_ policy: PolicyID, in project: ProjectID, by actor: Actor) async throws {
        let now = now
        try await write { db in
            _ = try db.project(project)
            let new = try db.usablePolicy(policy)
            try db.run("UPDATE projects SET reference_policy_id = ? WHERE id = ?", [policy, project])
            try db.audit(
                .policySetReference, subject: "project \(project)", details: "policy \(policy) (\(new.name))",
                by: actor, at: now)
        }
    }

    /// Newest first.
    public func currentPolicyHistory(_ project: ProjectID) async throws -> [CurrentPolicyPeriod] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT c.*, coalesce(users.name, made_by) AS who FROM current_policies c
                LEFT JOIN users ON made_by = 'user ' || users.id WHERE project_id = ? ORDER BY c.id DESC
                """, [project])
            return try rows.map { row in
                CurrentPolicyPeriod(
                    policy: try db.policy(row["policy_id"]), from: row.date("since"), until: row.dateIfPresent("until"),
                    by: row["who"])
            }
        }
    }
}

extension Database {
    /// - Returns: how many tasks were withdrawn.
    @discardableResult
    func makeCurrent(_ policy: PolicyID, in project: ProjectID, by actor: Actor, at now: Date) throws -> Int {
        let old = try self.project(project)
        let new = try usablePolicy(policy)
        if old.currentPolicy == policy { return 0 }
        try closeExpiredLeases(at: now)
        try run(
            "UPDATE current_policies SET until = ? WHERE project_id = ? AND until IS NULL", [now.milliseconds, project])
        try run(
            "INSERT INTO current_policies (project_id, policy_id, since, made_by) VALUES (?, ?, ?, ?)",
            [project, policy, now.milliseconds, actor.words])
        if old.referencePolicy == nil && new.kind == .supervised {
            try run("UPDATE projects SET reference_policy_id = ? WHERE id = ?", [policy, project])
        }
        let withdrawn = try withdrawFormerTasks(in: project, current: policy, at: now)
        try audit(
            .policyMakeCurrent, subject: "project \(project)",
            details: "policy \(policy) (\(new.name)); \(withdrawn) tasks withdrawn", by: actor, at: now)
        return withdrawn
    }

    /// Withdraws the open tasks without a label that were made under another policy than the current one and that are in
    /// nobody's hands. Tasks that belong to no policy (imported groups, comparisons of two policies, practice, writing) stay.
    /// The caller has closed the expired leases.
    /// - Returns: how many.
    @discardableResult
    func withdrawFormerTasks(in project: ProjectID, current: PolicyID, at now: Date) throws -> Int {
        // Two ranges of an index that holds unlabelled tasks alone, so that it costs nothing where there is none.
        try run(
            """
            UPDATE tasks SET state = 'withdrawn', closed_at = ?1 WHERE id IN (
                SELECT id FROM tasks WHERE project_id = ?2 AND state = 'open' AND label_count = 0
                    AND made_under_policy_id < ?3
                UNION ALL
                SELECT id FROM tasks WHERE project_id = ?2 AND state = 'open' AND label_count = 0
                    AND made_under_policy_id > ?3)
                AND NOT EXISTS (SELECT 1 FROM leases WHERE task_id = tasks.id AND closed_at IS NULL)
            """, [now.milliseconds, project, current])
        return changesCount
    }

    func policy(_ id: PolicyID) throws -> Policy {
        guard let row = try row("SELECT * FROM policies WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "policy", id: "\(id)")
        }
        return try Policy(row: row, parents: parents(of: "policy", id: id.rawValue))
    }

    /// A policy whose files are there.
    func usablePolicy(_ id: PolicyID) throws -> Policy {
        let policy = try policy(id)
        guard policy.prunedAt == nil else {
            throw StoreError.notAllowed("policy '\(policy.name)' was pruned; its files are gone")
        }
        return policy
    }

    func insertPolicy(_ new: NewPolicy, run: RunID?, at now: Date) throws -> PolicyID {
        try checkFile(name: new.name, path: new.path, sha256: new.sha256)
        if try exists("SELECT 1 FROM policies WHERE name = ?", [new.name]) {
            throw StoreError.nameTaken(what: "policy", name: new.name)
        }
        if let project = new.project { _ = try self.project(project) }
        let version = try count(
            "SELECT coalesce(max(version), 0) + 1 FROM policies WHERE project_id IS ?", [new.project])
        let id: PolicyID = try insert(
            """
            INSERT INTO policies (name, version, kind, path, sha256, metrics, bytes, project_id, run_id, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                new.name, version, new.kind.rawValue, new.path, new.sha256, try JSONLines.line(new.metrics), new.bytes,
                new.project, run, now.milliseconds,
            ])
        try insertLineage(of: "policy", id: id.rawValue, parents: new.parents)
        return id
    }

    func checkFile(name: String, path: String, sha256: String?) throws {
        if name.isEmpty { throw StoreError.invalid(field: "name", problem: "it is empty") }
        if path.isEmpty { throw StoreError.invalid(field: "path", problem: "it is empty") }
        if let sha256, sha256.utf8.count != 64 {
            throw StoreError.invalid(field: "sha256", problem: "give 64 hexadecimal digits")
        }
    }

    func parents(of kind: String, id: Int64) throws -> [Parent] {
        try rows(
            "SELECT * FROM lineage WHERE child_kind = ? AND child_id = ? ORDER BY position", [kind, id]
        ).map { Parent(role: $0["role"], kind: try $0.word("parent_kind"), id: $0["parent_id"]) }
    }

    func insertLineage(of kind: String, id: Int64, parents: [Parent]) throws {
        for (position, parent) in parents.enumerated() {
            let table =
                switch parent.kind {
                case .policy: "policies"
                case .rewardModel: "reward_models"
                case .snapshot: "snapshots"
                }
            guard try exists("SELECT 1 FROM \(table) WHERE id = ?", [parent.id]) else {
                throw StoreError.unknown(what: "parent \(parent.kind.rawValue)", id: "\(parent.id)")
            }
            try run(
                """
                INSERT INTO lineage (child_kind, child_id, position, role, parent_kind, parent_id)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [kind, id, position, parent.role, parent.kind.rawValue, parent.id])
        }
    }
}
