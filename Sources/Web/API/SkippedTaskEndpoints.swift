import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// Tasks that several people skipped, and a lead's decision about each.
enum SkippedTaskEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/skipped-tasks", operation: "listSkippedTasks",
            summary: "Tasks that wait for a decision because several people skipped them, the longest waiting first.",
            access: .lead, query: [.init(name: "limit", schema: .integer("100 unless given.", from: 1, to: 1000))],
            answers: [.json(.ok, .array(.reference("SkippedTask")))]
        ) { call in
            let tasks = try await call.store.skippedTasks(
                try call.id("project"), limit: try call.limit(otherwise: 100, atMost: 1000))
            return try .json(.array(try tasks.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/skipped-tasks/{task}/decision",
            operation: "decideSkippedTask",
            summary: "Hands such a task out again, to people who have not skipped it, or withdraws it; labels stay.",
            access: .lead,
            body: .json(.object([.required("decision", .choice(SkipDecision.allCases.map(\.rawValue)))])),
            answers: [.nothing]
        ) { call in
            guard let decision = call.body["decision"]?.stringValue.flatMap(SkipDecision.init) else {
                throw APIFailure.invalid("Decide “reopen” or “withdraw”.", field: "decision")
            }
            try await call.store.decide(
                decision, task: try call.id("task"), in: try call.id("project"), by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static func json(_ task: SkippedTask) throws -> JSONValue {
        [
            "task": APIEncoding.id(task.taskID), "mode": .string(task.mode.rawValue),
            "prompt": try APIEncoding.coded(task.prompt),
            "responses": .array(task.responses.map(JSONValue.string)), "labels": .integer(task.labels),
            "overlap": .integer(task.overlap), "waiting_since": APIEncoding.time(task.waitingSince),
            "skips": .array(
                task.skips.map {
                    [
                        "annotator": .string($0.annotator), "reason": APIEncoding.text($0.reason?.rawValue),
                        "note": APIEncoding.text($0.note), "at": APIEncoding.time($0.at),
                    ]
                }),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "SkippedTask",
            .object([
                .required("task", .integer()), .required("mode", .choice(TaskMode.allCases.map(\.rawValue))),
                .required("prompt", .reference("Prompt")), .required("responses", .array(.string())),
                .required("labels", .integer("That it has.")), .required("overlap", .integer("Labels wanted.")),
                .required("waiting_since", .time()),
                .required(
                    "skips",
                    .array(
                        .object([
                            .required("annotator", .string("The person's name.")),
                            .required("reason", .string("One of those of `skip`.").orNull),
                            .required("note", .string().orNull), .required("at", .time()),
                        ]), "The oldest first.")),
            ])
        )
    ]
}
