import HTTPTypes
import Hummingbird

/// One route of the API with everything that is promised about it. Routes and `openapi.json` are both made from the
/// list of these, so neither can exist without the other.
struct APIEndpoint: Sendable {
    /// Who may call it.
    enum Access: String, Sendable {
        /// Without a token.
        case anyone
        /// With the token of an annotator or a lead.
        case annotator
        /// With the token of a lead.
        case lead
    }

    /// An item of the query string.
    struct QueryItem: Sendable {
        var name: String
        var schema: Schema
        var isRequired = false
    }

    /// What a request's body is.
    enum RequestBody: Sendable {
        case none
        case json(Schema)
        /// Plain text or JSON Lines, read as it comes.
        case text(mediaType: String, description: String)
    }

    /// What a successful answer is.
    enum Answer: Sendable {
        case json(HTTPResponse.Status, Schema)
        /// A file or a stream of another kind.
        case stream(mediaType: String, description: String)
        case nothing

        var status: HTTPResponse.Status {
            switch self {
            case .json(let status, _): status
            case .stream: .ok
            case .nothing: .noContent
            }
        }
    }

    var method: HTTPRequest.Method
    /// For example `/api/v1/projects/{project}`; the parameters are texts.
    var path: String
    /// The name that generated clients use.
    var operation: String
    var summary: String
    var access: Access
    var query: [QueryItem] = []
    var body: RequestBody = .none
    var answers: [Answer]
    var handle: @Sendable (APICall) async throws -> Response

    /// Names of the path's parameters, in order.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
            .map { String($0.dropFirst().dropLast()) }
    }

    /// The path as the router takes it.
    var routerPath: RouterPath {
        RouterPath(
            path.split(separator: "/").map { $0.hasPrefix("{") ? ":" + $0.dropFirst().dropLast() : String($0) }
                .reduce("") { $0 + "/" + $1 })
    }
}
