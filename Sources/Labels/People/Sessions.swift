public import Foundation
import GRDB

/// A browser that somebody is signed in with.
public struct Session: Sendable, Hashable {
    public let user: User
    public let startedAt: Date
    public let expiresAt: Date
}

/// A program that acts for somebody.
public struct APIAccess: Sendable, Hashable {
    public let id: APITokenID
    public let user: User
    /// At most the user's own.
    public let role: Role
}

/// An API token as lists show it; the secret is shown once, when it is made.
public struct APITokenInfo: Sendable, Hashable {
    public let id: APITokenID
    public let user: User
    public let label: String
    public let role: Role
    public let createdAt: Date
    public let revokedAt: Date?
}

extension Store {
    /// - Returns: the token for the cookie, 256 random bits; only its hash is stored.
    public func startSession(
        _ user: UserID, validFor: Duration = .seconds(30 * 24 * 3600)
    ) async throws -> String {
        let token = configuration.secret()
        let now = now
        try await write { db in
            _ = try db.activeUser(user)
            try db.run("DELETE FROM web_sessions WHERE expires_at <= ?", [now.milliseconds])
            try db.run(
                "INSERT INTO web_sessions (token_hash, user_id, started_at, expires_at) VALUES (?, ?, ?, ?)",
                [Secrets.sha256(token), user, now.milliseconds, now.milliseconds + validFor.milliseconds])
            try db.audit(.sessionStart, subject: "user \(user)", by: .user(user), at: now)
        }
        return token
    }

    /// Nil where the token is unknown or expired or the person is not active.
    public func session(_ token: String) async throws -> Session? {
        let now = now
        return try await read { db in
            try db.row(
                """
                SELECT users.*, started_at, expires_at FROM web_sessions JOIN users ON users.id = user_id
                WHERE token_hash = ? AND expires_at > ? AND active = 1
                """, [Secrets.sha256(token), now.milliseconds]
            ).map { row in
                Session(user: try User(row: row), startedAt: row.date("started_at"), expiresAt: row.date("expires_at"))
            }
        }
    }

    public func endSession(_ token: String) async throws {
        try await write { db in
            try db.run("DELETE FROM web_sessions WHERE token_hash = ?", [Secrets.sha256(token)])
        }
    }

    public func endSessions(of user: UserID) async throws {
        try await write { db in try db.run("DELETE FROM web_sessions WHERE user_id = ?", [user]) }
    }

    /// - Returns: the secret, shown this once; only its hash is stored.
    /// - Throws: `StoreError.notAllowed` for a role above the user's own.
    public func createAPIToken(
        for user: UserID, label: String, role: Role, by actor: Actor
    ) async throws -> (id: APITokenID, secret: String) {
        let secret = "plumb_" + configuration.secret()
        let now = now
        let id: APITokenID = try await write { db in
            let owner = try db.activeUser(user)
            guard role <= owner.role else {
                throw StoreError.notAllowed(
                    "\(owner.name) is an annotator and cannot have a token with the role of a lead")
            }
            let id: APITokenID = try db.insert(
                "INSERT INTO api_tokens (secret_hash, user_id, role, label, created_at) VALUES (?, ?, ?, ?, ?)",
                [Secrets.sha256(secret), user, role.rawValue, label, now.milliseconds])
            try db.audit(.tokenCreate, subject: "token \(id)", details: label, by: actor, at: now)
            return id
        }
        return (id, secret)
    }

    /// Nil where the secret is unknown or revoked or the person is not active.
    public func apiToken(_ secret: String) async throws -> APIAccess? {
        try await read { db in
            try db.row(
                """
                SELECT users.*, api_tokens.id AS token_id, api_tokens.role AS token_role
                FROM api_tokens JOIN users ON users.id = user_id
                WHERE secret_hash = ? AND revoked_at IS NULL AND active = 1
                """, [Secrets.sha256(secret)]
            ).map { row in
                let user = try User(row: row)
                return APIAccess(id: row["token_id"], user: user, role: min(try row.word("token_role"), user.role))
            }
        }
    }

    public func apiTokens() async throws -> [APITokenInfo] {
        try await read { db in
            try db.rows(
                """
                SELECT users.*, api_tokens.id AS token_id, api_tokens.role AS token_role, label,
                    api_tokens.created_at AS token_created_at, revoked_at
                FROM api_tokens JOIN users ON users.id = user_id ORDER BY api_tokens.id
                """
            ).map { row in
                APITokenInfo(
                    id: row["token_id"], user: try User(row: row), label: row["label"],
                    role: try row.word("token_role"),
                    createdAt: row.date("token_created_at"), revokedAt: row.dateIfPresent("revoked_at"))
            }
        }
    }

    public func revokeAPIToken(_ id: APITokenID, by actor: Actor) async throws {
        let now = now
        try await write { db in
            guard try db.exists("SELECT 1 FROM api_tokens WHERE id = ?", [id]) else {
                throw StoreError.unknown(what: "API token", id: "\(id)")
            }
            try db.run(
                "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [now.milliseconds, id])
            try db.audit(.tokenRevoke, subject: "token \(id)", by: actor, at: now)
        }
    }
}
