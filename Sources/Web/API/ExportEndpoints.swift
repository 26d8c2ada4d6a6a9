import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// Labels going out: the native file and TRL's, and the snapshots that runs read.
enum ExportEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/export", operation: "exportLabels",
            summary: "Streams the labels as JSON Lines.", access: .lead, query: query,
            answers: [.stream(mediaType: "application/jsonl", description: "One JSON object a line.")]
        ) { call in
            let chosen = try LabelDownload(call.query)
            return try await chosen.response(call.store, try await call.store.project(try call.id("project")))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/export/summary", operation: "summariseExport",
            summary: "What an export would hold, and what its format drops.", access: .lead, query: query,
            answers: [.json(.ok, .reference("ExportSummary"))]
        ) { call in
            let chosen = try LabelDownload(call.query)
            let summary = try await call.store.exportCounts(try call.id("project"), chosen.options)
                .summary(as: chosen.format)
            return try .json([
                "format": .string(chosen.format.rawValue), "labels": .integer(summary.labels),
                "lines": .integer(summary.lines), "tied_pairs_dropped": .integer(summary.tiedPairsDropped),
                "both_unacceptable_dropped": .integer(summary.bothUnacceptableDropped),
                "conversations_flattened": .integer(summary.conversationsFlattened),
                "sentence": .string(summary.sentence), "drops": .string(chosen.format.drops),
            ])
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/snapshots", operation: "listSnapshots",
            summary: "A project's snapshots: hashed selections of labels that runs have read.", access: .lead,
            answers: [.json(.ok, .array(.reference("Snapshot")))]
        ) { call in
            let snapshots = try await call.store.snapshots(try call.id("project"))
            return try .json(.array(snapshots.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/snapshots", operation: "takeSnapshot",
            summary: "Freezes all labels so far; the same labels give the same snapshot.", access: .lead,
            body: .json(
                .object([
                    .optional("include_extras", .boolean()), .optional("held_out_share", .number(from: 0, to: 1)),
                ])), answers: [.json(.created, .reference("Snapshot"))], handle: takeSnapshot),
    ]

    private static let query: [APIEndpoint.QueryItem] = [
        .init(name: "format", schema: .choice(ExportFormat.allCases.map(\.rawValue), "native unless given.")),
        .init(name: "extras", schema: .boolean("Late extras too; by default in the native format alone.")),
        .init(name: "every_revision", schema: .boolean("Native: superseded and retracted revisions too.")),
        .init(name: "margin", schema: .choice(MarginScale.allCases.map(\.rawValue), "TRL: the scale of margins.")),
        .init(name: "snapshot", schema: .integer("Only the labels of this snapshot.")),
    ]

    private static func takeSnapshot(_ call: APICall) async throws -> Response {
        var options = SnapshotOptions()
        if case .bool(let value)? = call.body["include_extras"] { options.includeExtras = value }
        options.heldOutShare = call.body["held_out_share"]?.doubleValue
        let snapshot = try await call.store.takeSnapshot(try call.id("project"), options, by: try call.actor)
        return try .json(json(snapshot), status: .created)
    }

    private static func json(_ snapshot: Snapshot) -> JSONValue {
        [
            "id": APIEncoding.id(snapshot.id), "project": APIEncoding.id(snapshot.project),
            "hash": .string(snapshot.hash), "created_at": APIEncoding.time(snapshot.createdAt),
            "labels": .integer(snapshot.labels), "groups": .integer(snapshot.groups),
            "train_groups": .integer(snapshot.trainGroups), "held_out_groups": .integer(snapshot.heldOutGroups),
            "ties": .integer(snapshot.ties), "extras": .integer(snapshot.extras),
            "split_rule": .string(snapshot.splitRule),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "ExportSummary",
            .object([
                .required("format", .choice(ExportFormat.allCases.map(\.rawValue))), .required("labels", .integer()),
                .required("lines", .integer()), .required("tied_pairs_dropped", .integer()),
                .required("both_unacceptable_dropped", .integer()),
                .required("conversations_flattened", .integer()),
                .required("sentence", .string()), .required("drops", .string("What the format can't carry.")),
            ])
        ),
        (
            "Snapshot",
            .object([
                .required("id", .integer()), .required("project", .integer()), .required("hash", .string()),
                .required("created_at", .time()), .required("labels", .integer()), .required("groups", .integer()),
                .required("train_groups", .integer()), .required("held_out_groups", .integer()),
                .required("ties", .integer()), .required("extras", .integer()), .required("split_rule", .string()),
            ])
        ),
    ]
}
