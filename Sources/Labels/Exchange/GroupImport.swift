import Foundation
import GRDB
import Preferences

extension Store {
    /// Ready-made groups, one JSON object a line: `prompt` (text, messages or prompt object), `responses` (texts or
    /// objects with `text` and what else is known), and `id` where the group has one. Any K from 2 up. They become open
    /// tasks. All or nothing; a group that is there already is counted and left alone.
    /// - Throws: `StoreError.importFile` and `.importLine`.
    public func importGroups(
        _ project: ProjectID, from source: ImportSource, by actor: Actor
    ) async throws -> ImportReport {
        let reader = LineReader(source: source)
        let settings = try await self.project(project).settings
        _ = try await offPool {
            try reader.forEachLine { number, text in
                _ = try GroupLine.read(text, line: number, file: source.name, settings: settings)
            }
        }
        let now = now
        let configuration = configuration
        return try await write { db in
            let project = try db.project(project)
            var report = ImportReport()
            report.lines = try reader.forEachLine { number, text in
                let line = try GroupLine.read(text, line: number, file: source.name, settings: project.settings)
                let problem = { StoreError.importLine(file: source.name, line: number, problem: $0) }
                let prompt = try db.enter(line.prompt, use: nil, in: project.id, at: now).id
                let group = line.group(id: line.id ?? configuration.publicID("g"))
                if let known = try db.knownGroup(group, hasOwnID: line.id != nil, in: project.id) {
                    guard known.isEqual else {
                        throw problem("a group with the id '\(group.id)' but other content is in the project already")
                    }
                    report.alreadyThere += 1
                    return
                }
                let policies = try group.responses.map { try db.policyID(named: $0.policy) }
                let row = try db.insert(
                    group, policies: policies, prompt: prompt, project: project.id, origin: "imported", at: now)
                _ = try db.insertTask(group: row, project: project, state: "open", under: nil, at: now)
                report.added += 1
            }
            try db.audit(
                .groupsImport, subject: "project \(project.id)", details: "\(source.name): \(report.sentence)",
                by: actor, at: now)
            return report
        }
    }
}

extension Database {
    /// The policy of this store with that name.
    func policyID(named name: String?) throws -> PolicyID? {
        guard let name else { return nil }
        return try row("SELECT id FROM policies WHERE name = ?", [name])?["id"]
    }

    /// A group with this id, or, where the line gives none, with this content.
    func knownGroup(
        _ group: ResponseGroup, hasOwnID: Bool, in project: ProjectID
    ) throws -> (id: GroupID, isEqual: Bool)? {
        let hash = Database.contentHash(group)
        if !hasOwnID {
            return try row(
                "SELECT id FROM response_groups WHERE project_id = ? AND content_hash = ? ORDER BY id LIMIT 1",
                [project, hash]
            ).map { ($0["id"], true) }
        }
        return try row(
            "SELECT id, content_hash FROM response_groups WHERE project_id = ? AND public_id = ?", [project, group.id]
        ).map { row in
            let found: Data = row["content_hash"]
            return (row["id"], found == hash)
        }
    }
}

/// A line of an import of groups.
struct GroupLine: Decodable {
    struct Answer: Decodable {
        let id: String?
        let text: String
        let tokenIDs: [Int32]?
        let tokenIDsSource: GroupResponse.TokenIDsSource?
        let policy: String?
        let seed: Int64?
        let temperature: Double?
        let logProbability: Double?
        let finished: Bool?

        private enum CodingKeys: String, CodingKey {
            case id, text, policy, seed, temperature, finished
            case tokenIDs = "token_ids"
            case tokenIDsSource = "token_ids_source"
            case logProbability = "log_probability"
        }

        init(from decoder: any Decoder) throws {
            if let plain = try? decoder.singleValueContainer().decode(String.self) {
                text = plain
                id = nil
                tokenIDs = nil
                tokenIDsSource = nil
                policy = nil
                seed = nil
                temperature = nil
                logProbability = nil
                finished = nil
                return
            }
            let container = try decoder.fields(CodingKeys.self, orElse: "must be a text, or an object with 'text'")
            id = try container.decodeIfPresent(String.self, forKey: .id)
            text = try container.decode(String.self, forKey: .text)
            tokenIDs = try container.decodeIfPresent([Int32].self, forKey: .tokenIDs)
            tokenIDsSource = try container.decodeIfPresent(GroupResponse.TokenIDsSource.self, forKey: .tokenIDsSource)
            policy = try container.decodeIfPresent(String.self, forKey: .policy)
            seed = try container.decodeIfPresent(Int64.self, forKey: .seed)
            temperature = try container.decodeIfPresent(Double.self, forKey: .temperature)
            logProbability = try container.decodeIfPresent(Double.self, forKey: .logProbability)
            finished = try container.decodeIfPresent(Bool.self, forKey: .finished)
        }
    }

    let id: String?
    let prompt: Prompt
    let responses: [Answer]

    func group(id: String) -> ResponseGroup {
        ResponseGroup(
            id: id, prompt: prompt,
            responses: responses.enumerated().map { position, answer in
                GroupResponse(
                    id: answer.id ?? "\(id)-\(position + 1)", text: answer.text, tokenIDs: answer.tokenIDs,
                    tokenIDsSource: answer.tokenIDs == nil ? nil : answer.tokenIDsSource, policy: answer.policy,
                    seed: answer.seed, temperature: answer.temperature, logProbability: answer.logProbability,
                    finished: answer.finished)
            })
    }

    /// - Throws: `StoreError.importLine`.
    static func read(_ text: String, line: Int, file: String, settings: ProjectSettings) throws -> GroupLine {
        do {
            let read = try JSONLines.decode(GroupLine.self, from: Array(text.utf8), number: line, file: file)
            if read.id == "" { throw NativeLineError.field("id", "it is empty") }
            try read.group(id: read.id ?? "g").validate()
            try settings.check(responseCount: read.responses.count, field: "responses")
            try NativeLineError.check(temperatures: read.responses.map(\.temperature))
            return read
        } catch let error as JSONLineError {
            throw StoreError.importLine(file: file, line: line, problem: error.problem)
        } catch {
            throw StoreError.importLine(file: file, line: line, problem: "\(error)")
        }
    }
}
