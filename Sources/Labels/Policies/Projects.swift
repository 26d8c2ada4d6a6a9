public import Foundation
import GRDB
import Preferences

/// One body of prompts, tasks and labels, with its policies.
public struct Project: Sendable, Hashable {
    public let id: ProjectID
    public let name: String
    public let settings: ProjectSettings
    /// When what its tasks ask was changed last: a task that was handed out before may have asked something else.
    public let questionsSince: Date
    /// While it is, nobody is handed a new task.
    public let paused: Bool
    public let currentPolicy: PolicyID?
    /// The frozen supervised policy that the KL penalty holds the current one to.
    public let referencePolicy: PolicyID?
    /// How often another policy was made current; 0 under the first one.
    public let round: Int
    public let createdAt: Date

    init(row: Row) throws {
        id = row["id"]
        name = row["name"]
        settings = try SettingsReader.settings(in: row)
        questionsSince = row.date("questions_since")
        paused = row["paused"]
        currentPolicy = row["current_policy_id"]
        referencePolicy = row["reference_policy_id"]
        let periods: Int = row["periods"]
        round = max(0, periods - 1)
        createdAt = row.date("created_at")
    }
}

extension Store {
    /// - Throws: `StoreError.nameTaken`, or `.invalid` that names the setting.
    public func createProject(name: String, settings: ProjectSettings, by actor: Actor) async throws -> Project {
        try settings.validate()
        let now = now
        return try await write { db in
            try db.checkProjectName(name)
            let id: ProjectID = try db.insert(
                "INSERT INTO projects (name, settings, created_at) VALUES (?, ?, ?)",
                [name, try JSONLines.line(settings), now.milliseconds])
            try db.checkMix(settings)
            try db.audit(.projectCreate, subject: "project \(id)", details: name, by: actor, at: now)
            return try db.project(id)
        }
    }

    /// Changes what is given. A new overlap is that of the open tasks too; tasks that have enough labels by it are done.
    public func updateProject(
        _ id: ProjectID, name: String? = nil, settings: ProjectSettings? = nil, paused: Bool? = nil, by actor: Actor
    ) async throws -> Project {
        try await updateProject(id, name: name, paused: paused, by: actor) { stored in settings ?? stored.settings }
    }

    /// Changes what is given, and the settings to what `change` makes of the project as it is stored.
    ///
    /// `change` runs in the transaction that writes, so that of two changes at once neither is lost. What it throws changes
    /// nothing and is thrown on.
    public func updateProject(
        _ id: ProjectID, name: String? = nil, paused: Bool? = nil, by actor: Actor,
        settings change: @escaping @Sendable (_ stored: Project) throws -> ProjectSettings
    ) async throws -> Project {
        let now = now
        return try await write { db in
            let old = try db.project(id)
            let new = try change(old)
            // Settings that an older version took may stay; a project can be paused whatever they are.
            if new != old.settings { try new.validate() }
            if let name, name != old.name { try db.checkProjectName(name, except: id) }
            try db.checkMix(new)
            try db.run(
                "UPDATE projects SET name = ?, settings = ?, paused = ? WHERE id = ?",
                [name ?? old.name, try JSONLines.line(new), paused ?? old.paused, id])
            if TaskMode.allCases.contains(where: { Questions(new, mode: $0) != Questions(old.settings, mode: $0) }) {
                try db.run("UPDATE projects SET questions_since = ? WHERE id = ?", [now.milliseconds, id])
            }
            if new.overlap != old.settings.overlap { try db.setOverlap(new.overlap, in: id, at: now) }
            var changes: [String] = []
            if let name, name != old.name { changes.append("name '\(old.name)' -> '\(name)'") }
            if let paused, paused != old.paused { changes.append(paused ? "paused" : "not paused any more") }
            if new != old.settings { changes.append("settings \(try JSONLines.line(new))") }
            try db.audit(
                .projectChange, subject: "project \(id)", details: changes.joined(separator: "; "), by: actor, at: now
            )
            return try db.project(id)
        }
    }

    public func project(_ id: ProjectID) async throws -> Project { try await read { db in try db.project(id) } }

    public func project(named name: String) async throws -> Project? {
        try await read { db in
            try db.row(Database.projectSQL + " WHERE projects.name = ?", [name]).map(Project.init(row:))
        }
    }

    public func projects() async throws -> [Project] {
        try await read { db in try db.rows(Database.projectSQL + " ORDER BY projects.id").map(Project.init(row:)) }
    }
}

extension Database {
    static let projectSQL = """
        SELECT projects.*,
            (SELECT policy_id FROM current_policies c WHERE c.project_id = projects.id AND until IS NULL)
                AS current_policy_id,
            (SELECT count(*) FROM current_policies c WHERE c.project_id = projects.id) AS periods
        FROM projects
        """

    func project(_ id: ProjectID) throws -> Project {
        guard let row = try row(Database.projectSQL + " WHERE projects.id = ?", [id]) else {
            throw StoreError.unknown(what: "project", id: "\(id)")
        }
        return try Project(row: row)
    }

    fileprivate func checkProjectName(_ name: String, except id: ProjectID? = nil) throws {
        let trimmed = name.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed == name, name.count <= 200 else {
            throw StoreError.invalid(
                field: "name", problem: "give a name of 1 to 200 characters without spaces at its ends")
        }
        if try exists("SELECT 1 FROM projects WHERE name = ? AND id <> ?", [name, id ?? ProjectID(0)]) {
            throw StoreError.nameTaken(what: "project", name: name)
        }
    }

    /// Gives the open tasks a new overlap; those that have enough labels by it are done.
    fileprivate func setOverlap(_ overlap: Int, in id: ProjectID, at now: Date) throws {
        try run("UPDATE tasks SET overlap = ? WHERE project_id = ? AND state = 'open'", [overlap, id])
        try run(
            """
            UPDATE tasks SET state = 'done', closed_at = ?
            WHERE project_id = ? AND state = 'open' AND label_count >= overlap
            """, [now.milliseconds, id])
    }

    /// Every policy that the mix names is there.
    fileprivate func checkMix(_ settings: ProjectSettings) throws {
        for (index, part) in settings.mix.enumerated() {
            guard case .policy(let id) = part.policy else { continue }
            guard let row = try row("SELECT pruned_at FROM policies WHERE id = ?", [id]) else {
                throw StoreError.invalid(field: "mix[\(index)].policy", problem: "there is no policy '\(id)'")
            }
            if row.dateIfPresent("pruned_at") != nil {
                throw StoreError.invalid(
                    field: "mix[\(index)].policy", problem: "policy '\(id)' was pruned; its files are gone")
            }
        }
    }
}
