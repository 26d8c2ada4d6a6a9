/// How one field of a settings object is read and written: every field has a default, and all are written, also those
/// that are off, because an absent field would be read as its default.
public struct SettingsField<Settings, Key: CodingKey & CaseIterable> {
    private let read: (inout Settings, SettingsReader<Key>) throws -> Void
    private let write: (Settings, inout KeyedEncodingContainer<Key>) throws -> Void

    public init<Value: Codable>(_ key: Key, _ path: WritableKeyPath<Settings, Value>) {
        read = { $0[keyPath: path] = try $1.value(key, default: $0[keyPath: path]) }
        write = { try $1.encode($0[keyPath: path], forKey: key) }
    }

    /// A field that null turns off.
    public init<Value: Codable>(optional key: Key, _ path: WritableKeyPath<Settings, Value?>) {
        read = { $0[keyPath: path] = try $1.optional(key, default: $0[keyPath: path]) }
        write = { try $1.encode($0[keyPath: path], forKey: key) }
    }
}

extension SettingsField {
    /// Reads the fields that are given over what `settings` holds.
    /// - Parameter siblings: names that another reader of the same object knows.
    /// - Throws: as `SettingsReader`.
    public static func read(
        _ fields: [SettingsField], of settings: inout Settings, from decoder: any Decoder, siblings: [String] = []
    ) throws {
        let reader = try SettingsReader(decoder, keys: Key.self, siblings: siblings)
        for field in fields { try field.read(&settings, reader) }
    }

    /// Writes every field.
    public static func write(_ fields: [SettingsField], of settings: Settings, to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for field in fields { try field.write(settings, &container) }
    }
}
