import Crypto
public import Foundation
import GRDB
import Preferences

extension Store {
    /// Selects every written answer that counts, of prompts that are not held out, as an immutable snapshot for a
    /// supervised run. The same selection again is the same snapshot.
    /// - Throws: `StoreError.noDemonstrations`.
    public func takeDemonstrationSnapshot(_ project: ProjectID, by actor: Actor) async throws -> Snapshot {
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
            guard !rows.isEmpty else { throw StoreError.noDemonstrations(project: project.name) }
            var hash = SHA256()
            hash.update(data: Data("demonstrations\n".utf8))
            for row in rows {
                let judgement: String = row["judgement"]
                let line =
                    "\(row["public_id"] as String) \(row["revision"] as Int) \(Secrets.hex(Secrets.sha256(judgement)))\n"
                hash.update(data: Data(line.utf8))
            }
            let hex = Secrets.hex(hash.finalize())
            if let row = try db.row("SELECT * FROM snapshots WHERE project_id = ? AND hash = ?", [project.id, hex]) {
                return Snapshot(row: row)
            }
            let groups = Set(rows.map { $0["group_id"] as GroupID }).count
            let id: SnapshotID = try db.insert(
                """
                INSERT INTO snapshots (project_id, hash, labels, groups, held_out_groups, ties, extras, split_rule,
                    created_at, subject)
                VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, 'demonstrations')
                """,
                [
                    project.id, hex, rows.count, groups,
                    "Written answers; the run itself holds a share of the prompts out.", now.milliseconds,
                ])
            for row in rows {
                try db.run(
                    """
                    INSERT INTO snapshot_labels (snapshot_id, group_id, label_revision_id, split)
                    VALUES (?, ?, ?, 'train')
                    """, [id, row["group_id"] as GroupID, row["revision_id"] as Int64])
            }
            try db.audit(
                .snapshotTake, subject: "snapshot \(id)",
                details: "\(Wording.count(rows.count, "written answer", "written answers")), \(hex)", by: actor, at: now
            )
            return try db.snapshot(id)
        }
    }

    /// Writes `demonstrations.jsonl` of a snapshot: `id`, `prompt` and `response` a line, in the order of the labels.
    /// - Returns: how many lines.
    @discardableResult
    public func writeDemonstrations(of snapshot: SnapshotID, to file: URL) async throws -> Int {
        try await read { db in
            _ = try db.snapshot(snapshot)
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
