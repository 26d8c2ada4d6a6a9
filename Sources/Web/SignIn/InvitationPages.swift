import HTTPTypes
import Hummingbird
import Labels
import Preferences

/// One-time links: the lead's first sign-in, invitations of new people, and sign-in links for those who forgot a
/// password. Opening a link shows a form and changes nothing (mail programs open links too); sending the form uses it up.
struct InvitationPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.invitation(":token"))) { _, context -> Response in
            let page = try await page(for: try context.parameters.require("token"))
            return try services.pages.page(page, for: context)
        }
        routes.post(RouterPath(Path.invitation(":token")), use: accept)
    }

    /// What a link shows: a new person chooses a name and a password, a known one only what is missing.
    private func page(for token: String) async throws -> InvitationPage {
        let link = try await services.store.link(token)
        switch link.purpose {
        case .invite(let role):
            return InvitationPage(
                token: token, title: "Welcome to Plumb",
                introduction: role == .lead
                    ? "You are invited as a project lead. Choose a name and a password; this link works once."
                    : "You are invited to rank and compare responses. Choose a name and a password; this link works "
                        + "once.",
                button: "Create my account")
        case .signIn(let id):
            let user = try await services.store.user(id)
            var page = InvitationPage(
                token: token, title: "Welcome, \(user.name)",
                introduction: user.hasPassword
                    ? "This link signs you in and works once. Choose a new password for the next times."
                    : "This link signs you in and works once. Choose a password, so that you can come back.",
                button: "Sign in")
            page.name = user.name
            page.isNameFixed = true
            return page
        }
    }

    private struct InvitationForm: Decodable {
        var name: String
        var password: String
    }

    @Sendable private func accept(_ request: Request, context: PlumbContext) async throws -> Response {
        let token = try context.parameters.require("token")
        let form = try await request.decode(as: InvitationForm.self, context: context)
        let name = form.name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var page = try await page(for: token)
        page.name = page.isNameFixed ? page.name : name
        do {
            return try await services.startSession(
                try await redeem(token, name: name, password: form.password), leadingTo: Path.home)
        } catch let error as StoreError where error.kind == .conflict || error.kind == .invalid {
            page.problem = Wording.sentence(error.description) + " The link still works."
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
    }

    /// Uses the link up, unless the store refuses the name or the password.
    private func redeem(_ token: String, name: String, password: String) async throws -> User {
        let link = try await services.store.link(token)
        switch link.purpose {
        case .invite:
            return try await services.store.acceptInvite(token, name: name, password: password)
        case .signIn:
            return try await services.store.redeemSignInLink(token, settingPassword: password)
        }
    }
}

/// The form behind a one-time link.
struct InvitationPage: PageModel {
    static let template = "signin-invitation"
    let title: String
    let introduction: String
    let action: String
    let button: String
    var name = ""
    var isNameFixed = false
    var problem: String?
    let minimumPasswordLength = Store.shortestPassword

    init(token: String, title: String, introduction: String, button: String) {
        self.title = title
        self.introduction = introduction
        self.action = Path.invitation(token)
        self.button = button
    }
}
