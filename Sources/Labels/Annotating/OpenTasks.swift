import Foundation
import GRDB

extension Database {
    /// What this person may be handed, as a condition on `tasks t`.
    static let unseenByUser = """
        NOT EXISTS (SELECT 1 FROM labels l WHERE l.task_id = t.id AND l.user_id = ? AND l.state <> 'retracted')
        AND NOT EXISTS (SELECT 1 FROM skips s WHERE s.task_id = t.id AND s.user_id = ?)
        AND NOT EXISTS (SELECT 1 FROM leases m WHERE m.task_id = t.id AND m.user_id = ? AND m.closed_at IS NULL)
        """

    /// Whether a task without a label is still to be answered, as a condition on `tasks` with the current policy as its
    /// argument: one that was made under another policy is not; one that belongs to no policy always is.
    static let isOfCurrentPolicy = "coalesce(made_under_policy_id = ?, 1)"

    /// Whether a task on `tasks t` shows responses to a prompt that this person wrote.
    static let isOwnPrompt = """
        EXISTS (SELECT 1 FROM response_groups own JOIN prompts w ON w.id = own.prompt_id
            WHERE own.id = t.group_id AND own.k > 0 AND w.author_id = ?)
        """

    /// Tasks that somebody gave back without an answer when they were of use no more are withdrawn first: of policies that are
    /// current no more, and of comparisons of policies that are decided.
    func openTask(for user: UserID, in project: Project, at now: Date) throws -> TaskID? {
        if let current = project.currentPolicy {
            try withdrawFormerTasks(in: project.id, current: current, at: now)
        }
        try withdrawDecidedPairs(in: project.id, at: now)
        return try row(
            """
            SELECT t.id FROM tasks t WHERE t.project_id = ? AND t.state = 'open' AND t.review_since IS NULL
                AND \(Database.unseenByUser) AND (? OR NOT \(Database.isOwnPrompt)) AND (t.label_count > 0 OR \(Database.isOfCurrentPolicy))
                AND t.label_count + (SELECT count(*) FROM leases o WHERE o.task_id = t.id AND o.closed_at IS NULL)
                    < t.overlap
            ORDER BY t.priority DESC, t.label_count DESC, t.id LIMIT 1
            """,
            [
                project.id, user, user, user, project.settings.quality.authorsJudgeOwn, user, project.currentPolicy,
            ])?["id"]
    }

    func reasonForNothing(_ user: UserID, in project: Project) throws -> NothingReason {
        let anyOpen = try exists(
            "SELECT 1 FROM tasks WHERE project_id = ? AND state = 'open' AND review_since IS NULL LIMIT 1",
            [project.id])
        func anyUnseen(ownToo: Bool) throws -> Bool {
            try exists(
                """
                SELECT 1 FROM tasks t WHERE t.project_id = ? AND t.state = 'open' AND t.review_since IS NULL
                    AND \(Database.unseenByUser) AND (? OR NOT \(Database.isOwnPrompt)) LIMIT 1
                """,
                [project.id, user, user, user, ownToo, user])
        }
        if !anyOpen { return .noTasksReady }
        if try anyUnseen(ownToo: project.settings.quality.authorsJudgeOwn) { return .noTasksReady }
        return try anyUnseen(ownToo: true) ? .onlyOwnPromptsLeft : .nothingLeftForYou
    }
}
