import JSON
import Web

/// A small validator of JSON Schema, written apart from the server's own: types, required, enum, ranges,
/// additionalProperties, $ref, anyOf and oneOf.
struct SchemaValidator {
    /// The whole OpenAPI document, for references.
    let document: JSONValue

    /// What is wrong with `value`, each with its place; empty where it fits.
    func problems(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> [String] {
        if let reference = schema["$ref"]?.stringValue {
            guard let target = resolve(reference) else { return ["\(place): \(reference) leads nowhere"] }
            return problems(value, target, at: place)
        }
        if let choices = schema["anyOf"]?.arrayValue {
            let all = choices.map { problems(value, $0, at: place) }
            return all.contains { $0.isEmpty } ? [] : all.flatMap { $0 }
        }
        if let choices = schema["oneOf"]?.arrayValue {
            let fitting = choices.filter { problems(value, $0, at: place).isEmpty }.count
            return fitting == 1 ? [] : ["\(place): fits \(fitting) of \(choices.count) shapes instead of one"]
        }
        guard let type = schema["type"]?.stringValue else { return [] }
        guard isOf(type, value) else { return ["\(place): is not of type \(type): \(value)"] }
        var found: [String] = []
        if let allowed = schema["enum"]?.arrayValue, !allowed.contains(value) { found.append("\(place): not in enum") }
        if let number = value.doubleValue {
            if let minimum = schema["minimum"]?.doubleValue, number < minimum { found.append("\(place): too small") }
            if let maximum = schema["maximum"]?.doubleValue, number > maximum { found.append("\(place): too large") }
        }
        if let elements = value.arrayValue {
            if let least = schema["minItems"]?.integerValue, elements.count < least {
                found.append("\(place): has \(elements.count) elements")
            }
            for (index, element) in elements.enumerated() {
                found += problems(element, schema["items"] ?? [:], at: "\(place)[\(index)]")
            }
        }
        if let members = value.objectValue { found += problems(members, schema, at: place) }
        return found
    }

    private func problems(_ members: [String: JSONValue], _ schema: JSONValue, at place: String) -> [String] {
        var found: [String] = []
        for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where members[name] == nil {
            found.append("\(place).\(name): missing")
        }
        let known = schema["properties"]?.objectValue ?? [:]
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let expected = known[name] {
                found += problems(member, expected, at: "\(place).\(name)")
            } else if schema["additionalProperties"] == .bool(false) {
                found.append("\(place).\(name): not in the schema")
            } else if let rest = schema["additionalProperties"], rest.objectValue != nil {
                found += problems(member, rest, at: "\(place).\(name)")
            }
        }
        return found
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object): true
        case ("integer", _): value.integerValue != nil
        case ("number", _): value.doubleValue != nil
        default: false
        }
    }

    private func resolve(_ reference: String) -> JSONValue? {
        var target = document
        for part in reference.dropFirst(2).split(separator: "/") {
            guard let next = target[String(part)] else { return nil }
            target = next
        }
        return target
    }
}
