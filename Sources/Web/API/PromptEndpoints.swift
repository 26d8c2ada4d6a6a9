import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Prompts and ready-made groups: what comes in from outside.
enum PromptEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/prompts", operation: "listPrompts",
            summary: "A project's prompts in the order of their ids.", access: .lead,
            query: [
                .init(name: "use", schema: useSchema), .init(name: "state", schema: stateSchema),
                .init(name: "after", schema: .integer("The last id seen.")),
                .init(name: "limit", schema: .integer("At most this many; 100 unless given.", from: 1, to: 1000)),
            ], answers: [.json(.ok, .reference("PromptList"))], handle: list),
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/prompts/{prompt}/retire", operation: "retirePrompt",
            summary: "Takes a prompt out: nothing new is made of it, and what there is of it stays.", access: .lead,
            answers: [.json(.ok, .reference("ProjectPrompt"))]
        ) { call in
            let prompt = try await call.store.retirePrompt(
                try call.id("prompt"), in: try call.id("project"), by: try call.actor)
            return try await answer(prompt, call)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/prompts/{prompt}/restore", operation: "restorePrompt",
            summary: "Takes a retired prompt into use again.", access: .lead,
            answers: [.json(.ok, .reference("ProjectPrompt"))]
        ) { call in
            let prompt = try await call.store.restorePrompt(
                try call.id("prompt"), in: try call.id("project"), by: try call.actor)
            return try await answer(prompt, call)
        },
        APIEndpoint(
            method: .put, path: Path.api + "/projects/{project}/prompts/{prompt}/about-safety",
            operation: "setPromptAboutSafety",
            summary:
                "Says whether a prompt is about safety: then a reward model's safety head alone judges its responses.",
            access: .lead, body: .json(.object([.required("about_safety", .boolean())])),
            answers: [.json(.ok, .reference("ProjectPrompt"))]
        ) { call in
            let prompt = try await call.store.setAboutSafety(
                call.body["about_safety"] == true, prompt: try call.id("prompt"), in: try call.id("project"),
                by: try call.actor)
            return try await answer(prompt, call)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/prompts", operation: "importPrompts",
            summary: "Imports a file of prompts: all of it, or nothing where one line is wrong.", access: .lead,
            query: [
                .init(name: "use", schema: useSchema, isRequired: true),
                .init(name: "format", schema: .choice(formats), isRequired: true),
                .init(
                    name: "about_safety",
                    schema: .choice(["true", "false"], "true tags them all as being about safety.")),
                .init(name: "name", schema: .string("The file's name, for messages.")),
            ],
            body: .text(
                mediaType: "text/plain",
                description:
                    "text: a prompt a line; jsonl: {\"prompt\": …} a line; messages: {\"messages\": […]} a line."),
            answers: [.json(.ok, .reference("ImportReport"))], handle: importPrompts),
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/groups", operation: "importGroups",
            summary: "Imports ready-made response groups, which become open tasks.", access: .lead,
            query: [.init(name: "name", schema: .string("The file's name, for messages."))],
            body: .text(
                mediaType: "application/jsonl",
                description: "{\"prompt\": …, \"responses\": [text or response, …]} a line; two responses or more."),
            answers: [.json(.ok, .reference("ImportReport"))]
        ) { call in
            let report = try await call.store.importGroups(
                try call.id("project"), from: source(call), by: try call.actor)
            return try .json(json(report))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/labels", operation: "importLabels",
            summary: "Imports labels as the native export writes them; what is there already is left alone.",
            access: .lead, query: [.init(name: "name", schema: .string("The file's name, for messages."))],
            body: .text(mediaType: "application/jsonl", description: "Lines of a native export."),
            answers: [.json(.ok, .reference("ImportReport"))]
        ) { call in
            let report = try await call.store.importLabels(
                try call.id("project"), from: source(call), by: try call.actor)
            return try .json(json(report))
        },
    ]

    private static let useSchema = Schema.choice(PromptUse.allCases.map(\.rawValue), "What a prompt is used for.")
    private static let stateSchema = Schema.choice(
        PromptState.allCases.map(\.rawValue),
        "active: used; unanswerable: passed over, as a policy in use cannot answer it; retired: a lead took it out.")
    static let formats = ["text", "jsonl", "messages"]

    private static func answer(_ prompt: StoredPrompt, _ call: APICall) async throws -> Response {
        let refusals = try await call.store.refusals(of: [prompt.id], in: prompt.project)
        return try .json(json(prompt, refusals[prompt.id] ?? []))
    }

    private static func list(_ call: APICall) async throws -> Response {
        let project: ProjectID = try call.id("project")
        let limit = try call.limit(otherwise: 100, atMost: 1000)
        let use = try call.query.choice("use", PromptUse.self)
        let state = try call.query.choice("state", PromptState.self)
        let after = try call.query.integer("after").map { PromptID(rawValue: Int64($0)) }
        let counts = try await call.store.promptCounts(project)
        let prompts = try await call.store.prompts(project, use: use, state: state, after: after, limit: limit)
        let refusals = try await call.store.refusals(of: prompts.map(\.id), in: project)
        let countsByName = Dictionary(
            PromptUse.allCases.map { ($0.rawValue, JSONValue.integer(counts[$0] ?? 0)) },
            uniquingKeysWith: { first, _ in first })
        return try .json([
            "counts": .object(countsByName), "prompts": .array(try prompts.map { try json($0, refusals[$0.id] ?? []) }),
            "next_after": prompts.count == limit ? APIEncoding.id(prompts.last?.id) : .null,
        ])
    }

    private static func importPrompts(_ call: APICall) async throws -> Response {
        guard let use = try call.query.choice("use", PromptUse.self) else {
            throw APIFailure.invalid("The query item “use” is missing.", field: "use")
        }
        guard let name = call.query.text("format"), let format = PromptFormat(rawValue: name) else {
            throw APIFailure.invalid(
                "The query item “format” must be one of: \(formats.joined(separator: ", ")).", field: "format")
        }
        let report = try await call.store.importPrompts(
            try call.id("project"), use: use, format: format,
            areAboutSafety: call.query.text("about_safety") == "true", from: source(call), by: try call.actor)
        return try .json(json(report))
    }

    /// The body of an import, under the name that messages give it.
    static func source(_ call: APICall) -> ImportSource {
        .data(call.text, name: call.query.text("name") ?? "request body")
    }

    private static func json(_ prompt: StoredPrompt, _ refusals: [PromptRefusal]) throws -> JSONValue {
        [
            "id": APIEncoding.id(prompt.id), "use": .string(prompt.use.rawValue),
            "prompt": try APIEncoding.coded(prompt.prompt), "content_hash": .string(prompt.contentHash),
            "about_safety": .bool(prompt.isAboutSafety),
            "created_at": APIEncoding.time(prompt.createdAt), "retired_at": APIEncoding.time(prompt.retiredAt),
            "unanswerable": .array(
                refusals.map {
                    [
                        "policy": APIEncoding.id($0.policy), "policy_name": .string($0.policyName),
                        "reason": .string($0.reason), "at": APIEncoding.time($0.at),
                    ]
                }),
        ]
    }

    static func json(_ report: ImportReport) -> JSONValue {
        [
            "added": .integer(report.added), "already_there": .integer(report.alreadyThere),
            "lines": .integer(report.lines), "sentence": .string(report.sentence),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Prompt",
            .oneOf([
                .object([.required("kind", .choice(["text"])), .required("text", .string())]),
                .object([.required("kind", .choice(["few_shot"])), .required("text", .string())]),
                .object([
                    .required("kind", .choice(["messages"])),
                    .required(
                        "messages",
                        .array(
                            .object([
                                .required("role", .choice(["system", "user", "assistant"])),
                                .required("content", .string()),
                            ]))),
                ]),
            ])
        ),
        (
            "ProjectPrompt",
            .object([
                .required("id", .integer()), .required("use", useSchema), .required("prompt", .reference("Prompt")),
                .required("content_hash", .string()), .required("created_at", .time()),
                .required("about_safety", .boolean("A reward model's safety head alone judges its responses.")),
                .required("retired_at", .time("Null where it is in use.").orNull),
                .required(
                    "unanswerable",
                    .array(
                        .object([
                            .required("policy", .integer()), .required("policy_name", .string()),
                            .required("reason", .string("In the words of the model server.")), .required("at", .time()),
                        ]), "Policies in use that cannot answer it.")),
            ])
        ),
        (
            "PromptList",
            .object([
                .required("counts", .map(.integer(), "Prompts of the project by use, without retired ones.")),
                .required("prompts", .array(.reference("ProjectPrompt"))),
                .required("next_after", .integer("Give it as “after” for the next ones; null at the end.").orNull),
            ])
        ),
        (
            "ImportReport",
            .object([
                .required("added", .integer()), .required("already_there", .integer()),
                .required("lines", .integer()), .required("sentence", .string("The same in words.")),
            ])
        ),
    ]
}
