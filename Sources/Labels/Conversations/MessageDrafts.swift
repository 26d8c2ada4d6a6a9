import GRDB
import Preferences

extension Store {
    /// Keeps the message that somebody is writing in a conversation, until it is sent.
    /// - Throws: `StoreError.newerDraft` where another window saved that version or a later one.
    public func saveMessageDraft(_ draft: Draft, of user: UserID, in project: ProjectID) async throws {
        try await writeTogether { db in
            _ = try db.project(project)
            if let stored = try db.messageDraft(of: user, in: project), draft.version <= stored.version {
                if draft == stored { return }
                throw StoreError.newerDraft(version: stored.version)
            }
            try db.run(
                "INSERT OR REPLACE INTO message_drafts (project_id, user_id, draft, version) VALUES (?, ?, ?, ?)",
                [project, user, draft.json, draft.version])
        }
    }

    /// Nil where no message was begun since the last one was sent.
    public func messageDraft(of user: UserID, in project: ProjectID) async throws -> Draft? {
        try await read { db in try db.messageDraft(of: user, in: project) }
    }
}

extension Database {
    fileprivate func messageDraft(of user: UserID, in project: ProjectID) throws -> Draft? {
        try row("SELECT draft, version FROM message_drafts WHERE project_id = ? AND user_id = ?", [project, user])
            .map { Draft(stored: $0["draft"], version: $0["version"]) }
    }

    /// The message was sent.
    func forgetMessageDraft(of user: UserID, in project: ProjectID) throws {
        try run("DELETE FROM message_drafts WHERE project_id = ? AND user_id = ?", [project, user])
    }
}
