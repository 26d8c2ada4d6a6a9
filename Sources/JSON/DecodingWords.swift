/// A failure to decode JSON as words: which field, and what is wrong with it.
public struct DecodingWords: Sendable, Equatable {
    /// Path of the field, such as `group.responses.[0].text`; empty where the whole value is meant.
    public let field: String
    public let reason: String

    /// - Parameter error: a `DecodingError`; of any other error its own words are taken.
    public init(_ error: any Error) {
        guard let error = error as? DecodingError else {
            (field, reason) = ("", "\(error)")
            return
        }
        switch error {
        case .keyNotFound(let key, let context):
            (field, reason) = (Self.path(context.codingPath + [key]), "is missing")
        case .typeMismatch(let type, let context):
            field = Self.path(context.codingPath)
            reason = "has the wrong type; expected \(Self.words(for: type))"
        case .valueNotFound(let type, let context):
            (field, reason) = (Self.path(context.codingPath), "is null; expected \(Self.words(for: type))")
        case .dataCorrupted(let context):
            field = Self.path(context.codingPath)
            // The parser's own complaint has no path, and an error behind it.
            let isParsing = context.codingPath.isEmpty && context.underlyingError != nil
            reason = isParsing ? "is not valid JSON (\(context.debugDescription))" : context.debugDescription
        @unknown default:
            (field, reason) = ("", "\(error)")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }

    private static func words(for type: any Any.Type) -> String {
        let name = "\(type)"
        if name == "String" { return "a text" }
        if name.hasPrefix("Array") { return "a list" }
        if name.hasPrefix("Dictionary") || name.hasPrefix("KeyedDecodingContainer") { return "an object" }
        if name == "Bool" { return "true or false" }
        if name.contains("Int") || name == "Double" || name == "Float" { return "a number" }
        return name
    }
}
