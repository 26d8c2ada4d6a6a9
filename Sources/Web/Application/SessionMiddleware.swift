import Foundation
import Hummingbird
import Labels

/// Finds out who is asking, from the session cookie, and gives visitors a secret that binds their forms.
struct SessionMiddleware: RouterMiddleware {
    typealias Context = PlumbContext
    let services: WebServices

    func handle(
        _ request: Request, context: PlumbContext, next: (Request, PlumbContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        var newVisitor: String?
        if let token = request.cookies[SessionCookie.session]?.value, !token.isEmpty,
            let session = try await services.store.session(token)
        {
            context.signedIn = SignedIn(user: session.user, sessionToken: token)
            context.csrf = CSRFToken.make(secret: token)
        } else if let visitor = request.cookies[SessionCookie.visitor]?.value, !visitor.isEmpty {
            context.csrf = CSRFToken.make(secret: visitor)
        } else {
            let visitor = SessionCookie.randomSecret()
            newVisitor = visitor
            context.csrf = CSRFToken.make(secret: visitor)
        }
        let notice = Self.notice(in: request)
        context.notice = notice
        var response = try await next(request, context)
        if let newVisitor, request.method == .get {
            response.setCookie(
                SessionCookie.make(SessionCookie.visitor, newVisitor, lifetime: nil, settings: services.settings))
        }
        let isPage = response.headers[.contentType]?.hasPrefix("text/html") ?? false
        if notice != nil, isPage {
            response.setCookie(SessionCookie.ended(SessionCookie.notice, settings: services.settings))
        }
        return response
    }

    private static func notice(in request: Request) -> String? {
        guard let value = request.cookies[SessionCookie.notice]?.value, let data = Data(urlSafeBase64: value) else {
            return nil
        }
        return String(data: data, encoding: .utf8).map { String($0.prefix(300)) }
    }
}

/// Refuses every change that does not carry the token of the session behind it, and every change that a browser says
/// came from another site.
struct CSRFMiddleware: RouterMiddleware {
    typealias Context = PlumbContext
    let maximumFormBytes: Int

    private struct TokenField: Decodable {
        var csrf: String?
    }

    func handle(
        _ request: Request, context: PlumbContext, next: (Request, PlumbContext) async throws -> Response
    ) async throws -> Response {
        if request.method == .get || request.method == .head { return try await next(request, context) }
        var request = request
        var context = context
        context.maxUploadSize = maximumFormBytes
        if let site = request.headers[.fetchSite], site == "cross-site" { throw Problem.wrongForm }
        let given: String?
        if let header = request.headers[.csrfToken] {
            given = header
        } else {
            let body = try await request.collectBody(upTo: maximumFormBytes)
            given = try? URLEncodedFormDecoder().decode(TokenField.self, from: String(buffer: body)).csrf
        }
        guard let given, CSRFToken.isEqual(given, context.csrf) else {
            let hadSession = request.cookies[SessionCookie.session] != nil
            throw hadSession && context.signedIn == nil
                ? Problem.signInEnded(returningTo: request.uri.path) : Problem.wrongForm
        }
        return try await next(request, context)
    }
}

/// Lets only people of a role through; a visitor who opened a page is led to the sign-in and back.
struct RequireRole: RouterMiddleware {
    typealias Context = PlumbContext
    enum Role { case anyone, lead }
    let role: Role

    func handle(
        _ request: Request, context: PlumbContext, next: (Request, PlumbContext) async throws -> Response
    ) async throws -> Response {
        guard let signedIn = context.signedIn else {
            if request.method == .get, !ErrorPages.wantsJSON(request) {
                return .redirect(to: Path.signIn(returningTo: request.uri.path))
            }
            throw Problem.signInNeeded
        }
        if role == .lead, !signedIn.isLead { throw Problem.leadsOnly }
        return try await next(request, context)
    }
}
