public import Foundation
import GRDB
public import Preferences

/// Everybody's answers to one task, side by side.
public struct TaskAnswers: Sendable, Hashable {
    public struct Answer: Sendable, Hashable {
        public let labelID: LabelID
        public let annotator: User
        public let content: LabelContent
        public let kept: Kept
        /// The person's second answer to the same responses, as a check.
        public let isRepeat: Bool
        /// A lead's answer that decides what the others answered.
        public let isDecision: Bool
        public let activeSeconds: Double?
        public let submittedAt: Date

        /// Whether it counts towards agreement: a first answer that did not come late.
        var isCompared: Bool { !isRepeat && !isDecision && kept == .counted }
    }

    /// Kendall's tau-b of two people.
    public struct Pair: Sendable, Hashable {
        public let first: String
        public let second: String
        public let tau: Double?
    }

    public let taskID: TaskID
    public let mode: TaskMode
    public let check: QualityCheck?
    public let prompt: Prompt
    /// In stored order, without their sources.
    public let responses: [ShownResponse]
    public let overlap: Int
    /// In the order in which they came; second answers, and a lead's that decides, stand behind the first.
    public let answers: [Answer]
    /// Nil where no lead has decided.
    public let adjudication: Adjudication?
    /// Of gold.
    public let expected: Judgement?

    private var counted: [Answer] { answers.filter(\.isCompared) }

    private var labelled: LabelledGroup {
        LabelledGroup(
            group: ResponseGroup(
                id: "\(taskID)", prompt: prompt, responses: responses.map { GroupResponse(id: $0.id, text: $0.text) }),
            labels: counted.compactMap { answer in
                answer.content.judgement.map {
                    GroupLabel(
                        labelID: "\(answer.labelID)", annotator: answer.annotator.handle, revision: 1, judgement: $0)
                }
            }, split: .train)
    }

    public var agreement: PairAgreement { Preferences.agreement(of: [labelled]) }
    public var meanTau: Double? { Preferences.meanTau(of: [labelled]) }

    /// The order that the counted answers give together; nil with fewer than two that order the responses. Neither training
    /// nor exports read it: they read each answer.
    public var consensus: [[String]]? {
        let rankings = counted.compactMap { $0.content.judgement?.ranking }
        return rankings.count > 1 ? Preferences.consensus(of: rankings) : nil
    }

    public var pairs: [Pair] {
        let people = counted.compactMap { answer in
            answer.content.judgement?.ranking.map { (answer.annotator.name, $0) }
        }
        return people.indices.flatMap { first in
            people[(first + 1)...].map { other in
                Pair(first: people[first].0, second: other.0, tau: kendallTauB(people[first].1, other.1))
            }
        }
    }
}

/// A task that several people answered.
public struct SharedTask: Sendable, Hashable {
    public let taskID: TaskID
    public let mode: TaskMode
    public let promptPreview: String
    public let people: Int
    public let agreement: PairAgreement
    public let meanTau: Double?
}

extension Store {
    /// - Throws: `StoreError.unknown` for a task that is not in this project.
    public func taskAnswers(_ task: TaskID, in project: ProjectID) async throws -> TaskAnswers {
        try await read { db in
            guard
                let row = try db.row(
                    """
                    SELECT t.*, p.content, i.expected FROM tasks t JOIN response_groups g ON g.id = t.group_id
                    JOIN prompts p ON p.id = g.prompt_id LEFT JOIN practice_items i ON i.task_id = t.id
                    WHERE t.id = (SELECT coalesce(adjudicates, id) FROM tasks WHERE id = ?) AND t.project_id = ?
                    """, [task, project])
            else { throw StoreError.unknown(what: "task", id: "\(task)") }
            let task: TaskID = row["id"]
            let check: String? = row["quality_check"]
            let shown = try db.shownTexts(of: row["group_id"]).enumerated().map { position, response in
                ShownResponse(id: response.id, letter: DisplayOrder.letter(slot: position), text: response.text)
            }
            return TaskAnswers(
                taskID: task, mode: try row.word("mode"), check: check.flatMap(QualityCheck.init(rawValue:)),
                prompt: try row.json("content"), responses: shown, overlap: row["overlap"],
                answers: try db.answers(to: task), adjudication: try db.adjudication(of: task),
                expected: row["expected"] as String? == nil ? nil : try row.json("expected"))
        }
    }

    /// Of the newest tasks with answers of several people, those with the least agreement first.
    public func sharedTasks(_ project: ProjectID, latest: Int = 500, limit: Int = 50) async throws -> [SharedTask] {
        try await read { db in
            _ = try db.project(project)
            let tasks = try db.rows(
                """
                SELECT t.id, t.mode, t.label_count, p.content FROM tasks t JOIN response_groups g ON g.id = t.group_id
                JOIN prompts p ON p.id = g.prompt_id
                WHERE t.project_id = ? AND t.label_count > 1 AND t.quality_check IS NULL
                    AND t.mode IN ('ranking', 'comparison')
                ORDER BY t.id DESC LIMIT ?
                """, [project, latest])
            let shared = try tasks.map { row in
                let rankings = try db.answers(to: row["id"]).filter(\.isCompared)
                    .compactMap { $0.content.judgement?.ranking }
                let both = rankings.indices.flatMap { first in rankings[(first + 1)...].map { (rankings[first], $0) } }
                let taus = both.compactMap { kendallTauB($0.0, $0.1) }
                return SharedTask(
                    taskID: row["id"], mode: try row.word("mode"),
                    promptPreview: Preview.line(of: try row.json("content")),
                    people: row["label_count"],
                    agreement: both.reduce(PairAgreement()) { $0 + PairAgreement($1.0, $1.1) },
                    meanTau: taus.isEmpty ? nil : taus.reduce(0, +) / Double(taus.count))
            }
            return Array(
                shared.sorted { ($0.agreement.rate ?? 2, $1.taskID) < ($1.agreement.rate ?? 2, $0.taskID) }.prefix(
                    limit))
        }
    }
}

extension Database {
    /// Answers to a task, and where the task is no check second answers to the same responses and a lead's that decides.
    fileprivate func answers(to task: TaskID) throws -> [TaskAnswers.Answer] {
        try rows(
            """
            SELECT u.*, l.id AS label_id, l.state, t.quality_check IS 'repeat' AND t.id <> asked.id AS again,
                t.adjudicates IS NOT NULL AS decides, r.judgement, r.active_ms, r.submitted_at
            FROM tasks asked JOIN tasks t ON t.group_id = asked.group_id AND t.mode = asked.mode
                AND (t.id = asked.id OR asked.quality_check IS NULL AND t.quality_check = 'repeat'
                    OR t.adjudicates = asked.id)
            JOIN labels l ON l.task_id = t.id AND l.state <> 'retracted'
            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            JOIN users u ON u.id = l.user_id
            WHERE asked.id = ? ORDER BY t.id <> asked.id, l.id
            """, [task]
        ).map { row in
            let state: String = row["state"]
            let milliseconds: Int64? = row["active_ms"]
            return TaskAnswers.Answer(
                labelID: row["label_id"], annotator: try User(row: row), content: try row.json("judgement"),
                kept: state == "extra" ? .extra : .counted, isRepeat: row["again"], isDecision: row["decides"],
                activeSeconds: milliseconds.map { Double($0) / 1000 }, submittedAt: row.date("submitted_at"))
        }
    }
}
