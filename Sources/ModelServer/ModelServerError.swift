public import Foundation
internal import HTTPTypes

/// Why the model server cannot do what was asked, in words for whoever sent the request.
public enum ModelServerError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// A field of the request has a value that cannot be; `field` is its name.
    case badField(String, problem: String)
    /// The body is not a JSON object.
    case badBody(String)
    /// The body is not marked as JSON.
    case wrongContentType(String?)
    case bodyTooLarge(limit: Int)
    case unknownModel(String, known: [String])
    /// The folder is there, but no policy can be made of it.
    case unusableModel(String, reason: String)
    /// The prompt leaves no room for a response.
    case contextExceeded(field: String, tokens: Int, limit: Int)
    case queueFull(limit: Int)
    /// The server is shutting down.
    case stopping
    case notFound(String)
    /// Something went wrong that the request is not to blame for.
    case failed(String)
    /// The folder of policies given at the start is not there.
    case noPoliciesFolder(String)

    public var description: String {
        switch self {
        case .badField(let field, let problem): "\(field): \(problem)"
        case .badBody(let reason): "the body of the request is not a JSON object: \(reason)"
        case .wrongContentType(let type):
            "the body of the request must be sent as content-type application/json, not \(type ?? "without a type")"
        case .bodyTooLarge(let limit): "the body of the request is larger than \(limit) bytes"
        case .unknownModel(let name, let known):
            "there is no model “\(name)” here; "
                + (known.isEmpty ? "there are none yet" : "there are " + known.prefix(20).joined(separator: ", "))
        case .unusableModel(let name, let reason): "the model “\(name)” cannot be used: \(reason)"
        case .contextExceeded(let field, let tokens, let limit):
            "\(field): the prompt has \(tokens) tokens, and this model's context holds \(limit) together with the "
                + "response; shorten the prompt"
        case .queueFull(let limit):
            "\(limit) request\(limit == 1 ? " is" : "s are") waiting already; try again in a moment"
        case .stopping: "the model server is shutting down"
        case .notFound(let path): "there is nothing at \(path)"
        case .failed(let reason): "the model server failed: \(reason)"
        case .noPoliciesFolder(let path):
            "\(path) is not a folder; --policies names the folder that holds model folders"
        }
    }

    public var errorDescription: String? { description }

    var status: HTTPResponse.Status {
        switch self {
        case .badField, .badBody, .contextExceeded, .unusableModel: .badRequest
        case .wrongContentType: .unsupportedMediaType
        case .bodyTooLarge: .contentTooLarge
        case .unknownModel, .notFound: .notFound
        case .queueFull: .tooManyRequests
        case .stopping: .serviceUnavailable
        case .failed, .noPoliciesFolder: .internalServerError
        }
    }

    /// OpenAI's form of an error.
    var body: ErrorBody {
        let type =
            switch status.code {
            case 429: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        let detail: (field: String?, code: String?) =
            switch self {
            case .badField(let field, _): (field, nil)
            case .unknownModel: ("model", "model_not_found")
            case .unusableModel: ("model", "model_unusable")
            case .contextExceeded(let field, _, _): (field, "context_length_exceeded")
            case .queueFull: (nil, "queue_full")
            case .stopping: (nil, "stopping")
            default: (nil, nil)
            }
        return ErrorBody(
            error: ErrorBody.Detail(code: detail.code, message: description, param: detail.field, type: type))
    }
}

struct ErrorBody: Encodable, Sendable {
    struct Detail: Encodable, Sendable {
        var code: String?
        var message: String
        var param: String?
        var type: String

        enum CodingKeys: CodingKey { case code, message, param, type }

        /// Absent parts are written as null, as OpenAI does.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(code, forKey: .code)
            try container.encode(message, forKey: .message)
            try container.encode(param, forKey: .param)
            try container.encode(type, forKey: .type)
        }
    }

    var error: Detail
}
