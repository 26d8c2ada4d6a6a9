public import Foundation
import GRDB
public import Preferences

/// A response as an annotator sees it: nothing of its source.
public struct ShownResponse: Sendable, Hashable {
    /// Random, of this lease alone.
    public let id: String
    /// By the slot it is shown in: A, B, …
    public let letter: String
    public let text: String
}

/// A task in one person's hands: a lease.
public struct Assignment: Sendable, Hashable {
    /// What the person answers with.
    public let token: String
    public let projectID: ProjectID
    /// For the server's own use; never sent to annotators.
    public let taskID: TaskID
    public let mode: TaskMode
    public let prompt: Prompt
    /// In the order of display.
    public let responses: [ShownResponse]
    /// What is asked besides an order.
    public let questions: Questions
    public let allowSkip: Bool
    /// Unfinished work of this person on this task.
    public let draft: Draft?
    /// The answer that this person took back, in the lease's names.
    public let formerAnswer: Judgement?
    /// Counts how often this person was handed this task, from 1.
    public let attempt: Int
    public let issuedAt: Date
    public let expiresAt: Date
    /// What kind of prompt a task for one asks for.
    public let promptStyle: PromptStyle?
    /// How far the person is in the practice set that the task is of: its answer is known, and what they answer is no label.
    public let practice: PracticeStanding?
    /// Real tasks of the project that the person answered since midnight, UTC.
    public let answersToday: Int
    /// The feedback that this person took back; rankings and comparisons have theirs in `formerAnswer`.
    public let former: Feedback?
    /// The task that a lead decides with this answer.
    public let decides: TaskID?

    public var isPractice: Bool { practice != nil }
}

/// The answer to "what next?".
public enum NextTask: Sendable, Hashable {
    case task(Assignment)
    case nothing(NothingReason)
}

public enum NothingReason: Sendable, Hashable, CustomStringConvertible {
    case projectPaused
    /// More will be sampled.
    case noTasksReady
    case nothingLeftForYou
    /// What is left shows responses to prompts that the person wrote.
    case onlyOwnPromptsLeft
    case tooManyOpen(cap: Int)
    /// The round of practice is complete, and too little of it was right.
    case practiceNotPassed(right: Int, of: Int, needed: Int)

    public var description: String {
        switch self {
        case .projectPaused: "This project is paused. Come back later."
        case .noTasksReady: "No task is ready just now. New ones are being made."
        case .nothingLeftForYou: "You have answered or skipped every open task. Thank you."
        case .onlyOwnPromptsLeft:
            "The tasks that are left are about prompts that you wrote yourself. Others answer them. Thank you."
        case .practiceNotPassed(let right, let items, let needed):
            "\(right) of \(items) practice tasks were right; \(needed) are needed before real tasks. Read the instructions "
                + "again, and practise once more."
        case .tooManyOpen(let cap): "You have \(cap) tasks open already. Finish or leave one of them first."
        }
    }
}

/// A row of `leases` with what is needed of its task.
struct LeaseRow {
    let id: Int64
    let token: String
    let task: TaskID
    let user: UserID
    let project: ProjectID
    let group: GroupID
    let mode: TaskMode
    let style: PromptStyle?
    let isPractice: Bool
    /// It asks for nothing new, and is the person's to answer whatever its task's state and overlap.
    let isCheck: Bool
    /// The task that a lead decides by answering this one.
    let decides: TaskID?
    let taskState: String
    let overlap: Int
    let labelCount: Int
    let attempt: Int
    /// `order[slot]` is the position of the stored response.
    let order: [Int]
    /// The lease's name of the response in each slot.
    let names: [String]
    let issuedAt: Date
    let expiresAt: Date
    let closed: Bool
    let outcome: String?
    /// Fetched ahead and not shown yet.
    let ahead: Bool
    let draft: Draft?
    let draftVersion: Int

    static let sql = """
        SELECT leases.*, tasks.project_id, tasks.group_id, tasks.mode, tasks.style, tasks.state AS task_state,
            EXISTS (SELECT 1 FROM practice_items i WHERE i.task_id = tasks.id AND i.purpose = 'practice') AS is_practice,
            tasks.quality_check IS NOT NULL AS is_check, tasks.adjudicates, tasks.overlap, tasks.label_count
        FROM leases JOIN tasks ON tasks.id = leases.task_id
        """

    init(row: Row) throws {
        id = row["id"]
        token = row["token"]
        task = row["task_id"]
        user = row["user_id"]
        project = row["project_id"]
        group = row["group_id"]
        mode = try row.word("mode")
        let styleName: String? = row["style"]
        style = styleName.flatMap(PromptStyle.init(rawValue:))
        isPractice = row["is_practice"]
        isCheck = row["is_check"]
        decides = row["adjudicates"]
        taskState = row["task_state"]
        overlap = row["overlap"]
        labelCount = row["label_count"]
        attempt = row["attempt"]
        order = try row.json("display_order")
        names = try row.json("response_names")
        issuedAt = row.date("issued_at")
        expiresAt = row.date("expires_at")
        closed = row.dateIfPresent("closed_at") != nil
        outcome = row["outcome"]
        ahead = row["ahead"]
        let version: Int = row["draft_version"]
        let text: String? = row["draft"]
        draftVersion = version
        draft = text.map { Draft(stored: $0, version: version) }
    }
}

extension Database {
    /// Closes what has run out, so that a lease without `closed_at` is a live one. Part of every transaction that counts
    /// leases.
    func closeExpiredLeases(at now: Date) throws {
        try run(
            "UPDATE leases SET closed_at = expires_at, outcome = 'expired' WHERE closed_at IS NULL AND expires_at <= ?",
            [now.milliseconds])
    }

    /// - Throws: `StoreError.leaseUnknown`, `.leaseOfAnotherPerson`.
    func lease(token: String, of user: UserID) throws -> LeaseRow {
        guard let row = try row(LeaseRow.sql + " WHERE token = ?", [token]) else { throw StoreError.leaseUnknown }
        let lease = try LeaseRow(row: row)
        guard lease.user == user else { throw StoreError.leaseOfAnotherPerson }
        return lease
    }

    /// Live leases of other people on a task.
    func otherLiveLeases(on task: TaskID, than user: UserID) throws -> Int {
        try count(
            "SELECT count(*) FROM leases WHERE task_id = ? AND closed_at IS NULL AND user_id <> ?", [task, user])
    }

    /// The lease that a person holds on a task, or a new one where the last has ended.
    func liveOrNewLease(
        on task: TaskID, for user: UserID, settings: ProjectSettings, lengths: LeaseLengths, at now: Date,
        configuration: StoreConfiguration
    ) throws -> LeaseRow {
        let live = try row(
            LeaseRow.sql + " WHERE leases.task_id = ? AND leases.user_id = ? AND leases.closed_at IS NULL",
            [task, user])
        return try live.map(LeaseRow.init(row:))
            ?? openLease(
                on: task, for: user, settings: settings, lengths: lengths, at: now, configuration: configuration)
    }

    /// A new lease, with its own random names for the responses and a display order that is stored.
    /// - Parameter ahead: it is not shown yet; its time starts when it is.
    func openLease(
        on task: TaskID, for user: UserID, settings: ProjectSettings, lengths: LeaseLengths, ahead: Bool = false,
        reopened: Bool = false, at now: Date, configuration: StoreConfiguration
    ) throws -> LeaseRow {
        guard
            let row = try row(
                """
                SELECT k, mode, tasks.project_id, identity_words IS NULL AS unread, (SELECT coalesce(max(attempt), 0) + 1 FROM leases
                    WHERE task_id = tasks.id AND user_id = ?) AS attempt
                FROM tasks JOIN response_groups g ON g.id = group_id WHERE tasks.id = ?
                """, [user, task])
        else { throw StoreError.unknown(what: "task", id: "\(task)") }
        if row["unread"] { try readIdentityWords(of: task) }
        let count: Int = row["k"]
        let attempt: Int = row["attempt"]
        let milliseconds = try lengths.milliseconds(
            of: row.word("mode"), in: row["project_id"], settings, self, at: now)
        let order = DisplayOrder.permutation(
            count: count, annotator: "\(user)", task: "\(task)", attempt: attempt)
        let names = (0..<count).map { _ in Secrets.base32(configuration.randomBytes(10)) }
        let token = Secrets.base64URL(configuration.randomBytes(24))
        try run(
            """
            INSERT INTO leases (token, task_id, user_id, attempt, display_order, response_names, ahead, reopened,
                issued_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                token, task, user, attempt, try JSONLines.line(order), try JSONLines.line(names), ahead, reopened,
                now.milliseconds, now.milliseconds + milliseconds,
            ])
        let lease = try lease(token: token, of: user)
        return try takeUpDraft(for: lease) ? try self.lease(token: token, of: user) : lease
    }

    /// Unfinished work from an earlier lease of the same person and task goes on in the new one. A draft's meaning is
    /// its page's own, but the random names of the responses in it can be changed for the new ones.
    private func takeUpDraft(for lease: LeaseRow) throws -> Bool {
        guard lease.attempt > 1,
            let row = try row(
                LeaseRow.sql
                    + """
                     WHERE leases.task_id = ? AND leases.user_id = ? AND draft IS NOT NULL AND attempt < ?
                        AND outcome IN ('expired', 'released') ORDER BY attempt DESC LIMIT 1
                    """, [lease.task, lease.user, lease.attempt])
        else { return false }
        let former = try LeaseRow(row: row)
        guard var json = former.draft?.json else { return false }
        let newNames = Dictionary(zip(lease.order, lease.names), uniquingKeysWith: { first, _ in first })
        for (position, name) in zip(former.order, former.names) {
            guard let newName = newNames[position] else { continue }
            json = json.replacingOccurrences(of: name, with: newName)
        }
        try run("UPDATE leases SET draft = ?, draft_version = 1 WHERE id = ?", [json, lease.id])
        return true
    }

    /// The answer that the lease's person took back, in the lease's names.
    private func formerAnswer(_ lease: LeaseRow, responseIDs ids: [String]) throws -> Judgement? {
        guard
            let row = try row(
                """
                SELECT judgement FROM labels JOIN label_revisions r
                    ON r.label_id = labels.id AND r.revision = labels.revision
                WHERE task_id = ? AND user_id = ? AND labels.state = 'retracted'
                """, [lease.task, lease.user])
        else { return nil }
        let content: LabelContent = try row.json("judgement")
        guard let judgement = content.judgement else { return nil }
        let names = zip(lease.order, lease.names).map { (ids[$0], $1) }
        return try judgement.renamed(Dictionary(names, uniquingKeysWith: { first, _ in first }))
    }

    /// What the responses of a group say, in stored order. Where they come from is not read: an annotator's page is made
    /// without it.
    func shownTexts(of group: GroupID) throws -> [(id: String, text: String)] {
        try rows("SELECT public_id, text FROM responses WHERE group_id = ? ORDER BY position", [group]).map {
            ($0["public_id"], $0["text"])
        }
    }

    private func prompt(ofGroup group: GroupID) throws -> Prompt {
        guard
            let row = try row(
                "SELECT content FROM response_groups g JOIN prompts p ON p.id = g.prompt_id WHERE g.id = ?", [group])
        else { throw StoreError.unknown(what: "response group", id: "\(group)") }
        return try row.json("content")
    }

    func assignment(_ lease: LeaseRow, settings: ProjectSettings) throws -> Assignment {
        let texts = try shownTexts(of: lease.group)
        let shown = zip(lease.order, lease.names).enumerated().map { slot, pair in
            ShownResponse(id: pair.1, letter: DisplayOrder.letter(slot: slot), text: texts[pair.0].text)
        }
        return Assignment(
            token: lease.token, projectID: lease.project, taskID: lease.task, mode: lease.mode,
            prompt: try prompt(ofGroup: lease.group), responses: shown,
            questions: Questions(settings, mode: lease.mode), allowSkip: settings.allowSkip && !lease.isPractice,
            draft: lease.draft, formerAnswer: try formerAnswer(lease, responseIDs: texts.map(\.id)),
            attempt: lease.attempt, issuedAt: lease.issuedAt, expiresAt: lease.expiresAt, promptStyle: lease.style,
            practice: lease.isPractice
                ? try practiceStanding(of: lease.user, in: try project(lease.project)) : nil,
            answersToday: try answersToday(of: lease.user, in: lease.project, at: lease.issuedAt),
            former: try formerFeedback(lease), decides: lease.decides)
    }
}
