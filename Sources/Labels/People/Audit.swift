public import Foundation
import GRDB

/// Who does something.
public enum Actor: Sendable, Hashable {
    case system
    case commandLine
    case user(UserID)

    var words: String {
        switch self {
        case .system: "system"
        case .commandLine: "command line"
        case .user(let id): "user \(id)"
        }
    }

    var userID: UserID? {
        guard case .user(let id) = self else { return nil }
        return id
    }
}

/// One thing that somebody did.
public struct AuditEntry: Sendable, Hashable {
    public let id: Int64
    public let at: Date
    /// A person's name, "system" or "command line".
    public let actor: String
    /// The raw value of an `AuditAction`; older versions wrote sentences.
    public let action: String
    public let subject: String
    public let details: String

    /// The action as pages show it.
    public var words: String { AuditAction(rawValue: action)?.words ?? action }
}

extension Store {
    /// The newest entries first; `before` an entry's id to read on.
    public func auditEntries(before: Int64? = nil, limit: Int = 100) async throws -> [AuditEntry] {
        try await read { db in
            try db.rows(
                """
                SELECT audit.*, users.name FROM audit LEFT JOIN users ON users.id = audit.user_id
                WHERE audit.id < ? ORDER BY audit.id DESC LIMIT ?
                """, [before ?? .max, limit]
            ).map { row in
                let name: String? = row["name"]
                return AuditEntry(
                    id: row["id"], at: row.date("at"), actor: name ?? row["actor"], action: row["action"],
                    subject: row["subject"], details: row["details"])
            }
        }
    }
}

extension Database {
    /// Writes the entry in the transaction of what it tells of.
    func audit(
        _ action: AuditAction, subject: String, details: String = "", by actor: Actor, at now: Date
    ) throws {
        try run(
            "INSERT INTO audit (at, actor, user_id, action, subject, details) VALUES (?, ?, ?, ?, ?, ?)",
            [now.milliseconds, actor.words, actor.userID, action.rawValue, subject, details])
    }
}
