import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Logging

/// Turns every thrown error into an answer for people: a page, or JSON for scripts.
///
/// It catches any `HTTPResponseError`, not `HTTPError` alone: a body that is too large is neither.
struct ErrorPages: RouterMiddleware {
    typealias Context = PlumbContext
    let pages: PageRenderer

    func handle(
        _ request: Request, context: PlumbContext, next: (Request, PlumbContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = problem(of: error, request: request, context: context)
            return Self.wantsJSON(request)
                ? try Self.json(problem)
                : try pages.page(
                    ProblemPage(problem), status: problem.status,
                    shell: Shell(userName: nil, isLead: false, csrf: "", assets: pages.assets, notice: nil))
        }
    }

    private func problem(of error: any Error, request: Request, context: PlumbContext) -> Problem {
        if let problem = Problem(describing: error) {
            if problem.status.kind == .serverError { log(error, request: request, context: context) }
            return problem
        }
        if let error = error as? any HTTPResponseError, let problem = Problem(status: error.status, error: error) {
            return problem
        }
        log(error, request: request, context: context)
        return .unexpected(requestID: context.id)
    }

    private func log(_ error: any Error, request: Request, context: PlumbContext) {
        context.logger.error(
            "A request failed",
            // The route, not the path: that of an invitation is a secret.
            metadata: [
                "path": "\(context.endpointPath ?? request.uri.path)", "method": "\(request.method)",
                "error": "\(error)",
            ])
    }

    /// Scripts say so by the API's prefix or by asking for JSON and not for HTML.
    static func wantsJSON(_ request: Request) -> Bool {
        if request.uri.path.hasPrefix("/api/") { return true }
        let accept = request.headers[.accept] ?? ""
        return accept.contains("application/json") && !accept.contains("text/html")
    }

    private static func json(_ problem: Problem) throws -> Response {
        let body = try JSONEncoder.sorted().encode(ProblemJSON(problem))
        return Response(
            status: problem.status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(bytes: body)))
    }
}

/// `{"error": {"status": 409, "title": "…", "message": "…"}}`
private struct ProblemJSON: Encodable {
    struct Body: Encodable {
        var status: Int
        var title: String
        var message: String
    }
    var error: Body

    init(_ problem: Problem) {
        error = Body(status: problem.status.code, title: problem.title, message: problem.explanation)
    }
}

/// The page that an error becomes.
struct ProblemPage: PageModel {
    static let template = "problem"
    let title: String
    let explanation: String
    let status: Int
    let actionLabel: String
    let actionPath: String

    init(_ problem: Problem) {
        title = problem.title
        explanation = problem.explanation
        status = problem.status.code
        actionLabel = problem.action.label
        actionPath = problem.action.path
    }
}
