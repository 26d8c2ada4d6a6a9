import Foundation
import GRDB
import Preferences

/// A line of a practice file. JSON: `prompt`, `responses` (texts, or objects with `id` and `text`), `expected` (a ranking or
/// a comparison of those ids; plain texts are called "1", "2", …), `explanation`, and
/// `purpose` where it is not practice.
struct PracticeLine: Codable {
    struct Answer: Codable {
        let id: String?
        let text: String

        init(id: String, text: String) {
            self.id = id
            self.text = text
        }

        private enum CodingKeys: String, CodingKey { case id, text }

        init(from decoder: any Decoder) throws {
            if let plain = try? decoder.singleValueContainer().decode(String.self) {
                (id, text) = (nil, plain)
                return
            }
            let container = try decoder.fields(CodingKeys.self, orElse: "must be a text, or an object with 'text'")
            id = try container.decodeIfPresent(String.self, forKey: .id)
            text = try container.decode(String.self, forKey: .text)
        }
    }

    let prompt: Prompt
    let responses: [Answer]
    let expected: Judgement
    let explanation: String
    var purpose: PracticePurpose?

    func group(id: String) -> ResponseGroup {
        ResponseGroup(
            id: id, prompt: prompt,
            responses: responses.enumerated().map { GroupResponse(id: $1.id ?? "\($0 + 1)", text: $1.text) })
    }

    /// - Throws: `StoreError.importLine`.
    static func read(_ text: String, line: Int, file: String) throws -> PracticeLine {
        do {
            let read = try JSONLines.decode(PracticeLine.self, from: Array(text.utf8), number: line, file: file)
            let group = read.group(id: "g")
            try group.validate()
            try read.expected.validate(against: group.responseIDs)
            if read.explanation.allSatisfy(\.isWhitespace) { throw NativeLineError.field("explanation", "it is empty") }
            return read
        } catch let error as JSONLineError {
            throw StoreError.importLine(file: file, line: line, problem: error.problem)
        } catch {
            throw StoreError.importLine(file: file, line: line, problem: "\(error)")
        }
    }
}

extension Store {
    /// Takes the answer of a label as the expected one of a new practice task about the same group. Tasks about that group
    /// that nobody has opened are withdrawn, since whoever practised on it knows the answer; those about gold are even where
    /// somebody has answered them, so that nobody is handed the same responses twice.
    /// - Throws: `StoreError.invalid` where the label is another project's or no ranking or comparison, or there is no
    ///   explanation.
    public func addPracticeItem(
        from label: LabelID, explanation: String, purpose: PracticePurpose = .practice, in project: ProjectID,
        by actor: Actor
    ) async throws -> PracticeItem {
        guard !explanation.allSatisfy(\.isWhitespace) else {
            throw StoreError.invalid(field: "explanation", problem: "say why that is the answer")
        }
        let now = now
        return try await write { db in
            guard
                let row = try db.row(
                    """
                    SELECT r.judgement, t.group_id, l.project_id FROM labels l
                    JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                    JOIN tasks t ON t.id = l.task_id WHERE l.id = ?
                    """, [label])
            else { throw StoreError.unknown(what: "label", id: "\(label)") }
            let home: ProjectID = row["project_id"]
            guard home == project else {
                throw StoreError.invalid(field: "label", problem: "label \(label) is another project's")
            }
            let content: LabelContent = try row.json("judgement")
            guard let expected = content.judgement else {
                throw StoreError.invalid(
                    field: "label",
                    problem: "label \(label) is a \(content.kind); practice has rankings and comparisons")
            }
            let project = try db.project(project)
            let id = try db.insertPracticeItem(
                group: row["group_id"], expected: expected, explanation: explanation, purpose: purpose, in: project,
                at: now)
            try db.audit(
                .practiceAdd, subject: "project \(project.id)",
                details: "\(purpose.rawValue) task \(id) from label \(label)", by: actor, at: now)
            return try db.practiceItem(id)
        }
    }

    /// Practice tasks, one JSON object a line. All or nothing; one that is there already is counted and left alone.
    /// - Throws: `StoreError.importFile` and `.importLine`.
    public func importPractice(
        _ project: ProjectID, from source: ImportSource, by actor: Actor
    ) async throws -> ImportReport {
        let reader = LineReader(source: source)
        let now = now
        let configuration = configuration
        return try await write { db in
            let project = try db.project(project)
            var report = ImportReport()
            report.lines = try reader.forEachLine { number, text in
                let line = try PracticeLine.read(text, line: number, file: source.name)
                // A prompt that is new is for practice alone: held out, it is neither sampled for nor learnt.
                let prompt = try db.enter(line.prompt, use: nil, newUse: .heldOut, in: project.id, at: now).id
                let group = line.group(id: configuration.publicID("g"))
                let row: GroupID
                if let known = try db.knownGroup(group, hasOwnID: false, in: project.id) {
                    row = known.id
                } else {
                    row = try db.insert(
                        group, policies: group.responses.map { _ in nil }, prompt: prompt, project: project.id,
                        origin: "imported", at: now)
                }
                let stored = try db.responses(of: row).map(\.id)
                let names = Dictionary(
                    zip(group.responseIDs, stored), uniquingKeysWith: { first, _ in first })
                let expected = try line.expected.renamed(names)
                let isThere = try db.exists(
                    """
                    SELECT 1 FROM practice_items i JOIN tasks t ON t.id = i.task_id
                    WHERE t.group_id = ? AND i.expected = ? AND i.explanation = ? AND i.purpose = ?
                        AND i.retired_at IS NULL
                    """,
                    [
                        row, try JSONLines.line(expected), line.explanation, (line.purpose ?? .practice).rawValue,
                    ])
                if isThere {
                    report.alreadyThere += 1
                    return
                }
                _ = try db.insertPracticeItem(
                    group: row, expected: expected, explanation: line.explanation, purpose: line.purpose ?? .practice,
                    in: project, at: now)
                report.added += 1
            }
            try db.audit(
                .practiceAdd, subject: "project \(project.id)", details: "\(source.name): \(report.sentence)",
                by: actor,
                at: now)
            return report
        }
    }

    /// The practice set as lines that import again.
    public func practiceLines(_ project: ProjectID) async throws -> [String] {
        try await practiceItems(project).filter { !$0.isRetired }.map { item in
            try JSONLines.line(
                PracticeLine(
                    prompt: item.group.prompt, responses: item.group.responses.map { .init(id: $0.id, text: $0.text) },
                    expected: item.expected, explanation: item.explanation,
                    purpose: item.purpose == .practice ? nil : item.purpose))
        }
    }

    /// In the order in which people are given them; retired ones too.
    public func practiceItems(_ project: ProjectID) async throws -> [PracticeItem] {
        try await read { db in
            _ = try db.project(project)
            return try db.rows(
                Database.practiceSQL + " WHERE i.project_id = ? ORDER BY i.id", [project]
            ).map(db.practiceItem(row:))
        }
    }

    /// Nobody is given it any more; answers stay.
    /// - Throws: `StoreError.unknown` for one that this project does not have.
    public func retirePracticeItem(_ id: PracticeItemID, in project: ProjectID, by actor: Actor) async throws {
        let now = now
        try await write { db in
            let item = try db.practiceItem(id)
            guard item.project == project else { throw StoreError.unknown(what: "practice task", id: "\(id)") }
            if item.isRetired { return }
            try db.run("UPDATE practice_items SET retired_at = ? WHERE id = ?", [now.milliseconds, id])
            try db.audit(
                .practiceRetire, subject: "project \(item.project)", details: "practice task \(id)", by: actor, at: now)
        }
    }
}

extension Database {
    fileprivate static let practiceSQL = """
        SELECT i.*, t.group_id, t.mode,
            (SELECT count(*) FROM practice_answers a WHERE a.item_id = i.id) AS answers,
            (SELECT count(*) FROM practice_answers a WHERE a.item_id = i.id AND a.is_right) AS right_answers
        FROM practice_items i JOIN tasks t ON t.id = i.task_id
        """

    func practiceItem(_ id: PracticeItemID) throws -> PracticeItem {
        guard let row = try row(Database.practiceSQL + " WHERE i.id = ?", [id]) else {
            throw StoreError.unknown(what: "practice task", id: "\(id)")
        }
        return try practiceItem(row: row)
    }

    fileprivate func practiceItem(row: Row) throws -> PracticeItem {
        let purpose: PracticePurpose = try row.word("purpose")
        let expected: Judgement = try row.json("expected")
        var given = (all: row["answers"] as Int, right: row["right_answers"] as Int)
        if purpose == .gold {
            let answers = try goldAnswers(of: row["task_id"])
            let hasLine = try project(row["project_id"]).settings.acceptabilityLine
            given = (answers.count, answers.count { PracticeRule.isRight($0, expected: expected, hasLine: hasLine) })
        }
        return PracticeItem(
            id: row["id"], project: row["project_id"], mode: try row.word("mode"), purpose: purpose,
            group: try group(row["group_id"]), expected: expected, explanation: row["explanation"],
            createdAt: row.date("created_at"), isRetired: row.dateIfPresent("retired_at") != nil, answers: given.all,
            rightAnswers: given.right)
    }

    fileprivate func insertPracticeItem(
        group: GroupID, expected: Judgement, explanation: String, purpose: PracticePurpose, in project: Project,
        at now: Date
    ) throws -> PracticeItemID {
        try run(
            """
            UPDATE tasks SET state = 'withdrawn', closed_at = ? WHERE group_id = ? AND state = 'open'
                AND (label_count = 0 OR ?)
                AND NOT EXISTS (SELECT 1 FROM leases WHERE task_id = tasks.id AND closed_at IS NULL)
            """, [now.milliseconds, group, purpose == .gold])
        // Never open, so that it is handed out as practice or gold alone.
        let task = try insertTask(
            group: group, project: project, mode: expected.kind == .ranking ? .ranking : .comparison,
            state: "withdrawn", overlap: 1, under: nil, at: now)
        if purpose == .gold { try markAsCheck(task, .gold) }
        return try insert(
            """
            INSERT INTO practice_items (project_id, task_id, expected, explanation, created_at, purpose)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [project.id, task, try JSONLines.line(expected), explanation, now.milliseconds, purpose.rawValue])
    }
}
