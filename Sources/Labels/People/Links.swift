public import Foundation
import GRDB

/// What a link lets its bearer do, once.
public enum LinkPurpose: Sendable, Hashable {
    case invite(role: Role)
    case signIn(UserID)
}

public struct Link: Sendable, Hashable {
    public let purpose: LinkPurpose
    public let expiresAt: Date
}

extension Store {
    /// - Returns: the secret, of which only the hash is stored; it works once.
    public func createLink(
        _ purpose: LinkPurpose, validFor: Duration = .seconds(7 * 24 * 3600), by actor: Actor
    ) async throws -> String {
        let secret = configuration.secret()
        let now = now
        try await write { db in
            let role: Role?
            let user: UserID?
            switch purpose {
            case .invite(let invited): (role, user) = (invited, nil)
            case .signIn(let id): (role, user) = (nil, try db.activeUser(id).id)
            }
            try db.run(
                "INSERT INTO links (secret_hash, role, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                [
                    Secrets.sha256(secret), role?.rawValue, user, now.milliseconds,
                    now.milliseconds + validFor.milliseconds,
                ])
            let subject = user.map { "user \($0)" } ?? "a new \(role?.rawValue ?? "user")"
            try db.audit(user == nil ? .linkInvite : .linkSignIn, subject: subject, by: actor, at: now)
        }
        return secret
    }

    /// What a link is for, without using it.
    /// - Throws: `StoreError.linkNotValid` for one that is unknown, used or expired.
    public func link(_ secret: String) async throws -> Link {
        let now = now
        return try await read { db in try db.validLink(secret, at: now).link }
    }

    /// Makes the person that an invite link asks for.
    public func acceptInvite(_ secret: String, name: String, password: String?) async throws -> User {
        let hash = try await passwordHash(password)
        let now = now
        let handle = configuration.publicID("u")
        return try await write { db in
            let (link, row) = try db.validLink(secret, at: now)
            guard case .invite(let role) = link.purpose else {
                throw StoreError.linkNotValid("this link signs a person in; it does not invite one")
            }
            let id = try db.insertUser(name: name, handle: handle, role: role, hash: hash, at: now)
            try db.use(link: row, by: id, at: now)
            try db.audit(.linkAccept, subject: "user \(id)", details: role.rawValue, by: .user(id), at: now)
            return try db.user(id)
        }
    }

    /// The person whom a sign-in link lets in. With a new password, the sessions that there were end; the password is
    /// judged before the link is used up, so one that is refused leaves the link as it was.
    /// - Throws: `StoreError.invalid` for a password that is too short or too long, `.linkNotValid` for a link that is
    ///   unknown, used, run out, or an invitation.
    public func redeemSignInLink(_ secret: String, settingPassword password: String? = nil) async throws -> User {
        let hash = try await passwordHash(password)
        let now = now
        return try await write { db in
            let (link, row) = try db.validLink(secret, at: now)
            guard case .signIn(let id) = link.purpose else {
                throw StoreError.linkNotValid("this link is an invitation; choose a name to accept it")
            }
            let user = try db.activeUser(id)
            try db.use(link: row, by: id, at: now)
            try db.audit(.linkUse, subject: "user \(id)", by: .user(id), at: now)
            if let hash {
                try db.run("UPDATE users SET password_hash = ? WHERE id = ?", [hash, id])
                try db.run("DELETE FROM web_sessions WHERE user_id = ?", [id])
                try db.audit(.userPassword, subject: "user \(id)", by: .user(id), at: now)
            }
            return user
        }
    }
}

extension Database {
    fileprivate func validLink(_ secret: String, at now: Date) throws -> (link: Link, row: Int64) {
        guard let row = try row("SELECT * FROM links WHERE secret_hash = ?", [Secrets.sha256(secret)]) else {
            throw StoreError.linkNotValid("this link is not known; ask a lead for a new one")
        }
        if row.dateIfPresent("used_at") != nil {
            throw StoreError.linkNotValid("this link was used already, and a link works once; ask a lead for a new one")
        }
        guard row.date("expires_at") > now else {
            throw StoreError.linkNotValid("this link has expired; ask a lead for a new one")
        }
        let user: UserID? = row["user_id"]
        let purpose: LinkPurpose = if let user { .signIn(user) } else { .invite(role: try row.word("role")) }
        return (Link(purpose: purpose, expiresAt: row.date("expires_at")), row["id"])
    }

    fileprivate func use(link: Int64, by user: UserID, at now: Date) throws {
        try run("UPDATE links SET used_at = ?, used_by = ? WHERE id = ?", [now.milliseconds, user, link])
    }
}
