import Foundation
import GRDB
import Preferences

extension Store {
    /// Lines of the native export, of this store or another. Prompts, groups, labels and annotators that are there are
    /// left alone; unknown annotators are entered under their handle, inactive. Imported tasks are done: they ask nobody
    /// for anything. All or nothing.
    /// - Throws: `StoreError.importFile` and `.importLine`.
    public func importLabels(
        _ project: ProjectID, from source: ImportSource, by actor: Actor
    ) async throws -> ImportReport {
        let reader = LineReader(source: source)
        _ = try await offPool {
            try reader.forEachLine { number, text in
                _ = try LabelImport.read(text, line: number, file: source.name)
            }
        }
        let now = now
        return try await write { db in
            let project = try db.project(project)
            var report = ImportReport()
            report.lines = try reader.forEachLine { number, text in
                let line = try LabelImport.read(text, line: number, file: source.name)
                do {
                    if try LabelImport(db: db, project: project, now: now).enter(line) {
                        report.added += 1
                    } else {
                        report.alreadyThere += 1
                    }
                } catch let error as StoreError {
                    throw StoreError.importLine(file: source.name, line: number, problem: error.description)
                } catch let error as JudgementError {
                    throw StoreError.importLine(file: source.name, line: number, problem: error.description)
                }
            }
            try db.audit(
                .labelsImport, subject: "project \(project.id)", details: "\(source.name): \(report.sentence)",
                by: actor, at: now)
            return report
        }
    }
}

/// Enters native lines into one project.
struct LabelImport {
    let db: Database
    let project: Project
    let now: Date

    /// - Throws: `StoreError.importLine`.
    static func read(_ text: String, line: Int, file: String) throws -> NativeLine {
        do {
            let read = try JSONLines.decode(NativeLine.self, from: Array(text.utf8), number: line, file: file)
            try read.validate()
            return read
        } catch let error as JSONLineError {
            throw StoreError.importLine(file: file, line: line, problem: error.problem)
        } catch {
            throw StoreError.importLine(file: file, line: line, problem: "\(error)")
        }
    }

    /// - Returns: whether the submission is new.
    func enter(_ line: NativeLine) throws -> Bool {
        let group = try groupRow(line)
        let task = try taskRow(line, group: group)
        let user = try userRow(line.annotator)
        let label = try labelRow(line, task: task, user: user)
        let names = try storedNames(line, group: group)
        let content = try line.content().renamed(names)
        if let row = try db.row(
            "SELECT judgement, status FROM label_revisions WHERE label_id = ? AND revision = ?", [label, line.revision])
        {
            let found: LabelContent = try row.json("judgement")
            guard found.saysTheSame(as: content), row["status"] == line.status else {
                throw StoreError.invalid(
                    field: "label_id",
                    problem: "revision \(line.revision) of label '\(line.labelID)' is in the project with other content"
                )
            }
            return false
        }
        let timing = line.timing.clamped
        try db.run(
            """
            INSERT INTO label_revisions (project_id, label_id, revision, status, judgement, tied_pairs,
                both_unacceptable, display_order, issued_at, submitted_at, active_ms, first_action_ms, operations, effort)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                project.id, label, line.revision, line.status, try JSONLines.line(content),
                content.judgement?.tiedPairCount ?? 0, content.judgement?.isBothUnacceptable ?? false,
                try JSONLines.line(line.displayOrder.compactMap { names[$0] }),
                Timestamp.date(line.issuedAt, field: "issued_at").milliseconds,
                Timestamp.date(line.submittedAt, field: "submitted_at").milliseconds,
                timing.activeMilliseconds, timing.firstActionMilliseconds, timing.operations,
                try timing.effort.map { try JSONLines.line($0.renamed(names)) },
            ])
        try bringUpToDate(label: label, task: task)
        try enterWrittenPrompt(content, label: label, user: user)
        return true
    }

    private func groupRow(_ line: NativeLine) throws -> GroupID {
        if let known = try db.knownGroup(line.group, hasOwnID: true, in: project.id) {
            guard known.isEqual else {
                throw StoreError.invalid(
                    field: "group_id", problem: "the group '\(line.groupID)' is in the project with other content")
            }
            return known.id
        }
        let prompt = try db.enter(
            line.prompt, use: line.promptUse, isAboutSafety: line.promptIsAboutSafety ?? false, in: project.id, at: now
        ).id
        return try db.insert(
            line.group, policies: line.responses.map { try db.policyID(named: $0.policy) }, prompt: prompt,
            project: project.id, origin: line.origin, at: now)
    }

    /// The stored id of each response that the line names. Groups are the same by their texts, so a group that is in
    /// the project may call its responses by other ids than the line; both have them in the same order.
    private func storedNames(_ line: NativeLine, group: GroupID) throws -> [String: String] {
        let stored = try db.responses(of: group).map(\.id)
        guard stored.count == line.responses.count else {
            throw StoreError.invalid(
                field: "responses",
                problem: "the group '\(line.groupID)' in the project has \(stored.count) responses, and the line has "
                    + "\(line.responses.count)")
        }
        return Dictionary(zip(line.responses.map(\.id), stored), uniquingKeysWith: { first, _ in first })
    }

    private func taskRow(_ line: NativeLine, group: GroupID) throws -> TaskID {
        let isDecision = line.source == NativeLine.adjudicated
        if let row = try db.row(
            """
            SELECT id FROM tasks WHERE group_id = ? AND mode = ? AND quality_check IS ? AND (adjudicates IS NOT NULL) = ?
            ORDER BY id LIMIT 1
            """, [group, line.mode.rawValue, line.qualityCheck, isDecision])
        {
            return row["id"]
        }
        let task = try db.insertTask(
            group: group, project: project, mode: line.mode,
            state: line.qualityCheck == nil && !isDecision ? "done" : "withdrawn",
            round: line.round, overlap: line.overlap,
            probability: line.samplingProbability, under: nil, at: now)
        if let check = line.qualityCheck.flatMap(QualityCheck.init(rawValue:)) { try db.markAsCheck(task, check) }
        if isDecision { try db.markAsDeciding(task, try askedTask(line, group: group)) }
        if let use = line.labelUse { try db.run("UPDATE tasks SET label_use = ? WHERE id = ?", [use, task]) }
        if let style = line.promptStyle { try db.run("UPDATE tasks SET style = ? WHERE id = ?", [style, task]) }
        return task
    }

    /// The task that a lead decided. Its labels stand before the lead's, unless the file leaves them out.
    private func askedTask(_ line: NativeLine, group: GroupID) throws -> TaskID {
        let row = try db.row(
            """
            SELECT id FROM tasks WHERE group_id = ? AND mode = ? AND quality_check IS NULL AND adjudicates IS NULL
            ORDER BY id LIMIT 1
            """, [group, line.mode.rawValue])
        return try row.map { $0["id"] }
            ?? db.insertTask(
                group: group, project: project, mode: line.mode, state: "done", round: line.round,
                overlap: line.overlap,
                probability: line.samplingProbability, under: nil, at: now)
    }

    private func userRow(_ handle: String) throws -> UserID {
        if let row = try db.row("SELECT id FROM users WHERE handle = ?", [handle]) { return row["id"] }
        return try db.insertUser(
            name: "imported \(handle)", handle: handle, role: .annotator, hash: nil, active: false, at: now)
    }

    private func labelRow(_ line: NativeLine, task: TaskID, user: UserID) throws -> LabelID {
        if let row = try db.row(
            "SELECT id, task_id, user_id FROM labels WHERE project_id = ? AND public_id = ?",
            [project.id, line.labelID])
        {
            guard row["task_id"] == task, row["user_id"] == user else {
                throw StoreError.invalid(
                    field: "label_id",
                    problem: "label '\(line.labelID)' is in the project for another task or another annotator")
            }
            return row["id"]
        }
        let kind = line.mode.rawValue
        if try db.exists(
            "SELECT 1 FROM labels WHERE task_id = ? AND user_id = ? AND kind = ?", [task, user, kind])
        {
            throw StoreError.invalid(
                field: "label_id", problem: "'\(line.annotator)' has another label of group '\(line.groupID)' already")
        }
        return try db.insert(
            """
            INSERT INTO labels (project_id, public_id, task_id, user_id, kind, state, revision, created_at, changed_at,
                derived_from)
            VALUES (?1, ?2, ?3, ?4, ?5, 'retracted', ?6, ?7, ?7,
                (SELECT id FROM labels WHERE project_id = ?1 AND public_id = ?8))
            """, [project.id, line.labelID, task, user, kind, line.revision, now.milliseconds, line.derivedFrom])
    }

    /// The prompt of a label that counts enters the project; that of one which was taken back leaves it.
    private func enterWrittenPrompt(_ content: LabelContent, label: LabelID, user: UserID) throws {
        guard case .feedback(.prompt(let written)) = content else { return }
        guard try db.exists("SELECT 1 FROM labels WHERE id = ? AND state = 'active'", [label]) else {
            return try db.withdrawDerived(from: label, at: now)
        }
        try db.enterWrittenPrompt(written, label: label, user: user, in: project, at: now)
    }

    /// The label's current revision and state, and the task's count, by the revisions that are there now.
    private func bringUpToDate(label: LabelID, task: TaskID) throws {
        try db.run(
            """
            UPDATE labels SET (revision, changed_at, state) = (
                SELECT revision, submitted_at, CASE status WHEN 'counted' THEN 'active' WHEN 'extra' THEN 'extra' ELSE 'retracted' END
                FROM label_revisions WHERE label_id = labels.id
                ORDER BY status = 'duplicate', revision DESC LIMIT 1)
            WHERE id = ?
            """, [label])
        try db.run(
            """
            UPDATE tasks SET label_count =
                (SELECT count(*) FROM labels WHERE task_id = tasks.id AND state = 'active') WHERE id = ?
            """, [task])
        try db.run(
            "UPDATE tasks SET state = 'done', closed_at = ? WHERE id = ? AND state = 'open' AND label_count >= overlap",
            [now.milliseconds, task])
    }
}
