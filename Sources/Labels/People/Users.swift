public import Foundation
import GRDB

public enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case annotator, lead

    /// A lead may do whatever an annotator may.
    public static func < (left: Role, right: Role) -> Bool { left == .annotator && right == .lead }
}

/// A person who works here.
public struct User: Sendable, Hashable {
    public let id: UserID
    /// "u_…", the name that stands for this person in exports.
    public let handle: String
    public let name: String
    public let role: Role
    public let active: Bool
    public let hasPassword: Bool
    public let createdAt: Date

    init(row: Row) throws {
        id = row["id"]
        handle = row["handle"]
        name = row["name"]
        role = try row.word("role")
        active = row["active"]
        let hash: String? = row["password_hash"]
        hasPassword = hash != nil
        createdAt = row.date("created_at")
    }
}

extension Store {
    public static let shortestPassword = 10

    /// - Throws: `StoreError.nameTaken`, or `.invalid` for an empty name or a password of under 10 characters.
    public func addUser(name: String, role: Role, password: String? = nil, by actor: Actor) async throws -> User {
        let hash = try await passwordHash(password)
        let now = now
        let handle = configuration.publicID("u")
        return try await write { db in
            let id = try db.insertUser(name: name, handle: handle, role: role, hash: hash, at: now)
            try db.audit(.userCreate, subject: "user \(id)", details: role.rawValue, by: actor, at: now)
            return try db.user(id)
        }
    }

    public func users() async throws -> [User] {
        try await read { db in try db.rows("SELECT * FROM users ORDER BY name").map(User.init(row:)) }
    }

    public func user(_ id: UserID) async throws -> User { try await read { db in try db.user(id) } }

    public func user(named name: String) async throws -> User? {
        try await read { db in try db.row("SELECT * FROM users WHERE name = ?", [name]).map(User.init(row:)) }
    }

    /// Changes what is given. Somebody who is made inactive is signed out everywhere.
    public func updateUser(
        _ id: UserID, name: String? = nil, role: Role? = nil, active: Bool? = nil, by actor: Actor
    ) async throws -> User {
        let now = now
        return try await write { db in
            let old = try db.user(id)
            if old.role == .lead && old.active && (role == .annotator || active == false) {
                guard try db.count("SELECT count(*) FROM users WHERE role = 'lead' AND active = 1") > 1 else {
                    throw StoreError.notAllowed("\(old.name) is the only lead; make somebody else a lead first")
                }
            }
            if let name, name != old.name { try db.checkUserName(name, except: id) }
            try db.run(
                "UPDATE users SET name = ?, role = ?, active = ? WHERE id = ?",
                [name ?? old.name, (role ?? old.role).rawValue, active ?? old.active, id])
            if active == false {
                try db.run("DELETE FROM web_sessions WHERE user_id = ?", [id])
                try db.run(
                    "UPDATE api_tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL",
                    [now.milliseconds, id])
            }
            if role == .annotator {
                try db.run(
                    "UPDATE api_tokens SET revoked_at = ? WHERE user_id = ? AND role = 'lead' AND revoked_at IS NULL",
                    [now.milliseconds, id])
            }
            let new = try db.user(id)
            let details =
                "\(old.name), \(old.role.rawValue), active \(old.active) -> \(new.name), "
                + "\(new.role.rawValue), active \(new.active)"
            try db.audit(.userChange, subject: "user \(id)", details: details, by: actor, at: now)
            return new
        }
    }

    /// Sets the password and ends all sessions of the person.
    public func setPassword(_ id: UserID, to password: String, by actor: Actor) async throws {
        let hash = try await passwordHash(password)
        let now = now
        try await write { db in
            _ = try db.user(id)
            try db.run("UPDATE users SET password_hash = ? WHERE id = ?", [hash, id])
            try db.run("DELETE FROM web_sessions WHERE user_id = ?", [id])
            try db.audit(.userPassword, subject: "user \(id)", by: actor, at: now)
        }
    }

    /// The person with this name and password; nil where one of them is wrong or the person is not active.
    public func signIn(name: String, password: String) async throws -> User? {
        let found = try await read { db in
            try db.row("SELECT * FROM users WHERE name = ? AND active = 1", [name]).map { row in
                (user: try User(row: row), hash: row["password_hash"] as String?)
            }
        }
        let right = try await passwords.verify(password, against: found?.hash)
        return right ? found?.user : nil
    }

    func passwordHash(_ password: String?) async throws -> String? {
        guard let password else { return nil }
        guard password.count >= Store.shortestPassword else {
            throw StoreError.invalid(field: "password", problem: "use at least \(Store.shortestPassword) characters")
        }
        guard password.utf8.count <= 1000 else {
            throw StoreError.invalid(field: "password", problem: "use at most 1000 bytes")
        }
        return try await passwords.hash(password, salt: configuration.randomBytes(16))
    }
}

extension Database {
    func user(_ id: UserID) throws -> User {
        guard let row = try row("SELECT * FROM users WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "user", id: "\(id)")
        }
        return try User(row: row)
    }

    /// An active user.
    func activeUser(_ id: UserID) throws -> User {
        let user = try user(id)
        guard user.active else { throw StoreError.notAllowed("\(user.name) is not active any more; ask a lead") }
        return user
    }

    func checkUserName(_ name: String, except id: UserID? = nil) throws {
        let trimmed = name.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed == name, name.count <= 100 else {
            throw StoreError.invalid(
                field: "name", problem: "give a name of 1 to 100 characters without spaces at its ends")
        }
        if try exists("SELECT 1 FROM users WHERE name = ? AND id <> ?", [name, id ?? UserID(0)]) {
            throw StoreError.nameTaken(what: "user", name: name)
        }
    }

    func insertUser(name: String, handle: String, role: Role, hash: String?, active: Bool = true, at now: Date) throws
        -> UserID
    {
        try checkUserName(name)
        return try insert(
            "INSERT INTO users (handle, name, role, active, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [handle, name, role.rawValue, active, hash, now.milliseconds])
    }
}
