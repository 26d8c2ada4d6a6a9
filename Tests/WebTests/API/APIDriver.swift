import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import Testing
import Web

/// A client that knows the API by its document alone: it calls operations by their names, checks every answer against
/// the promised schema, and remembers what it has called.
final class APIDriver {
    struct Operation {
        var id: String
        var method: HTTPRequest.Method
        var path: String
        var role: String
        var description: JSONValue
    }

    let client: any TestClientProtocol
    let document: JSONValue
    let operations: [String: Operation]
    private(set) var driven: Set<String> = []

    init(_ client: any TestClientProtocol) async throws {
        self.client = client
        let response = try await client.execute(uri: Path.apiDescription, method: .get)
        document = try JSONValue(json: Data(response.body.readableBytesView))
        var found: [String: Operation] = [:]
        for (path, methods) in document["paths"]?.objectValue ?? [:] {
            for (method, description) in methods.objectValue ?? [:] {
                let id = description["operationId"]?.stringValue ?? ""
                #expect(found[id] == nil, "two operations are called \(id)")
                found[id] = Operation(
                    id: id, method: try #require(HTTPRequest.Method(method.uppercased())), path: path,
                    role: description["x-role"]?.stringValue ?? "", description: description)
            }
        }
        operations = found
        driven.insert("getDescription")
    }

    /// Calls an operation, checks the answer, and gives its JSON (`.null` for another kind of body).
    @discardableResult
    func call(
        _ id: String, token: String?, path: [String: String] = [:], query: [String: String] = [:],
        json: JSONValue? = nil, text: String? = nil, expecting status: HTTPResponse.Status = .ok
    ) async throws -> JSONValue {
        let response = try await raw(id, token: token, path: path, query: query, json: json, text: text)
        let body = String(buffer: response.body)
        #expect(response.status == status, "\(id): \(body)")
        driven.insert(id)
        let promised = try promise(id, response.status)
        guard let content = promised["content"]?.objectValue else {
            #expect(body.isEmpty, "\(id) has a body that is not promised")
            return .null
        }
        let mediaType = try #require(response.headers[.contentType]?.split(separator: ";").first.map(String.init))
        let schema = try #require(content[mediaType]?["schema"], "\(id) answers \(mediaType), which is not promised")
        guard mediaType == "application/json" else { return .string(body) }
        let value = try JSONValue(json: Data(body.utf8))
        let problems = SchemaValidator(document: document).problems(value, schema)
        #expect(problems.isEmpty, "\(id): \(problems.joined(separator: "; "))")
        return value
    }

    func raw(
        _ id: String, token: String?, path: [String: String] = [:], query: [String: String] = [:],
        json: JSONValue? = nil, text: String? = nil
    ) async throws -> TestResponse {
        let operation = try #require(operations[id], "there is no operation \(id)")
        var uri = operation.path
        for (name, value) in path { uri = uri.replacingOccurrences(of: "{\(name)}", with: value) }
        uri = uri.replacing(/\{[a-z]+\}/, with: "1")
        if !query.isEmpty {
            uri +=
                "?"
                + query.sorted { $0.key < $1.key }.map { "\($0.key)=\(Browser.encode($0.value))" }
                .joined(separator: "&")
        }
        var headers: HTTPFields = [:]
        if let token { headers[.authorization] = "Bearer \(token)" }
        var body: ByteBuffer?
        if let json {
            headers[.contentType] = "application/json"
            body = ByteBuffer(string: try json.json())
        } else if let text {
            headers[.contentType] = "text/plain"
            body = ByteBuffer(string: text)
        }
        return try await client.execute(uri: uri, method: operation.method, headers: headers, body: body)
    }

    /// What the document says about an answer with this status.
    private func promise(_ id: String, _ status: HTTPResponse.Status) throws -> JSONValue {
        let responses = try #require(operations[id]?.description["responses"])
        if let exact = responses[String(status.code)] { return exact }
        #expect(status.code >= 400, "\(id) answered \(status), which is not promised")
        return try #require(responses["default"])
    }
}
