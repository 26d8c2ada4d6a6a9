import HTTPTypes
import Hummingbird
import JSON
import Labels

/// A person's own last submissions, and taking one back.
enum SubmissionEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/submissions", operation: "listMySubmissions",
            summary: "The last submissions of the token's owner.", access: .annotator,
            query: [.init(name: "limit", schema: .integer("10 unless given.", from: 1, to: 100))],
            answers: [.json(.ok, .array(.reference("PastSubmission")))]
        ) { call in
            let past = try await call.store.recentSubmissions(
                of: try call.user.id, in: try call.id("project"), limit: try call.limit(otherwise: 10, atMost: 100))
            return try .json(.array(past.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/submissions/undo", operation: "undoLast",
            summary:
                "Takes the owner's last submission back; the task returns with the old answer: of rankings and comparisons as `former_answer`, of "
                + "other feedback as `former`.",
            access: .annotator, answers: [.json(.ok, .reference("Task"))]
        ) { call in
            try .json(
                try TaskEndpoints.json(
                    try await call.store.undoLast(of: try call.user.id, in: try call.id("project"))))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/submissions/{submission}/undo", operation: "undo",
            summary: "Takes one submission of the owner back.", access: .annotator,
            answers: [.json(.ok, .reference("Task"))]
        ) { call in
            try .json(
                try TaskEndpoints.json(
                    try await call.store.undo(try call.id("submission"), by: try call.user.id)))
        },
    ]

    private static func json(_ past: PastSubmission) -> JSONValue {
        let refusal: JSONValue
        switch past.undo {
        case .possible: refusal = .null
        case .refused(let reason): refusal = .string(reason)
        }
        return [
            "submission": APIEncoding.id(past.labelID), "revision": .integer(past.revision),
            "mode": .string(past.mode.rawValue), "prompt_preview": .string(past.promptPreview),
            "kept": .string(past.kept.rawValue), "retracted": .bool(past.retracted), "undo_refused": refusal,
            "submitted_at": APIEncoding.time(past.submittedAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "PastSubmission",
            .object([
                .required("submission", .integer()), .required("revision", .integer()),
                .required("mode", .choice(TaskMode.allCases.map(\.rawValue))), .required("prompt_preview", .string()),
                .required("kept", .choice(["counted", "extra"])), .required("retracted", .boolean()),
                .required("undo_refused", .string("Why it can't be taken back; null where it can.").orNull),
                .required("submitted_at", .time()),
            ])
        )
    ]
}
