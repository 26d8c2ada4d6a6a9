import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Bearer tokens of this API.
enum TokenEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/tokens", operation: "listTokens",
            summary: "All tokens that were made; their secrets are not kept.", access: .lead,
            answers: [.json(.ok, .array(.reference("Token")))]
        ) { call in
            let tokens = try await call.store.apiTokens()
            return try .json(.array(tokens.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/tokens", operation: "createToken",
            summary: "Makes a token; its secret is in this answer alone.", access: .lead,
            body: .json(
                .object([
                    .required("label", .string("What it is for.")),
                    .required("role", .choice(["annotator", "lead"], "At most its owner's.")),
                    .optional("user", .integer("Its owner; yourself unless given.")),
                ])),
            answers: [
                .json(.created, .object([.required("id", .integer()), .required("secret", .string())]))
            ], handle: create),
        APIEndpoint(
            method: .delete, path: Path.api + "/tokens/{token}", operation: "revokeToken",
            summary: "Revokes a token for good.", access: .lead, answers: [.nothing]
        ) { call in
            try await call.store.revokeAPIToken(try call.id("token"), by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static func create(_ call: APICall) async throws -> Response {
        guard let role = Role(rawValue: call.body["role"]?.stringValue ?? "") else {
            throw APIFailure.invalid("The role is not known.", field: "role")
        }
        let owner = try call.body["user"]?.integerValue.map { UserID(rawValue: Int64($0)) } ?? call.user.id
        let made = try await call.store.createAPIToken(
            for: owner, label: call.body["label"]?.stringValue ?? "", role: role, by: try call.actor)
        return try .json(["id": APIEncoding.id(made.id), "secret": .string(made.secret)], status: .created)
    }

    private static func json(_ token: APITokenInfo) -> JSONValue {
        [
            "id": APIEncoding.id(token.id), "label": .string(token.label), "user": APIEncoding.id(token.user.id),
            "role": .string(token.role.rawValue), "created_at": APIEncoding.time(token.createdAt),
            "revoked_at": APIEncoding.time(token.revokedAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Token",
            .object([
                .required("id", .integer()), .required("label", .string()), .required("user", .integer()),
                .required("role", .choice(["annotator", "lead"])), .required("created_at", .time()),
                .required("revoked_at", .time().orNull),
            ])
        )
    ]
}
