import Foundation
import GRDB
import Preferences

/// What a project lacks of one kind of task.
public struct TaskNeed: Sendable, Hashable {
    public let mode: TaskMode
    public let need: SamplingNeed
}

extension Store {
    /// How many tasks of each mode are ready and wanted: the project's tasks ahead, by the shares that it asks for.
    public func taskNeeds(_ project: ProjectID) async throws -> [TaskNeed] {
        let now = now
        return try await read { db in
            let project = try db.project(project)
            let settings = project.settings
            let ready = try db.rows(
                """
                SELECT mode, count(*) AS n FROM tasks WHERE project_id = ? AND state = 'open' AND label_count = 0 AND priority = 0
                    AND \(Database.isOfCurrentPolicy)
                    AND NOT EXISTS (SELECT 1 FROM leases
                        WHERE task_id = tasks.id AND closed_at IS NULL AND expires_at > ?)
                    AND NOT EXISTS (SELECT 1 FROM skips WHERE task_id = tasks.id)
                GROUP BY mode
                """, [project.id, project.currentPolicy, now.milliseconds]
            ).reduce(into: [TaskMode: Int]()) { $0[try $1.word("mode")] = $1["n"] as Int }
            func need(_ mode: TaskMode, share: Int) -> TaskNeed {
                // Rounded up, so that a small share of few tasks is still asked for.
                TaskNeed(
                    mode: mode,
                    need: SamplingNeed(ready: ready[mode] ?? 0, wanted: (settings.tasksAhead * share + 99) / 100))
            }
            let feedback = FeedbackKind.allCases.compactMap { kind in
                kind.mode.map { need($0, share: settings.feedback.share(kind)) }
            }
            return [need(settings.mode, share: settings.feedback.preferenceShare)] + feedback
        }
    }

    /// Makes tasks that show no response and so need no model: demonstrations, one for each prompt of the use
    /// `supervised`, and prompts to be written.
    /// - Returns: how many were made; fewer where there are no more prompts to demonstrate.
    /// - Throws: `StoreError.noPrompts` where there is nothing to write from.
    @discardableResult
    public func addWritingTasks(_ project: ProjectID, mode: TaskMode, count: Int) async throws -> Int {
        let now = now
        let configuration = configuration
        return try await write { db in
            let project = try db.project(project)
            var made = 0
            while made < count, let subject = try db.nextWritingSubject(of: project, mode: mode, at: now) {
                let group = ResponseGroup(id: configuration.publicID("g"), prompt: subject.prompt.prompt, responses: [])
                let row = try db.insert(
                    group, policies: [], prompt: subject.prompt.id, project: project.id, origin: "written", at: now)
                let task = try db.insertTask(
                    group: row, project: project, mode: mode, state: "open", under: nil, at: now)
                if let style = subject.style {
                    try db.run("UPDATE tasks SET style = ? WHERE id = ?", [style.rawValue, task])
                }
                made += 1
            }
            return made
        }
    }
}

/// The brief of prompts that people write without a use case.
enum PlainBrief {
    static let prompt = Prompt.text(
        "Write a prompt of your own: something that you would really ask an assistant to do. Vary what you ask for.")
}

extension Database {
    /// What the next task of this kind is about; nil where every prompt has one.
    fileprivate func nextWritingSubject(
        of project: Project, mode: TaskMode, at now: Date
    ) throws -> (prompt: StoredPrompt, style: PromptStyle?)? {
        guard mode == .prompt else {
            let next = try row(
                """
                SELECT * FROM prompts p WHERE project_id = ? AND use = 'supervised' AND retired_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM response_groups g JOIN tasks t ON t.group_id = g.id
                        WHERE g.prompt_id = p.id AND t.mode = ?)
                ORDER BY id LIMIT 1
                """, [project.id, mode.rawValue])
            if let next { return (try StoredPrompt(row: next), nil) }
            guard
                try exists(
                    "SELECT 1 FROM prompts WHERE project_id = ? AND use = 'supervised' AND retired_at IS NULL",
                    [project.id])
            else {
                throw StoreError.noPrompts(project: project.name, use: .supervised)
            }
            return nil
        }
        let plain = try prompt(enter(PlainBrief.prompt, use: .writing, in: project.id, at: now).id)
        let made = try count("SELECT count(*) FROM tasks WHERE project_id = ? AND mode = 'prompt'", [project.id])
        let styles = project.settings.feedback.promptStyles
        let style = styles[made % styles.count]
        guard style == .useCase else { return (plain, style) }
        // Each use case in its turn: the one that was asked for least.
        let useCase = try row(
            """
            SELECT * FROM prompts WHERE project_id = ? AND use = 'writing' AND id <> ? AND retired_at IS NULL
            ORDER BY group_count, id LIMIT 1
            """, [project.id, plain.id])
        guard let useCase else { throw StoreError.noPrompts(project: project.name, use: .writing) }
        return (try StoredPrompt(row: useCase), style)
    }
}
