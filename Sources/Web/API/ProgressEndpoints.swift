import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// How far the labelling has come and how good it is.
enum ProgressEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/progress", operation: "getProgress",
            summary: "Counts of prompts, tasks and labels, and of each annotator.", access: .lead,
            answers: [.json(.ok, .reference("Progress"))], handle: progress),
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/quality", operation: "getQuality",
            summary: "Agreement where people labelled the same task, and biases towards sides, positions and length.",
            access: .lead, answers: [.json(.ok, .reference("Quality"))]
        ) { call in
            try .json(json(try await call.store.quality(try call.id("project"))))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/labels", operation: "listLabels",
            summary: "The newest labels first.", access: .lead,
            query: [
                .init(name: "before", schema: .integer("The last id seen.")),
                .init(name: "limit", schema: .integer("50 unless given.", from: 1, to: 500)),
            ], answers: [.json(.ok, .array(.reference("LabelLine")))]
        ) { call in
            let before = try call.query.integer("before").map { LabelID(rawValue: Int64($0)) }
            let lines = try await call.store.recentLabels(
                try call.id("project"), before: before, limit: try call.limit(otherwise: 50, atMost: 500))
            return try .json(.array(try lines.map(json)))
        },
    ]

    private static func progress(_ call: APICall) async throws -> Response {
        let project: ProjectID = try call.id("project")
        let progress = try await call.store.progress(project)
        let annotators = try await call.store.annotatorCounts(project)
        let prompts = Dictionary(
            PromptUse.allCases.map { ($0.rawValue, JSONValue.integer(progress.prompts[$0] ?? 0)) },
            uniquingKeysWith: { first, _ in first })
        return try .json([
            "prompts": .object(prompts),
            "tasks": [
                "open": .integer(progress.tasksOpen), "done": .integer(progress.tasksDone),
                "withdrawn": .integer(progress.tasksWithdrawn), "ready": .integer(progress.tasksReady),
                "leased": .integer(progress.liveLeases),
            ],
            "labels": [
                "counted": .integer(progress.labels), "extras": .integer(progress.extras),
                "retracted": .integer(progress.retracted), "checks": .integer(progress.checks),
                "with_ties": .integer(progress.labelsWithTies),
                "since_snapshot": .integer(progress.labelsSinceSnapshot),
            ],
            "skips": .integer(progress.skips),
            "skip_reasons": .object(
                Dictionary(
                    SkipReason.allCases.map { ($0.rawValue, JSONValue.integer(progress.skipReasons[$0] ?? 0)) },
                    uniquingKeysWith: { first, _ in first })),
            "annotators": .array(annotators.map(json)),
        ])
    }

    private static func json(_ count: AnnotatorCount) -> JSONValue {
        [
            "user": APIEncoding.id(count.user.id), "handle": .string(count.user.handle),
            "name": .string(count.user.name), "labels": .integer(count.labels), "extras": .integer(count.extras),
            "skips": .integer(count.skips), "labels_today": .integer(count.labelsToday),
            "leased": .integer(count.liveLeases), "last_submission": APIEncoding.time(count.lastSubmission),
            "median_active_seconds": APIEncoding.number(count.medianActiveSeconds),
        ]
    }

    private static func json(_ quality: Quality) -> JSONValue {
        let agreement = quality.agreement
        let grades = Dictionary(
            Grade.allCases.map { ($0.rawValue, JSONValue.integer(quality.grades[$0] ?? 0)) },
            uniquingKeysWith: { first, _ in first })
        return [
            "agreement": [
                "agreed": .integer(agreement.agreed), "disagreed": .integer(agreement.disagreed),
                "tied_by_one": .integer(agreement.tiedByOne), "tied_by_both": .integer(agreement.tiedByBoth),
                "rate": APIEncoding.number(agreement.rate), "interval": interval(agreement.interval),
                "definition": .string(PairAgreement.definition),
                "undefined_because": agreement.rate == nil
                    ? .string(QualityWords.agreementUndefined(agreement)) : .null,
            ],
            "mean_tau": APIEncoding.number(quality.meanTau),
            "krippendorff_alpha": [
                "orders": reliability(quality.orders), "grades": reliability(quality.gradedSides),
                "ratings": reliability(quality.ratings),
            ],
            "sides": [
                "left": .integer(quality.sides.left), "right": .integer(quality.sides.right),
                "left_share": APIEncoding.number(quality.sides.leftShare),
                "interval": interval(quality.sides.interval),
            ],
            "positions": [
                "shown": .array(quality.slots.shown.map(JSONValue.integer)),
                "first": .array(quality.slots.first.map(JSONValue.integer)),
            ],
            "grades": .object(grades), "ties": .integer(quality.ties),
            "both_unacceptable": .integer(quality.bothUnacceptable),
            "length": [
                "longer_wins": .integer(quality.lengths.longerWins),
                "shorter_wins": .integer(quality.lengths.shorterWins),
                "equal": .integer(quality.lengths.equalLength),
            ], "groups": .integer(quality.groups),
        ]
    }

    private static func reliability(_ reliability: OrdinalReliability) -> JSONValue {
        [
            "alpha": APIEncoding.number(reliability.alpha), "interval": interval(reliability.interval()),
            "units": .integer(reliability.units),
        ]
    }

    private static func interval(_ range: ClosedRange<Double>?) -> JSONValue {
        guard let range else { return .null }
        return [.number(range.lowerBound), .number(range.upperBound)]
    }

    private static func json(_ line: LabelLine) throws -> JSONValue {
        [
            "id": APIEncoding.id(line.labelID), "annotator": .string(line.annotator.handle),
            "task": APIEncoding.id(line.taskID), "mode": .string(line.mode.rawValue),
            "prompt_preview": .string(line.promptPreview), "revision": .integer(line.revision),
            "kept": .string(line.kept.rawValue), "retracted": .bool(line.retracted),
            "submitted_at": APIEncoding.time(line.submittedAt),
            "judgement": try APIEncoding.coded(line.content),
            "display_order": .array(line.displayOrder.map(JSONValue.string)),
            "identity_words": .array(line.identityWords.map(JSONValue.string)),
            "check": APIEncoding.text(line.check?.rawValue), "decision": .bool(line.isDecision),
        ]
    }
}

extension ProgressEndpoints {
    static let components: [(name: String, schema: Schema)] = [
        (
            "Progress",
            .object([
                .required("prompts", .map(.integer(), "Prompts by use.")),
                .required(
                    "tasks",
                    .object(["open", "done", "withdrawn", "ready", "leased"].map { .required($0, .integer()) })),
                .required(
                    "labels",
                    .object(
                        ["counted", "extras", "retracted", "checks", "with_ties", "since_snapshot"].map {
                            .required($0, .integer())
                        })),
                .required("skips", .integer()),
                .required("skip_reasons", .map(.integer(), "Skips that gave a reason, by reason.")),
                .required("annotators", .array(.reference("AnnotatorCount"))),
            ])
        ),
        (
            "AnnotatorCount",
            .object([
                .required("user", .integer()), .required("handle", .string("The pseudonym that exports use.")),
                .required("name", .string()), .required("labels", .integer()), .required("extras", .integer()),
                .required("skips", .integer()), .required("labels_today", .integer()),
                .required("leased", .integer()), .required("last_submission", .time().orNull),
                .required("median_active_seconds", .number().orNull),
            ])
        ),
        (
            "Quality",
            .object([
                .required(
                    "agreement",
                    .object([
                        .required("agreed", .integer()), .required("disagreed", .integer()),
                        .required("tied_by_one", .integer()), .required("tied_by_both", .integer()),
                        .required("rate", .number().orNull), .required("interval", interval),
                        .required("definition", .string()), .required("undefined_because", .string().orNull),
                    ])),
                .required("mean_tau", .number("Mean of Kendall's τ-b over double-labelled tasks.").orNull),
                .required(
                    "krippendorff_alpha",
                    .object(["orders", "grades", "ratings"].map { .required($0, reliability) }, "Ordinal.")),
                .required(
                    "sides",
                    .object([
                        .required("left", .integer()), .required("right", .integer()),
                        .required("left_share", .number().orNull), .required("interval", interval),
                    ])),
                .required(
                    "positions",
                    .object([
                        .required("shown", .array(.integer(), "How often a response stood at each position.")),
                        .required("first", .array(.integer(), "How often it was then alone at the top.")),
                    ])),
                .required("grades", .map(.integer())), .required("ties", .integer("Comparisons that are ties.")),
                .required("both_unacceptable", .integer("Comparisons that call both unacceptable.")),
                .required(
                    "length",
                    .object(["longer_wins", "shorter_wins", "equal"].map { .required($0, .integer()) })),
                .required("groups", .integer("The newest labelled groups that these figures are of.")),
            ])
        ),
        (
            "LabelLine",
            .object([
                .required("id", .integer()), .required("annotator", .string("A pseudonym.")),
                .required("task", .integer()), .required("mode", .choice(TaskMode.allCases.map(\.rawValue))),
                .required("prompt_preview", .string()), .required("revision", .integer()),
                .required("kept", .choice(["counted", "extra"])), .required("retracted", .boolean()),
                .required("submitted_at", .time()),
                .required("judgement", .oneOf([.reference("Judgement"), .reference("Feedback")])),
                .required("display_order", .array(.string(), "Response ids as the annotator saw them.")),
                .required("identity_words", .array(.string(), "Names of models in the responses' texts.")),
                .required("decision", .boolean("A lead's answer that decides what others answered to the task.")),
                .required(
                    "check",
                    .choice(
                        QualityCheck.allCases.map(\.rawValue),
                        "Why the task was handed out, if it asked for nothing new."
                    )
                    .orNull),
            ])
        ),
    ]

    private static let interval = Schema.array(.number(), "95%, Wilson.").orNull
    private static let reliability = Schema.object([
        .required("alpha", .number("Krippendorff's; null where it is not defined.").orNull),
        .required(
            "interval",
            .array(
                .number(),
                "95%, from drawing the groups anew; null with fewer than ten of them, and where nobody disagreed."
            ).orNull
        ),
        .required("units", .integer("Pairs of responses, or responses, that two people or more judged.")),
    ])
}
