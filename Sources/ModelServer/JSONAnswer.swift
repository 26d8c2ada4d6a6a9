internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Logging
internal import NIOCore

/// JSON with sorted keys, and responses made of it.
enum JSONAnswer {
    static func encode(_ value: some Encodable) throws -> Data { try JSONEncoder.sorted().encode(value) }

    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encode(value))))
    }
}

/// Answers every error in OpenAI's form.
struct ErrorAnswers<Context: RequestContext>: RouterMiddleware {
    let limit: Int

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let found = Self.modelServerError(error, request, limit: limit)
            if found.status.code >= 500 { context.logger.error("\(request.uri.path): \(found)") }
            var response = try JSONAnswer.response(found.body, status: found.status)
            if case .queueFull = found { response.headers[.retryAfter] = "1" }
            if found.status == .tooManyRequests || found.status == .serviceUnavailable || request.method == .post {
                response.headers[.connection] = "close"
            }
            return response
        }
    }

    private static func modelServerError(_ error: any Error, _ request: Request, limit: Int) -> ModelServerError {
        switch error {
        case let error as ModelServerError: error
        // The client has gone, or the server is going.
        case is CancellationError: .stopping
        case is NIOTooManyBytesError: .bodyTooLarge(limit: limit)
        case let error as any HTTPResponseError where error.status == .notFound: .notFound(request.uri.path)
        default: .failed("\(error)")
        }
    }
}
