import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Policies: which there are, where they come from, and which one new tasks are sampled from.
enum PolicyEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/policies", operation: "listPolicies",
            summary: "All policies with their lineage and how they stand in this project.", access: .lead,
            answers: [.json(.ok, .array(.reference("PolicyStanding")))]
        ) { call in
            let standings = try await PolicyOverview.all(of: try call.id("project"), in: call.store)
            return try .json(.array(standings.map(json)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/policy-folders", operation: "listPolicyFolders",
            summary: "Model folders in the data folder's `policies` that are no policy yet.", access: .lead,
            answers: [.json(.ok, .array(.string()))]
        ) { call in try .json(.array(try await call.operations.policyFolders().map(JSONValue.string))) },
        APIEndpoint(
            method: .post, path: Path.api + "/policies", operation: "addPolicy",
            summary: "Enters a policy from outside: the model folder of that name, or another server's model.",
            access: .lead,
            body: .json(
                .object([
                    .required("name", .string("Letters, digits, dots, dashes and underscores; unique.")),
                    .optional("server", .string("The address of an OpenAI-compatible server that knows the name.")),
                    .optional(
                        "kind",
                        .choice(AddPolicyRequest.Kind.allCases.map(\.rawValue), "Of a folder; supervised unless given.")
                    ),
                    .optional(
                        "folder", .string("The folder in `policies`, which is renamed; that of the name unless given.")),
                ])),
            answers: [.json(.created, .object([.required("id", .integer()), .required("name", .string())]))],
            handle: add),
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/policies/history", operation: "listCurrentPolicies",
            summary: "Which policy was current, from when until when, and who made it so.", access: .lead,
            answers: [.json(.ok, .array(.reference("CurrentPolicyPeriod")))]
        ) { call in
            let periods = try await call.store.currentPolicyHistory(try call.id("project"))
            return try .json(
                .array(
                    periods.map {
                        [
                            "policy": APIEncoding.id($0.policy.id), "name": .string($0.policy.name),
                            "from": APIEncoding.time($0.from), "until": APIEncoding.time($0.until),
                            "by": .string($0.by),
                        ]
                    }))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/policies/{policy}/make-current",
            operation: "makePolicyCurrent",
            summary: "New tasks are sampled from this policy; unopened tasks of older ones are withdrawn.",
            access: .lead, answers: [.json(.ok, .reference("WithdrawnTasks"))]
        ) { call in
            let withdrawn = try await call.operations.makePolicyCurrent(
                project: try call.id("project"), policy: try call.id("policy"), by: try call.user.id)
            return try .json([
                "withdrawn": .integer(withdrawn.withdrawn), "finishing": .integer(withdrawn.finishing),
            ])
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/policies/{policy}/make-reference",
            operation: "makePolicyReference",
            summary: "The policy that the KL penalty holds refreshed ones to: the frozen supervised one.",
            access: .lead, answers: [.nothing]
        ) { call in
            try await call.store.setReference(
                try call.id("policy"), in: try call.id("project"), by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static func add(_ call: APICall) async throws -> Response {
        let server = call.body["server"]?.stringValue
        for field in ["kind", "folder"] where server != nil && call.body[field] != nil {
            throw APIFailure.invalid("It is for folders; another server's model has none.", field: field)
        }
        let kind = call.body["kind"]?.stringValue.flatMap(AddPolicyRequest.Kind.init) ?? .supervised
        let made = try await call.operations.addPolicy(
            AddPolicyRequest(
                name: call.body["name"]?.stringValue ?? "",
                origin: server.map { .server($0) } ?? .folder(call.body["folder"]?.stringValue, kind),
                user: try call.user.id))
        return try .json(["id": APIEncoding.id(made.id), "name": .string(made.name)], status: .created)
    }

    private static func json(_ standing: PolicyOverview) -> JSONValue {
        let policy = standing.policy
        return [
            "id": APIEncoding.id(policy.id), "name": .string(policy.name), "version": .integer(policy.version),
            "kind": .string(policy.kind.rawValue), "path": .string(policy.path),
            "sha256": APIEncoding.text(policy.sha256), "parents": APIEncoding.parents(policy.parents),
            "metrics": APIEncoding.numbers(policy.metrics), "bytes": .integer(Int(policy.bytes)),
            "project": APIEncoding.id(policy.project), "run": APIEncoding.id(policy.run),
            "created_at": APIEncoding.time(policy.createdAt), "pruned_at": APIEncoding.time(policy.prunedAt),
            "is_current": .bool(standing.isCurrent), "is_reference": .bool(standing.isReference),
            "responses": .integer(standing.responses), "labelled_groups": .integer(standing.labelledGroups),
            "wins": .integer(standing.wins), "losses": .integer(standing.losses),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "PolicyStanding",
            .object([
                .required("id", .integer()), .required("name", .string()), .required("version", .integer()),
                .required("kind", .choice(PolicyKind.allCases.map(\.rawValue))), .required("path", .string()),
                .required("sha256", .string().orNull), .required("parents", .array(APIEncoding.parentSchema)),
                .required("metrics", .map(.number().orNull)), .required("bytes", .integer()),
                .required("project", .integer().orNull), .required("run", .integer("The run that made it.").orNull),
                .required("created_at", .time()),
                .required("pruned_at", .time("When its files were removed to save space.").orNull),
                .required("is_current", .boolean()), .required("is_reference", .boolean()),
                .required("responses", .integer()), .required("labelled_groups", .integer()),
                .required("wins", .integer("Pairs won against other policies.")), .required("losses", .integer()),
            ])
        ),
        (
            "CurrentPolicyPeriod",
            .object([
                .required("policy", .integer()), .required("name", .string()), .required("from", .time()),
                .required("until", .time().orNull), .required("by", .string()),
            ])
        ),
        (
            "WithdrawnTasks",
            .object([
                .required("withdrawn", .integer("Unopened tasks that are not handed out any more.")),
                .required("finishing", .integer("Open tasks that people may finish.")),
            ])
        ),
    ]
}
