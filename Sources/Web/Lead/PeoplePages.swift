import Hummingbird
import Labels

/// Who may sign in, and the one-time links that let people in.
struct PeoplePages: RouteSet {
    private let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.people)) { _, context in
            try services.pages.page(try await list(try context.requireLead().id), for: context)
        }
        routes.post(RouterPath(Path.invites)) { request, context in
            let form = try await LeadForm(request, context)
            guard let role = Role(rawValue: form.text("role")) else {
                throw Problem.unreadable("Choose whether the link is for an annotator or a lead.")
            }
            return try await link(
                .invite(role: role), title: "A link for one \(role == .lead ? "lead" : "annotator")", context)
        }
        routes.post(RouterPath(Path.signInLink(":user"))) { _, context in
            let user = try await services.store.user(try context.id("user"))
            return try await link(.signIn(user.id), title: "A link that signs \(user.name) in", context)
        }
        routes.post(RouterPath(Path.person(":user"))) { request, context in
            try await change(request, context)
        }
    }

    /// The secret of a link is in this one answer and nowhere else, so the page is not a redirect.
    private func link(_ purpose: LinkPurpose, title: String, _ context: PlumbContext) async throws -> Response {
        let secret = try await services.store.createLink(purpose, by: try context.lead())
        let expiry = try await services.store.link(secret).expiresAt
        return try services.pages.page(
            LinkPage(
                title: title, address: services.settings.absolute(Path.invitation(secret)),
                expires: LeadWords.Moment(expiry), isWhole: services.settings.publicURL != nil,
                backPath: Path.people, isToken: false), for: context)
    }

    private func change(_ request: Request, _ context: PlumbContext) async throws -> Response {
        let form = try await LeadForm(request, context)
        let id: UserID = try context.id("user")
        let active = form.text("active") == "true"
        if !active, id == (try context.requireLead().id) {
            throw Problem(
                status: .conflict, title: "You can't deactivate yourself",
                explanation: "Another lead can do it.", action: Problem.Action(label: "Back", path: Path.people))
        }
        let user = try await services.store.updateUser(id, active: active, by: try context.lead())
        return Response.redirect(
            to: Path.people,
            notice: active
                ? "\(user.name) can sign in again."
                : "\(user.name) was deactivated: sessions and tokens have ended; the labels stay.",
            settings: services.settings)
    }

    private func list(_ me: UserID) async throws -> PeoplePage {
        let users = try await services.store.users()
        return PeoplePage(
            rows: users.map {
                .init(
                    name: $0.name, handle: $0.handle, role: $0.role.rawValue, isActive: $0.active, isMe: $0.id == me,
                    joined: LeadWords.Moment($0.createdAt), path: Path.person($0.id.description),
                    linkPath: Path.signInLink($0.id.description))
            }, invitesPath: Path.invites)
    }
}

struct PeoplePage: PageModel {
    static let template = "lead-people"
    let title = "People"

    struct Row: Sendable {
        var name: String
        var handle: String
        var role: String
        var isActive: Bool
        var isMe: Bool
        var joined: LeadWords.Moment
        var path: String
        var linkPath: String
    }

    var rows: [Row]
    var invitesPath: String
}

/// A secret that is shown once: a link or a token.
struct LinkPage: PageModel {
    static let template = "lead-link"
    let title: String
    var address: String
    var expires: LeadWords.Moment?
    /// Whether `address` holds the name of the server too.
    var isWhole: Bool
    var backPath: String
    var isToken: Bool
}
