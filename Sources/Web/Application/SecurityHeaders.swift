import HTTPTypes
import Hummingbird

/// Adds the headers that keep model output, other sites and curious frames out of our pages.
///
/// It stands outside the error pages, so that every answer carries them.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = PlumbContext

    /// Nothing inline and nothing from another host: a response's text can never become a script, a style or a request.
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'",
        "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// Whether browsers must come back over TLS only.
    let isSecure: Bool

    func handle(
        _ request: Request, context: PlumbContext, next: (Request, PlumbContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "same-origin"
        response.headers[.crossOriginOpenerPolicy] = "same-origin"
        response.headers[.crossOriginResourcePolicy] = "same-origin"
        response.headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=()"
        if isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        return response
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy")!
    static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
    static let permissionsPolicy = Self("Permissions-Policy")!
    static let csrfToken = Self("X-CSRF-Token")!
    static let fetchSite = Self("Sec-Fetch-Site")!
}
