public import Foundation
import GRDB
public import Preferences

/// The forms in which labels leave the store.
public enum ExportFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// Lossless: one submission a line.
    case native
    /// TRL preference pairs with the prompt in a field of its own.
    case trlExplicit = "trl"
    /// TRL preference pairs whose texts begin with the prompt.
    case trlImplicit = "trl-implicit"
    case trlConversational = "trl-conversational"
    case trlConversationalImplicit = "trl-conversational-implicit"
    /// Written answers as supervised runs read them: `id`, `prompt`, `response`.
    case demonstrations
    /// Written answers as TRL's conversational prompts and completions.
    case trlDemonstrations = "trl-prompt-completion"

    /// Kinds of labels that the form is made from.
    var kinds: [TaskMode] {
        switch self {
        case .native: TaskMode.allCases
        case .demonstrations, .trlDemonstrations: [.demonstration, .correction]
        case .trlExplicit, .trlImplicit, .trlConversational, .trlConversationalImplicit: [.ranking, .comparison]
        }
    }

    public var fileName: String { self == .native ? "labels.jsonl" : "\(rawValue).jsonl" }
}

public struct ExportOptions: Sendable, Hashable {
    /// Nil: the native form has extras, marked as such; the others leave them out.
    public var includeExtras: Bool?
    /// Native form: superseded, taken back and duplicate answers too.
    public var everyRevision: Bool
    /// How grades become the field `margin`; `.none` leaves it out.
    public var marginScale: MarginScale
    /// Only what this snapshot holds.
    public var snapshot: SnapshotID?

    public init(
        includeExtras: Bool? = nil, everyRevision: Bool = false, marginScale: MarginScale = .small,
        snapshot: SnapshotID? = nil
    ) {
        self.includeExtras = includeExtras
        self.everyRevision = everyRevision
        self.marginScale = marginScale
        self.snapshot = snapshot
    }
}

/// What an export holds and what it left out.
public struct ExportSummary: Sendable, Hashable, Codable {
    public var labels = 0
    public var lines = 0
    public var tiedPairsDropped = 0
    /// Comparisons that prefer none because both are unacceptable.
    public var bothUnacceptableDropped = 0
    /// Conversations that a form of plain texts turned into one text.
    public var conversationsFlattened = 0

    public init() {}

    public var sentence: String {
        var text = "\(Wording.count(lines, "line", "lines")) from \(Wording.count(labels, "label", "labels"))"
        if tiedPairsDropped > 0 {
            let pairs = Wording.count(tiedPairsDropped, "tied pair has", "tied pairs have")
            text += "; \(pairs) no place in this form and \(Wording.word(tiedPairsDropped, "was", "were")) left out"
        }
        if bothUnacceptableDropped > 0 {
            let labels = Wording.count(bothUnacceptableDropped, "comparison calls", "comparisons call")
            text +=
                "; \(labels) both responses unacceptable and \(Wording.word(bothUnacceptableDropped, "gives", "give")) no pair"
        }
        if conversationsFlattened > 0 {
            let labels = Wording.count(
                conversationsFlattened, "label is of a conversation", "labels are of conversations")
            text += "; \(labels), which this form writes as one text"
        }
        return text + "."
    }

    private enum CodingKeys: String, CodingKey {
        case labels, lines
        case tiedPairsDropped = "tied_pairs_dropped"
        case bothUnacceptableDropped = "both_unacceptable_dropped"
        case conversationsFlattened = "conversations_flattened"
    }
}

/// The labels of a project as lines, in pieces.
///
/// The whole shows the store as it was when the iteration began. Every piece is one short read, so that a slow reader
/// neither holds memory nor holds up the store.
public struct LabelExport: AsyncSequence, Sendable {
    public struct Chunk: Sendable {
        /// Whole lines, about 64 KiB.
        public let bytes: [UInt8]
        /// Up to the end of this piece; that of the last piece is of the whole.
        public let summary: ExportSummary
    }

    let store: Store
    let project: ProjectID
    let format: ExportFormat
    let options: ExportOptions

    public func makeAsyncIterator() -> Iterator { Iterator(export: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private static let pieceSize = 1 << 16
        let export: LabelExport
        private var summary = ExportSummary()
        private var last: Int64 = 0
        private var end: Int64?
        private var isFinished = false

        init(export: LabelExport) { self.export = export }

        public mutating func next() async throws -> Chunk? {
            if isFinished { return nil }
            var bytes: [UInt8] = []
            while bytes.count < Iterator.pieceSize && !isFinished {
                let end: Int64
                if let known = self.end {
                    end = known
                } else {
                    end = try await export.begin()
                    self.end = end
                }
                let page = try await export.page(after: last, to: end, summary: summary)
                summary = page.summary
                bytes.append(contentsOf: page.bytes)
                if let reached = page.last { last = reached } else { isFinished = true }
            }
            return Chunk(bytes: bytes, summary: summary)
        }
    }
}

extension Store {
    /// - Throws: nothing yet; an unknown project or snapshot shows with the first piece.
    public func export(
        _ project: ProjectID, as format: ExportFormat, _ options: ExportOptions = ExportOptions()
    ) -> LabelExport {
        LabelExport(store: self, project: project, format: format, options: options)
    }

    /// What the export would hold.
    public func exportSummary(
        _ project: ProjectID, as format: ExportFormat, _ options: ExportOptions = ExportOptions()
    ) async throws -> ExportSummary {
        var summary = ExportSummary()
        for try await chunk in export(project, as: format, options) { summary = chunk.summary }
        return summary
    }

    @discardableResult
    public func writeExport(
        _ project: ProjectID, as format: ExportFormat, _ options: ExportOptions = ExportOptions(), to file: URL
    ) async throws -> ExportSummary {
        var summary = ExportSummary()
        var writer = try LineWriter(file: file)
        for try await chunk in export(project, as: format, options) {
            try writer.write(wholeLines: chunk.bytes)
            summary = chunk.summary
        }
        _ = try writer.finish()
        return summary
    }
}

extension LabelExport {
    private static let pageSize = 100

    /// The newest revision there is: the export's view of the store.
    fileprivate func begin() async throws -> Int64 {
        try await store.read { [project, options] db in
            _ = try db.project(project)
            if let snapshot = options.snapshot, try db.snapshot(snapshot).project != project {
                throw StoreError.invalid(field: "snapshot", problem: "it belongs to another project")
            }
            return try Int64.fetchOne(db, sql: "SELECT max(id) FROM label_revisions") ?? 0
        }
    }

    /// - Returns: `last` is nil at the end.
    fileprivate func page(
        after: Int64, to end: Int64, summary: ExportSummary
    ) async throws -> (bytes: [UInt8], summary: ExportSummary, last: Int64?) {
        try await store.read { db in
            var bytes: [UInt8] = []
            var summary = summary
            let rows = try db.rows(
                sql,
                [
                    "project": project, "after": after, "end": end, "snapshot": options.snapshot,
                    "limit": LabelExport.pageSize, "kinds": try JSONLines.line(format.kinds),
                ])
            for row in rows {
                for line in try lines(row, db, &summary) {
                    bytes.append(contentsOf: line.utf8)
                    bytes.append(0x0A)
                    summary.lines += 1
                }
            }
            return (bytes, summary, rows.last?["revision_id"])
        }
    }

    /// The revision that was current when the export began: the last one up to `:end` that is not a duplicate.
    private var sql: String {
        var conditions = "r.project_id = :project AND r.id > :after AND r.id <= :end"
        conditions += " AND l.kind IN (SELECT value FROM json_each(:kinds))"
        // Labels that decide between policies are for training only where a lead has said so.
        if format != .native { conditions += " AND coalesce(t.label_use, 'learn') = 'learn'" }
        conditions += " AND (:snapshot IS NULL OR EXISTS (SELECT 1 FROM snapshot_labels s"
        conditions += " WHERE s.label_revision_id = r.id AND s.snapshot_id = :snapshot))"
        if !(format == .native && options.everyRevision) && options.snapshot == nil {
            let extras = options.includeExtras ?? (format == .native)
            conditions += extras ? " AND r.status IN ('counted', 'extra')" : " AND r.status = 'counted'"
            conditions += """
                 AND NOT EXISTS (SELECT 1 FROM label_revisions later WHERE later.label_id = r.label_id
                    AND later.revision > r.revision AND later.id <= :end AND later.status <> 'duplicate')
                """
        }
        return """
            SELECT r.id AS revision_id, r.revision, r.status, r.judgement, r.display_order, r.issued_at, r.submitted_at,
                r.active_ms, r.first_action_ms, r.operations, r.effort, t.identity_words, l.public_id AS label_id, u.handle,
                t.mode, t.style, t.round, t.overlap,
                t.sampling_probability, t.label_use, t.quality_check, t.adjudicates, g.id AS group_row, g.public_id AS group_id, g.origin,
                p.content, p.use, p.about_safety,
                projects.name AS project,
                (SELECT public_id FROM labels origin WHERE origin.id = l.derived_from) AS derived_from
            FROM label_revisions r JOIN labels l ON l.id = r.label_id JOIN users u ON u.id = l.user_id
            JOIN tasks t ON t.id = l.task_id JOIN response_groups g ON g.id = t.group_id
            JOIN prompts p ON p.id = g.prompt_id JOIN projects ON projects.id = r.project_id
            WHERE \(conditions) ORDER BY r.id LIMIT :limit
            """
    }

    private func lines(_ row: Row, _ db: Database, _ summary: inout ExportSummary) throws -> [String] {
        summary.labels += 1
        let content: LabelContent = try row.json("judgement")
        let responses = try db.responses(of: row["group_row"])
        let prompt: Prompt = try row.json("content")
        if format == .native {
            return [try JSONLines.line(nativeLine(row, content: content, prompt: prompt, responses: responses))]
        }
        if let feedback = content.feedback {
            let line = DemonstrationLine(id: row["label_id"], prompt: prompt, response: feedback.text)
            return [try format == .demonstrations ? JSONLines.line(line) : JSONLines.line(TRLDemonstration(line))]
        }
        guard let judgement = content.judgement else { return [] }
        summary.tiedPairsDropped += judgement.tiedPairCount
        if judgement.isBothUnacceptable { summary.bothUnacceptableDropped += 1 }
        if prompt.kind == .messages && (format == .trlExplicit || format == .trlImplicit) {
            summary.conversationsFlattened += 1
        }
        let texts = responses.reduce(into: [String: String]()) { $0[$1.id] = $1.text }
        return try judgement.gradedPairs.compactMap { pair in
            guard let chosen = texts[pair.winner], let rejected = texts[pair.loser] else { return nil }
            return try JSONLines.line(
                TRLLine(
                    format, prompt: prompt, chosen: chosen, rejected: rejected,
                    margin: options.marginScale == .none ? nil : judgement.margin(options.marginScale),
                    groupID: row["group_id"]))
        }
    }

    private func nativeLine(
        _ row: Row, content: LabelContent, prompt: Prompt, responses: [GroupResponse]
    ) throws -> NativeLine {
        var line = NativeLine(
            project: row["project"], groupID: row["group_id"], mode: try row.word("mode"), round: row["round"],
            overlap: row["overlap"], samplingProbability: row["sampling_probability"], prompt: prompt,
            promptUse: try row.word("use"), origin: row["origin"], responses: responses,
            displayOrder: try row.json("display_order"), annotator: row["handle"], labelID: row["label_id"],
            revision: row["revision"], status: row["status"], issuedAt: Timestamp.text(row.date("issued_at")),
            submittedAt: Timestamp.text(row.date("submitted_at")), activeMilliseconds: row["active_ms"],
            firstActionMilliseconds: row["first_action_ms"], operations: row["operations"])
        line.set(content)
        if row["about_safety"] { line.promptIsAboutSafety = true }
        line.labelUse = row["label_use"]
        line.qualityCheck = row["quality_check"]
        if row["adjudicates"] as Int64? != nil { line.source = NativeLine.adjudicated }
        line.promptStyle = row["style"]
        line.derivedFrom = row["derived_from"]
        if row["effort"] as String? != nil { line.effort = try row.json("effort") }
        if let words = row["identity_words"] as String?, words != "[]" {
            line.identityLeak = try row.json("identity_words")
        }
        return line
    }
}
