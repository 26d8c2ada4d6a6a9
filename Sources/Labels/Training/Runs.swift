public import Foundation
import GRDB
import Preferences

public enum RunState: String, Sendable, Hashable, Codable, CaseIterable {
    case queued, running, succeeded, failed, stopped
}

/// A run to be entered before anything of it starts.
public struct NewRun: Sendable, Hashable {
    public var kind: String
    public var project: ProjectID?
    public var snapshot: SnapshotID?
    public var parents: [Parent]
    public var seed: UInt64
    public var settings: [String: String]

    public init(
        kind: String, project: ProjectID? = nil, snapshot: SnapshotID? = nil, parents: [Parent] = [], seed: UInt64 = 0,
        settings: [String: String] = [:]
    ) {
        self.kind = kind
        self.project = project
        self.snapshot = snapshot
        self.parents = parents
        self.seed = seed
        self.settings = settings
    }
}

/// One training or sampling job.
public struct RunRecord: Sendable, Hashable {
    public let id: RunID
    public let kind: String
    public let project: ProjectID?
    public let snapshot: SnapshotID?
    public let parents: [Parent]
    public let seed: UInt64
    public let settings: [String: String]
    public let state: RunState
    /// 0 before the first one starts.
    public let attempt: Int
    public let message: String?
    public let createdAt: Date
    public let startedAt: Date?
    public let finishedAt: Date?
    public let resultPolicy: PolicyID?
    public let resultRewardModel: RewardModelID?

    /// Relative to the data folder.
    public var directory: String { "runs/\(id)" }
    public var isOver: Bool { state != .queued && state != .running }

    init(row: Row, parents: [Parent]) throws {
        id = row["id"]
        kind = row["kind"]
        project = row["project_id"]
        snapshot = row["snapshot_id"]
        self.parents = parents
        let bits: Int64 = row["seed"]
        seed = UInt64(bitPattern: bits)
        settings = try row.json("settings")
        state = try row.word("state")
        attempt = row["attempt"]
        message = row["message"]
        createdAt = row.date("created_at")
        startedAt = row.dateIfPresent("started_at")
        finishedAt = row.dateIfPresent("finished_at")
        resultPolicy = row["result_policy_id"]
        resultRewardModel = row["result_reward_model_id"]
    }
}

/// What a run made.
public enum RunProduct: Sendable, Hashable {
    case policy(NewPolicy)
    case rewardModel(NewRewardModel)
    case none
}

public enum ImportOutcome: Sendable, Hashable {
    case imported(RunRecord)
    case alreadyImported(RunRecord)
    /// News of an attempt that is not the newest one; nothing was done.
    case lateAttempt
}

extension Store {
    /// The intent row, written before anything starts.
    public func createRun(_ new: NewRun, by actor: Actor) async throws -> RunRecord {
        let now = now
        return try await write { db in
            if let project = new.project { _ = try db.project(project) }
            if let snapshot = new.snapshot { _ = try db.snapshot(snapshot) }
            let id: RunID = try db.insert(
                """
                INSERT INTO runs (project_id, kind, snapshot_id, seed, settings, state, created_at)
                VALUES (?, ?, ?, ?, ?, 'queued', ?)
                """,
                [
                    new.project, new.kind, new.snapshot, Int64(bitPattern: new.seed), try JSONLines.line(new.settings),
                    now.milliseconds,
                ])
            try db.insertLineage(of: "run", id: id.rawValue, parents: new.parents)
            try db.audit("create run", subject: "run \(id)", details: new.kind, by: actor, at: now)
            return try db.run(id)
        }
    }

    /// Begins the next attempt of a run that has not succeeded.
    /// - Returns: its number, from 1.
    public func startAttempt(_ id: RunID) async throws -> Int {
        let now = now
        return try await write { db in
            let run = try db.run(id)
            guard run.state != .succeeded else {
                throw StoreError.notAllowed("run \(id) has succeeded already; start a new run")
            }
            try db.run(
                """
                UPDATE runs SET state = 'running', attempt = attempt + 1, message = NULL, finished_at = NULL,
                    started_at = coalesce(started_at, ?)
                WHERE id = ?
                """, [now.milliseconds, id])
            return run.attempt + 1
        }
    }

    /// Notes that an attempt ended without a result.
    /// - Returns: false for late news of an older attempt or of a run that is over, which changes nothing.
    @discardableResult
    public func finishRun(_ id: RunID, attempt: Int, state: RunState, message: String) async throws -> Bool {
        guard state == .failed || state == .stopped else {
            throw StoreError.invalid(field: "state", problem: "a run without a result has failed or was stopped")
        }
        let now = now
        return try await write { db in
            let run = try db.run(id)
            guard run.attempt == attempt, !run.isOver else { return false }
            try db.run(
                "UPDATE runs SET state = ?, message = ?, finished_at = ? WHERE id = ?",
                [state.rawValue, message, now.milliseconds, id])
            try db.audit("run \(state.rawValue)", subject: "run \(id)", details: message, by: .system, at: now)
            return true
        }
    }

    /// Enters what a run made, once, in one transaction: the product with its lineage, and the run's end.
    public func importResult(
        _ id: RunID, attempt: Int, _ product: RunProduct, message: String? = nil
    ) async throws -> ImportOutcome {
        let now = now
        return try await write { db in
            let run = try db.run(id)
            guard run.attempt == attempt else { return .lateAttempt }
            if run.state == .succeeded { return .alreadyImported(run) }
            var policy: PolicyID?
            var rewardModel: RewardModelID?
            switch product {
            case .policy(var new):
                if new.project == nil { new.project = run.project }
                policy = try db.insertPolicy(new, run: id, at: now)
            case .rewardModel(let new): rewardModel = try db.insertRewardModel(new, run: run, at: now)
            case .none: break
            }
            try db.run(
                """
                UPDATE runs SET state = 'succeeded', message = ?, finished_at = ?, result_policy_id = ?,
                    result_reward_model_id = ? WHERE id = ?
                """, [message, now.milliseconds, policy, rewardModel, id])
            let result = policy.map { "policy \($0)" } ?? rewardModel.map { "reward model \($0)" } ?? "no product"
            try db.audit("import result", subject: "run \(id)", details: result, by: .system, at: now)
            return .imported(try db.run(id))
        }
    }

    public func run(_ id: RunID) async throws -> RunRecord { try await read { db in try db.run(id) } }

    /// Newest first.
    public func runs(
        _ project: ProjectID? = nil, states: Set<RunState>? = nil, limit: Int = 100
    ) async throws -> [RunRecord] {
        try await read { db in
            let wanted = (states ?? Set(RunState.allCases)).map(\.rawValue).sorted()
            return try db.rows(
                """
                SELECT * FROM runs WHERE (?1 IS NULL OR project_id = ?1)
                    AND state IN (SELECT value FROM json_each(?2)) ORDER BY id DESC LIMIT ?3
                """, [project, try JSONLines.line(wanted), limit]
            ).map { row in try RunRecord(row: row, parents: db.parents(of: "run", id: row["id"])) }
        }
    }
}

extension Database {
    func run(_ id: RunID) throws -> RunRecord {
        guard let row = try row("SELECT * FROM runs WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "run", id: "\(id)")
        }
        return try RunRecord(row: row, parents: parents(of: "run", id: id.rawValue))
    }
}
