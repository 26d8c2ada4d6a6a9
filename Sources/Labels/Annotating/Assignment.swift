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

/// Work that is not submitted yet, or an answer that was taken back. Ids are the lease's. JSON: `rows`,
/// `unacceptable`, `ratings`, `comparison`, `version`.
public struct Draft: Sendable, Hashable, Codable {
    /// Best first; responses that are in no row are still in the tray.
    public var rows: [[String]]
    public var unacceptable: [String]
    /// Of a ranking; nil where nothing was rated.
    public var ratings: [String: ResponseRating]?
    public var comparison: Comparison?
    /// Counts up with every save.
    public var version: Int

    public init(
        rows: [[String]] = [], unacceptable: [String] = [], ratings: [String: ResponseRating]? = nil,
        comparison: Comparison? = nil, version: Int = 1
    ) {
        self.rows = rows
        self.unacceptable = unacceptable
        self.ratings = ratings
        self.comparison = comparison
        self.version = version
    }

    init(_ judgement: Judgement, version: Int) {
        switch judgement {
        case .ranking(let ranking):
            self.init(
                rows: ranking.rows, unacceptable: ranking.unacceptable.sorted(), ratings: ranking.ratings,
                version: version)
        case .comparison(let comparison): self.init(comparison: comparison, version: version)
        }
    }
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
    public let draft: Draft?
    /// Counts how often this person was handed this task, from 1.
    public let attempt: Int
    public let issuedAt: Date
    public let expiresAt: Date
    /// What kind of prompt a task for one asks for.
    public let promptStyle: PromptStyle?
    /// Its answer is known, and what the person answers is no label.
    public let isPractice: Bool
    /// Real tasks of the project that the person answered since midnight, UTC.
    public let answersToday: Int
    /// The feedback that this person took back; rankings and comparisons have theirs as the draft.
    public let former: Feedback?
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
    case tooManyOpen(cap: Int)
    /// The round of practice is complete, and too little of it was right.
    case practiceNotPassed(right: Int, of: Int, needed: Int)

    public var description: String {
        switch self {
        case .projectPaused: "This project is paused. Come back later."
        case .noTasksReady: "No task is ready just now. New ones are being made."
        case .nothingLeftForYou: "You have answered or skipped every open task. Thank you."
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
    let draft: Draft?
    let draftVersion: Int

    static let sql = """
        SELECT leases.*, tasks.project_id, tasks.group_id, tasks.mode, tasks.style, tasks.state AS task_state,
            EXISTS (SELECT 1 FROM practice_items i WHERE i.task_id = tasks.id) AS is_practice, tasks.overlap,
            tasks.label_count
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
        let draftText: String? = row["draft"]
        draft = draftText == nil ? nil : try row.json("draft") as Draft
        draftVersion = row["draft_version"]
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
        on task: TaskID, for user: UserID, settings: ProjectSettings, at now: Date, configuration: StoreConfiguration
    ) throws -> LeaseRow {
        let live = try row(
            LeaseRow.sql + " WHERE leases.task_id = ? AND leases.user_id = ? AND leases.closed_at IS NULL",
            [task, user])
        return try live.map(LeaseRow.init(row:))
            ?? openLease(on: task, for: user, seconds: settings.leaseSeconds, at: now, configuration: configuration)
    }

    /// A new lease, with its own random names for the responses and a display order that is stored.
    func openLease(
        on task: TaskID, for user: UserID, seconds: Int, reopened: Bool = false, at now: Date,
        configuration: StoreConfiguration
    ) throws -> LeaseRow {
        guard
            let row = try row(
                """
                SELECT k, (SELECT coalesce(max(attempt), 0) + 1 FROM leases WHERE task_id = tasks.id AND user_id = ?)
                    AS attempt
                FROM tasks JOIN response_groups g ON g.id = group_id WHERE tasks.id = ?
                """, [user, task])
        else { throw StoreError.unknown(what: "task", id: "\(task)") }
        let count: Int = row["k"]
        let attempt: Int = row["attempt"]
        let order = DisplayOrder.permutation(
            count: count, annotator: "\(user)", task: "\(task)", attempt: attempt)
        let names = (0..<count).map { _ in Secrets.base32(configuration.randomBytes(10)) }
        let token = Secrets.base64URL(configuration.randomBytes(24))
        let former = try formerAnswer(on: task, by: user, order: order, names: names)
        try run(
            """
            INSERT INTO leases (token, task_id, user_id, attempt, display_order, response_names, reopened, issued_at,
                expires_at, draft, draft_version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                token, task, user, attempt, try JSONLines.line(order), try JSONLines.line(names), reopened,
                now.milliseconds, now.milliseconds + Int64(seconds) * 1000, try former.map { try JSONLines.line($0) },
                former?.version ?? 0,
            ])
        return try lease(token: token, of: user)
    }

    /// The answer that this person took back, in the names of a new lease.
    private func formerAnswer(on task: TaskID, by user: UserID, order: [Int], names: [String]) throws -> Draft? {
        guard
            let row = try row(
                """
                SELECT judgement, group_id FROM labels JOIN tasks ON tasks.id = task_id
                JOIN label_revisions r ON r.label_id = labels.id AND r.revision = labels.revision
                WHERE task_id = ? AND user_id = ? AND labels.state = 'retracted'
                """, [task, user])
        else { return nil }
        let content: LabelContent = try row.json("judgement")
        guard let judgement = content.judgement else { return nil }
        let ids = try responses(of: row["group_id"]).map(\.id)
        let newNames = Dictionary(
            zip(order, names).map { position, name in (ids[position], name) }, uniquingKeysWith: { first, _ in first })
        return Draft(try judgement.renamed(newNames), version: 1)
    }

    func assignment(_ lease: LeaseRow, settings: ProjectSettings) throws -> Assignment {
        let group = try group(lease.group)
        let shown = zip(lease.order, lease.names).enumerated().map { slot, pair in
            ShownResponse(
                id: pair.1, letter: DisplayOrder.letter(slot: slot), text: group.responses[pair.0].text)
        }
        return Assignment(
            token: lease.token, projectID: lease.project, taskID: lease.task, mode: lease.mode, prompt: group.prompt,
            responses: shown, questions: Questions(settings, mode: lease.mode),
            allowSkip: settings.allowSkip && !lease.isPractice, draft: lease.draft, attempt: lease.attempt,
            issuedAt: lease.issuedAt,
            expiresAt: lease.expiresAt, promptStyle: lease.style,
            isPractice: lease.isPractice,
            answersToday: try answersToday(of: lease.user, in: lease.project, at: lease.issuedAt),
            former: try formerFeedback(lease))
    }
}
