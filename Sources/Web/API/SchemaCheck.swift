import JSON
import Preferences

/// Checks what a client sent against the schema that `openapi.json` shows for it.
struct SchemaCheck {
    /// Schemas by the names that references use.
    let components: [String: Schema]

    /// - Parameter field: where `value` stands in the request body, for the error; empty for the whole body.
    /// - Throws: `APIFailure` (422) that names the first field which does not fit.
    func check(_ value: JSONValue, against schema: Schema, field: String = "") throws(APIFailure) {
        if schema.isNullable, value == .null { return }
        switch (schema.shape, value) {
        case (.any, _), (.boolean, .bool): return
        case (.reference(let name), _):
            guard let target = components[name] else { throw refusal(field, "has no schema \(name)") }
            try check(value, against: target, field: field)
        case (.integer(let minimum, let maximum), _) where value.integerValue != nil:
            guard let number = value.integerValue else { return }
            try checkRange(number, minimum, maximum, field: field)
        case (.number(let minimum, let maximum), _) where value.doubleValue != nil:
            guard let number = value.doubleValue else { return }
            try checkRange(number, minimum, maximum, field: field)
        case (.string(let allowed, _), .string(let text)):
            if let allowed, !allowed.contains(text) {
                throw refusal(field, "is “\(text)”, but must be one of: \(allowed.joined(separator: ", "))")
            }
        case (.array(let element, let minimumCount), .array(let elements)):
            if let minimumCount, elements.count < minimumCount {
                let found = Wording.count(elements.count, "element", "elements")
                throw refusal(field, "has \(found), but needs at least \(minimumCount)")
            }
            for (index, item) in elements.enumerated() {
                try check(item, against: element, field: "\(field)[\(index)]")
            }
        case (.map(let inner), .object(let members)):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                try check(member, against: inner, field: child(field, name))
            }
        case (.object(let fields), .object(let members)):
            try checkObject(members, fields, field: field)
        case (.oneOf(let choices), _):
            for choice in choices where (try? check(value, against: choice, field: field)) != nil { return }
            throw refusal(field, "has none of the shapes that are allowed here")
        default:
            throw refusal(field, "is \(word(for: value)), but must be \(word(for: schema))")
        }
    }

    private func checkObject(
        _ members: [String: JSONValue], _ fields: [Schema.Member], field: String
    ) throws(APIFailure) {
        for expected in fields {
            if let member = members[expected.name] {
                try check(member, against: expected.schema, field: child(field, expected.name))
            } else if expected.isRequired {
                throw refusal(child(field, expected.name), "is missing")
            }
        }
        let known = Set(fields.map(\.name))
        if let unknown = members.keys.filter({ !known.contains($0) }).min() {
            let names = fields.map(\.name).joined(separator: ", ")
            throw refusal(child(field, unknown), "is not known here; the fields are: \(names)")
        }
    }

    private func checkRange<Number: Comparable>(
        _ number: Number, _ minimum: Number?, _ maximum: Number?, field: String
    ) throws(APIFailure) {
        if let minimum, number < minimum { throw refusal(field, "is \(number), but must be at least \(minimum)") }
        if let maximum, number > maximum { throw refusal(field, "is \(number), but must be at most \(maximum)") }
    }

    private func child(_ field: String, _ name: String) -> String { field.isEmpty ? name : "\(field).\(name)" }

    private func refusal(_ field: String, _ problem: String) -> APIFailure {
        .invalid(
            "\(field.isEmpty ? "The body" : "The field “\(field)”") \(problem).", field: field.isEmpty ? nil : field)
    }

    private func word(for value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "a whole number"
        case .unsigned: "a whole number above 9223372036854775807"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }

    private func word(for schema: Schema) -> String {
        switch schema.shape {
        case .any, .reference, .oneOf: "something else"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .map, .object: "an object"
        }
    }
}
