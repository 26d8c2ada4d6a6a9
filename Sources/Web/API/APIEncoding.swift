import Foundation
import JSON
import Labels

/// Values of the store as the API writes them: names in snake_case, times in ISO 8601 with milliseconds, ids as numbers.
enum APIEncoding {
    static func id<Subject>(_ id: ID<Subject>) -> JSONValue { .integer(Int(id.rawValue)) }

    static func id<Subject>(_ id: ID<Subject>?) -> JSONValue {
        guard let id else { return .null }
        return .integer(Int(id.rawValue))
    }

    static func time(_ date: Date) -> JSONValue {
        .string(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }

    static func time(_ date: Date?) -> JSONValue {
        guard let date else { return .null }
        return time(date)
    }

    static func text(_ text: String?) -> JSONValue {
        guard let text else { return .null }
        return .string(text)
    }

    /// A number; null where it is missing or not finite.
    static func number(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .number(value)
    }

    static func numbers(_ values: [String: Double]) -> JSONValue { .object(values.mapValues { number($0) }) }

    static func texts(_ values: [String: String]) -> JSONValue { .object(values.mapValues(JSONValue.string)) }

    /// Any Codable value by its own coding, for values whose file format is the API's too.
    static func coded(_ value: some Encodable) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        return try JSONValue(json: try encoder.encode(value))
    }

    /// The other way: a JSON value as a Codable one.
    static func decoded<Value: Decodable>(_ value: JSONValue, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try value.json().utf8))
    }

    static func parents(_ parents: [Parent]) -> JSONValue {
        .array(
            parents.map {
                ["role": .string($0.role), "kind": .string($0.kind.rawValue), "id": .integer(Int($0.id))]
            })
    }

    static let parentSchema = Schema.object([
        .required("role", .string("What it was to the run, for example base or reference.")),
        .required("kind", .string()), .required("id", .integer()),
    ])
}
