public import Foundation
import GRDB
import Preferences

/// A reward model to be entered.
public struct NewRewardModel: Sendable, Hashable {
    /// Unique in the store.
    public var name: String
    /// Folder relative to the data folder.
    public var path: String
    public var sha256: String?
    public var parents: [Parent]
    public var metrics: [String: Double]
    public var bytes: Int64

    public init(
        name: String, path: String, sha256: String? = nil, parents: [Parent] = [], metrics: [String: Double] = [:],
        bytes: Int64 = 0
    ) {
        self.name = name
        self.path = path
        self.sha256 = sha256
        self.parents = parents
        self.metrics = metrics
        self.bytes = bytes
    }
}

public struct RewardModelRecord: Sendable, Hashable {
    public let id: RewardModelID
    public let project: ProjectID?
    public let name: String
    public let path: String
    public let sha256: String?
    public let parents: [Parent]
    public let metrics: [String: Double]
    public let bytes: Int64
    public let snapshot: SnapshotID?
    public let run: RunID?
    public let createdAt: Date
    public let prunedAt: Date?

    init(row: Row, parents: [Parent]) throws {
        id = row["id"]
        project = row["project_id"]
        name = row["name"]
        path = row["path"]
        sha256 = row["sha256"]
        self.parents = parents
        metrics = try row.json("metrics")
        bytes = row["bytes"]
        snapshot = row["snapshot_id"]
        run = row["run_id"]
        createdAt = row.date("created_at")
        prunedAt = row.dateIfPresent("pruned_at")
    }
}

extension Store {
    /// Newest first.
    public func rewardModels(_ project: ProjectID) async throws -> [RewardModelRecord] {
        try await read { db in
            try db.rows("SELECT * FROM reward_models WHERE project_id = ? ORDER BY id DESC", [project]).map { row in
                try RewardModelRecord(row: row, parents: db.parents(of: "reward_model", id: row["id"]))
            }
        }
    }

    public func rewardModel(named name: String) async throws -> RewardModelRecord? {
        try await read { db in
            try db.row("SELECT * FROM reward_models WHERE name = ?", [name]).map { row in
                try RewardModelRecord(row: row, parents: db.parents(of: "reward_model", id: row["id"]))
            }
        }
    }

    public func rewardModel(_ id: RewardModelID) async throws -> RewardModelRecord {
        try await read { db in
            guard let row = try db.row("SELECT * FROM reward_models WHERE id = ?", [id]) else {
                throw StoreError.unknown(what: "reward model", id: "\(id)")
            }
            return try RewardModelRecord(row: row, parents: db.parents(of: "reward_model", id: id.rawValue))
        }
    }
}

extension Database {
    func insertRewardModel(_ new: NewRewardModel, run: RunRecord, at now: Date) throws -> RewardModelID {
        try checkFile(name: new.name, path: new.path, sha256: new.sha256)
        if try exists("SELECT 1 FROM reward_models WHERE name = ?", [new.name]) {
            throw StoreError.nameTaken(what: "reward model", name: new.name)
        }
        let id: RewardModelID = try insert(
            """
            INSERT INTO reward_models (project_id, name, path, sha256, metrics, bytes, snapshot_id, run_id, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                run.project, new.name, new.path, new.sha256, try JSONLines.line(new.metrics), new.bytes, run.snapshot,
                run.id, now.milliseconds,
            ])
        try insertLineage(of: "reward_model", id: id.rawValue, parents: new.parents)
        return id
    }
}
