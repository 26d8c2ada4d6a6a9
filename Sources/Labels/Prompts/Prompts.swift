public import Foundation
import GRDB
public import Preferences
import SeededRandom

/// What a prompt is for; a prompt has one use in its project.
public enum PromptUse: String, Sendable, Hashable, Codable, CaseIterable {
    case supervised, ranking, ppo
    case heldOut = "held_out"
    /// A brief from which people write prompts, e.g. a use case.
    case writing
}

public struct StoredPrompt: Sendable, Hashable {
    public let id: PromptID
    public let project: ProjectID
    public let prompt: Prompt
    public let use: PromptUse
    /// SHA-256 of the prompt's content, in hexadecimal; equal prompts have equal hashes in every store.
    public let contentHash: String
    public let createdAt: Date
    /// Who wrote it as a task of this project; nil for one that was imported.
    public let author: UserID?
    /// When a lead took it out, so that nothing is sampled for it any more.
    public let retiredAt: Date?
    /// Tagged as being about safety: a reward model's safety head alone judges the responses to it.
    public let isAboutSafety: Bool

    init(row: Row) throws {
        id = row["id"]
        author = row["author_id"]
        project = row["project_id"]
        prompt = try row.json("content")
        use = try row.word("use")
        let hash: Data = row["content_hash"]
        contentHash = Secrets.hex(hash)
        createdAt = row.date("created_at")
        retiredAt = row.dateIfPresent("retired_at")
        isAboutSafety = row["about_safety"]
    }
}

extension Store {
    /// In the order of their entry; `after` an id to read on.
    public func prompts(
        _ project: ProjectID, use: PromptUse? = nil, state: PromptState? = nil, after: PromptID? = nil, limit: Int = 100
    ) async throws -> [StoredPrompt] {
        try await read { db in
            let project = try db.project(project)
            var conditions = ["project_id = ?", "id > ?"]
            var arguments: StatementArguments = [project.id, after ?? PromptID(0)]
            if let use {
                conditions.append("use = ?")
                arguments += [use.rawValue]
            }
            if let state {
                conditions.append(state.condition)
                if state != .retired { arguments += [try Database.list(db.policiesInUse(by: project))] }
            }
            arguments += [limit]
            return try db.rows(
                "SELECT * FROM prompts p WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT ?", arguments
            ).map(StoredPrompt.init(row:))
        }
    }

    /// Without those that are retired.
    public func promptCounts(_ project: ProjectID) async throws -> [PromptUse: Int] {
        try await read { db in try db.promptCounts(project) }
    }

    /// Random prompts without replacement, none that is retired: all of them, in random order, where `count` asks for more.
    /// - Throws: `StoreError.noPrompts` where there is none of this use.
    public func drawPrompts(
        _ project: ProjectID, use: PromptUse, count: Int, seed: UInt64
    ) async throws -> [StoredPrompt] {
        try await read { db in
            let name = try db.project(project).name
            let ids = try Int64.fetchAll(
                db.cachedStatement(
                    sql: "SELECT id FROM prompts WHERE project_id = ? AND use = ? AND retired_at IS NULL ORDER BY id"),
                arguments: [project, use.rawValue])
            guard !ids.isEmpty else { throw StoreError.noPrompts(project: name, use: use) }
            var generator = SplitMix64(seed: seed)
            return try generator.permutation(of: ids.count).prefix(max(0, count)).map { try db.prompt(ID(ids[$0])) }
        }
    }
}

extension Database {
    func prompt(_ id: PromptID) throws -> StoredPrompt {
        guard let row = try row("SELECT * FROM prompts WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "prompt", id: "\(id)")
        }
        return try StoredPrompt(row: row)
    }

    func promptCounts(_ project: ProjectID) throws -> [PromptUse: Int] {
        var counts = Dictionary(uniqueKeysWithValues: PromptUse.allCases.map { ($0, 0) })
        for row in try rows("SELECT use, count(*) AS n FROM prompts WHERE project_id = ? GROUP BY use", [project]) {
            counts[try row.word("use")] = row["n"]
        }
        let retired = try rows(
            "SELECT use, count(*) AS n FROM prompts WHERE project_id = ? AND retired_at IS NOT NULL GROUP BY use",
            [project])
        for row in retired { counts[try row.word("use"), default: 0] -= row["n"] as Int }
        return counts
    }

    /// Enters a prompt, or finds it where it is.
    /// - Parameters:
    ///   - use: nil takes an existing prompt whatever its use is, and enters a new one for `newUse`.
    ///   - isAboutSafety: tags it, also where it is there already.
    /// - Throws: `StoreError.invalid` where it is there with another use.
    func enter(
        _ prompt: Prompt, use: PromptUse?, newUse: PromptUse = .ranking, isAboutSafety: Bool = false,
        in project: ProjectID, at now: Date
    ) throws -> (id: PromptID, added: Bool) {
        let hash = Secrets.sha256(prompt.canonicalBytes)
        if let row = try row("SELECT id, use FROM prompts WHERE project_id = ? AND content_hash = ?", [project, hash]) {
            let found: PromptUse = try row.word("use")
            if let use, found != use {
                throw StoreError.invalid(
                    field: "use",
                    problem: "this prompt is in the project already with the use '\(found.rawValue)', and a prompt has "
                        + "one use; leave it out or import it as '\(found.rawValue)'")
            }
            if isAboutSafety {
                try run(
                    "UPDATE prompts SET about_safety = 1 WHERE id = ? AND about_safety = 0", [row["id"] as PromptID])
            }
            return (row["id"], false)
        }
        let id: PromptID = try insert(
            """
            INSERT INTO prompts (project_id, kind, content, use, content_hash, created_at, about_safety)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                project, prompt.kind.rawValue, try JSONLines.line(prompt), (use ?? newUse).rawValue, hash,
                now.milliseconds, isAboutSafety,
            ])
        return (id, true)
    }
}
