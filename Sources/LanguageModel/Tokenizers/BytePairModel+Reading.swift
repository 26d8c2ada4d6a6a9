extension BytePairModel {
    /// Reads the field `model` of tokenizer.json.
    /// - Parameters:
    ///   - isByteLevel: tokens are written in `ByteAlphabet`.
    ///   - tokens: filled with every vocabulary token as the file writes it, by id.
    init(_ field: TokenizerField, isByteLevel: Bool, tokens: inout TokenList) throws {
        if let type = try field["type"]?.string(), type != "BPE" {
            throw field.unsupported("the model type \(type)")
        }
        if let dropout = field["dropout"], dropout.value != .number(0) { throw dropout.unsupported("dropout") }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = field[name], try !affix.bytes().isEmpty { throw affix.unsupported("a word affix") }
        }
        ignoresMerges = try field.flag("ignore_merges", default: false)
        let vocabularyField = try field.required("vocab")
        var written = ByteStringMap(minimumCapacity: 1024)
        for member in try vocabularyField.members() {
            let id = try TokenizerField(
                file: field.file, path: "model.vocab[\(String(decoding: member.key, as: UTF8.self))]",
                value: member.value
            ).integer(in: 0...tokens.largestID)
            try tokens.add(member.key, id: Int32(id), field: vocabularyField)
            guard written.set(member.key, to: Int32(id)) == nil else {
                throw vocabularyField.bad("has the token \(String(decoding: member.key, as: UTF8.self)) twice")
            }
        }
        guard written.count > 0 else { throw vocabularyField.bad("is empty") }

        let pairs = try Self.readMerges(field.required("merges"))
        merges = try Self.rank(pairs, in: written, field: field)
        if isByteLevel {
            (vocabulary, alphabet) = try Self.byteAlphabet(written, field: vocabularyField)
        } else {
            vocabulary = written
            alphabet = .scalars(try Self.scalarAlphabet(written, pairs: pairs, field: field))
        }
    }

    /// Pairs written as `"left right"` or as `["left", "right"]`.
    private static func readMerges(_ field: TokenizerField) throws -> [([UInt8], [UInt8])] {
        guard case .array(let values) = field.value else { throw field.bad("should be an array") }
        func wrong(_ index: Int) -> TokenizerError {
            .badField(
                file: field.file, field: "\(field.path)[\(index)]", problem: "should be two tokens, apart by one space")
        }
        var pairs: [([UInt8], [UInt8])] = []
        pairs.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            switch value {
            case .string(let text):
                guard let space = text.firstIndex(of: 0x20), text[(space + 1)...].firstIndex(of: 0x20) == nil else {
                    throw wrong(index)
                }
                pairs.append((Array(text[..<space]), Array(text[(space + 1)...])))
            case .array(let parts):
                guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1] else {
                    throw wrong(index)
                }
                pairs.append((left, right))
            default: throw wrong(index)
            }
        }
        return pairs
    }

    private static func rank(
        _ pairs: [([UInt8], [UInt8])], in written: ByteStringMap, field: TokenizerField
    ) throws -> PairMap {
        var merges = PairMap(minimumCapacity: pairs.count)
        for (rank, (left, right)) in pairs.enumerated() {
            func id(_ token: [UInt8]) throws -> Int32 {
                guard let id = written.value(of: token) else {
                    throw TokenizerError.badField(
                        file: field.file, field: "model.merges[\(rank)]",
                        problem: "\(String(decoding: token, as: UTF8.self)) is not in the vocabulary")
                }
                return id
            }
            let (leftID, rightID) = (try id(left), try id(right))
            let merged = try id(left + right)
            // The last of two equal pairs counts, as in a table that is filled in order.
            merges[leftID, rightID] = UInt64(rank) << 32 | UInt64(merged)
        }
        return merges
    }

    private static func byteAlphabet(
        _ written: ByteStringMap, field: TokenizerField
    ) throws -> (ByteStringMap, Alphabet) {
        var vocabulary = ByteStringMap(minimumCapacity: written.count)
        for index in 0..<written.count {
            let (token, id) = written.entry(index)
            if let bytes = ByteAlphabet.decode(Array(token)) { vocabulary.set(bytes, to: id) }
        }
        var table = Array(repeating: Int32(-1), count: 256)
        for byte in 0..<256 {
            table[byte] = vocabulary.value(of: [UInt8(byte)]) ?? -1
            // These bytes never occur in UTF-8, so a vocabulary may do without them.
            let needed = byte < 0xC0 || (0xC2...0xF4).contains(byte)
            guard table[byte] >= 0 || !needed else {
                throw field.bad("has no token for the byte \(byte), so text with it would be lost")
            }
        }
        return (vocabulary, .bytes(table))
    }

    private static func scalarAlphabet(
        _ written: ByteStringMap, pairs: [([UInt8], [UInt8])], field: TokenizerField
    ) throws -> ScalarAlphabet {
        var fallback: [Int32]?
        if try field.flag("byte_fallback", default: false) {
            fallback = try (0..<256).map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                let token = "<0x" + (byte < 16 ? "0" : "") + digits + ">"
                guard let id = written.value(of: Array(token.utf8)) else {
                    throw field.bad("byte_fallback is true, but the vocabulary has no token \(token)")
                }
                return id
            }
        }
        var unknown: Int32?
        if let field = field["unk_token"] {
            unknown = written.value(of: try field.bytes())
            if unknown == nil { throw field.bad("\(try field.string()) is not in the vocabulary") }
        }
        guard fallback != nil || unknown != nil else {
            throw field.bad("has neither byte_fallback nor unk_token, so unknown characters would be lost")
        }
        var neighbours = PairMap(minimumCapacity: pairs.count)
        for (left, right) in pairs {
            let scalars = Array(String(decoding: left + right, as: UTF8.self).unicodeScalars)
            for (first, second) in zip(scalars, scalars.dropFirst()) {
                neighbours[Int32(first.value), Int32(second.value)] = 1
            }
        }
        return ScalarAlphabet(
            byteFallback: fallback, unknown: unknown,
            fusesUnknown: try field.flag("fuse_unk", default: false), neighbours: neighbours)
    }
}

/// The tokens of a vocabulary as they are written, by id.
struct TokenList: Sendable {
    /// Ids at or above this are refused before anything is allocated for them: a file of n bytes names fewer tokens.
    let largestID: Int
    private(set) var written: [[UInt8]?] = []

    init(largestID: Int) { self.largestID = largestID }

    var count: Int { written.count }

    subscript(id: Int32) -> [UInt8]? { written.indices.contains(Int(id)) ? written[Int(id)] : nil }

    /// - Precondition: a token has the id.
    mutating func replace(_ id: Int32, with token: [UInt8]) { written[Int(id)] = token }

    /// - Throws: `TokenizerError.badField` where another token has the id.
    mutating func add(_ token: [UInt8], id: Int32, field: TokenizerField) throws {
        while written.count <= Int(id) { written.append(nil) }
        if let other = written[Int(id)], other != token {
            throw field.bad(
                "gives the id \(id) to both \(String(decoding: other, as: UTF8.self)) and "
                    + String(decoding: token, as: UTF8.self))
        }
        written[Int(id)] = token
    }
}
