import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// How reliable answers are: checks by person, and everybody's answers to one task.
enum QualityEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/checks", operation: "listChecks",
            summary: "How each annotator's answers to repeats and to tasks with a known answer compare.", access: .lead,
            answers: [.json(.ok, .array(.reference("AnnotatorChecks")))]
        ) { call in
            let people = try await call.store.checkResults(try call.id("project"))
            return try .json(
                .array(
                    people.map { person in
                        [
                            "user": APIEncoding.id(person.user.id), "handle": .string(person.user.handle),
                            "name": .string(person.user.name), "repeats": json(person.repeats),
                            "gold": json(person.gold),
                        ]
                    }))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/tasks/{task}/answers", operation: "getTaskAnswers",
            summary: "Everybody's answers to one task, with their agreement.", access: .lead,
            answers: [.json(.ok, .reference("TaskAnswers"))]
        ) { call in
            try .json(try json(try await call.store.taskAnswers(try call.id("task"), in: try call.id("project"))))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/tasks/{task}/decision", operation: "decideTask",
            summary:
                "Leases a task that people answered to the token's owner, a lead, whose answer stands beside theirs.",
            access: .lead, answers: [.json(.ok, .reference("Task"))]
        ) { call in
            let assignment = try await call.store.adjudicate(
                try call.id("task"), in: try call.id("project"), by: try call.user.id)
            return try .json(try TaskEndpoints.json(assignment))
        },
        APIEndpoint(
            method: .put, path: Path.api + "/projects/{project}/tasks/{task}/decision", operation: "setDecisionUse",
            summary: "Says whether training reads a lead's answer alone, or beside what others answered to the task.",
            access: .lead, body: .json(.object([.required("alone", .boolean())])), answers: [.nothing]
        ) { call in
            try await call.store.readAdjudication(
                alone: call.body["alone"] == .bool(true), of: try call.id("task"), in: try call.id("project"),
                by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static func json(_ result: CheckResult) -> JSONValue {
        [
            "tasks": .integer(result.tasks), "right": .integer(result.right),
            "pairs_agreed": .integer(result.agreement.agreed), "pairs_disagreed": .integer(result.agreement.disagreed),
            "mean_tau": APIEncoding.number(result.meanTau),
            "by_share": .array(CheckResult.Band.allCases.map { .integer(result.bands[$0] ?? 0) }),
        ]
    }

    private static func json(_ task: TaskAnswers) throws -> JSONValue {
        [
            "task": APIEncoding.id(task.taskID), "mode": .string(task.mode.rawValue),
            "check": APIEncoding.text(task.check?.rawValue), "prompt": try APIEncoding.coded(task.prompt),
            "responses": .array(task.responses.map { ["id": .string($0.id), "text": .string($0.text)] }),
            "answers": .array(
                try task.answers.map { answer in
                    [
                        "label": APIEncoding.id(answer.labelID), "annotator": .string(answer.annotator.handle),
                        "kept": .string(answer.kept.rawValue), "repeat": .bool(answer.isRepeat),
                        "decision": .bool(answer.isDecision),
                        "judgement": try APIEncoding.coded(answer.content),
                        "active_seconds": APIEncoding.number(answer.activeSeconds),
                        "submitted_at": APIEncoding.time(answer.submittedAt),
                    ]
                }),
            "agreement": APIEncoding.number(task.agreement.rate), "mean_tau": APIEncoding.number(task.meanTau),
            "read_alone": task.adjudication.map { .bool($0.isReadAlone) } ?? .null,
            "consensus": task.consensus.map { .array($0.map { .array($0.map(JSONValue.string)) }) } ?? .null,
        ]
    }

    private static let result = Schema.object([
        .required("tasks", .integer("That were answered.")),
        .required("right", .integer("As expected; of repeats: in the same order both times.")),
        .required("pairs_agreed", .integer()), .required("pairs_disagreed", .integer()),
        .required("mean_tau", .number("Kendall's τ-b.").orNull),
        .required(
            "by_share",
            .array(.integer(), "Tasks by the share of their pairs that agree: all, from 75%, from 50%, less.")),
    ])

    static let components: [(name: String, schema: Schema)] = [
        (
            "AnnotatorChecks",
            .object([
                .required("user", .integer()), .required("handle", .string("The pseudonym that exports use.")),
                .required("name", .string()), .required("repeats", result), .required("gold", result),
            ])
        ),
        (
            "TaskAnswers",
            .object([
                .required("task", .integer()), .required("mode", .choice(TaskMode.allCases.map(\.rawValue))),
                .required("check", .choice(QualityCheck.allCases.map(\.rawValue)).orNull),
                .required("prompt", .reference("Prompt")),
                .required("responses", .array(.object([.required("id", .string()), .required("text", .string())]))),
                .required(
                    "answers",
                    .array(
                        .object([
                            .required("label", .integer()), .required("annotator", .string("A pseudonym.")),
                            .required("kept", .choice(["counted", "extra"])),
                            .required("repeat", .boolean("The person's second answer, as a check.")),
                            .required("decision", .boolean("A lead's answer that decides what the others answered.")),
                            .required("judgement", .oneOf([.reference("Judgement"), .reference("Feedback")])),
                            .required("active_seconds", .number().orNull), .required("submitted_at", .time()),
                        ]))),
                .required("agreement", .number("Share of the pairs that two people both put in an order.").orNull),
                .required("mean_tau", .number().orNull),
                .required(
                    "read_alone", .boolean("Whether training reads the decision alone; null without one.").orNull),
                .required(
                    "consensus",
                    .array(
                        .array(.string()),
                        "Rows of response ids, best first; ranked pairs. Nothing reads it but people."
                    )
                    .orNull),
            ])
        ),
    ]
}
