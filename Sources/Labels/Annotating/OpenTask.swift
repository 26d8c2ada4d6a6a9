import GRDB

extension Store {
    /// The task that a person has open in a project, the one that came back by undo before the others; nil where there
    /// is none. Nothing is handed out, so it also answers for a project that is paused: what somebody has in hand stays
    /// theirs to finish.
    /// - Parameter besides: tokens of leases that the person has on the screen already.
    public func openTask(
        of user: UserID, in project: ProjectID, besides: [String] = []
    ) async throws -> Assignment? {
        let now = now
        return try await read { db in
            let open = try db.rows(
                LeaseRow.sql
                    + """
                     WHERE leases.user_id = ? AND leases.closed_at IS NULL AND leases.expires_at > ?
                        AND tasks.project_id = ? ORDER BY reopened DESC, issued_at, leases.id
                    """, [user, now.milliseconds, project]
            ).map(LeaseRow.init(row:))
            guard let mine = open.first(where: { !besides.contains($0.token) }) else { return nil }
            return try db.assignment(mine, settings: db.project(project).settings)
        }
    }
}
