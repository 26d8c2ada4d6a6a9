import Foundation
import GRDB

extension Database {
    /// What this person may be handed, as a condition on `tasks t`.
    private static let unseenByUser = """
        NOT EXISTS (SELECT 1 FROM labels l WHERE l.task_id = t.id AND l.user_id = ? AND l.state <> 'retracted')
        AND NOT EXISTS (SELECT 1 FROM skips s WHERE s.task_id = t.id AND s.user_id = ?)
        AND NOT EXISTS (SELECT 1 FROM leases m WHERE m.task_id = t.id AND m.user_id = ? AND m.closed_at IS NULL)
        """

    /// Whether a task without a label is still to be answered, as a condition on `tasks` with the current policy as its
    /// argument: one that was made under another policy is not; one that belongs to no policy always is.
    static let isOfCurrentPolicy = "coalesce(made_under_policy_id = ?, 1)"

    /// Tasks of policies that are current no more, which somebody gave back without an answer, are withdrawn first.
    func openTask(for user: UserID, in project: Project, at now: Date) throws -> TaskID? {
        if let current = project.currentPolicy {
            try withdrawFormerTasks(in: project.id, current: current, at: now)
        }
        return try row(
            """
            SELECT t.id FROM tasks t WHERE t.project_id = ? AND t.state = 'open' AND t.review_since IS NULL
                AND \(Database.unseenByUser) AND (t.label_count > 0 OR \(Database.isOfCurrentPolicy))
                AND t.label_count + (SELECT count(*) FROM leases o WHERE o.task_id = t.id AND o.closed_at IS NULL)
                    < t.overlap
            ORDER BY t.priority DESC, t.label_count DESC, t.id LIMIT 1
            """, [project.id, user, user, user, project.currentPolicy])?["id"]
    }

    func reasonForNothing(_ user: UserID, in project: ProjectID) throws -> NothingReason {
        let anyOpen = try exists(
            "SELECT 1 FROM tasks WHERE project_id = ? AND state = 'open' AND review_since IS NULL LIMIT 1", [project])
        let anyUnseen = try exists(
            """
            SELECT 1 FROM tasks t WHERE t.project_id = ? AND t.state = 'open' AND t.review_since IS NULL
                AND \(Database.unseenByUser) LIMIT 1
            """,
            [project, user, user, user])
        return anyOpen && !anyUnseen ? .nothingLeftForYou : .noTasksReady
    }
}
