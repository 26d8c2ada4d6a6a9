import HTTPTypes
import JSON

/// `openapi.json`: the endpoints and the named schemas as an OpenAPI 3.1 document.
struct OpenAPIDocument {
    var endpoints: [APIEndpoint]
    var components: [(name: String, schema: Schema)]
    /// The version of the program.
    var version: String

    var json: JSONValue {
        var paths: [String: JSONValue] = [:]
        for endpoint in endpoints {
            var operations = paths[endpoint.path]?.objectValue ?? [:]
            operations[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path] = .object(operations)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Plumb", "version": .string(version),
                "description": .string(
                    "Everything a lead or an annotator can do in the pages, for scripts. "
                        + "Send `Authorization: Bearer TOKEN`; a token carries the role of its owner."),
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(
                    Dictionary(components.map { ($0.name, $0.schema.json) }, uniquingKeysWith: { first, _ in first })),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private func operation(_ endpoint: APIEndpoint) -> JSONValue {
        var members: [String: JSONValue] = [
            "operationId": .string(endpoint.operation),
            "summary": .string(endpoint.summary),
            "x-role": .string(endpoint.access.rawValue),
            "security": endpoint.access == .anyone ? [] : [["token": []]],
            "responses": responses(endpoint),
        ]
        let parameters = endpoint.pathParameters.map(pathParameter) + endpoint.query.map(queryParameter)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        switch endpoint.body {
        case .none: break
        case .json(let schema):
            members["requestBody"] = [
                "required": true, "content": ["application/json": ["schema": schema.json]],
            ]
        case .text(let mediaType, let description):
            members["requestBody"] = [
                "required": true, "description": .string(description),
                "content": .object([mediaType: ["schema": ["type": "string"]]]),
            ]
        }
        return .object(members)
    }

    private func pathParameter(_ name: String) -> JSONValue {
        ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
    }

    private func queryParameter(_ item: APIEndpoint.QueryItem) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(item.name), "in": "query", "required": .bool(item.isRequired), "schema": item.schema.json,
        ]
        if let description = item.schema.description { members["description"] = .string(description) }
        return .object(members)
    }

    private func responses(_ endpoint: APIEndpoint) -> JSONValue {
        var members: [String: JSONValue] = [
            "default": [
                "description": "Refused; the message says why.",
                "content": ["application/json": ["schema": Schema.reference("Error").json]],
            ]
        ]
        for answer in endpoint.answers {
            switch answer {
            case .json(let status, let schema):
                members[String(status.code)] = [
                    "description": .string(status.reasonPhrase),
                    "content": ["application/json": ["schema": schema.json]],
                ]
            case .stream(let mediaType, let description):
                members["200"] = [
                    "description": .string(description),
                    "content": .object([mediaType: ["schema": ["type": "string"]]]),
                ]
            case .nothing:
                members["204"] = ["description": "Done; nothing to say."]
            }
        }
        return .object(members)
    }
}
