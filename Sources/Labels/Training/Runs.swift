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
    /// When somebody asked it to stop; nil again when it is resumed.
    public let stopRequestedAt: Date?
    public let createdAt: Date
    public let startedAt: Date?
    public let finishedAt: Date?
    public let resultPolicy: PolicyID?
    public let resultRewardModel: RewardModelID?

    /// Relative to the data folder.
    public var directory: String { "runs/\(id)" }
    public var isOver: Bool { state != .queued && state != .running }
    /// It still runs, and was asked not to.
    public var isStopping: Bool { state == .running && stopRequestedAt != nil }

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
        stopRequestedAt = row.dateIfPresent("stop_requested_at")
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
    /// - Parameter alone: only where no other run of its kind is queued or running for its project.
    /// - Throws: `StoreError.runGoing`, `.unknown` for what it names and is not there, `.notAllowed` for a parent whose
    ///   files were deleted.
    public func createRun(_ new: NewRun, alone: Bool = false, by actor: Actor) async throws -> RunRecord {
        let now = now
        return try await write { db in
            if alone, let project = new.project { try db.requireNoLiveRun(of: new.kind, in: db.project(project)) }
            return try db.createRun(new, by: actor, at: now)
        }
    }

    /// Two runs that belong together, such as those of the two halves of the labels: both or none.
    /// - Parameter alone: only where no other run of the first one's kind is queued or running for its project.
    public func createRuns(
        _ first: NewRun, _ second: NewRun, alone: Bool = false, by actor: Actor
    ) async throws -> (first: RunRecord, second: RunRecord) {
        let now = now
        return try await write { db in
            if alone, let project = first.project { try db.requireNoLiveRun(of: first.kind, in: db.project(project)) }
            return (try db.createRun(first, by: actor, at: now), try db.createRun(second, by: actor, at: now))
        }
    }

    /// Begins the next attempt of a run that is queued, or that runs and whose newest attempt has ended.
    /// - Parameter seen: the run as the caller knows it.
    /// - Returns: the attempt's number, from 1; nil where the run has moved on since: cancelled, asked to stop, or
    ///   started by somebody else. Nothing was changed then.
    public func startAttempt(_ seen: RunRecord) async throws -> Int? {
        let now = now
        return try await write { db in
            let run = try db.run(seen.id)
            guard !run.isOver, run.state == seen.state, run.attempt == seen.attempt, run.stopRequestedAt == nil else {
                return nil
            }
            try db.run(
                """
                UPDATE runs SET state = 'running', attempt = attempt + 1, message = NULL, finished_at = NULL,
                    started_at = coalesce(started_at, ?)
                WHERE id = ?
                """, [now.milliseconds, run.id])
            return run.attempt + 1
        }
    }

    /// Ends a run that has not started, and marks one that runs, so that a job which then ends was stopped on request,
    /// whoever sees it end and when. The same request again changes nothing.
    /// - Throws: `StoreError.runOver`.
    public func requestStop(_ id: RunID, by actor: Actor) async throws -> RunRecord {
        let now = now
        return try await write { db in
            let run = try db.run(id)
            guard !run.isOver else { throw StoreError.runOver(run: id, state: run.state) }
            if run.isStopping { return run }
            try db.run("UPDATE runs SET stop_requested_at = ? WHERE id = ?", [now.milliseconds, id])
            if run.state == .queued {
                let message = run.attempt == 0 ? "Cancelled before it started." : "Cancelled before it went on."
                try db.run(
                    "UPDATE runs SET state = 'stopped', message = ?, finished_at = ? WHERE id = ?",
                    [message, now.milliseconds, id])
            }
            try db.audit(.runCancel, subject: "run \(id)", details: run.kind, by: actor, at: now)
            return try db.run(id)
        }
    }

    /// Queues a stopped or failed run again, for whoever starts runs. Its next attempt goes on from the newest checkpoint.
    /// - Throws: `StoreError.runNotStopped`, also for the second of two requests; `.runGoing` where another run of its
    ///   kind is queued or running for its project.
    public func resumeRun(_ id: RunID, by actor: Actor) async throws -> RunRecord {
        let now = now
        return try await write { db in
            let run = try db.run(id)
            guard run.state == .failed || run.state == .stopped else {
                throw StoreError.runNotStopped(run: id, state: run.state)
            }
            if let project = run.project { try db.requireNoLiveRun(of: run.kind, in: db.project(project)) }
            try db.run(
                """
                UPDATE runs SET state = 'queued', message = NULL, finished_at = NULL, stop_requested_at = NULL
                WHERE id = ?
                """, [id])
            try db.audit(.runResume, subject: "run \(id)", details: run.kind, by: actor, at: now)
            return try db.run(id)
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
            try db.audit(
                state == .failed ? .runFail : .runStop, subject: "run \(id)", details: message, by: .system, at: now)
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
            try db.audit(.runImport, subject: "run \(id)", details: result, by: .system, at: now)
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
    fileprivate func requireNoLiveRun(of kind: String, in project: Project) throws {
        let going = try row(
            """
            SELECT id FROM runs WHERE project_id = ? AND kind = ? AND state IN ('queued', 'running')
            ORDER BY id LIMIT 1
            """, [project.id, kind])
        if let going { throw StoreError.runGoing(run: going["id"], kind: kind, project: project.name) }
    }

    fileprivate func createRun(_ new: NewRun, by actor: Actor, at now: Date) throws -> RunRecord {
        if let project = new.project { _ = try self.project(project) }
        if let snapshot = new.snapshot { _ = try self.snapshot(snapshot) }
        try requireFiles(of: new.parents)
        let id: RunID = try insert(
            """
            INSERT INTO runs (project_id, kind, snapshot_id, seed, settings, state, created_at)
            VALUES (?, ?, ?, ?, ?, 'queued', ?)
            """,
            [
                new.project, new.kind, new.snapshot, Int64(bitPattern: new.seed), try JSONLines.line(new.settings),
                now.milliseconds,
            ])
        try insertLineage(of: "run", id: id.rawValue, parents: new.parents)
        try audit(.runCreate, subject: "run \(id)", details: new.kind, by: actor, at: now)
        return try run(id)
    }

    /// What a run reads must not have been pruned just before.
    fileprivate func requireFiles(of parents: [Parent]) throws {
        for parent in parents {
            let table: String
            switch parent.kind {
            case .policy: table = "policies"
            case .rewardModel: table = "reward_models"
            case .snapshot: continue
            }
            let pruned = try row("SELECT name FROM \(table) WHERE id = ? AND pruned_at IS NOT NULL", [parent.id])
            guard let pruned else { continue }
            let name: String = pruned["name"]
            throw StoreError.notAllowed(
                "the \(parent.role) '\(name)' was deleted to make room; choose another one")
        }
    }

    func run(_ id: RunID) throws -> RunRecord {
        guard let row = try row("SELECT * FROM runs WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "run", id: "\(id)")
        }
        return try RunRecord(row: row, parents: parents(of: "run", id: id.rawValue))
    }
}
