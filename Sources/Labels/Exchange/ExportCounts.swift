import GRDB

/// How much an export would hold: counted by the database from its columns, without reading an answer or a text, so
/// that a page may ask for it each time somebody looks.
public struct ExportCounts: Sendable, Hashable {
    /// Counts over some labels.
    struct Part: Sendable, Hashable {
        var labels = 0
        /// Pairs of responses in a strict order.
        var pairs = 0
        var tiedPairs = 0
        /// Comparisons that prefer none because both are unacceptable.
        var bothUnacceptable = 0
        /// Labels of prompts that are conversations.
        var conversations = 0
    }

    /// Lines of the native form, one a label.
    let nativeLabels: Int
    /// What the forms of pairs are made from.
    let paired: Part
    /// Labels that the forms of written answers are made from.
    let demonstrations: Int

    /// What the export in this form holds, the same as `ExportSummary` says at the end of the real one.
    public func summary(as format: ExportFormat) -> ExportSummary {
        var summary = ExportSummary()
        if format == .native {
            summary.labels = nativeLabels
            summary.lines = nativeLabels
            return summary
        }
        if format.kinds.contains(.demonstration) {
            summary.labels = demonstrations
            summary.lines = demonstrations
            return summary
        }
        summary.labels = paired.labels
        summary.lines = paired.pairs
        summary.tiedPairsDropped = paired.tiedPairs
        summary.bothUnacceptableDropped = paired.bothUnacceptable
        if format == .trlExplicit || format == .trlImplicit { summary.conversationsFlattened = paired.conversations }
        return summary
    }
}

extension Store {
    /// Counts what an export with these options would hold now, for every form at once.
    /// - Throws: `StoreError` for an unknown project, and for a snapshot that there is not or that is another one's.
    public func exportCounts(
        _ project: ProjectID, _ options: ExportOptions = ExportOptions()
    ) async throws -> ExportCounts {
        try await read { db in
            _ = try db.project(project)
            if let snapshot = options.snapshot {
                guard try db.snapshot(snapshot).project == project else {
                    throw StoreError.invalid(field: "snapshot", problem: "it belongs to another project")
                }
                let held = try db.exportPart(
                    "FROM snapshot_labels s JOIN label_revisions r ON r.id = s.label_revision_id", "s.snapshot_id = ?",
                    [snapshot])
                let isWritten = try db.exists(
                    "SELECT 1 FROM snapshots WHERE id = ? AND subject = 'demonstrations'", [snapshot])
                let all = try db.count("SELECT count(*) FROM snapshot_labels WHERE snapshot_id = ?", [snapshot])
                return ExportCounts(
                    nativeLabels: all, paired: isWritten ? ExportCounts.Part() : held,
                    demonstrations: isWritten ? held.labels : 0)
            }
            let counted = try db.newestRevisions(of: project, state: "active")
            let extras = try db.newestRevisions(of: project, state: "extra")
            let native =
                options.everyRevision
                ? try db.count("SELECT count(*) FROM label_revisions WHERE project_id = ?", [project])
                : try db.count(
                    "SELECT count(*) FROM labels WHERE project_id = ? AND (state = 'active' OR (? AND state = 'extra'))",
                    [project, options.includeExtras ?? true])
            let written = try db.count(
                """
                SELECT count(*) FROM labels WHERE project_id = ? AND kind IN ('demonstration', 'correction')
                    AND (state = 'active' OR (? AND state = 'extra'))
                """, [project, options.includeExtras ?? false])
            return ExportCounts(
                nativeLabels: native, paired: options.includeExtras ?? false ? counted + extras : counted,
                demonstrations: written)
        }
    }
}

extension ExportCounts.Part {
    static func + (first: Self, second: Self) -> Self {
        Self(
            labels: first.labels + second.labels, pairs: first.pairs + second.pairs,
            tiedPairs: first.tiedPairs + second.tiedPairs,
            bothUnacceptable: first.bothUnacceptable + second.bothUnacceptable,
            conversations: first.conversations + second.conversations)
    }
}

extension Database {
    /// A label's row names its newest revision that is no duplicate; the state says whether that one counts.
    fileprivate func newestRevisions(of project: ProjectID, state: String) throws -> ExportCounts.Part {
        try exportPart(
            "FROM labels m JOIN label_revisions r ON r.label_id = m.id AND r.revision = m.revision",
            "m.project_id = ? AND m.state = ? AND m.kind IN ('ranking', 'comparison')", [project, state])
    }

    /// A judgement orders or ties each of the C(K, 2) pairs of its group, or calls both of two unacceptable; the strict
    /// ones are what these leave.
    fileprivate func exportPart(
        _ revisions: String, _ condition: String, _ arguments: StatementArguments
    ) throws -> ExportCounts.Part {
        let found = try row(
            """
            SELECT count(*) AS labels,
                coalesce(sum(g.k * (g.k - 1) / 2 - r.tied_pairs - r.both_unacceptable), 0) AS pairs,
                coalesce(sum(r.tied_pairs), 0) AS tied_pairs,
                coalesce(sum(r.both_unacceptable), 0) AS both_unacceptable, coalesce(sum(p.kind = 'messages'), 0) AS conversations
            \(revisions) JOIN labels l ON l.id = r.label_id JOIN tasks t ON t.id = l.task_id
            JOIN response_groups g ON g.id = t.group_id JOIN prompts p ON p.id = g.prompt_id
            WHERE \(condition) AND coalesce(t.label_use, 'learn') = 'learn'
            """, arguments)
        guard let found else { return ExportCounts.Part() }
        return ExportCounts.Part(
            labels: found["labels"], pairs: found["pairs"], tiedPairs: found["tied_pairs"],
            bothUnacceptable: found["both_unacceptable"],
            conversations: found["conversations"])
    }
}
