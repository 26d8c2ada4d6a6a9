import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// Projects: what is asked of annotators, and how their tasks are made.
enum ProjectEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/my/projects", operation: "listMyProjects",
            summary: "The projects that can be annotated, with what an annotator may know.", access: .annotator,
            answers: [.json(.ok, .array(.reference("AnnotatorProject")))]
        ) { call in
            let projects = try await call.store.projects()
            return try .json(.array(projects.map(annotatorJSON)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/projects", operation: "listProjects", summary: "All projects.",
            access: .lead, answers: [.json(.ok, .array(.reference("Project")))]
        ) { call in
            let projects = try await call.store.projects()
            return try .json(.array(try projects.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects", operation: "createProject",
            summary: "Makes a project; settings that are left out take their defaults.", access: .lead,
            body: .json(
                .object([
                    .required("name", .string("Unique among projects.")),
                    .optional("settings", .reference("ProjectSettingsChange")),
                ])), answers: [.json(.created, .reference("Project"))], handle: create),
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}", operation: "getProject", summary: "One project.",
            access: .lead, answers: [.json(.ok, .reference("Project"))]
        ) { call in
            try .json(try json(try await call.store.project(try call.id("project"))))
        },
        APIEndpoint(
            method: .patch, path: Path.api + "/projects/{project}", operation: "updateProject",
            summary: "Changes what is given and leaves the rest.", access: .lead,
            body: .json(
                .object([
                    .optional("name", .string()), .optional("paused", .boolean("No tasks are handed out.")),
                    .optional("settings", .reference("ProjectSettingsChange")),
                ])), answers: [.json(.ok, .reference("Project"))], handle: update),
    ]

    private static func create(_ call: APICall) async throws -> Response {
        let settings = try APIEncoding.decoded(call.body["settings"] ?? [:], as: ProjectSettings.self)
        try settings.validate()
        let project = try await call.store.createProject(
            name: call.body["name"]?.stringValue ?? "", settings: settings, by: try call.actor)
        return try .json(try json(project), status: .created)
    }

    private static func update(_ call: APICall) async throws -> Response {
        let id: ProjectID = try call.id("project")
        let change = call.body["settings"]
        // Merged with what is stored when it is written: two changes at once of different members are both kept.
        let updated = try await call.store.updateProject(
            id, name: call.body["name"]?.stringValue, paused: call.body["paused"]?.boolValue, by: try call.actor
        ) { stored in
            guard let change else { return stored.settings }
            return try changed(stored.settings, by: change)
        }
        return try .json(try json(updated))
    }

    /// Settings with the members of `change` in the place of the old ones.
    ///
    /// K has another range in the other mode, so a change of mode without a new K takes the mode's default.
    private static func changed(_ settings: ProjectSettings, by change: JSONValue) throws -> ProjectSettings {
        let change = change.objectValue ?? [:]
        var old = try APIEncoding.coded(settings).objectValue ?? [:]
        if let mode = change["mode"], mode != old["mode"] { old["response_count"] = nil }
        let merged = try APIEncoding.decoded(
            .object(old.merging(change) { _, new in new }), as: ProjectSettings.self)
        try merged.validate()
        return merged
    }

    static func json(_ project: Project) throws -> JSONValue {
        [
            "id": APIEncoding.id(project.id), "name": .string(project.name),
            "settings": try APIEncoding.coded(project.settings), "paused": .bool(project.paused),
            "current_policy": APIEncoding.id(project.currentPolicy),
            "reference_policy": APIEncoding.id(project.referencePolicy), "round": .integer(project.round),
            "created_at": APIEncoding.time(project.createdAt),
        ]
    }

    /// Nothing about policies, temperatures or rounds: an annotator must not be able to tell sources.
    private static func annotatorJSON(_ project: Project) -> JSONValue {
        [
            "id": APIEncoding.id(project.id), "name": .string(project.name),
            "mode": .string(project.settings.mode.rawValue), "instructions": .string(project.settings.instructions),
            "rendering": .string(project.settings.rendering.rawValue),
            "paused": .bool(project.paused),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "AnnotatorProject",
            .object([
                .required("id", .integer()), .required("name", .string()), .required("mode", mode),
                .required("instructions", .string()), .required("rendering", rendering),
                .required("paused", .boolean()),
            ])
        ),
        (
            "Project",
            .object([
                .required("id", .integer()), .required("name", .string()),
                .required("settings", .reference("ProjectSettings")), .required("paused", .boolean()),
                .required("current_policy", .integer("New tasks are sampled from it.").orNull),
                .required("reference_policy", .integer("The frozen supervised policy.").orNull),
                .required("round", .integer()), .required("created_at", .time()),
            ])
        ),
        ("ProjectSettings", .object(settingsMembers(isRequired: true))),
        (
            "FeedbackSettings",
            .object(
                [
                    .optional(
                        "shares",
                        .object(
                            FeedbackKind.allCases.map { .optional($0.rawValue, .integer(from: 0, to: 100)) },
                            "Of 100 tasks, how many are of the kind; the others are rankings or comparisons.")),
                    .optional("prompt_styles", .array(.choice(PromptStyle.allCases.map(\.rawValue)), atLeast: 1)),
                    .optional(
                        "written_prompt_use",
                        .choice(["supervised", "ranking", "ppo", "held_out"], "The use of prompts that people wrote.")),
                    .optional(
                        "practice_pass_share",
                        .number("Share of the practice set to get right before real tasks.", from: 0, to: 1)),
                ], "Other kinds of feedback than the mode.")
        ),
        (
            "ChoiceSettings",
            .object(
                [
                    .optional(
                        "strategy",
                        .choice(
                            ChoiceSettings.Strategy.allCases.map(\.rawValue),
                            "disagreement: what the newest reward model's heads disagree on, or it is least sure of.")),
                    .optional(
                        "random_share", .number("The share that chance alone chooses.", from: 0.01, to: 1)),
                    .optional(
                        "candidates", .integer("Groups sampled for each task that is wanted.", from: 2, to: 64)),
                    .optional(
                        "oversampling",
                        .integer("Responses sampled for each that is shown; the most different are.", from: 1, to: 8)),
                ], "Which tasks people are given.")
        ),
        (
            "QualitySettings",
            .object(
                [
                    .optional(
                        "repeat_share", .number("Tasks given to the same person once more.", from: 0, to: 0.4)),
                    .optional(
                        "repeat_after", .integer("Answers between the two times, at least.", from: 1, to: 10_000)),
                    .optional("gold_share", .number("Tasks with a known answer.", from: 0, to: 0.4)),
                    .optional(
                        "most_people",
                        .integer(
                            "Asked about a task at most, while they disagree; 0: no more than the overlap.", from: 0,
                            to: 100)),
                    .optional(
                        "least_agreement", .number("Of the pairs, for a task to be full.", from: 0, to: 1)),
                    .optional(
                        "authors_judge_own",
                        .boolean("Whether people may judge responses to prompts that they wrote themselves.")),
                ], "How answers are checked.")
        ),
        ("ProjectSettingsChange", .object(settingsMembers(isRequired: false))),
        (
            "MixPart",
            .object(
                [
                    .required(
                        "policy",
                        .oneOf(
                            [
                                .object([.required("kind", .choice(["current", "reference"]))]),
                                .object([
                                    .required("kind", .choice(["policy"])), .required("id", .integer()),
                                ]),
                            ], "Who answers.")),
                    .required("temperature", .number(from: 0)),
                    .required("weight", .number("Its share of the responses, relative to the other parts.", from: 0)),
                ], "One part of the mix that responses are sampled from.")
        ),
    ]

    private static let mode = Schema.choice(["ranking", "comparison"])
    private static let rendering = Schema.choice(
        TextRendering.allCases.map(\.rawValue), "How prompts, responses and instructions are shown.")

    private static func settingsMembers(isRequired: Bool) -> [Schema.Member] {
        let jobSettings = Schema.map(.string(), "Settings of a job that differ from its defaults.")
        let members: [(String, Schema)] = [
            ("mode", mode),
            (
                "response_count",
                .object(
                    [.required("smallest", .integer(from: 2)), .required("largest", .integer(from: 2))],
                    "K, the responses of a task: fixed where both are equal, else drawn per prompt.")
            ),
            ("overlap", .integer("Labels wanted for each task.", from: 1)),
            ("lease_seconds", .integer("How long a task stays with one person at least.", from: 30, to: 86_400)),
            ("open_leases_per_person", .integer(from: 1)),
            ("tasks_ahead", .integer("Tasks kept ready ahead of need.", from: 0)),
            ("mix", .array(.reference("MixPart"), atLeast: 1)),
            ("max_tokens", .integer(from: 1)), ("top_p", .number(from: 0, to: 1)), ("top_k", .integer(from: 0)),
            ("stop", .array(.string(), "Texts at which a response ends.")),
            ("acceptability_line", .boolean("Whether annotators can draw the line “not acceptable”.")),
            ("allow_skip", .boolean()),
            ("ratings", .choice(Wish.allCases.map(\.rawValue), "Rankings: 1 to 7 for each response.")),
            ("flags", .array(.object(JudgementSchemas.flagMembers), "Rankings: marks that a response may get.")),
            ("tie", .boolean("Comparisons offer a tie.")),
            ("both_unacceptable", .boolean("Comparisons offer “both unacceptable”.")),
            ("safety", .boolean("Comparisons ask which responses are safe.")),
            ("aspects", JudgementSchemas.aspects),
            ("reason", .choice(ReasonRule.allCases.map(\.rawValue), "Whether comparisons ask why.")),
            ("skips_to_review", .integer("Skips after which a lead decides about a task; 0 for never.", from: 0)),
            ("held_out_share", .number("Share of prompts held out of reward-model training.", from: 0, to: 0.5)),
            ("instructions", .string("For annotators.")),
            ("rendering", rendering),
            ("reward_model", jobSettings), ("policy_refresh", jobSettings), ("supervised", jobSettings),
            ("preference_tuning", jobSettings),
            ("feedback", .reference("FeedbackSettings")), ("choice", .reference("ChoiceSettings")),
            ("quality", .reference("QualitySettings")),
        ]
        return members.map { Schema.Member(name: $0.0, schema: $0.1, isRequired: isRequired) }
    }
}
