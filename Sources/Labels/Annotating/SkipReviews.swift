public import Foundation
import GRDB
public import Preferences

/// A task that several people skipped, for a lead to decide about.
public struct SkippedTask: Sendable, Hashable {
    public struct Skip: Sendable, Hashable {
        public let annotator: String
        public let reason: SkipReason?
        public let note: String?
        public let at: Date
    }

    public let taskID: TaskID
    public let mode: TaskMode
    public let prompt: Prompt
    /// Texts in stored order.
    public let responses: [String]
    public let labels: Int
    public let overlap: Int
    public let waitingSince: Date
    /// The oldest first.
    public let skips: [Skip]
}

/// What a lead makes of a task that was skipped.
public enum SkipDecision: String, Sendable, Hashable, Codable, CaseIterable {
    /// It is handed out again, to people who have not skipped it.
    case reopen
    /// It is handed to nobody any more; its labels stay.
    case withdraw
}

extension Store {
    /// Tasks that wait for a lead, the longest waiting first.
    public func skippedTasks(_ project: ProjectID, limit: Int = 100) async throws -> [SkippedTask] {
        try await read { db in
            _ = try db.project(project)
            return try db.rows(
                """
                SELECT t.id, t.mode, t.group_id, t.label_count, t.overlap, t.review_since, p.content FROM tasks t
                JOIN response_groups g ON g.id = t.group_id JOIN prompts p ON p.id = g.prompt_id
                WHERE t.project_id = ? AND t.state = 'open' AND t.review_since IS NOT NULL
                ORDER BY t.review_since, t.id LIMIT ?
                """, [project, limit]
            ).map { row in
                SkippedTask(
                    taskID: row["id"], mode: try row.word("mode"), prompt: try row.json("content"),
                    responses: try db.shownTexts(of: row["group_id"]).map(\.text), labels: row["label_count"],
                    overlap: row["overlap"], waitingSince: row.date("review_since"), skips: try db.skips(of: row["id"]))
            }
        }
    }

    /// How many tasks wait for a lead.
    public func skippedTaskCount(_ project: ProjectID) async throws -> Int {
        try await read { db in
            try db.count(
                "SELECT count(*) FROM tasks WHERE project_id = ? AND state = 'open' AND review_since IS NOT NULL",
                [project])
        }
    }

    /// - Throws: `StoreError.unknown` for a task that does not wait in this project; perhaps another lead was quicker.
    public func decide(
        _ decision: SkipDecision, task: TaskID, in project: ProjectID, by actor: Actor
    ) async throws {
        let now = now
        try await write { db in
            guard
                try db.exists(
                    """
                    SELECT 1 FROM tasks WHERE id = ? AND project_id = ? AND state = 'open' AND review_since IS NOT NULL
                    """, [task, project])
            else { throw StoreError.unknown(what: "task that waits for a decision", id: "\(task)") }
            switch decision {
            case .reopen:
                try db.run(
                    "UPDATE tasks SET review_since = NULL, reviewed_at = ? WHERE id = ?", [now.milliseconds, task])
            case .withdraw:
                try db.run(
                    """
                    UPDATE tasks SET state = 'withdrawn', review_since = NULL, reviewed_at = ?1, closed_at = ?1
                    WHERE id = ?2
                    """, [now.milliseconds, task])
            }
            try db.audit(
                .skippedTask, subject: "task \(task)", details: "\(decision.rawValue) in project \(project)", by: actor,
                at: now)
        }
    }
}

extension Database {
    fileprivate func skips(of task: TaskID) throws -> [SkippedTask.Skip] {
        try rows(
            "SELECT s.*, u.name FROM skips s JOIN users u ON u.id = s.user_id WHERE task_id = ? ORDER BY s.id", [task]
        ).map { row in
            let reason: String? = row["reason"]
            return SkippedTask.Skip(
                annotator: row["name"], reason: reason.flatMap(SkipReason.init(rawValue:)), note: row["note"],
                at: row.date("at"))
        }
    }
}
