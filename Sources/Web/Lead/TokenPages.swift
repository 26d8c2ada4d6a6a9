import Hummingbird
import Labels

/// Tokens for scripts that use the API.
struct TokenPages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.tokens)) { _, context in
            try services.pages.page(try await list(problem: nil, try context.requireLead().id), for: context)
        }
        routes.post(RouterPath(Path.tokens)) { request, context in
            try await create(request, context)
        }
        routes.post(RouterPath(Path.revokeToken(":token"))) { _, context in
            try await services.store.revokeAPIToken(try context.id("token"), by: try context.lead())
            return Response.redirect(to: Path.tokens, notice: "The token was revoked.", settings: services.settings)
        }
    }

    /// The secret is in this one answer and nowhere else, so the page is not a redirect.
    private func create(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let me = try context.requireLead().id
        do {
            guard let role = Role(rawValue: form.text("role")), let owner = UserID(form.text("user")) else {
                throw FieldError(field: "role", message: "Choose whose token it is and what it may do.")
            }
            let label = form.text("label")
            guard !label.isEmpty else { throw FieldError(field: "label", message: "Say what the token is for.") }
            let made = try await services.store.createAPIToken(
                for: owner, label: label, role: role, by: try context.lead())
            return try services.pages.page(
                LinkPage(
                    title: "The new token", address: made.secret, expires: nil, isWhole: true,
                    backPath: Path.tokens, isToken: true), for: context)
        } catch {
            guard let words = FieldError.words(for: error) else { throw error }
            return try services.pages.page(
                try await list(problem: words, me), status: .unprocessableContent, for: context)
        }
    }

    private func list(problem: String?, _ me: UserID) async throws -> TokensPage {
        let tokens = try await services.store.apiTokens()
        let users = try await services.store.users().filter(\.active)
        return TokensPage(
            rows: tokens.map {
                .init(
                    label: $0.label, owner: $0.user.name, role: $0.role.rawValue,
                    created: LeadWords.Moment($0.createdAt), revoked: LeadWords.Moment($0.revokedAt),
                    revokePath: Path.revokeToken($0.id.description))
            }, owners: users.map { .init(id: $0.id.description, name: $0.name, isMe: $0.id == me) },
            createPath: Path.tokens, descriptionPath: Path.apiDescription, problem: problem)
    }
}

struct TokensPage: PageModel {
    static let template = "lead-tokens"
    let title = "API tokens"

    struct Row: Sendable {
        var label: String
        var owner: String
        var role: String
        var created: LeadWords.Moment
        var revoked: LeadWords.Moment?
        var revokePath: String
    }
    struct Owner: Sendable {
        var id: String
        var name: String
        var isMe: Bool
    }

    var rows: [Row]
    var owners: [Owner]
    var createPath: String
    var descriptionPath: String
    var problem: String?
}
