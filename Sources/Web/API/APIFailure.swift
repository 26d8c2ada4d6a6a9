import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// Why a request to the API was refused, as its client gets it: `{"error":{"message":…,"field":…,"line":…}}`.
struct APIFailure: Error, Sendable, Equatable, CustomStringConvertible {
    var status: HTTPResponse.Status
    /// A full sentence: what was wrong and what to do.
    var message: String
    /// The field of the request body or the query item that was wrong.
    var field: String?
    /// The line of an imported file that was wrong, from 1.
    var line: Int?

    init(_ status: HTTPResponse.Status, _ message: String, field: String? = nil, line: Int? = nil) {
        self.status = status
        self.message = message
        self.field = field
        self.line = line
    }

    var description: String { message }

    static func notFound(_ message: String) -> APIFailure { APIFailure(.notFound, message) }
    static func conflict(_ message: String) -> APIFailure { APIFailure(.conflict, message) }
    static func invalid(_ message: String, field: String? = nil) -> APIFailure {
        APIFailure(.unprocessableContent, message, field: field)
    }

    /// The body as JSON.
    var json: JSONValue {
        var error: [String: JSONValue] = ["message": .string(message)]
        if let field { error["field"] = .string(field) }
        if let line { error["line"] = .integer(line) }
        return ["error": .object(error)]
    }

    static let schema = Schema.object([
        .required(
            "error",
            .object([
                .required("message", .string("What was wrong and what to do, in words.")),
                .optional("field", .string("The field of the body or the query item that was wrong.")),
                .optional("status", .integer("The status of the answer.")),
                .optional("title", .string("A few words before the message.")),
                .optional("line", .integer("The line of an imported file that was wrong, from 1.")),
            ]))
    ])
}

extension Response {
    /// A JSON answer; keys are sorted.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try value.json() + "\n")))
    }
}
