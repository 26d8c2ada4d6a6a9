import Crypto
public import Foundation
import GRDB
public import Preferences

public struct SnapshotOptions: Sendable, Hashable {
    public var includeExtras: Bool
    /// Nil takes the project's.
    public var heldOutShare: Double?
    /// Takes ratings of responses that stood alone besides, for a run that learns from them.
    public var includeRatings: Bool

    public init(includeExtras: Bool = false, heldOutShare: Double? = nil, includeRatings: Bool = false) {
        self.includeExtras = includeExtras
        self.heldOutShare = heldOutShare
        self.includeRatings = includeRatings
    }
}

/// An immutable selection of label revisions that a training run reads.
public struct Snapshot: Sendable, Hashable {
    public let id: SnapshotID
    public let project: ProjectID
    /// SHA-256 over the selection: groups, label revisions and split.
    public let hash: String
    public let labels: Int
    public let groups: Int
    public let heldOutGroups: Int
    public var trainGroups: Int { groups - heldOutGroups }
    /// Pairs of responses that a label ties.
    public let ties: Int
    public let extras: Int
    /// How prompts were held out, in a sentence.
    public let splitRule: String
    public let createdAt: Date

    init(row: Row) {
        id = row["id"]
        project = row["project_id"]
        hash = row["hash"]
        labels = row["labels"]
        groups = row["groups"]
        heldOutGroups = row["held_out_groups"]
        ties = row["ties"]
        extras = row["extras"]
        splitRule = row["split_rule"]
        createdAt = row.date("created_at")
    }
}

extension Store {
    /// Selects all labels so far, in their newest revisions. The same selection again is the same snapshot.
    /// - Throws: `StoreError.noLabelsYet`.
    public func takeSnapshot(
        _ project: ProjectID, _ options: SnapshotOptions = SnapshotOptions(), by actor: Actor
    ) async throws -> Snapshot {
        let now = now
        if let share = options.heldOutShare, !(0...0.5).contains(share) {
            throw StoreError.invalid(field: "held_out_share", problem: "from 0 to 0.5; found \(share)")
        }
        return try await write { db in
            let project = try db.project(project)
            let chosen = try db.chosenLabels(of: project, options)
            guard !chosen.isEmpty else { throw StoreError.noLabelsYet(project: project.name) }
            let split = PromptSplit(
                prompts: Set(chosen.map(\.openingHash)),
                alwaysHeldOut: Set(chosen.filter(\.promptIsHeldOut).map(\.openingHash)),
                share: options.heldOutShare ?? project.settings.heldOutShare)
            var hash = SHA256()
            for label in chosen {
                let line =
                    "\(label.groupID) \(label.groupHash) \(label.labelID) \(label.revision) "
                    + "\(label.judgementHash) \(split.part(of: label.openingHash).rawValue)\n"
                hash.update(data: Data(line.utf8))
            }
            let hex = Secrets.hex(hash.finalize())
            if let row = try db.row("SELECT * FROM snapshots WHERE project_id = ? AND hash = ?", [project.id, hex]) {
                return Snapshot(row: row)
            }
            let id = try db.insertSnapshot(chosen, split: split, hash: hex, project: project.id, at: now)
            try db.audit(
                .snapshotTake, subject: "snapshot \(id)",
                details: "\(Wording.count(chosen.count, "label", "labels")), \(hex)",
                by: actor,
                at: now)
            return try db.snapshot(id)
        }
    }

    /// Ratings of responses that stood alone, which a reward model could learn from.
    public func ratingCount(_ project: ProjectID) async throws -> Int {
        try await read { db in
            try db.count(
                """
                SELECT count(*) FROM labels l JOIN tasks t ON t.id = l.task_id
                WHERE l.project_id = ? AND l.kind = 'rating' AND l.state = 'active'
                    AND coalesce(t.label_use, 'learn') <> 'none'
                """, [project])
        }
    }

    public func snapshot(_ id: SnapshotID) async throws -> Snapshot { try await read { db in try db.snapshot(id) } }

    /// Newest first.
    public func snapshots(_ project: ProjectID) async throws -> [Snapshot] {
        try await read { db in
            try db.rows("SELECT * FROM snapshots WHERE project_id = ? ORDER BY id DESC", [project])
                .map(Snapshot.init(row:))
        }
    }

    /// Every group of a snapshot with its labels, one at a time, in the order in which the groups were made.
    public func forEachGroup(
        of snapshot: SnapshotID, _ body: @escaping @Sendable (LabelledGroup) throws -> Void
    ) async throws {
        try await read { db in
            _ = try db.snapshot(snapshot)
            try db.forEachGroup(of: snapshot, body)
        }
    }

    /// Writes `groups.jsonl`: one `LabelledGroup` a line, with bounded memory.
    /// - Returns: how many lines.
    @discardableResult
    public func writeGroups(of snapshot: SnapshotID, to file: URL) async throws -> Int {
        try await read { db in
            _ = try db.snapshot(snapshot)
            var writer = try LineWriter(file: file)
            try db.forEachGroup(of: snapshot) { try writer.write(JSONLines.line($0)) }
            return try writer.finish()
        }
    }

    /// Writes `prompts.jsonl`: `id`, `prompt` and, where it is so, `about_safety` a line.
    public func writePrompts(_ prompts: [StoredPrompt], to file: URL) throws {
        struct Line: Encodable {
            let id: String
            let prompt: Prompt
            let about_safety: Bool?
        }
        var writer = try LineWriter(file: file)
        for prompt in prompts {
            try writer.write(
                JSONLines.line(
                    Line(
                        id: "\(prompt.id)", prompt: prompt.prompt, about_safety: prompt.isAboutSafety ? true : nil)))
        }
        _ = try writer.finish()
    }
}

/// Which prompts a snapshot holds out. Held out by prompt, never by pair: all labels of a prompt are on one side, and so are all
/// turns of a conversation.
struct PromptSplit {
    /// Fewer labelled prompts than this cannot spare any.
    static let fewestPrompts = 20

    let heldOut: Set<String>
    /// In a sentence.
    let rule: String

    /// - Parameter prompts: hashes of the prompts' openings.
    init(prompts: Set<String>, alwaysHeldOut: Set<String>, share: Double) {
        let rest = prompts.subtracting(alwaysHeldOut)
        let percent = "\(Int((share * 100).rounded()))%"
        let reserved =
            alwaysHeldOut.isEmpty
            ? ""
            : " Held out besides: \(Wording.count(alwaysHeldOut.count, "prompt", "prompts")) of the use held_out."
        if share == 0 {
            heldOut = alwaysHeldOut
            rule = "No prompt is held out, as was asked." + reserved
        } else if rest.count < PromptSplit.fewestPrompts {
            heldOut = alwaysHeldOut
            rule =
                "Only \(Wording.count(rest.count, "prompt is", "prompts are")) labelled (a conversation is one), too few to hold "
                + "any out (\(PromptSplit.fewestPrompts) are needed): all are trained on, and there is no held-out accuracy."
                + reserved
        } else {
            var drawn = rest.filter { StableHash.unit($0) < share }
            if drawn.isEmpty, let lowest = rest.min(by: { (StableHash.unit($0), $0) < (StableHash.unit($1), $1) }) {
                drawn = [lowest]
            }
            heldOut = drawn.union(alwaysHeldOut)
            rule =
                "A prompt is held out when the hash of its text (of a conversation: of how it began) falls into the first "
                + "\(percent): \(drawn.count) of \(rest.count) labelled prompts (a conversation is one). The same prompt is held out in every snapshot."
                + reserved
        }
    }

    func part(of openingHash: String) -> Split { heldOut.contains(openingHash) ? .heldOut : .train }
}

private struct ChosenLabel {
    let group: GroupID
    let groupID: String
    let groupHash: String
    let labelID: String
    let revisionRow: Int64
    let revision: Int
    let judgementHash: String
    let ties: Int
    let isExtra: Bool
    let openingHash: String
    let promptIsHeldOut: Bool
}

extension Database {
    func snapshot(_ id: SnapshotID) throws -> Snapshot {
        guard let row = try row("SELECT * FROM snapshots WHERE id = ?", [id]) else {
            throw StoreError.unknown(what: "snapshot", id: "\(id)")
        }
        return Snapshot(row: row)
    }

    fileprivate func chosenLabels(of project: Project, _ options: SnapshotOptions) throws -> [ChosenLabel] {
        let cursor = try Row.fetchCursor(
            cachedStatement(
                sql: """
                    SELECT t.group_id, g.public_id AS group_public_id, g.content_hash AS group_hash, l.public_id,
                        r.id AS revision_id, r.revision, r.judgement, r.tied_pairs, l.state, p.id AS prompt_id, p.kind AS prompt_kind, p.content_hash, p.use,
                        t.label_use
                    FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                    JOIN tasks t ON t.id = l.task_id JOIN response_groups g ON g.id = t.group_id
                    JOIN prompts p ON p.id = g.prompt_id
                    WHERE l.project_id = ? AND (l.kind IN ('ranking', 'comparison') OR (? AND l.kind = 'rating'))
                        AND (l.state = 'active' OR (? AND l.state = 'extra'))
                        AND coalesce(t.label_use, 'learn') <> 'none'
                    ORDER BY t.group_id, l.id
                    """), arguments: [project.id, options.includeRatings, options.includeExtras])
        var chosen: [ChosenLabel] = []
        var openings: [PromptID: String] = [:]
        while let row = try cursor.next() {
            let text: String = row["judgement"]
            let groupHash: Data = row["group_hash"]
            let prompt: PromptID = row["prompt_id"]
            let kind: Prompt.Kind = try row.word("prompt_kind")
            let promptHash: Data = row["content_hash"]
            // A text begins with itself, so most prompts need not be read.
            let opening = try kind == .text ? Secrets.hex(promptHash) : openings[prompt] ?? openingHash(of: prompt)
            if kind != .text { openings[prompt] = opening }
            let use: PromptUse = try row.word("use")
            let state: String = row["state"]
            let labelUse: String? = row["label_use"]
            chosen.append(
                ChosenLabel(
                    group: row["group_id"], groupID: row["group_public_id"], groupHash: Secrets.hex(groupHash),
                    labelID: row["public_id"], revisionRow: row["revision_id"], revision: row["revision"],
                    judgementHash: Secrets.hex(Secrets.sha256(text)), ties: row["tied_pairs"],
                    isExtra: state == "extra", openingHash: opening,
                    promptIsHeldOut: labelUse.map { $0 == LabelUse.measure.rawValue } ?? (use == .heldOut)))
        }
        return chosen
    }

    /// The content hash of the text or conversation that a prompt began with.
    private func openingHash(of prompt: PromptID) throws -> String {
        Secrets.hex(Secrets.sha256(try self.prompt(prompt).prompt.opening.canonicalBytes))
    }

    fileprivate func insertSnapshot(
        _ chosen: [ChosenLabel], split: PromptSplit, hash: String, project: ProjectID, at now: Date
    ) throws -> SnapshotID {
        let groups = Set(chosen.map(\.group))
        let heldOut = Set(chosen.filter { split.part(of: $0.openingHash) == .heldOut }.map(\.group))
        let id: SnapshotID = try insert(
            """
            INSERT INTO snapshots (project_id, hash, labels, groups, held_out_groups, ties, extras, split_rule, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                project, hash, chosen.count, groups.count, heldOut.count, chosen.reduce(0) { $0 + $1.ties },
                chosen.count(where: \.isExtra), split.rule, now.milliseconds,
            ])
        for label in chosen {
            try run(
                "INSERT INTO snapshot_labels (snapshot_id, group_id, label_revision_id, split) VALUES (?, ?, ?, ?)",
                [id, label.group, label.revisionRow, split.part(of: label.openingHash).rawValue])
        }
        return id
    }

    fileprivate func forEachGroup(of snapshot: SnapshotID, _ body: (LabelledGroup) throws -> Void) throws {
        let cursor = try Row.fetchCursor(
            cachedStatement(
                sql: """
                    SELECT s.group_id, s.split, l.public_id, r.revision, r.judgement, u.handle, t.sampling_probability,
                        p.about_safety
                    FROM snapshot_labels s JOIN label_revisions r ON r.id = s.label_revision_id
                    JOIN labels l ON l.id = r.label_id JOIN users u ON u.id = l.user_id
                    JOIN tasks t ON t.id = l.task_id JOIN response_groups g ON g.id = s.group_id
                    JOIN prompts p ON p.id = g.prompt_id
                    WHERE s.snapshot_id = ? ORDER BY s.group_id, s.label_revision_id
                    """), arguments: [snapshot])
        var current: (id: GroupID, group: LabelledGroup)?
        while let row = try cursor.next() {
            let id: GroupID = row["group_id"]
            if current?.id != id {
                if let finished = current?.group { try body(finished) }
                current = (
                    id,
                    LabelledGroup(
                        group: try group(id), labels: [], split: try row.word("split"),
                        isAboutSafety: row["about_safety"])
                )
            }
            // Held-out figures are about all prompts that were considered: a task that was chosen with a known probability
            // counts for those that were not. What is learned from has no such weight.
            let probability: Double? = row["sampling_probability"]
            if let probability { current?.group.samplingProbability = probability }
            let weight = current?.group.split == .heldOut ? probability.map { 1 / $0 } : nil
            switch try row.json("judgement") as LabelContent {
            case .judgement(let judgement):
                current?.group.labels.append(
                    GroupLabel(
                        labelID: row["public_id"], annotator: row["handle"], revision: row["revision"],
                        judgement: judgement, weight: weight))
            case .feedback(.rating(let review)):
                guard let response = current?.group.group.responses.first else { continue }
                current?.group.reviews.append(
                    GroupReview(
                        labelID: row["public_id"], annotator: row["handle"], revision: row["revision"],
                        responseID: response.id, rating: review.rating, weight: weight))
            case .feedback: continue
            }
        }
        if let finished = current?.group { try body(finished) }
    }
}
