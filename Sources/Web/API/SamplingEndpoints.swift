import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Sampling ahead of need, the model process behind it, and the disk.
enum SamplingEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/sampling", operation: "getSampling",
            summary: "How far sampling ahead of need has come.", access: .lead,
            answers: [.json(.ok, .reference("Sampling"))]
        ) { call in
            let status = try await call.operations.samplingStatus(project: try await project(call).id)
            return try .json(json(status))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/sampling", operation: "requestSampling",
            summary:
                "Wakes sampling now, also where the last try failed; prompts that were unanswerable are tried again.",
            access: .lead,
            answers: [.json(.accepted, .reference("Sampling"))]
        ) { call in
            let id = try await project(call).id
            try await call.operations.requestSampling(project: id)
            return try .json(json(try await call.operations.samplingStatus(project: id)), status: .accepted)
        },
        APIEndpoint(
            method: .get, path: Path.api + "/server", operation: "getServer",
            summary: "The model process and the data folder.", access: .lead,
            answers: [.json(.ok, .reference("Server"))]
        ) { call in
            let disk = try await call.operations.diskUsage()
            return try .json([
                "model_server": json(await call.operations.modelServerStatus()), "disk": json(disk),
            ])
        },
        APIEndpoint(
            method: .get, path: Path.api + "/audit", operation: "listAudit",
            summary: "Who did what, the newest first.", access: .lead,
            query: [
                .init(name: "before", schema: .integer("The last id seen.")),
                .init(name: "limit", schema: .integer("100 unless given.", from: 1, to: 1000)),
            ], answers: [.json(.ok, .array(.reference("AuditEntry")))]
        ) { call in
            let entries = try await call.store.auditEntries(
                before: try call.query.integer("before").map(Int64.init),
                limit: try call.limit(otherwise: 100, atMost: 1000))
            return try .json(.array(entries.map(json)))
        },
    ]

    private static func project(_ call: APICall) async throws -> Project {
        try await call.store.project(try call.id("project"))
    }

    private static func json(_ status: SamplingStatus) -> JSONValue {
        [
            "ready": .integer(status.ready), "target": .integer(status.target),
            "is_sampling": .bool(status.isSampling), "prompts_left": .integer(status.promptsLeft),
            "unanswerable_prompts": .integer(status.unanswerable),
            "last_sampled_at": APIEncoding.time(status.lastSampledAt), "problem": APIEncoding.text(status.problem),
            "choice": APIEncoding.text(status.choice),
        ]
    }

    private static func json(_ status: ModelServerStatus) -> JSONValue {
        [
            "state": .string(status.state.rawValue), "address": APIEncoding.text(status.address),
            "loaded_policies": .array(status.loadedPolicies.map(JSONValue.string)),
            "restarts": .integer(status.restarts), "message": APIEncoding.text(status.message),
        ]
    }

    private static func json(_ disk: DiskUsage) -> JSONValue {
        [
            "database": .integer(Int(disk.database)), "policies": .integer(Int(disk.policies)),
            "reward_models": .integer(Int(disk.rewardModels)), "runs": .integer(Int(disk.runs)),
            "quota": disk.quota.map { .integer(Int($0)) } ?? .null, "free": .integer(Int(disk.free)),
        ]
    }

    private static func json(_ entry: AuditEntry) -> JSONValue {
        [
            "id": .integer(Int(entry.id)), "at": APIEncoding.time(entry.at), "actor": .string(entry.actor),
            "action": .string(entry.action), "subject": .string(entry.subject), "details": .string(entry.details),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Sampling",
            .object([
                .required("ready", .integer("Tasks ready to be handed out.")),
                .required("target", .integer("Tasks the project wants ready.")),
                .required("is_sampling", .boolean()), .required("prompts_left", .integer()),
                .required(
                    "unanswerable_prompts",
                    .integer("Prompts that are passed over because a policy in use cannot answer them.")),
                .required("last_sampled_at", .time().orNull),
                .required("problem", .string("Why it stands still; null where it does not.").orNull),
                .required("choice", .string("How tasks are chosen just now, where not in turn.").orNull),
            ])
        ),
        (
            "Server",
            .object([
                .required(
                    "model_server",
                    .object([
                        .required("state", .choice(ModelServerStatus.State.allCases.map(\.rawValue))),
                        .required("address", .string().orNull), .required("loaded_policies", .array(.string())),
                        .required("restarts", .integer()), .required("message", .string().orNull),
                    ])),
                .required(
                    "disk",
                    .object(
                        [
                            .required("database", .integer()), .required("policies", .integer()),
                            .required("reward_models", .integer()), .required("runs", .integer()),
                            .required("quota", .integer().orNull), .required("free", .integer()),
                        ], "Bytes.")),
            ])
        ),
        (
            "AuditEntry",
            .object([
                .required("id", .integer()), .required("at", .time()), .required("actor", .string()),
                .required("action", .string()), .required("subject", .string()), .required("details", .string()),
            ])
        ),
    ]
}
