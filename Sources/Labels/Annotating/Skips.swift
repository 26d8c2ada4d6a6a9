import Foundation
import GRDB

/// Why somebody does not answer a task.
public enum SkipReason: String, Sendable, Hashable, Codable, CaseIterable {
    case notMyLanguage = "not_my_language"
    case expertise, unsafe, broken, identical, other

    public var words: String {
        switch self {
        case .notMyLanguage: "not my language"
        case .expertise: "outside what I know"
        case .unsafe: "unsafe or upsetting"
        case .broken: "shown wrongly"
        case .identical: "all responses are the same"
        case .other: "another reason"
        }
    }
}

extension Store {
    /// Frees the task for others; it is never handed to this person again. The same skip again changes nothing. A task
    /// that as many people skipped as the project says is put before a lead, and handed to nobody until then.
    /// - Throws: `StoreError.leaseAlreadyUsed`, `.notAllowed` for a task that this person has answered.
    public func skip(
        token: String, user: UserID, reason: SkipReason? = nil, note: String? = nil
    ) async throws {
        let now = now
        try await writeTogether { db in
            let lease = try db.lease(token: token, of: user)
            if let used = try db.revision(ofLease: lease.id) {
                throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
            }
            if lease.outcome == "skipped" { return }
            if lease.isPractice { throw StoreError.notAllowed("practice tasks cannot be skipped") }
            if try db.hasAnswered(lease.task, user) {
                throw StoreError.notAllowed("you have answered this task already; take that answer back to change it")
            }
            let settings = try db.project(lease.project).settings
            guard settings.allowSkip else {
                throw StoreError.notAllowed("this project does not allow skipping; leave the page if you cannot answer")
            }
            try db.run(
                "INSERT OR IGNORE INTO skips (task_id, user_id, reason, note, at) VALUES (?, ?, ?, ?, ?)",
                [lease.task, user, reason?.rawValue, note, now.milliseconds])
            try db.run(
                "UPDATE leases SET closed_at = coalesce(closed_at, ?), outcome = 'skipped' WHERE id = ?",
                [now.milliseconds, lease.id])
            try db.run(
                """
                UPDATE leases SET closed_at = ?, outcome = 'superseded'
                WHERE task_id = ? AND user_id = ? AND closed_at IS NULL
                """, [now.milliseconds, lease.task, user])
            try db.putBeforeLead(lease.task, skips: settings.skipsToReview, at: now)
        }
    }
}

extension Database {
    /// - Parameter skips: how many since the last decision it takes; 0 leaves every task with the annotators.
    fileprivate func putBeforeLead(_ task: TaskID, skips: Int, at now: Date) throws {
        guard skips > 0 else { return }
        try run(
            """
            UPDATE tasks SET review_since = ? WHERE id = ? AND state = 'open' AND review_since IS NULL
                AND (SELECT count(*) FROM skips WHERE task_id = tasks.id AND at > coalesce(reviewed_at, 0)) >= ?
            """, [now.milliseconds, task, skips])
    }
}
