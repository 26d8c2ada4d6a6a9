public import Foundation
import GRDB
import Preferences

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
    /// In one transaction: the person's live lease first (one that came back by undo before the others), else a new
    /// lease on an open task that they have neither answered nor skipped; partly annotated tasks before new ones, the
    /// oldest first. Open leases and labels of a task never exceed its overlap.
    /// - Parameter besides: tokens of leases that the person has on the screen already.
    public func nextTask(
        for user: UserID, in project: ProjectID, besides: [String] = []
    ) async throws -> NextTask {
        let now = now
        let configuration = configuration
        return try await write { db in
            _ = try db.activeUser(user)
            let project = try db.project(project)
            let settings = project.settings
            try db.closeExpiredLeases(at: now)
            let open = try db.rows(
                LeaseRow.sql
                    + """
                     WHERE leases.user_id = ? AND leases.closed_at IS NULL AND tasks.project_id = ?
                     ORDER BY reopened DESC, issued_at, leases.id
                    """, [user, project.id]
            ).map(LeaseRow.init(row:))
            if let mine = open.first(where: { !besides.contains($0.token) }) {
                try db.extend(mine, by: settings, at: now)
                return .task(try db.assignment(db.lease(token: mine.token, of: user), settings: settings))
            }
            // What somebody has in hand stays theirs to finish; nothing new is handed out.
            if project.paused { return .nothing(.projectPaused) }
            if let practice = try db.practiceInstead(of: user, in: project, at: now, configuration: configuration) {
                return practice
            }
            guard open.count < settings.openLeasesPerPerson else {
                return .nothing(.tooManyOpen(cap: settings.openLeasesPerPerson))
            }
            guard let task = try db.openTask(for: user, in: project.id) else {
                return .nothing(try db.reasonForNothing(user, in: project.id))
            }
            let lease = try db.openLease(
                on: task, for: user, seconds: settings.leaseSeconds, at: now, configuration: configuration)
            return .task(try db.assignment(lease, settings: settings))
        }
    }

    /// The same page again: same order, same ids.
    /// - Throws: `StoreError.leaseAlreadyUsed`, `.leaseSkipped` where there is nothing to answer any more.
    public func assignment(token: String, user: UserID) async throws -> Assignment {
        try await read { db in
            let lease = try db.lease(token: token, of: user)
            if let used = try db.revision(ofLease: lease.id) {
                throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
            }
            if try db.hasSkipped(lease) { throw StoreError.leaseSkipped }
            return try db.assignment(lease, settings: db.project(lease.project).settings)
        }
    }

    /// The heartbeat of a task that is in view. A lease that has expired comes to life again while its place is free.
    /// - Returns: when it expires now.
    /// - Throws: `StoreError.leaseExpired` where the place was given to somebody else.
    @discardableResult
    public func renewLease(token: String, user: UserID) async throws -> Date {
        let now = now
        return try await write { db in
            try db.closeExpiredLeases(at: now)
            let lease = try db.lease(token: token, of: user)
            if let used = try db.revision(ofLease: lease.id) {
                throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
            }
            if try db.hasSkipped(lease) { throw StoreError.leaseSkipped }
            if lease.closed {
                let others = try db.otherLiveLeases(on: lease.task, than: user)
                let mine = try db.exists(
                    "SELECT 1 FROM leases WHERE task_id = ? AND user_id = ? AND closed_at IS NULL", [lease.task, user])
                guard !mine, lease.taskState == "open", lease.labelCount + others < lease.overlap,
                    try !db.hasAnswered(lease.task, user)
                else { throw StoreError.leaseExpired }
                try db.run("UPDATE leases SET closed_at = NULL, outcome = NULL WHERE id = ?", [lease.id])
            }
            return try db.extend(lease, by: db.project(lease.project).settings, at: now)
        }
    }

    /// The person left the page. The place is free; what they submit later still counts while there is room.
    public func releaseLease(token: String, user: UserID) async throws {
        let now = now
        try await write { db in
            let lease = try db.lease(token: token, of: user)
            if !lease.closed { try db.close(lease: lease.id, outcome: "released", at: now) }
        }
    }

    /// Keeps unfinished work.
    /// - Throws: `StoreError.newerDraft` where another window saved a later version.
    public func saveDraft(_ draft: Draft, token: String, user: UserID) async throws {
        try await write { db in
            let lease = try db.lease(token: token, of: user)
            if let used = try db.revision(ofLease: lease.id) {
                throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
            }
            guard draft.version > lease.draftVersion else {
                throw StoreError.newerDraft(version: lease.draftVersion)
            }
            let known = Set(lease.names)
            let named =
                draft.rows.flatMap(\.self) + draft.unacceptable
                + (draft.ratings.map { Array($0.keys) } ?? []) + (draft.comparison?.responseIDs ?? [])
            if let foreign = named.first(where: { !known.contains($0) }) {
                throw StoreError.invalidAnswer("response '\(foreign)' does not belong to this task")
            }
            try db.run(
                "UPDATE leases SET draft = ?, draft_version = ? WHERE id = ?",
                [try JSONLines.line(draft), draft.version, lease.id])
        }
    }

    /// Frees the task for others; it is never handed to this person again. The same skip again changes nothing.
    /// - Throws: `StoreError.leaseAlreadyUsed`, `.notAllowed` for a task that this person has answered.
    public func skip(
        token: String, user: UserID, reason: SkipReason? = nil, note: String? = nil
    ) async throws {
        let now = now
        try await write { db in
            let lease = try db.lease(token: token, of: user)
            if let used = try db.revision(ofLease: lease.id) {
                throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
            }
            if lease.outcome == "skipped" { return }
            if lease.isPractice { throw StoreError.notAllowed("practice tasks cannot be skipped") }
            if try db.hasAnswered(lease.task, user) {
                throw StoreError.notAllowed("you have answered this task already; take that answer back to change it")
            }
            guard try db.project(lease.project).settings.allowSkip else {
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
        }
    }
}

extension Database {
    @discardableResult
    fileprivate func extend(_ lease: LeaseRow, by settings: ProjectSettings, at now: Date) throws -> Date {
        let expiry = max(
            lease.closed ? 0 : lease.expiresAt.milliseconds, now.milliseconds + Int64(settings.leaseSeconds) * 1000)
        try run("UPDATE leases SET expires_at = ? WHERE id = ?", [expiry, lease.id])
        return Date(milliseconds: expiry)
    }

    func close(lease: Int64, outcome: String, at now: Date) throws {
        try run("UPDATE leases SET closed_at = ?, outcome = ? WHERE id = ?", [now.milliseconds, outcome, lease])
    }

    /// Whether this person skipped the task, through this lease or another one.
    func hasSkipped(_ lease: LeaseRow) throws -> Bool {
        try exists("SELECT 1 FROM skips WHERE task_id = ? AND user_id = ?", [lease.task, lease.user])
    }

    func hasAnswered(_ task: TaskID, _ user: UserID) throws -> Bool {
        try exists("SELECT 1 FROM labels WHERE task_id = ? AND user_id = ? AND state <> 'retracted'", [task, user])
    }

    /// What this person may be handed, as a condition on `tasks t`.
    private static let unseenByUser = """
        NOT EXISTS (SELECT 1 FROM labels l WHERE l.task_id = t.id AND l.user_id = ? AND l.state <> 'retracted')
        AND NOT EXISTS (SELECT 1 FROM skips s WHERE s.task_id = t.id AND s.user_id = ?)
        AND NOT EXISTS (SELECT 1 FROM leases m WHERE m.task_id = t.id AND m.user_id = ? AND m.closed_at IS NULL)
        """

    fileprivate func openTask(for user: UserID, in project: ProjectID) throws -> TaskID? {
        try row(
            """
            SELECT t.id FROM tasks t WHERE t.project_id = ? AND t.state = 'open'
                AND t.label_count + (SELECT count(*) FROM leases o WHERE o.task_id = t.id AND o.closed_at IS NULL)
                    < t.overlap
                AND \(Database.unseenByUser)
            ORDER BY t.label_count DESC, t.id LIMIT 1
            """, [project, user, user, user])?["id"]
    }

    fileprivate func reasonForNothing(_ user: UserID, in project: ProjectID) throws -> NothingReason {
        let anyOpen = try exists("SELECT 1 FROM tasks WHERE project_id = ? AND state = 'open' LIMIT 1", [project])
        let anyUnseen = try exists(
            "SELECT 1 FROM tasks t WHERE t.project_id = ? AND t.state = 'open' AND \(Database.unseenByUser) LIMIT 1",
            [project, user, user, user])
        return anyOpen && !anyUnseen ? .nothingLeftForYou : .noTasksReady
    }
}
