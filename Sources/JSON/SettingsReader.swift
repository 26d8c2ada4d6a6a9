/// Reads a settings object in which every field has a default and an unknown field is an error that names it.
public struct SettingsReader<Key: CodingKey & CaseIterable> {
    private let container: KeyedDecodingContainer<Key>

    /// - Parameter siblings: names that another reader of the same object knows.
    /// - Throws: `DecodingError` that names a field which nobody knows, and the ones that there are.
    public init(_ decoder: any Decoder, keys: Key.Type, siblings: [String] = []) throws {
        let known = Set(Key.allCases.map(\.stringValue)).union(siblings)
        let found = try decoder.container(keyedBy: AnyKey.self)
        if let unknown = found.allKeys.map(\.stringValue).filter({ !known.contains($0) }).min() {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath + [AnyKey(unknown)],
                    debugDescription: "is not a setting; there are " + known.sorted().joined(separator: ", ")))
        }
        container = try decoder.container(keyedBy: Key.self)
    }

    /// The field, or its default where it is absent or null.
    public func value<Value: Decodable>(_ key: Key, default standard: Value) throws -> Value {
        try container.decodeIfPresent(Value.self, forKey: key) ?? standard
    }

    /// The field where it is given; an explicit null turns an option with a default off.
    public func optional<Value: Decodable>(_ key: Key, default standard: Value?) throws -> Value? {
        guard container.contains(key) else { return standard }
        return try container.decodeIfPresent(Value.self, forKey: key)
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
