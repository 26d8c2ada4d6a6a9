import Foundation
import GRDB

/// How a task is handed out: what its person has on the screen already, whether it is fetched before it is shown, and
/// what the lease takes from the store.
struct HandingOut: Sendable {
    let besides: [String]
    let ahead: Bool
    let lengths: LeaseLengths
    let now: Date
    let configuration: StoreConfiguration
}

extension Database {
    /// The person's live lease, else a new one: `Store.nextTask` says in which order.
    func nextTask(for user: UserID, in project: Project, _ handing: HandingOut) throws -> NextTask {
        let (now, settings) = (handing.now, project.settings)
        _ = try activeUser(user)
        try closeExpiredLeases(at: now)
        let open = try rows(
            LeaseRow.sql
                + """
                 WHERE leases.user_id = ? AND leases.closed_at IS NULL AND tasks.project_id = ?
                 ORDER BY reopened DESC, leases.ahead, issued_at, leases.id
                """, [user, project.id])
        if let mine = try open.first(where: { !handing.besides.contains($0["token"]) }).map(LeaseRow.init(row:)) {
            let length = try handing.lengths.milliseconds(of: mine.mode, in: project.id, settings, self, at: now)
            try extend(mine, by: length, at: now)
            if !handing.ahead { try show(mine, at: now) }
            return .task(try assignment(lease(token: mine.token, of: user), settings: settings))
        }
        // What somebody has in hand stays theirs to finish; nothing new is handed out.
        if project.paused { return .nothing(.projectPaused) }
        let practice = try practiceInstead(
            of: user, in: project, lengths: handing.lengths, at: now, configuration: handing.configuration)
        if let practice { return practice }
        guard open.count < settings.openLeasesPerPerson else {
            return .nothing(.tooManyOpen(cap: settings.openLeasesPerPerson))
        }
        guard let task = try openTask(for: user, in: project, at: now) else {
            return .nothing(try reasonForNothing(user, in: project))
        }
        let check = try qualityCheck(for: user, in: project, at: now, configuration: handing.configuration)
        let lease = try openLease(
            on: check ?? task, for: user, settings: settings, lengths: handing.lengths, ahead: handing.ahead, at: now,
            configuration: handing.configuration)
        return .task(try assignment(lease, settings: settings))
    }

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
