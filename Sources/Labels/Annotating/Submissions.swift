public import Foundation
import GRDB
public import Preferences

/// Whether a submission counts towards its task.
public enum Kept: String, Sendable, Hashable, Codable, CaseIterable {
    case counted
    /// It came when the overlap was full; kept, and left out by default.
    case extra
    /// The same person had answered the task through a newer lease; kept beside that answer, never instead of it.
    case duplicate

    /// - Parameter status: that of a stored revision.
    init(status: String) {
        self = status == "counted" ? .counted : status == "duplicate" ? .duplicate : .extra
    }
}

/// An answer that is on disk.
public struct Submission: Sendable, Hashable {
    public let labelID: LabelID
    public let revision: Int
    public let kept: Kept
    /// The same token with the same answer was here before; nothing was written.
    public let repeated: Bool
    public let submittedAt: Date
}

extension Store {
    /// Stores an answer and returns after its commit is on disk. The same token with the same answer gives the same
    /// label again. An expired lease counts while the overlap is open, and is kept as an extra otherwise.
    /// - Parameter judgement: names the responses by the lease's ids.
    /// - Throws: `StoreError.invalidAnswer`, `.leaseUnknown`, `.leaseOfAnotherPerson`, `.leaseAlreadyUsed`,
    ///   `.leaseSkipped`.
    public func submit(
        _ judgement: Judgement, token: String, user: UserID, timing: Timing = Timing()
    ) async throws -> Submission {
        try await submit(.judgement(judgement), token: token, user: user, timing: timing)
    }

    /// The same for other feedback. A correction is kept as a preference too, and a prompt enters the project.
    public func submit(
        _ feedback: Feedback, token: String, user: UserID, timing: Timing = Timing()
    ) async throws -> Submission {
        try await submit(.feedback(feedback), token: token, user: user, timing: timing)
    }

    /// Either of the two.
    public func submit(
        _ content: LabelContent, token: String, user: UserID, timing: Timing = Timing()
    ) async throws -> Submission {
        let now = now
        let configuration = configuration
        return try await writeTogether { db in
            try db.closeExpiredLeases(at: now)
            let lease = try db.lease(token: token, of: user)
            if lease.isPractice { throw StoreError.notAllowed("this is a practice task, whose answer is no label") }
            let ids = try db.shownTexts(of: lease.group).map(\.id)
            let project = try db.project(lease.project)
            let settings = project.settings
            let stored = try lease.stored(content, responseIDs: ids, project: project)
            if let used = try db.revision(ofLease: lease.id) {
                guard used.content.saysTheSame(as: stored) else {
                    throw StoreError.leaseAlreadyUsed(label: used.label, revision: used.revision)
                }
                return Submission(
                    labelID: used.label, revision: used.revision, kept: Kept(status: used.status), repeated: true,
                    submittedAt: used.submittedAt)
            }
            if try db.hasSkipped(lease) { throw StoreError.leaseSkipped }
            let answer = Answer(
                lease: lease, content: stored, displayOrder: lease.order.map { ids[$0] },
                timing: timing.stored(names: lease.names, order: lease.order, responseIDs: ids), at: now)
            let submission = try db.keep(answer, newID: configuration.publicID("l"), quality: settings.quality)
            if let feedback = stored.feedback, submission.kept == .counted {
                try db.derive(
                    from: feedback, label: submission.labelID, lease: lease, at: now, configuration: configuration)
            }
            return submission
        }
    }
}

/// An answer that was checked, on its way into the store.
struct Answer {
    let lease: LeaseRow
    let content: LabelContent
    let displayOrder: [String]
    let timing: Timing
    let at: Date
}

extension LeaseRow {
    /// The answer as it is stored.
    /// - Throws: `StoreError.invalidAnswer`.
    func stored(_ content: LabelContent, responseIDs: [String], project: Project) throws -> LabelContent {
        switch content {
        case .judgement(let judgement):
            return .judgement(try stored(judgement, responseIDs: responseIDs, project: project))
        case .feedback(let feedback): return .feedback(try stored(feedback, settings: project.settings))
        }
    }

    /// The judgement in the stored ids.
    /// - Throws: `StoreError.invalidAnswer`, which calls the responses by the letters that the person sees.
    func stored(_ judgement: Judgement, responseIDs: [String], project: Project) throws -> Judgement {
        var letters: [String: String] = [:]
        var ids: [String: String] = [:]
        for (slot, name) in names.enumerated() {
            letters[name] = DisplayOrder.letter(slot: slot)
            ids[DisplayOrder.letter(slot: slot)] = responseIDs[order[slot]]
        }
        switch (mode, judgement.kind) {
        case (.ranking, .ranking), (.comparison, .comparison): break
        default:
            throw StoreError.invalidAnswer(
                "this task asks for a \(mode.rawValue), but the answer is a \(judgement.kind.rawValue)")
        }
        do {
            let lettered = try judgement.renamed(letters)
            try lettered.validate(against: Array(letters.values))
            let questions = Questions(project.settings, mode: mode)
            try questions.check(lettered)
            let answer = try lettered.renamed(ids)
            guard case .ranking(let ranking) = answer else { return answer }
            // Of a page from before the questions changed nobody knows what it asked.
            guard issuedAt >= project.questionsSince else { return .ranking(ranking.answering(line: false, flags: [])) }
            return .ranking(
                ranking.answering(line: questions.acceptabilityLine, flags: Set(questions.flags.map(\.name))))
        } catch let error as JudgementError {
            throw StoreError.invalidAnswer(error.description)
        }
    }
}

extension LabelContent {
    /// Whatever was asked, as far as that is known, at either time.
    func saysTheSame(as other: LabelContent) -> Bool {
        guard case .judgement(.ranking(let mine)) = self, case .judgement(.ranking(let theirs)) = other else {
            return self == other
        }
        return mine.answering(line: false, flags: []) == theirs.answering(line: false, flags: [])
    }
}

/// What was submitted with a lease.
struct UsedLease {
    let label: LabelID
    let revision: Int
    let status: String
    let content: LabelContent
    let submittedAt: Date
}

extension Database {
    func revision(ofLease lease: Int64) throws -> UsedLease? {
        try row("SELECT * FROM label_revisions WHERE lease_id = ?", [lease]).map { row in
            UsedLease(
                label: row["label_id"], revision: row["revision"], status: row["status"],
                content: try row.json("judgement"), submittedAt: row.date("submitted_at"))
        }
    }

    /// Decides whether the answer counts and writes it: the label, its revision, the lease's end, the task's count.
    fileprivate func keep(_ answer: Answer, newID: String, quality: QualitySettings) throws -> Submission {
        let lease = answer.lease
        let existing = try row(
            """
            SELECT id, state, revision, (SELECT max(revision) FROM label_revisions WHERE label_id = labels.id) AS last
            FROM labels WHERE task_id = ? AND user_id = ? AND kind = ?
            """, [lease.task, lease.user, answer.content.kind])
        let others = try otherLiveLeases(on: lease.task, than: lease.user)
        let hasRoom = lease.isCheck || lease.labelCount + (lease.closed ? others : 0) < lease.overlap
        let existingState: String? = existing?["state"]
        // The same person answered this task through a newer lease already: kept beside it, never instead of it.
        let status = existingState == "active" ? "duplicate" : hasRoom ? "counted" : "extra"
        let label: LabelID
        var revision = 1
        if let existing {
            label = existing["id"]
            let last: Int = existing["last"]
            revision = last + 1
            if status != "duplicate" {
                try run(
                    "UPDATE labels SET state = ?, revision = ?, changed_at = ? WHERE id = ?",
                    [status == "counted" ? "active" : "extra", revision, answer.at.milliseconds, label])
            }
        } else {
            label = try insert(
                """
                INSERT INTO labels (project_id, public_id, task_id, user_id, kind, state, revision, created_at,
                    changed_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7)
                """,
                [
                    lease.project, newID, lease.task, lease.user, answer.content.kind,
                    status == "counted" ? "active" : "extra", answer.at.milliseconds,
                ])
        }
        try run(
            """
            INSERT INTO label_revisions (project_id, label_id, revision, status, judgement, tied_pairs,
                both_unacceptable, display_order, lease_id, issued_at, submitted_at, active_ms, first_action_ms,
                operations, effort)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                lease.project, label, revision, status, try JSONLines.line(answer.content),
                answer.content.judgement?.tiedPairCount ?? 0, answer.content.judgement?.isBothUnacceptable ?? false,
                try JSONLines.line(answer.displayOrder), lease.id, lease.issuedAt.milliseconds, answer.at.milliseconds,
                answer.timing.activeMilliseconds, answer.timing.firstActionMilliseconds, answer.timing.operations,
                try answer.timing.effort.map { try JSONLines.line($0) },
            ])
        try run(
            "UPDATE leases SET closed_at = coalesce(closed_at, ?), outcome = 'submitted' WHERE id = ?",
            [answer.at.milliseconds, lease.id])
        // Also those of earlier leases: an answer that is taken back comes as it was given, not as it was begun.
        try run(
            "UPDATE leases SET draft = NULL WHERE task_id = ? AND user_id = ? AND draft IS NOT NULL",
            [lease.task, lease.user])
        try run(
            "UPDATE leases SET closed_at = ?, outcome = 'superseded' WHERE task_id = ? AND user_id = ? AND closed_at IS NULL",
            [answer.at.milliseconds, lease.task, lease.user])
        if status == "counted" {
            try askAnother(where: quality, about: lease)
            try countLabel(on: lease.task, at: answer.at)
        }
        return Submission(
            labelID: label, revision: revision, kept: Kept(status: status), repeated: false, submittedAt: answer.at)
    }

    private func countLabel(on task: TaskID, at now: Date) throws {
        try run("UPDATE tasks SET label_count = label_count + 1 WHERE id = ?", [task])
        try run(
            "UPDATE tasks SET state = 'done', closed_at = ? WHERE id = ? AND state = 'open' AND label_count >= overlap",
            [now.milliseconds, task])
    }
}
