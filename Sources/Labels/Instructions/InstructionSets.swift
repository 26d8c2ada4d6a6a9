import Crypto
public import Foundation
import GRDB
import Preferences

/// A file of prompts with the answers to learn, as it was imported.
public struct InstructionSet: Sendable, Hashable {
    public let id: InstructionSetID
    public let project: ProjectID
    /// The file's name.
    public let name: String
    /// Of the file's bytes, in hexadecimal.
    public let sha256: String
    public let instructions: Int
    /// The person's name, or `command line`.
    public let importedBy: String
    public let importedAt: Date
    /// When a lead took it out, so that no further run learns from it.
    public internal(set) var retiredAt: Date?

    init(row: Row) {
        id = row["id"]
        project = row["project_id"]
        name = row["name"]
        sha256 = row["sha256"]
        instructions = row["instruction_count"]
        importedBy = row["who"]
        importedAt = row.date("imported_at")
        retiredAt = row.dateIfPresent("retired_at")
    }
}

extension Store {
    /// Instructions with their answers, as a JSON array or one object a line: Alpaca's `instruction`, `input`, `output`;
    /// `messages` whose last is the assistant's; `prompt` with `response` or `completion`. Supervised runs learn from them
    /// beside what the project's people wrote. All or nothing; the same file again is left alone, or taken into use again.
    /// - Throws: `StoreError.importFile` and `.importLine`, which name file, line and field.
    public func importInstructions(
        _ project: ProjectID, from source: ImportSource, by actor: Actor
    ) async throws -> ImportReport {
        let now = now
        let (file, count, hash) = try await offPool {
            let file = try InstructionFile(source)
            // Once without the writer, so that a long file with a mistake does not hold up a submission.
            var count = 0
            try file.forEach { number, _ in count = number }
            return (file, count, Secrets.hex(Data(SHA256.hash(data: file.data))))
        }
        return try await write { db in
            _ = try db.project(project)
            var report = ImportReport()
            if let known = try db.instructionSets("project_id = ? AND sha256 = ?", [project, hash]).first {
                report.alreadyThere = known.instructions
                if known.retiredAt != nil { try db.setRetired(nil, set: known, by: actor, at: now) }
                return report
            }
            let set: InstructionSetID = try db.insert(
                """
                INSERT INTO instruction_sets (project_id, name, sha256, instruction_count, imported_by, imported_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [project, file.name, hash, count, actor.words, now.milliseconds])
            report.lines = try file.forEach { number, line in
                try db.run(
                    "INSERT INTO instructions (set_id, number, prompt, prompt_hash, response) VALUES (?, ?, ?, ?, ?)",
                    [
                        set, number, try JSONLines.line(line.prompt), Secrets.sha256(line.prompt.canonicalBytes),
                        line.response,
                    ])
                report.added += 1
            }
            try db.audit(
                .instructionsImport, subject: "project \(project)",
                details: "\(file.name), sha256 \(hash): \(report.sentence)", by: actor, at: now)
            return report
        }
    }

    /// In the order of their import, retired ones too.
    public func instructionSets(_ project: ProjectID) async throws -> [InstructionSet] {
        try await read { db in
            _ = try db.project(project)
            return try db.instructionSets("project_id = ?", [project])
        }
    }

    /// Takes a set out, so that no further run learns from it, or into use again.
    /// - Throws: `StoreError.unknown` for one of another project.
    @discardableResult
    public func setRetired(
        _ isRetired: Bool, instructionSet id: InstructionSetID, in project: ProjectID, by actor: Actor
    ) async throws -> InstructionSet {
        let now = now
        return try await write { db in
            guard let set = try db.instructionSets("instruction_sets.id = ? AND project_id = ?", [id, project]).first
            else {
                throw StoreError.unknown(what: "instruction set", id: "\(id)")
            }
            if (set.retiredAt != nil) == isRetired { return set }
            return try db.setRetired(isRetired ? now : nil, set: set, by: actor, at: now)
        }
    }
}

extension Database {
    @discardableResult
    fileprivate func setRetired(
        _ date: Date?, set: InstructionSet, by actor: Actor, at now: Date
    ) throws -> InstructionSet {
        try run("UPDATE instruction_sets SET retired_at = ? WHERE id = ?", [date?.milliseconds, set.id])
        try audit(
            date == nil ? .instructionsRestore : .instructionsRetire, subject: "project \(set.project)",
            details: "instruction set \(set.id) (\(set.name))", by: actor, at: now)
        var changed = set
        changed.retiredAt = date
        return changed
    }

    fileprivate func instructionSets(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [InstructionSet] {
        try rows(
            """
            SELECT instruction_sets.*, coalesce(users.name, imported_by) AS who FROM instruction_sets
            LEFT JOIN users ON imported_by = 'user ' || users.id WHERE \(condition) ORDER BY instruction_sets.id
            """, arguments
        ).map(InstructionSet.init(row:))
    }

    /// The sets that a snapshot takes now, each with how many of its instructions are of no held-out prompt.
    func instructionSetsInUse(by project: ProjectID) throws -> [(set: InstructionSet, used: Int)] {
        try instructionSets("project_id = ? AND retired_at IS NULL", [project]).compactMap { set in
            let heldOut = try count(
                "SELECT count(*) FROM instructions i WHERE i.set_id = ? AND \(Database.isHeldOut)",
                [set.id, project, Int64.max])
            return heldOut < set.instructions ? (set, set.instructions - heldOut) : nil
        }
    }

    /// Of an instruction `i`: its prompt is one of the project's held-out ones, as of a time. Arguments: the project, the time.
    static let isHeldOut = """
        EXISTS (SELECT 1 FROM prompts p WHERE p.project_id = ? AND p.content_hash = i.prompt_hash AND p.use = 'held_out'
            AND p.created_at <= ?)
        """
}
