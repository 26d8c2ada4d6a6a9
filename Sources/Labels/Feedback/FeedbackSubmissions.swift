import Foundation
import GRDB
import Preferences

extension LeaseRow {
    /// - Throws: `StoreError.invalidAnswer` for feedback that the task does not ask for, or that is no answer.
    func stored(_ feedback: Feedback, settings: ProjectSettings) throws -> Feedback {
        guard mode.rawValue == feedback.kind.rawValue else {
            throw StoreError.invalidAnswer(
                "this task asks for a \(mode.rawValue), but the answer is a \(feedback.kind.rawValue)")
        }
        do { try feedback.validate() } catch { throw StoreError.invalidAnswer(error.description) }
        if case .prompt(let written) = feedback, let style, written.style != style {
            throw StoreError.invalidAnswer(
                "this task asks for a prompt of the style \(style.rawValue), but it was written as \(written.style.rawValue)"
            )
        }
        if case .rating(let review) = feedback {
            let known = Set(settings.flags.map(\.name))
            if let unknown = review.rating.flags.subtracting(known).min() {
                throw StoreError.invalidAnswer("there is no flag '\(unknown)' in this project; leave it out")
            }
            if !review.rating.aspects.isEmpty {
                throw StoreError.invalidAnswer("aspects belong to comparisons; leave them out of a rating")
            }
        }
        return feedback
    }
}

extension Database {
    /// The feedback that the lease's person took back, to go on from.
    func formerFeedback(_ lease: LeaseRow) throws -> Feedback? {
        if lease.mode.isPreference { return nil }
        let row = try row(
            """
            SELECT judgement FROM labels JOIN label_revisions r ON r.label_id = labels.id AND r.revision = labels.revision
            WHERE task_id = ? AND user_id = ? AND labels.state = 'retracted'
            """, [lease.task, lease.user])
        let content: LabelContent? = try row?.json("judgement")
        return content?.feedback
    }

    /// What follows from feedback that counts: the preference of a correction, and the prompt that was written.
    func derive(
        from feedback: Feedback, label: LabelID, lease: LeaseRow, at now: Date, configuration: StoreConfiguration
    ) throws {
        switch feedback {
        case .correction(let text):
            try deriveCorrection(text, label: label, lease: lease, at: now, configuration: configuration)
        case .prompt(let written):
            try enterWrittenPrompt(
                written, label: label, user: lease.user, in: project(lease.project), at: now)
        case .demonstration, .rating, .criticism: break
        }
    }

    /// A prompt that is in the project already stays as it is, with its use and its author.
    func enterWrittenPrompt(
        _ written: WrittenPrompt, label: LabelID, user: UserID, in project: Project, at now: Date
    ) throws {
        let entered = try enter(
            written.prompt, use: nil, newUse: project.settings.feedback.writtenPromptUse, in: project.id, at: now)
        guard entered.added else { return }
        try run("UPDATE prompts SET author_id = ?, label_id = ? WHERE id = ?", [user, label, entered.id])
    }

    /// A group of the response and its correction, ranked by the person who corrected it. Where the correction changed
    /// nothing there is nothing to prefer.
    private func deriveCorrection(
        _ text: String, label: LabelID, lease: LeaseRow, at now: Date, configuration: StoreConfiguration
    ) throws {
        let group = try group(lease.group)
        guard var original = group.responses.first, original.text != text else { return }
        let id = configuration.publicID("g")
        original.id = "\(id)-1"
        let corrected = GroupResponse(id: "\(id)-2", text: text)
        let prompt: PromptID =
            try row("SELECT prompt_id FROM response_groups WHERE id = ?", [lease.group])?["prompt_id"]
            ?? PromptID(0)
        let policy: PolicyID? = try row("SELECT policy_id FROM responses WHERE group_id = ?", [lease.group])?[
            "policy_id"]
        let project = try project(lease.project)
        let row = try insert(
            ResponseGroup(id: id, prompt: group.prompt, responses: [original, corrected]), policies: [policy, nil],
            prompt: prompt, project: project.id, origin: "written", at: now)
        let task = try insertTask(
            group: row, project: project, mode: .ranking, state: "done", overlap: 1, under: nil, at: now)
        try run("UPDATE tasks SET label_count = 1 WHERE id = ?", [task])
        let judgement = Judgement.ranking(try Ranking(rows: [[corrected.id], [original.id]]))
        let derived: LabelID = try insert(
            """
            INSERT INTO labels (project_id, public_id, task_id, user_id, kind, state, revision, created_at, changed_at,
                derived_from)
            VALUES (?1, ?2, ?3, ?4, 'ranking', 'active', 1, ?5, ?5, ?6)
            """, [project.id, configuration.publicID("l"), task, lease.user, now.milliseconds, label])
        try run(
            """
            INSERT INTO label_revisions (project_id, label_id, revision, status, judgement, tied_pairs, display_order,
                issued_at, submitted_at)
            VALUES (?, ?, 1, 'counted', ?, 0, ?, ?, ?)
            """,
            [
                project.id, derived, try JSONLines.line(judgement), try JSONLines.line([original.id, corrected.id]),
                lease.issuedAt.milliseconds, now.milliseconds,
            ])
    }

    /// Why an answer cannot be taken back, where something was made of it; nil where it can.
    func refusalOfUndo(label: LabelID, task: TaskID) throws -> String? {
        // A comparison of policies knows its prompts also where both answers were the same and made no group.
        let wasAnswered = try exists(
            """
            SELECT 1 FROM prompts p WHERE label_id = ?
                AND (group_count > 0 OR EXISTS (SELECT 1 FROM promotion_pairs WHERE prompt_id = p.id))
            """, [label])
        if wasAnswered {
            return "The prompt that you wrote was answered already, so it cannot be taken back any more."
        }
        let wentOn = try exists(
            """
            SELECT 1 FROM conversation_turns t JOIN conversation_turns later
                ON later.conversation_id = t.conversation_id AND later.number > t.number
            WHERE t.task_id = ?
            """, [task])
        return wentOn ? "The conversation went on from this answer, so it cannot be taken back any more." : nil
    }

    /// Takes back what followed from a label that was taken back.
    func withdrawDerived(from label: LabelID, at now: Date) throws {
        for row in try rows(
            "SELECT id, task_id FROM labels WHERE derived_from = ? AND state <> 'retracted'", [label])
        {
            try retract(row["id"], at: now)
            try run(
                "UPDATE tasks SET label_count = 0, state = 'withdrawn', closed_at = ? WHERE id = ?",
                [now.milliseconds, row["task_id"] as TaskID])
        }
        try run("DELETE FROM prompts WHERE label_id = ? AND group_count = 0", [label])
    }
}
