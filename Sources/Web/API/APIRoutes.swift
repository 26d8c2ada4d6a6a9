import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import Logging
import NIOCore

/// `/api/v1`: every endpoint of the list, behind bearer tokens, with errors as JSON.
struct APIRoutes: RouteSet {
    private let services: WebServices
    private let endpoints: [APIEndpoint]
    private let check: SchemaCheck

    /// Imports are read whole, since nothing of them is stored before every line was found good.
    private static let largestImport = 256 << 20
    private static let largestJSON = 4 << 20

    init(_ services: WebServices) {
        self.services = services
        endpoints = APIList.endpoints
        check = SchemaCheck(
            components: Dictionary(APIList.components.map { ($0.name, $0.schema) }, uniquingKeysWith: { a, _ in a }))
    }

    func add(to routes: RouterGroup<PlumbContext>) {
        for endpoint in endpoints {
            routes.on(endpoint.routerPath, method: endpoint.method) { request, context in
                try await answer(request, context, endpoint)
            }
        }
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            routes.on(RouterPath(Path.api + "/**"), method: method) { request, _ in
                try Self.refusal(
                    .notFound(
                        "There is no \(request.method.rawValue) \(request.uri.path). "
                            + "\(Path.apiDescription) lists what there is."))
            }
        }
    }

    private func answer(_ request: Request, _ context: PlumbContext, _ endpoint: APIEndpoint) async throws -> Response {
        do {
            let access = try await authorise(request, endpoint)
            var request = request
            var body = JSONValue.null
            var text = Data()
            switch endpoint.body {
            case .none: break
            case .json(let schema):
                let bytes = try await Self.collect(&request, upTo: Self.largestJSON)
                body = try Self.parse(bytes)
                try check.check(body, against: schema)
            case .text:
                text = try await Self.collect(&request, upTo: Self.largestImport)
            }
            return try await endpoint.handle(
                APICall(
                    services: services, request: request, context: context, access: access, body: body, text: text))
        } catch {
            guard let failure = APIFailure(describing: error) else { throw error }
            if failure.status.kind == .serverError {
                context.logger.error(
                    "A request failed",
                    metadata: [
                        "path": "\(request.uri.path)", "method": "\(request.method)", "error": "\(failure.message)",
                    ])
            }
            return try Self.refusal(failure)
        }
    }

    private func authorise(_ request: Request, _ endpoint: APIEndpoint) async throws -> APIAccess? {
        guard endpoint.access != .anyone else { return nil }
        guard let header = request.headers[.authorization] else { throw APIFailure.tokenNeeded }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw APIFailure.tokenNeeded }
        let secret = parts[1].trimmingCharacters(in: .whitespaces)
        guard let access = try await services.store.apiToken(secret) else { throw APIFailure.tokenUnknown }
        if endpoint.access == .lead, access.role != .lead { throw APIFailure.leadsOnly }
        return access
    }

    private static func collect(_ request: inout Request, upTo size: Int) async throws -> Data {
        let buffer = try await request.collectBody(upTo: size)
        return Data(buffer.readableBytesView)
    }

    /// A body may be empty where every field is optional; it then counts as an object without members.
    private static func parse(_ bytes: Data) throws(APIFailure) -> JSONValue {
        if bytes.isEmpty { return .object([:]) }
        guard let value = try? JSONValue(json: bytes) else {
            throw APIFailure(.badRequest, "The body is not valid JSON.")
        }
        return value
    }

    private static func refusal(_ failure: APIFailure) throws -> Response {
        var response = try Response.json(failure.json, status: failure.status)
        if failure.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}
