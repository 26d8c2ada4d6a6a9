public import Foundation
import GRDB
import Preferences

extension Store {
    /// In one transaction: the person's live lease first (one that came back by undo before the others), else a new
    /// lease on an open task that they have neither answered nor skipped; partly annotated tasks before new ones, the
    /// oldest first. Open leases and labels of a task never exceed its overlap. Where the project says so, a check comes
    /// in the place of some tasks, and nobody is handed responses to a prompt of their own.
    /// - Parameters:
    ///   - besides: tokens of leases that the person has on the screen already.
    ///   - ahead: the task is fetched before it is shown: `show` says when it is, and its time starts then.
    public func nextTask(
        for user: UserID, in project: ProjectID, besides: [String] = [], ahead: Bool = false
    ) async throws -> NextTask {
        let handing = HandingOut(
            besides: besides, ahead: ahead, lengths: leaseLengths, now: now, configuration: configuration)
        return try await writeTogether { db in try db.nextTask(for: user, in: db.project(project), handing) }
    }

    /// A project and the person's next task in it, or nil where a message of a conversation comes next; in the one
    /// transaction of `nextTask`. Leases of `besides` count as answered where conversations ask for their share.
    /// - Parameter insteadOfConversation: the person asks for a task although a conversation may come next.
    public func nextWork(
        of user: UserID, in project: ProjectID, besides: [String] = [], ahead: Bool = false,
        insteadOfConversation: Bool = false
    ) async throws -> (project: Project, task: NextTask?) {
        let handing = HandingOut(
            besides: besides, ahead: ahead, lengths: leaseLengths, now: now, configuration: configuration)
        return try await writeTogether { db in
            let project = try db.project(project)
            let talks =
                try !insteadOfConversation
                && db.wantsConversation(user, in: project, besides: besides, at: handing.now)
            return (project, talks ? nil : try db.nextTask(for: user, in: project, handing))
        }
    }

    /// The same page again: same order, same ids. One that was fetched ahead counts as shown from now on.
    /// - Throws: `StoreError.leaseAlreadyUsed`, `.leaseSkipped` where there is nothing to answer any more.
    public func assignment(token: String, user: UserID) async throws -> Assignment {
        let (assignment, ahead) = try await read { db in
            let lease = try db.openLease(token: token, of: user)
            return (try db.assignment(lease, settings: db.project(lease.project).settings), lease.ahead)
        }
        if ahead { try await show(token: token, user: user) }
        return assignment
    }

    /// A task that was fetched ahead is in front of its person: its time starts now. Again, it changes nothing.
    /// - Throws: `StoreError.leaseExpired` where it ran out before and its place was given to somebody else.
    public func show(token: String, user: UserID) async throws {
        try await renewLease(token: token, user: user, isShown: true)
    }

    /// The heartbeat of a task that is in view. A lease that has expired comes to life again while its place is free.
    /// - Parameter isShown: false for one that was fetched ahead and still waits to be shown.
    /// - Returns: when it expires now, and the version of its draft, 0 where there is none.
    /// - Throws: `StoreError.leaseExpired` where the place was given to somebody else.
    @discardableResult
    public func renewLease(
        token: String, user: UserID, isShown: Bool = true
    ) async throws -> (expiresAt: Date, draftVersion: Int) {
        let now = now
        let lengths = leaseLengths
        return try await writeTogether { db in
            try db.closeExpiredLeases(at: now)
            let lease = try db.openLease(token: token, of: user)
            if lease.closed {
                let others = try db.otherLiveLeases(on: lease.task, than: user)
                let mine = try db.exists(
                    "SELECT 1 FROM leases WHERE task_id = ? AND user_id = ? AND closed_at IS NULL", [lease.task, user])
                let isOpen = lease.taskState == "open" || lease.decides != nil
                // Nobody else can take the place of a check or of practice; a newer page of their own can.
                let practises =
                    try lease.isPractice
                    && !db.exists("SELECT 1 FROM practice_answers WHERE lease_id = ?", [lease.id])
                    && !db.exists(
                        "SELECT 1 FROM leases WHERE task_id = ? AND user_id = ? AND id > ?",
                        [lease.task, user, lease.id])
                guard !mine, lease.isCheck || practises || isOpen && lease.labelCount + others < lease.overlap,
                    try !db.hasAnswered(lease.task, user)
                else { throw StoreError.leaseExpired }
                try db.run("UPDATE leases SET closed_at = NULL, outcome = NULL WHERE id = ?", [lease.id])
            }
            if isShown { try db.show(lease, at: now) }
            let length = try lengths.milliseconds(
                of: lease.mode, in: lease.project, db.project(lease.project).settings, db, at: now)
            return (try db.extend(lease, by: length, at: now), lease.draftVersion)
        }
    }

    /// The person left the page. The place is free; what they submit later still counts while there is room.
    /// - Parameter unlessShown: keeps one that was fetched ahead and is in front of the person by now: a browser says that a
    ///   page was left after it has the next one.
    public func releaseLease(token: String, user: UserID, unlessShown: Bool = false) async throws {
        let now = now
        try await writeTogether { db in
            let lease = try db.lease(token: token, of: user)
            if lease.closed || unlessShown && !lease.ahead { return }
            try db.close(lease: lease.id, outcome: "released", at: now)
        }
    }
}

extension Database {
    /// A lease that has neither been answered nor skipped.
    /// - Throws: `StoreError.leaseAlreadyUsed`, `.leaseSkipped`, and what `lease` throws.
    func openLease(token: String, of user: UserID) throws -> LeaseRow {
        let lease = try lease(token: token, of: user)
        if let used = try revision(ofLease: lease.id) {
            throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
        }
        if try hasSkipped(lease) { throw StoreError.leaseSkipped }
        return lease
    }

    @discardableResult
    func extend(_ lease: LeaseRow, by milliseconds: Int64, at now: Date) throws -> Date {
        let expiry = max(lease.closed ? 0 : lease.expiresAt.milliseconds, now.milliseconds + milliseconds)
        try run("UPDATE leases SET expires_at = ? WHERE id = ?", [expiry, lease.id])
        return Date(milliseconds: expiry)
    }

    /// Starts the time of a lease that was fetched ahead.
    func show(_ lease: LeaseRow, at now: Date) throws {
        guard lease.ahead else { return }
        try run("UPDATE leases SET ahead = 0, issued_at = ? WHERE id = ?", [now.milliseconds, lease.id])
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
}
