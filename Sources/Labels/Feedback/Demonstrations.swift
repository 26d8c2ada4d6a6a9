import Crypto
public import Foundation
import GRDB
import Preferences

extension Store {
    /// Selects every written answer that counts, of prompts that are not held out, and the instruction sets in use, as an
    /// immutable snapshot for a supervised run. The same selection again is the same snapshot.
    /// - Parameter includeSets: whether instruction sets belong to it; else people's answers alone.
    /// - Throws: `StoreError.noDemonstrations`.
    public func takeDemonstrationSnapshot(
        _ project: ProjectID, includeSets: Bool = true, by actor: Actor
    ) async throws -> Snapshot {
        let now = now
        return try await write { db in
            let project = try db.project(project)
            let rows = try db.rows(
                """
                SELECT t.group_id, l.public_id, r.id AS revision_id, r.revision, r.judgement
                FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                JOIN tasks t ON t.id = l.task_id JOIN response_groups g ON g.id = t.group_id
                JOIN prompts p ON p.id = g.prompt_id
                WHERE l.project_id = ? AND l.kind IN ('demonstration', 'correction') AND l.state = 'active'
                    AND p.use <> 'held_out'
                ORDER BY l.id
                """, [project.id])
            let sets = includeSets ? try db.instructionSetsInUse(by: project.id) : []
            guard !rows.isEmpty || !sets.isEmpty else { throw StoreError.noDemonstrations(project: project.name) }
            let hex = try Self.hash(rows, sets, heldOutPrompts: sets.isEmpty ? [] : db.heldOutHashes(project.id))
            if let row = try db.row("SELECT * FROM snapshots WHERE project_id = ? AND hash = ?", [project.id, hex]) {
                return Snapshot(row: row)
            }
            let id = try db.insertDemonstrations(rows, sets, hash: hex, project: project.id, at: now)
            let answers = rows.count + sets.reduce(0) { $0 + $1.used }
            try db.audit(
                .snapshotTake, subject: "snapshot \(id)",
                details: "\(Wording.count(answers, "written answer", "written answers")), \(hex)", by: actor, at: now)
            return try db.snapshot(id)
        }
    }

    /// - Parameter heldOutPrompts: what the sets' instructions are taken without.
    private static func hash(
        _ rows: [Row], _ sets: [(set: InstructionSet, used: Int)], heldOutPrompts: [Data]
    ) -> String {
        var hash = SHA256()
        hash.update(data: Data("demonstrations\n".utf8))
        for row in rows {
            let judgement: String = row["judgement"]
            let line =
                "\(row["public_id"] as String) \(row["revision"] as Int) \(Secrets.hex(Secrets.sha256(judgement)))\n"
            hash.update(data: Data(line.utf8))
        }
        for (set, used) in sets { hash.update(data: Data("instructions \(set.sha256) \(used)\n".utf8)) }
        for prompt in heldOutPrompts { hash.update(data: prompt) }
        return Secrets.hex(hash.finalize())
    }

    /// Writes `demonstrations.jsonl` of a snapshot: `id`, `prompt` and `response` a line, people's in the order of the labels,
    /// then those of instruction sets in the order of their files.
    /// - Returns: how many lines.
    @discardableResult
    public func writeDemonstrations(of snapshot: SnapshotID, to file: URL) async throws -> Int {
        try await read { db in
            let taken = try db.snapshot(snapshot)
            var writer = try LineWriter(file: file)
            let cursor = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT l.public_id, r.judgement, p.content FROM snapshot_labels s
                        JOIN label_revisions r ON r.id = s.label_revision_id JOIN labels l ON l.id = r.label_id
                        JOIN response_groups g ON g.id = s.group_id JOIN prompts p ON p.id = g.prompt_id
                        WHERE s.snapshot_id = ? ORDER BY l.id
                        """), arguments: [snapshot])
            while let row = try cursor.next() {
                let content: LabelContent = try row.json("judgement")
                guard let feedback = content.feedback else { continue }
                try writer.write(
                    JSONLines.line(
                        DemonstrationLine(
                            id: row["public_id"], prompt: try row.json("content"), response: feedback.text)))
            }
            let instructions = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT i.*, s.sha256 FROM snapshot_instruction_sets t JOIN instruction_sets s ON s.id = t.set_id
                        JOIN instructions i ON i.set_id = s.id
                        WHERE t.snapshot_id = ? AND NOT \(Database.isHeldOut) ORDER BY i.set_id, i.number
                        """), arguments: [snapshot, taken.project, taken.createdAt.milliseconds])
            while let row = try instructions.next() {
                let set: String = row["sha256"]
                try writer.write(
                    JSONLines.line(
                        DemonstrationLine(
                            id: "set-\(set.prefix(12))-\(row["number"] as Int)", prompt: try row.json("prompt"),
                            response: row["response"])))
            }
            return try writer.finish()
        }
    }

    /// Written answers that count, and could be learnt from.
    public func demonstrationCount(_ project: ProjectID) async throws -> Int {
        try await read { db in
            try db.count(
                """
                SELECT count(*) FROM labels l JOIN tasks t ON t.id = l.task_id
                JOIN response_groups g ON g.id = t.group_id JOIN prompts p ON p.id = g.prompt_id
                WHERE l.project_id = ? AND l.kind IN ('demonstration', 'correction') AND l.state = 'active'
                    AND p.use <> 'held_out'
                """, [project])
        }
    }
}

extension Database {
    /// The held-out prompts' content hashes, in order.
    fileprivate func heldOutHashes(_ project: ProjectID) throws -> [Data] {
        try Data.fetchAll(
            cachedStatement(
                sql: """
                    SELECT content_hash FROM prompts p WHERE project_id = ? AND use = 'held_out'
                        AND EXISTS (SELECT 1 FROM instructions i WHERE i.prompt_hash = p.content_hash) ORDER BY content_hash
                    """), arguments: [project])
    }

    fileprivate func insertDemonstrations(
        _ rows: [Row], _ sets: [(set: InstructionSet, used: Int)], hash: String, project: ProjectID, at now: Date
    ) throws -> SnapshotID {
        let used = sets.reduce(0) { $0 + $1.used }
        let groups = Set(rows.map { $0["group_id"] as GroupID }).count
        let id: SnapshotID = try insert(
            """
            INSERT INTO snapshots (project_id, hash, labels, groups, held_out_groups, ties, extras, split_rule,
                created_at, subject)
            VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, 'demonstrations')
            """,
            [project, hash, rows.count + used, groups + used, Self.rule(people: rows.count, sets), now.milliseconds])
        for row in rows {
            try run(
                """
                INSERT INTO snapshot_labels (snapshot_id, group_id, label_revision_id, split)
                VALUES (?, ?, ?, 'train')
                """, [id, row["group_id"] as GroupID, row["revision_id"] as Int64])
        }
        for (set, _) in sets {
            try run("INSERT INTO snapshot_instruction_sets (snapshot_id, set_id) VALUES (?, ?)", [id, set.id])
        }
        return id
    }

    /// Which answers a snapshot takes, in a sentence.
    private static func rule(people: Int, _ sets: [(set: InstructionSet, used: Int)]) -> String {
        let named = sets.map { set, used in
            "\(Wording.count(used, "answer", "answers")) of the instruction set \(set.name) (sha256 \(set.sha256.prefix(12))…)"
        }
        return ((people > 0 ? ["Written answers"] : []) + named).joined(separator: ", ")
            + "; the run itself holds a share of the prompts out."
    }
}
