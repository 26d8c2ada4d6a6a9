/// A value of a tokenizer file together with where it stands, so that every complaint names file and field.
struct TokenizerField: Sendable {
    let file: String
    let path: String
    let value: TokenizerJSON

    init(file: String, path: String = "", value: TokenizerJSON) {
        self.file = file
        self.path = path
        self.value = value
    }

    /// The member, or nil where it is absent or null.
    subscript(_ key: String) -> TokenizerField? {
        guard case .object(let members) = value, let member = members.last(where: { $0.key.elementsEqual(key.utf8) }),
            member.value != .null
        else { return nil }
        return TokenizerField(file: file, path: path.isEmpty ? key : path + "." + key, value: member.value)
    }

    func required(_ key: String) throws -> TokenizerField {
        guard case .object = value else { throw bad("should be an object") }
        guard let field = self[key] else {
            throw TokenizerError.badField(
                file: file, field: path.isEmpty ? key : path + "." + key, problem: "is missing")
        }
        return field
    }

    func bad(_ problem: String) -> TokenizerError {
        .badField(file: file, field: path.isEmpty ? "(the whole file)" : path, problem: problem)
    }

    func unsupported(_ value: String) -> TokenizerError {
        .unsupported(file: file, field: path, value: value)
    }

    func bytes() throws -> [UInt8] {
        guard case .string(let bytes) = value else { throw bad("should be a string") }
        return bytes
    }

    func string() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

    func bool() throws -> Bool {
        guard case .bool(let bool) = value else { throw bad("should be true or false") }
        return bool
    }

    /// A whole number in `range`.
    func integer(in range: ClosedRange<Int>) throws -> Int {
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw bad("should be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    func elements() throws -> [TokenizerField] {
        guard case .array(let values) = value else { throw bad("should be an array") }
        return values.enumerated().map { TokenizerField(file: file, path: "\(path)[\($0.offset)]", value: $0.element) }
    }

    func members() throws -> [TokenizerJSON.Member] {
        guard case .object(let members) = value else { throw bad("should be an object") }
        return members
    }

    /// A flag that may be absent.
    func flag(_ key: String, default absent: Bool) throws -> Bool { try self[key]?.bool() ?? absent }
}
