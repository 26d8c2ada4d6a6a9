public import Foundation
import GRDB
import Preferences

/// Whether a prompt is used.
public enum PromptState: String, Sendable, Hashable, Codable, CaseIterable {
    /// As far as is known, every policy in use can answer it.
    case active
    /// A policy in use cannot answer it, so that sampling passes it over.
    case unanswerable
    /// A lead took it out. What exists of it stays.
    case retired

    /// On `prompts p`; but for `retired`, with a JSON list of the policies' numbers as its argument.
    var condition: String {
        switch self {
        case .active: Database.canBeSampled
        case .unanswerable: "p.retired_at IS NULL AND EXISTS (\(Database.refusalsOfPrompt))"
        case .retired: "p.retired_at IS NOT NULL"
        }
    }
}

/// That a policy cannot answer a prompt, as whoever samples from the policy said.
public struct PromptRefusal: Sendable, Hashable {
    public let policy: PolicyID
    public let policyName: String
    /// In the words of the model server.
    public let reason: String
    public let at: Date
}

extension Store {
    /// Notes that a policy cannot answer a prompt: what is sampled from that policy passes the prompt over from now on.
    /// Other policies are tried; what was sampled before stays.
    public func noteRefusal(of prompt: PromptID, by policy: PolicyID, reason: String) async throws {
        let now = now
        try await write { db in
            _ = try db.prompt(prompt)
            try db.run(
                """
                INSERT INTO prompt_refusals (prompt_id, policy_id, reason, at) VALUES (?, ?, ?, ?)
                ON CONFLICT (prompt_id, policy_id) DO UPDATE SET reason = excluded.reason, at = excluded.at
                """, [prompt, policy, reason.isEmpty ? "no reason was given" : reason, now.milliseconds])
        }
    }

    /// Forgets what policies could not answer in a project, so that all of it is tried once more: the settings or the
    /// model server may have changed.
    /// - Returns: how many prompts that were.
    @discardableResult
    public func forgetRefusals(in project: ProjectID) async throws -> Int {
        try await write { db in
            _ = try db.project(project)
            let prompts = "SELECT id FROM prompts WHERE project_id = ?"
            let count = try db.count(
                "SELECT count(DISTINCT prompt_id) FROM prompt_refusals WHERE prompt_id IN (\(prompts))", [project])
            if count > 0 { try db.run("DELETE FROM prompt_refusals WHERE prompt_id IN (\(prompts))", [project]) }
            return count
        }
    }

    /// What policies in use cannot answer of these prompts, the newest policy first: those of the project's mix, and the two
    /// of each open comparison of policies.
    public func refusals(
        of prompts: [PromptID], in project: ProjectID
    ) async throws -> [PromptID: [PromptRefusal]] {
        try await read { db in
            let policies = try Database.list(db.policiesInUse(by: db.project(project)))
            var found: [PromptID: [PromptRefusal]] = [:]
            for prompt in prompts {
                let refusals = try db.rows(
                    """
                    SELECT f.*, policies.name FROM prompt_refusals f JOIN policies ON policies.id = f.policy_id
                    WHERE f.prompt_id = ? AND f.policy_id IN (SELECT value FROM json_each(?)) ORDER BY f.policy_id DESC
                    """, [prompt, policies]
                ).map { row in
                    PromptRefusal(
                        policy: row["policy_id"], policyName: row["name"], reason: row["reason"], at: row.date("at"))
                }
                if !refusals.isEmpty { found[prompt] = refusals }
            }
            return found
        }
    }

    /// How many prompts that are not retired a policy in use cannot answer.
    public func unanswerablePromptCount(_ project: ProjectID) async throws -> Int {
        try await read { db in
            let project = try db.project(project)
            return try db.count(
                """
                SELECT count(DISTINCT f.prompt_id) FROM prompt_refusals f JOIN prompts p ON p.id = f.prompt_id
                WHERE p.project_id = ? AND p.retired_at IS NULL AND f.policy_id IN (SELECT value FROM json_each(?))
                """, [project.id, try Database.list(db.policiesInUse(by: project))])
        }
    }

    /// Takes a prompt out: no task, comparison or refresh that begins later uses it. Its tasks, responses and labels stay.
    /// Again, it changes nothing.
    /// - Throws: `StoreError.unknown` for one of another project.
    @discardableResult
    public func retirePrompt(_ id: PromptID, in project: ProjectID, by actor: Actor) async throws -> StoredPrompt {
        let now = now
        return try await write { db in
            let prompt = try db.prompt(id, in: project)
            if prompt.retiredAt != nil { return prompt }
            if prompt.prompt == PlainBrief.prompt, prompt.use == .writing {
                throw StoreError.notAllowed(
                    "prompt \(id) is the brief of prompts that are written without a use case; untick that style in the "
                        + "project's settings instead")
            }
            try db.run("UPDATE prompts SET retired_at = ? WHERE id = ?", [now.milliseconds, id])
            try db.audit(.promptRetire, subject: "project \(project)", details: "prompt \(id)", by: actor, at: now)
            return try db.prompt(id)
        }
    }

    /// Tags a prompt as being about safety, or takes the tag off.
    /// - Throws: `StoreError.unknown` for one of another project.
    @discardableResult
    public func setAboutSafety(
        _ isAboutSafety: Bool, prompt id: PromptID, in project: ProjectID, by actor: Actor
    ) async throws -> StoredPrompt {
        let now = now
        return try await write { db in
            let prompt = try db.prompt(id, in: project)
            if prompt.isAboutSafety == isAboutSafety { return prompt }
            try db.run("UPDATE prompts SET about_safety = ? WHERE id = ?", [isAboutSafety, id])
            try db.audit(
                .promptSafety, subject: "project \(project)",
                details: "prompt \(id): \(isAboutSafety ? "about safety" : "not about safety")", by: actor, at: now)
            return try db.prompt(id)
        }
    }

    /// Takes a retired prompt into use again.
    @discardableResult
    public func restorePrompt(_ id: PromptID, in project: ProjectID, by actor: Actor) async throws -> StoredPrompt {
        let now = now
        return try await write { db in
            let prompt = try db.prompt(id, in: project)
            if prompt.retiredAt == nil { return prompt }
            try db.run("UPDATE prompts SET retired_at = NULL WHERE id = ?", [id])
            try db.audit(.promptRestore, subject: "project \(project)", details: "prompt \(id)", by: actor, at: now)
            return try db.prompt(id)
        }
    }
}

extension Project {
    /// The policies that the mix names, whether their files are there or not.
    var mixedPolicies: [PolicyID] {
        settings.mix.compactMap { part in
            switch part.policy {
            case .current: currentPolicy
            case .reference: referencePolicy
            case .policy(let named): named
            }
        }
    }
}

extension Database {
    /// With a JSON list of policies' numbers as its argument.
    fileprivate static let refusalsOfPrompt = """
        SELECT 1 FROM prompt_refusals f WHERE f.prompt_id = p.id AND f.policy_id IN (SELECT value FROM json_each(?))
        """

    /// Whether a prompt is sampled for, as a condition on `prompts p` with a JSON list of the policies' numbers as its
    /// argument: nobody retired it, and each of these policies can answer it as far as is known.
    static let canBeSampled = "p.retired_at IS NULL AND NOT EXISTS (\(refusalsOfPrompt))"

    /// The numbers as a JSON list.
    static func list(_ policies: [PolicyID]) throws -> String { try JSONLines.line(policies.map(\.rawValue)) }

    fileprivate func prompt(_ id: PromptID, in project: ProjectID) throws -> StoredPrompt {
        let prompt = try prompt(id)
        guard prompt.project == project else { throw StoreError.unknown(what: "prompt", id: "\(id)") }
        return prompt
    }

    /// Those of the project's mix, and the two of each open comparison of policies.
    func policiesInUse(by project: Project) throws -> [PolicyID] {
        let compared = try rows(
            "SELECT candidate_id, incumbent_id FROM promotions WHERE project_id = ? AND decision IS NULL",
            [project.id]
        ).flatMap { [$0["candidate_id"] as PolicyID, $0["incumbent_id"] as PolicyID] }
        return project.mixedPolicies + compared
    }

    /// Why there is no prompt to sample for.
    func nothingToSample(in project: Project, use: PromptUse) throws -> StoreError {
        try promptCounts(project.id)[use] ?? 0 > 0
            ? .noAnswerablePrompts(project: project.name, use: use) : .noPrompts(project: project.name, use: use)
    }
}
