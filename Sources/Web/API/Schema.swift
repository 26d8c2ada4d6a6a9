import Foundation
import JSON

/// A JSON Schema as far as this API needs it; OpenAPI 3.1 takes it as it is.
///
/// One description serves twice: it checks what a client sends (`SchemaCheck`) and it is what `openapi.json` promises
/// about what the server answers.
struct Schema: Sendable {
    indirect enum Shape: Sendable {
        case any
        case boolean
        case integer(minimum: Int?, maximum: Int?)
        case number(minimum: Double?, maximum: Double?)
        case string(allowed: [String]?, format: String?)
        case array(Schema, minimumCount: Int?)
        /// An object whose keys are free, for example counts by name.
        case map(Schema)
        /// An object with these members and no others.
        case object([Member])
        /// A schema of `components`, by name.
        case reference(String)
        case oneOf([Schema])
    }

    struct Member: Sendable {
        var name: String
        var schema: Schema
        var isRequired: Bool

        static func required(_ name: String, _ schema: Schema) -> Member {
            Member(name: name, schema: schema, isRequired: true)
        }
        static func optional(_ name: String, _ schema: Schema) -> Member {
            Member(name: name, schema: schema, isRequired: false)
        }
    }

    var shape: Shape
    var description: String?
    var isNullable = false

    static func any(_ description: String? = nil) -> Schema { Schema(shape: .any, description: description) }
    static func boolean(_ description: String? = nil) -> Schema { Schema(shape: .boolean, description: description) }
    static func integer(_ description: String? = nil, from minimum: Int? = nil, to maximum: Int? = nil) -> Schema {
        Schema(shape: .integer(minimum: minimum, maximum: maximum), description: description)
    }
    static func number(_ description: String? = nil, from minimum: Double? = nil, to maximum: Double? = nil) -> Schema {
        Schema(shape: .number(minimum: minimum, maximum: maximum), description: description)
    }
    static func string(_ description: String? = nil, format: String? = nil) -> Schema {
        Schema(shape: .string(allowed: nil, format: format), description: description)
    }
    static func time(_ description: String? = nil) -> Schema { string(description, format: "date-time") }
    static func choice(_ allowed: [String], _ description: String? = nil) -> Schema {
        Schema(shape: .string(allowed: allowed, format: nil), description: description)
    }
    static func array(_ element: Schema, _ description: String? = nil, atLeast count: Int? = nil) -> Schema {
        Schema(shape: .array(element, minimumCount: count), description: description)
    }
    static func map(_ value: Schema, _ description: String? = nil) -> Schema {
        Schema(shape: .map(value), description: description)
    }
    static func object(_ members: [Member], _ description: String? = nil) -> Schema {
        Schema(shape: .object(members), description: description)
    }
    static func reference(_ name: String) -> Schema { Schema(shape: .reference(name)) }
    static func oneOf(_ choices: [Schema], _ description: String? = nil) -> Schema {
        Schema(shape: .oneOf(choices), description: description)
    }

    /// The same schema that also takes `null`.
    var orNull: Schema {
        var copy = self
        copy.isNullable = true
        return copy
    }
}

extension Schema {
    /// The schema as JSON Schema (draft 2020-12).
    var json: JSONValue {
        if isNullable {
            var inner = self
            inner.isNullable = false
            return .object(["anyOf": [inner.json, ["type": "null"]]])
        }
        var members = shapeMembers
        if let description { members["description"] = .string(description) }
        return .object(members)
    }

    private var shapeMembers: [String: JSONValue] {
        switch shape {
        case .any: return [:]
        case .boolean: return ["type": "boolean"]
        case .integer(let minimum, let maximum):
            var members: [String: JSONValue] = ["type": "integer"]
            if let minimum { members["minimum"] = .integer(minimum) }
            if let maximum { members["maximum"] = .integer(maximum) }
            return members
        case .number(let minimum, let maximum):
            var members: [String: JSONValue] = ["type": "number"]
            if let minimum { members["minimum"] = .number(minimum) }
            if let maximum { members["maximum"] = .number(maximum) }
            return members
        case .string(let allowed, let format):
            var members: [String: JSONValue] = ["type": "string"]
            if let allowed { members["enum"] = .array(allowed.map(JSONValue.string)) }
            if let format { members["format"] = .string(format) }
            return members
        case .array(let element, let minimumCount):
            var members: [String: JSONValue] = ["type": "array", "items": element.json]
            if let minimumCount { members["minItems"] = .integer(minimumCount) }
            return members
        case .map(let value):
            return ["type": "object", "additionalProperties": value.json]
        case .object(let fields):
            return [
                "type": "object", "additionalProperties": false,
                "properties": .object(
                    Dictionary(fields.map { ($0.name, $0.schema.json) }, uniquingKeysWith: { first, _ in first })),
                "required": .array(fields.filter(\.isRequired).map { .string($0.name) }),
            ]
        case .reference(let name):
            return ["$ref": .string("#/components/schemas/\(name)")]
        case .oneOf(let choices):
            return ["oneOf": .array(choices.map(\.json))]
        }
    }
}
