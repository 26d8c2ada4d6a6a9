/// A JSON document as the tokenizer files need it: object members in file order, strings as UTF-8 bytes.
///
/// Foundation's readers put object keys into dictionaries of `String`, where two vocabulary entries that are
/// canonically equivalent ("é" composed and decomposed) fall together; a vocabulary must keep both.
enum TokenizerJSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt8])
    case array([TokenizerJSON])
    case object([Member])

    struct Member: Sendable, Equatable {
        var key: [UInt8]
        var value: TokenizerJSON
    }

    /// Reads one document.
    /// - Throws: `TokenizerError.notJSON` with the line of the first mistake.
    init(parsing bytes: [UInt8], file: String) throws {
        var reader = Reader(bytes: bytes, file: file)
        self = try reader.document()
    }

    /// Deeper nesting than any real file has is refused, so that a hostile one cannot exhaust the stack.
    static let deepestNesting = 64

    /// Reads a document from the start; what reads more strictly than a tree does goes through it by itself.
    struct Reader {
        let bytes: [UInt8]
        let file: String
        var position = 0

        init(bytes: [UInt8], file: String) {
            self.bytes = bytes
            self.file = file
        }

        mutating func document() throws -> TokenizerJSON {
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
            let value = try self.value(depth: 0)
            skipSpace()
            guard position == bytes.count else { throw wrong("something follows the end of the document") }
            return value
        }

        func wrong(_ reason: String) -> TokenizerError {
            let line = bytes[..<min(position, bytes.count)].reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
            return .notJSON(file: file, line: line, reason: reason)
        }

        mutating func skipSpace() {
            while position < bytes.count {
                switch bytes[position] {
                case 0x20, 0x09, 0x0A, 0x0D: position += 1
                default: return
                }
            }
        }

        mutating func value(depth: Int) throws -> TokenizerJSON {
            guard depth < TokenizerJSON.deepestNesting else { throw wrong("nested too deeply") }
            skipSpace()
            guard position < bytes.count else { throw wrong("the document ends too early") }
            switch bytes[position] {
            case UInt8(ascii: "{"): return try object(depth: depth)
            case UInt8(ascii: "["): return try array(depth: depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        mutating func word(_ word: StaticString, _ value: TokenizerJSON) throws -> TokenizerJSON {
            let expected = Array(word.description.utf8)
            guard bytes[position...].starts(with: expected) else { throw wrong("unexpected character") }
            position += expected.count
            return value
        }

        mutating func number() throws -> TokenizerJSON {
            let start = position
            while position < bytes.count, Self.numberBytes.contains(bytes[position]) { position += 1 }
            guard position > start, let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)),
                number.isFinite
            else { throw wrong("unexpected character") }
            return .number(number)
        }

        static let numberBytes = Set("0123456789+-.eE".utf8)

        mutating func array(depth: Int) throws -> TokenizerJSON {
            position += 1
            var values: [TokenizerJSON] = []
            skipSpace()
            if try take(UInt8(ascii: "]")) { return .array(values) }
            while true {
                values.append(try value(depth: depth + 1))
                skipSpace()
                if try take(UInt8(ascii: "]")) { return .array(values) }
                guard try take(UInt8(ascii: ",")) else { throw wrong("expected , or ] in an array") }
            }
        }

        mutating func object(depth: Int) throws -> TokenizerJSON {
            position += 1
            var members: [Member] = []
            skipSpace()
            if try take(UInt8(ascii: "}")) { return .object(members) }
            while true {
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    throw wrong("expected a member name in quotes")
                }
                let key = try string()
                skipSpace()
                guard try take(UInt8(ascii: ":")) else { throw wrong("expected : after a member name") }
                members.append(Member(key: key, value: try value(depth: depth + 1)))
                skipSpace()
                if try take(UInt8(ascii: "}")) { return .object(members) }
                guard try take(UInt8(ascii: ",")) else { throw wrong("expected , or } in an object") }
            }
        }

        mutating func take(_ byte: UInt8) throws -> Bool {
            guard position < bytes.count else { throw wrong("the document ends too early") }
            guard bytes[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func string() throws -> [UInt8] {
            position += 1
            var text: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                switch byte {
                case UInt8(ascii: "\""):
                    position += 1
                    guard String(validating: text, as: UTF8.self) != nil else { throw wrong("a string is not UTF-8") }
                    return text
                case UInt8(ascii: "\\"):
                    position += 1
                    try escape(into: &text)
                case 0..<0x20: throw wrong("a control character inside a string")
                default:
                    text.append(byte)
                    position += 1
                }
            }
            throw wrong("a string does not end")
        }

        mutating func escape(into text: inout [UInt8]) throws {
            guard position < bytes.count else { throw wrong("a string does not end") }
            let letter = bytes[position]
            position += 1
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var code = try fourHexDigits()
                if (0xD800..<0xDC00).contains(code) {
                    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                        bytes[position + 1] == UInt8(ascii: "u")
                    else { throw wrong("half of a surrogate pair") }
                    position += 2
                    let low = try fourHexDigits()
                    guard (0xDC00..<0xE000).contains(low) else { throw wrong("half of a surrogate pair") }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(code) else { throw wrong("half of a surrogate pair") }
                text.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            default: throw wrong("an unknown escape in a string")
            }
        }

        mutating func fourHexDigits() throws -> UInt32 {
            guard position + 4 <= bytes.count,
                let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
            else { throw wrong("\\u needs four hexadecimal digits") }
            position += 4
            return code
        }
    }
}

extension TokenizerJSON {
    /// The bytes of a JSON string with its quotes.
    static func quoted(_ text: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): out += Array("\\\"".utf8)
            case UInt8(ascii: "\\"): out += Array("\\\\".utf8)
            case 0x0A: out += Array("\\n".utf8)
            case 0x0D: out += Array("\\r".utf8)
            case 0x09: out += Array("\\t".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                out += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
        return out
    }
}
