import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// Conversations, practice answers and a person's own figures: what annotators have besides tasks.
enum ConversationEndpoints {
    static let all: [APIEndpoint] = conversations + practice

    private static let conversations: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/conversation", operation: "getConversation",
            summary: "The owner's open conversation; both answers to a message come together, as a comparison.",
            access: .annotator, answers: [.json(.ok, .reference("Conversation"))]
        ) { call in
            let conversation = try await call.store.conversation(of: try call.user.id, in: try call.id("project"))
            if case .wait(let turn) = conversation?.step { await call.operations.answer(turn.id) }
            return try .json(try json(conversation))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/conversation", operation: "writeInConversation",
            summary: "Begins a conversation, or goes on from the preferred answer.", access: .annotator,
            body: .json(.object([.required("text", .string("The message."))])),
            answers: [.json(.accepted, .reference("Conversation"))]
        ) { call in
            let project: ProjectID = try call.id("project")
            let user = try call.user.id
            let turn = try await call.store.writeInConversation(
                call.body["text"]?.stringValue ?? "", by: user, in: project)
            await call.operations.answer(turn.id)
            return try .json(
                try json(try await call.store.conversation(of: user, in: project)), status: .accepted)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/conversation/retry", operation: "retryConversation",
            summary: "Samples the two answers again where they could not be sampled.", access: .annotator,
            answers: [.json(.accepted, .reference("Conversation"))]
        ) { call in
            let project: ProjectID = try call.id("project")
            let user = try call.user.id
            if case .failed(let turn, _) = try await call.store.conversation(of: user, in: project)?.step {
                try await call.store.setProblem(nil, of: turn.id)
                await call.operations.answer(turn.id)
            }
            return try .json(
                try json(try await call.store.conversation(of: user, in: project)), status: .accepted)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/conversation/finish",
            operation: "finishConversation", summary: "Ends the open conversation; what was compared stays.",
            access: .annotator, answers: [.nothing]
        ) { call in
            try await call.store.finishConversation(of: try call.user.id, in: try call.id("project"))
            return Response(status: .noContent)
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/my-statistics", operation: "getMyStatistics",
            summary: "What the token's owner did in the project.", access: .annotator,
            answers: [.json(.ok, .reference("Statistics"))]
        ) { call in
            try .json(
                json(try await call.store.statistics(of: try call.user.id, in: try call.id("project"))))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/statistics/{user}", operation: "getStatistics",
            summary: "What one person did in the project.", access: .lead,
            answers: [.json(.ok, .reference("Statistics"))]
        ) { call in
            let person = try await call.store.user(try call.id("user"))
            return try .json(json(try await call.store.statistics(of: person.id, in: try call.id("project"))))
        },
    ]

    private static let practice: [APIEndpoint] = [
        APIEndpoint(
            method: .post, path: Path.api + "/tasks/{lease}/practice", operation: "answerPractice",
            summary: "Answers a practice task, and says whether it is right and why.", access: .annotator,
            body: .json(
                .object([
                    .optional("ranking", .reference("Ranking")), .optional("comparison", .reference("Comparison")),
                ])), answers: [.json(.ok, .reference("PracticeAnswer"))]
        ) { call in
            let answer = try await call.store.answerPractice(
                try TaskEndpoints.content(call), token: try call.parameter("lease"), user: try call.user.id)
            guard let answer else {
                throw APIFailure.invalid("This is a real task; submit its answer.", field: "lease")
            }
            return try .json(json(answer))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/practise-again", operation: "practiseAgain",
            summary: "Goes through the practice set once more, after a round with too few right.", access: .annotator,
            answers: [.json(.ok, .reference("Task"))]
        ) { call in
            try .json(
                try TaskEndpoints.json(
                    try await call.store.practiseAgain(try call.user.id, in: try call.id("project"))))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/practice", operation: "exportPractice",
            summary: "The practice set, to import again.", access: .lead,
            answers: [.stream(mediaType: "application/jsonl", description: "One practice task a line.")]
        ) { call in
            let lines = try await call.store.practiceLines(try call.id("project"))
            return Response(
                status: .ok, headers: [.contentType: "application/jsonl; charset=utf-8"],
                body: .init(byteBuffer: .init(string: lines.map { $0 + "\n" }.joined())))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/practice", operation: "importPractice",
            summary: "Adds practice tasks: all of the file, or nothing where one line is wrong.", access: .lead,
            query: [.init(name: "name", schema: .string("The file's name, for messages."))],
            body: .text(
                mediaType: "application/jsonl",
                description: "{\"prompt\": …, \"responses\": […], \"expected\": …, \"explanation\": …} a line."),
            answers: [.json(.ok, .reference("ImportReport"))]
        ) { call in
            let report = try await call.store.importPractice(
                try call.id("project"), from: PromptEndpoints.source(call), by: try call.actor)
            return try .json(PromptEndpoints.json(report))
        },
    ]

    private static func json(_ conversation: Conversation?) throws -> JSONValue {
        var task = JSONValue.null
        var problem = JSONValue.null
        let step: String
        switch conversation?.step {
        case nil, .write: step = "write"
        case .wait: step = "wait"
        case .failed(_, let reason):
            step = "failed"
            problem = .string(reason)
        case .compare(let assignment):
            step = "compare"
            task = try TaskEndpoints.json(assignment)
        case .ended(let reason):
            step = "ended"
            problem = .string(reason)
        }
        return [
            "messages": try APIEncoding.coded(conversation?.messages ?? []),
            "turns": .integer(conversation?.turns ?? 0), "step": .string(step), "task": task, "problem": problem,
        ]
    }

    private static func json(_ answer: PracticeAnswer) throws -> JSONValue {
        [
            "right": .bool(answer.isRight), "expected": try APIEncoding.coded(answer.expected),
            "explanation": .string(answer.explanation), "passed": .bool(answer.standing.hasPassed),
            "answered": .integer(answer.standing.answered), "right_answers": .integer(answer.standing.right),
            "needed": .integer(answer.standing.needed), "items": .integer(answer.standing.items),
        ]
    }

    private static func json(_ own: PersonalStatistics) -> JSONValue {
        func counts(_ answers: [TaskMode: Int]) -> JSONValue {
            .object(
                Dictionary(
                    answers.map { ($0.key.rawValue, JSONValue.integer($0.value)) },
                    uniquingKeysWith: { first, _ in first }))
        }
        return [
            "answers": counts(own.answers),
            "days": .array(
                own.days.map {
                    ["date": .string(String($0.date.formatted(.iso8601).prefix(10))), "answers": counts($0.answers)]
                }),
            "median_active_seconds": .object(
                Dictionary(
                    own.medianSeconds.map { ($0.key.rawValue, JSONValue.number($0.value)) },
                    uniquingKeysWith: { first, _ in first })),
            "agreement": APIEncoding.number(own.agreement.rate), "shared_tasks": .integer(own.sharedTasks),
            "left_share": APIEncoding.number(own.sides.leftShare), "extras": .integer(own.extras),
            "undone": .integer(own.undone), "skips": .integer(own.skips),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Conversation",
            .object([
                .required(
                    "messages",
                    .array(
                        .object([
                            .required("role", .choice(["system", "user", "assistant"])),
                            .required("content", .string()),
                        ]), "What was said, the preferred answers among it.")),
                .required("turns", .integer("Messages of the person.", from: 0)),
                .required("step", .choice(["write", "wait", "failed", "compare", "ended"], "What comes next.")),
                .required("task", .reference("Task").orNull),
                .required("problem", .string("Why there are no answers, or why it is over.").orNull),
            ])
        ),
        (
            "PracticeAnswer",
            .object([
                .required("right", .boolean()), .required("expected", .any("A judgement, in the lease's ids.")),
                .required("explanation", .string("Markdown.")),
                .required("passed", .boolean("Real tasks come from now on.")), .required("answered", .integer()),
                .required("right_answers", .integer()), .required("needed", .integer()), .required("items", .integer()),
            ])
        ),
        (
            "Statistics",
            .object([
                .required("answers", .map(.integer(), "By kind.")),
                .required(
                    "days",
                    .array(.object([.required("date", .string()), .required("answers", .map(.integer()))]))),
                .required("median_active_seconds", .map(.number(), "By kind.")),
                .required("agreement", .number("With others on the same tasks; null where undefined.").orNull),
                .required("shared_tasks", .integer()),
                .required("left_share", .number("Of comparisons, won by the left side.").orNull),
                .required("extras", .integer()), .required("undone", .integer()), .required("skips", .integer()),
            ])
        ),
    ]
}
