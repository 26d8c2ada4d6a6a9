import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels

/// People and the links that let them in.
enum PeopleEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/users", operation: "listUsers", summary: "Everybody.", access: .lead,
            answers: [.json(.ok, .array(.reference("Person")))]
        ) { call in
            let users = try await call.store.users()
            return try .json(.array(users.map { json($0, role: $0.role) }))
        },
        APIEndpoint(
            method: .patch, path: Path.api + "/users/{user}", operation: "updateUser",
            summary: "Renames, changes the role, or deactivates, which ends sessions and tokens.", access: .lead,
            body: .json(
                .object([
                    .optional("name", .string()), .optional("role", role), .optional("active", .boolean()),
                ])), answers: [.json(.ok, .reference("Person"))], handle: update),
        APIEndpoint(
            method: .post, path: Path.api + "/users/{user}/sign-in-links", operation: "createSignInLink",
            summary: "A one-time link that signs this person in, for one who lost the password.", access: .lead,
            body: .json(.object([.optional("days", days)])), answers: [.json(.created, .reference("Link"))]
        ) { call in
            let id: UserID = try call.id("user")
            return try await link(.signIn(try await call.store.user(id).id), call)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/invites", operation: "createInvite",
            summary: "A one-time link with which one person joins.", access: .lead,
            body: .json(.object([.required("role", role), .optional("days", days)])),
            answers: [.json(.created, .reference("Link"))]
        ) { call in
            guard let role = Role(rawValue: call.body["role"]?.stringValue ?? "") else {
                throw APIFailure.invalid("The role is not known.", field: "role")
            }
            return try await link(.invite(role: role), call)
        },
    ]

    private static let role = Schema.choice(["annotator", "lead"])
    private static let days = Schema.integer("How long it works; 7 unless given.", from: 1, to: 90)

    private static func link(_ purpose: LinkPurpose, _ call: APICall) async throws -> Response {
        let validity = Duration.seconds(86_400 * (call.body["days"]?.integerValue ?? 7))
        let secret = try await call.store.createLink(purpose, validFor: validity, by: try call.actor)
        let expiry = try await call.store.link(secret).expiresAt
        let address = call.services.settings.absolute(Path.invitation(secret))
        return try .json(
            ["address": .string(address), "expires_at": APIEncoding.time(expiry)], status: .created)
    }

    private static func update(_ call: APICall) async throws -> Response {
        var active: Bool?
        if case .bool(let value)? = call.body["active"] { active = value }
        let id: UserID = try call.id("user")
        if active == false, id == (try call.user.id) {
            throw APIFailure.conflict("You can't deactivate yourself; another lead can.")
        }
        let user = try await call.store.updateUser(
            id, name: call.body["name"]?.stringValue,
            role: call.body["role"]?.stringValue.flatMap(Role.init(rawValue:)), active: active, by: try call.actor)
        return try .json(json(user, role: user.role))
    }

    static func json(_ user: User, role: Role) -> JSONValue {
        [
            "id": APIEncoding.id(user.id), "handle": .string(user.handle), "name": .string(user.name),
            "role": .string(role.rawValue), "active": .bool(user.active),
            "created_at": APIEncoding.time(user.createdAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Person",
            .object([
                .required("id", .integer()), .required("handle", .string("The pseudonym that exports use.")),
                .required("name", .string()), .required("role", role), .required("active", .boolean()),
                .required("created_at", .time()),
            ])
        ),
        (
            "Link",
            .object([
                .required("address", .string("Works once; it is not shown again.")), .required("expires_at", .time()),
            ])
        ),
    ]
}
