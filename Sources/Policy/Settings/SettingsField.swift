import JSON

/// How one field of a settings object is read and written: every field has a default, and all are written, also those
/// that are off, because an absent field would be read as its default.
struct SettingsField<Settings, Key: CodingKey & CaseIterable> {
    let read: (inout Settings, SettingsReader<Key>) throws -> Void
    let write: (Settings, inout KeyedEncodingContainer<Key>) throws -> Void

    init<Value: Codable>(_ key: Key, _ path: WritableKeyPath<Settings, Value>) {
        read = { $0[keyPath: path] = try $1.value(key, default: $0[keyPath: path]) }
        write = { try $1.encode($0[keyPath: path], forKey: key) }
    }

    /// A field that null turns off.
    init<Value: Codable>(optional key: Key, _ path: WritableKeyPath<Settings, Value?>) {
        read = { $0[keyPath: path] = try $1.optional(key, default: $0[keyPath: path]) }
        write = { try $1.encode($0[keyPath: path], forKey: key) }
    }
}
