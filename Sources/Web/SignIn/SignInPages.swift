import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Signing in with a name and a password, signing out, and the start page that leads everybody to their work.
struct SignInPages: RouteSet {
    let services: WebServices

    init(_ services: WebServices) { self.services = services }

    func add(to routes: RouterGroup<PlumbContext>) {
        routes.get(RouterPath(Path.home)) { _, context in Self.home(of: context) }
        routes.get(RouterPath(Path.signIn), use: showForm)
        routes.post(RouterPath(Path.signIn), use: signIn)
        routes.post(RouterPath(Path.signOut), use: signOut)
        routes.get(RouterPath(Path.formToken), use: formToken)
        InvitationPages(services).add(to: routes)
    }

    /// Leads go to their project, annotators to their next task, visitors to the sign-in.
    static func home(of context: PlumbContext) -> Response {
        guard let signedIn = context.signedIn else { return .redirect(to: Path.signIn) }
        return .redirect(to: signedIn.isLead ? Path.lead : Path.tasks)
    }

    @Sendable private func showForm(_ request: Request, context: PlumbContext) throws -> Response {
        if context.signedIn != nil { return Self.home(of: context) }
        let next = request.uri.queryParameters["next"].map(String.init) ?? ""
        return try services.pages.page(SignInPage(next: next), for: context)
    }

    private struct SignInForm: Decodable {
        var name: String
        var password: String
        var next: String?
    }

    @Sendable private func signIn(_ request: Request, context: PlumbContext) async throws -> Response {
        let form = try await request.decode(as: SignInForm.self, context: context)
        let store = services.store
        let user = try await services.signInGuard.attempt(name: form.name) {
            try await store.signIn(name: form.name, password: form.password)
        }
        guard let user else {
            var page = SignInPage(next: form.next ?? "")
            page.name = form.name
            page.problem = "No account has this name and password. Check both and try again."
            return try services.pages.page(page, status: .unprocessableContent, for: context)
        }
        return try await services.startSession(user, leadingTo: Self.safeNext(form.next))
    }

    /// `{"csrf": "…", "person": "…"}`: the token of this session's forms and whose it is, for a page that was open when
    /// its person signed in again. It tells no more than any page of the session does, and other sites cannot read it.
    @Sendable private func formToken(_ request: Request, context: PlumbContext) throws -> Response {
        let user = try context.requireUser()
        return try .json(["csrf": .string(context.csrf), "person": .string(user.handle)])
    }

    @Sendable private func signOut(_ request: Request, context: PlumbContext) async throws -> Response {
        if let signedIn = context.signedIn { try await services.store.endSession(signedIn.sessionToken) }
        var response = Response.redirect(
            to: Path.signIn, notice: "You are signed out.", settings: services.settings)
        response.setCookie(SessionCookie.ended(SessionCookie.session, settings: services.settings))
        return response
    }

    /// Only paths of this server: never another host, which `//host` and `/\host` would be.
    static func safeNext(_ next: String?) -> String {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.contains("\\"),
            next.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return Path.home }
        return next
    }
}

/// The sign-in form.
struct SignInPage: PageModel {
    static let template = "signin-form"
    let title = "Sign in"
    let action = Path.signIn
    var next: String
    var name = ""
    var problem: String?

    init(next: String) { self.next = next }
}

extension WebServices {
    /// Opens a session with a new secret, so that a secret known before the sign-in is worth nothing after it.
    func startSession(_ user: User, leadingTo path: String) async throws -> Response {
        let token = try await store.startSession(user.id, validFor: settings.sessionLifetime)
        var response = Response.redirect(to: path)
        response.setCookie(
            SessionCookie.make(SessionCookie.session, token, lifetime: settings.sessionLifetime, settings: settings))
        response.setCookie(SessionCookie.ended(SessionCookie.visitor, settings: settings))
        return response
    }
}
