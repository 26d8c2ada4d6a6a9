import Foundation
import GRDB

/// A lead's answer to a task that others answered.
public struct Adjudication: Sendable, Hashable {
    public let labelID: LabelID
    public let lead: User
    /// Training and its exports read it alone, and no more what others answered to the task.
    public let isReadAlone: Bool
}

extension Store {
    /// Hands a ranking or a comparison that people answered to a lead, who answers it as anybody would: in an order of display
    /// drawn anew, without the sources. The answer stands beside the others, as a label that training reads like any other.
    /// - Throws: `StoreError.unknown`; `.notAllowed` where there is nothing to decide, and where a lead decided before.
    public func adjudicate(_ task: TaskID, in project: ProjectID, by lead: UserID) async throws -> Assignment {
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await writeTogether { db in
            guard try db.activeUser(lead).role == .lead else {
                throw StoreError.notAllowed("leads decide tasks that people answered differently")
            }
            let project = try db.project(project)
            try db.closeExpiredLeases(at: now)
            let deciding = try db.decidingTask(of: task, in: project, at: now)
            try db.refuseSecondDecision(deciding, of: task, by: lead)
            let settings = project.settings
            let lease = try db.liveOrNewLease(
                on: deciding, for: lead, settings: settings, lengths: lengths, at: now, configuration: configuration)
            return try db.assignment(lease, settings: settings)
        }
    }

    /// Says whether training and its exports read a lead's answer alone, or beside what others answered to the task. It may be
    /// changed at any time; what a snapshot holds stays in it.
    /// - Throws: `StoreError.unknown`; `.notAllowed` where no lead's answer counts.
    public func readAdjudication(
        alone isAlone: Bool, of task: TaskID, in project: ProjectID, by actor: Actor
    ) async throws {
        let now = now
        try await write { db in
            guard try db.exists("SELECT 1 FROM tasks WHERE id = ? AND project_id = ?", [task, project]) else {
                throw StoreError.unknown(what: "task", id: "\(task)")
            }
            guard try db.adjudication(of: task) != nil else {
                throw StoreError.notAllowed("no lead has decided task \(task), so training reads what people answered")
            }
            let use = isAlone ? LabelUse.none.rawValue : nil
            try db.run("UPDATE tasks SET label_use = ? WHERE id = ?", [use, task])
            try db.audit(
                .adjudicationUse, subject: "task \(task)", details: isAlone ? "alone" : "beside the others", by: actor,
                at: now)
        }
    }
}

extension Database {
    /// The lead's answer that counts.
    func adjudication(of task: TaskID) throws -> Adjudication? {
        try row(
            """
            SELECT u.*, l.id AS label_id, asked.label_use FROM tasks t JOIN tasks asked ON asked.id = t.adjudicates
            JOIN labels l ON l.task_id = t.id AND l.state = 'active' JOIN users u ON u.id = l.user_id
            WHERE t.adjudicates = ?
            """, [task]
        ).map { row in
            Adjudication(
                labelID: row["label_id"], lead: try User(row: row),
                isReadAlone: row["label_use"] as String? == LabelUse.none.rawValue)
        }
    }

    /// What others answered is read again once the answer that was read in its place is taken back.
    func forgetDecision(by task: TaskID) throws {
        try run("UPDATE tasks SET label_use = NULL WHERE id = (SELECT adjudicates FROM tasks WHERE id = ?)", [task])
    }

    /// The task that a lead answers to decide another one; made where there is none yet.
    fileprivate func decidingTask(of task: TaskID, in project: Project, at now: Date) throws -> TaskID {
        guard
            let asked = try row(
                "SELECT * FROM tasks WHERE id = ? AND project_id = ? AND adjudicates IS NULL", [task, project.id])
        else { throw StoreError.unknown(what: "task", id: "\(task)") }
        if let known = try row("SELECT id FROM tasks WHERE adjudicates = ?", [task]) { return known["id"] }
        let mode: TaskMode = try asked.word("mode")
        guard mode.isPreference, asked["quality_check"] as String? == nil else {
            throw StoreError.notAllowed("task \(task) is no ranking or comparison that asks for a new answer")
        }
        guard asked["label_count"] as Int > 0 else {
            throw StoreError.notAllowed("nobody has answered task \(task) yet; there is nothing to decide")
        }
        guard asked["label_use"] as String? == nil else {
            throw StoreError.notAllowed(
                "what the labels of task \(task) may be used for is settled: it decides between two policies, or was "
                    + "imported so")
        }
        let made = try insertTask(
            group: asked["group_id"], project: project, mode: mode, state: "withdrawn", round: asked["round"],
            overlap: 1,
            probability: asked["sampling_probability"], under: nil, at: now)
        try markAsDeciding(made, task)
        return made
    }

    func markAsDeciding(_ task: TaskID, _ asked: TaskID) throws {
        try run("UPDATE tasks SET adjudicates = ? WHERE id = ?", [asked, task])
    }

    fileprivate func refuseSecondDecision(_ deciding: TaskID, of task: TaskID, by lead: UserID) throws {
        let decided = try row(
            """
            SELECT u.* FROM labels l JOIN users u ON u.id = l.user_id WHERE l.task_id = ? AND l.state <> 'retracted'
            """, [deciding]
        ).map(User.init(row:))
        if let decided {
            throw StoreError.notAllowed(
                decided.id == lead
                    ? "you have decided task \(task) already; to change it, take that answer back under My answers"
                    : "\(decided.name) has decided task \(task) already, and can take that answer back")
        }
        if try otherLiveLeases(on: deciding, than: lead) > 0 {
            throw StoreError.notAllowed("another lead is deciding task \(task) just now")
        }
        if try exists("SELECT 1 FROM skips WHERE task_id = ? AND user_id = ?", [deciding, lead]) {
            throw StoreError.notAllowed("you skipped the decision of task \(task); another lead can make it")
        }
    }
}
