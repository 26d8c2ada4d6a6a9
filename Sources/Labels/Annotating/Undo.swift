public import Foundation
import GRDB
import Preferences

/// Whether a submission can be taken back.
public enum UndoState: Sendable, Hashable {
    case possible
    case refused(String)
}

/// One of a person's own submissions.
public struct PastSubmission: Sendable, Hashable {
    public let labelID: LabelID
    public let revision: Int
    public let mode: TaskMode
    /// The beginning of the prompt.
    public let promptPreview: String
    public let submittedAt: Date
    public let kept: Kept
    public let retracted: Bool
    public let undo: UndoState
}

extension Store {
    /// How many of the last submissions a person may take back.
    public static let undoDepth = 10

    /// Newest first.
    public func recentSubmissions(
        of user: UserID, in project: ProjectID, limit: Int = Store.undoDepth
    ) async throws -> [PastSubmission] {
        try await read { db in
            let recent = try db.recentLabels(of: user, in: project, limit: max(limit, Store.undoDepth))
            return try recent.prefix(limit).enumerated().map { index, row in
                let state: String = row["state"]
                return PastSubmission(
                    labelID: row["id"], revision: row["revision"], mode: try row.word("mode"),
                    promptPreview: Preview.line(of: try row.json("content")), submittedAt: row.date("submitted_at"),
                    kept: state == "extra" ? .extra : .counted, retracted: state == "retracted",
                    undo: try db.undoState(row, isRecent: index < Store.undoDepth))
            }
        }
    }

    /// Takes an answer back: a new revision says so, and the task is this person's again with the old answer in it.
    /// - Throws: `StoreError.undoRefused` with the reason.
    public func undo(_ label: LabelID, by user: UserID) async throws -> Assignment {
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await writeTogether { db in
            try db.undo(label: label, in: nil, by: user, lengths: lengths, at: now, configuration: configuration)
        }
    }

    /// Takes back the newest answer that is not taken back yet.
    public func undoLast(of user: UserID, in project: ProjectID) async throws -> Assignment {
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await writeTogether { db in
            try db.undo(label: nil, in: project, by: user, lengths: lengths, at: now, configuration: configuration)
        }
    }
}

enum Preview {
    /// The beginning of a prompt on one line.
    static func line(of prompt: Prompt, length: Int = 100) -> String {
        let words = prompt.plainText.prefix(4 * length).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= length ? words : words.prefix(length - 1) + "…"
    }
}

extension Database {
    fileprivate func recentLabels(of user: UserID, in project: ProjectID, limit: Int) throws -> [Row] {
        try rows(
            """
            SELECT labels.id, labels.user_id, labels.state, labels.revision, labels.project_id, t.id AS task_id, t.mode,
                t.quality_check, p.content, r.submitted_at, r.id AS revision_id
            FROM labels JOIN tasks t ON t.id = labels.task_id
            JOIN response_groups g ON g.id = t.group_id JOIN prompts p ON p.id = g.prompt_id
            JOIN label_revisions r ON r.label_id = labels.id AND r.revision = labels.revision
            WHERE labels.user_id = ? AND labels.project_id = ? AND labels.derived_from IS NULL
            ORDER BY labels.changed_at DESC, labels.id DESC LIMIT ?
            """, [user, project, limit])
    }

    fileprivate func undoState(_ row: Row, isRecent: Bool) throws -> UndoState {
        let state: String = row["state"]
        let label: LabelID = row["id"]
        if state == "retracted" { return .refused("This answer was taken back already.") }
        if state == "extra" {
            return .refused(
                "This answer came after its task was full. It was kept as an extra, and the task is closed.")
        }
        if let id = try snapshot(thatUsed: label, row) {
            return .refused("Snapshot \(id) has used this answer for training, so it cannot be taken back any more.")
        }
        if let why = try refusalOfUndo(label: label, task: row["task_id"]) { return .refused(why) }
        if !isRecent { return .refused("Only your last \(Store.undoDepth) answers can be taken back.") }
        return .possible
    }

    /// No snapshot uses the answer to a check; it counts as used by the first one after it, since one that could be taken back
    /// longer than others would give itself away.
    private func snapshot(thatUsed label: LabelID, _ row: Row) throws -> SnapshotID? {
        if row["quality_check"] as String? != nil {
            return try self.row(
                """
                SELECT id FROM snapshots WHERE project_id = ? AND subject = 'preferences' AND created_at >= ?
                ORDER BY id LIMIT 1
                """, [row["project_id"] as ProjectID, row["submitted_at"] as Int64])?["id"]
        }
        return try self.row(
            """
            SELECT s.snapshot_id FROM label_revisions r JOIN snapshot_labels s ON s.label_revision_id = r.id
            WHERE r.label_id IN (SELECT id FROM labels WHERE id = ?1 OR derived_from = ?1)
            ORDER BY s.snapshot_id LIMIT 1
            """, [label])?["snapshot_id"]
    }

    /// - Parameter label: nil takes the newest answer of `project` that is not taken back.
    fileprivate func undo(
        label: LabelID?, in project: ProjectID?, by user: UserID, lengths: LeaseLengths, at now: Date,
        configuration: StoreConfiguration
    ) throws -> Assignment {
        _ = try activeUser(user)
        try closeExpiredLeases(at: now)
        var project = project
        if let label {
            guard let row = try row("SELECT user_id, project_id FROM labels WHERE id = ?", [label]) else {
                throw StoreError.unknown(what: "label", id: "\(label)")
            }
            guard row["user_id"] == user else {
                throw StoreError.notAllowed("this answer is somebody else's; you can take back your own")
            }
            project = row["project_id"]
        }
        guard let project else { throw StoreError.undoRefused("There is no answer to take back.") }
        let recent = try recentLabels(of: user, in: project, limit: Store.undoDepth)
        let found: Row? =
            if let label { recent.first { $0["id"] == label } } else { recent.first { $0["state"] != "retracted" } }
        guard let found else {
            throw StoreError.undoRefused(
                label == nil
                    ? "There is no answer to take back."
                    : "Only your last \(Store.undoDepth) answers can be taken back.")
        }
        if case .refused(let why) = try undoState(found, isRecent: true) { throw StoreError.undoRefused(why) }
        let id: LabelID = found["id"]
        let task: TaskID = found["task_id"]
        try retract(id, at: now)
        try withdrawDerived(from: id, at: now)
        try forgetDecision(by: task)
        try run("UPDATE tasks SET label_count = label_count - 1 WHERE id = ?", [task])
        try run(
            "UPDATE tasks SET state = 'open', closed_at = NULL WHERE id = ? AND state = 'done' AND label_count < overlap",
            [task])
        let settings = try self.project(project).settings
        let lease = try openLease(
            on: task, for: user, settings: settings, lengths: lengths, reopened: true, at: now,
            configuration: configuration)
        return try assignment(lease, settings: settings)
    }

    func retract(_ label: LabelID, at now: Date) throws {
        try run(
            """
            INSERT INTO label_revisions (project_id, label_id, revision, status, judgement, tied_pairs,
                both_unacceptable, display_order, issued_at, submitted_at)
            SELECT r.project_id, label_id,
                (SELECT max(revision) + 1 FROM label_revisions WHERE label_id = labels.id), 'retraction', judgement,
                tied_pairs, both_unacceptable, display_order, issued_at, ?
            FROM labels JOIN label_revisions r ON r.label_id = labels.id AND r.revision = labels.revision
            WHERE labels.id = ?
            """, [now.milliseconds, label])
        try run(
            """
            UPDATE labels SET state = 'retracted', changed_at = ?,
                revision = (SELECT max(revision) FROM label_revisions WHERE label_id = labels.id)
            WHERE id = ?
            """, [now.milliseconds, label])
    }
}
