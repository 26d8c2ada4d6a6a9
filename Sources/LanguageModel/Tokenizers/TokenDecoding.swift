/// How ids turn back into text: the `decoder` of tokenizer.json, worked out for every token once.
struct TokenDecoding: Sendable {
    enum Kind: Sendable, Equatable {
        /// Tokens are bytes; what is not UTF-8 in the end becomes U+FFFD.
        case bytes
        /// Tokens are text or single bytes; a run of bytes that is not UTF-8 becomes one U+FFFD a byte.
        case byteFallback
        /// Tokens are text; the first token of a text loses its markers (unless `keepsFirstMarker`).
        case metaspace(marker: [UInt8], keepsFirstMarker: Bool)
    }

    let kind: Kind
    /// Spaces taken off the start of a text that does not continue another.
    let leadingSpaces: Int
    private var arena: [UInt8] = []
    private var starts: [Int] = [0]
    private var fallbackBytes: [Bool] = []

    init(_ field: TokenizerField?, tokens: TokenList, file: String) throws {
        guard let field else {
            throw TokenizerError.badField(
                file: file, field: "decoder", problem: "is missing, so ids could not be turned back into text")
        }
        var steps = Steps()
        try steps.add(field)
        kind = steps.kind ?? .bytes
        leadingSpaces = steps.leadingSpaces
        guard steps.kind != nil else { throw field.unsupported("a decoder that does not turn tokens into text") }
        for index in 0..<tokens.count {
            let token = tokens[Int32(index)] ?? []
            let byte = steps.hasByteFallback ? Self.fallbackByte(token) : nil
            fallbackBytes.append(byte != nil)
            arena.append(contentsOf: byte.map { [$0] } ?? text(of: token, steps))
            starts.append(arena.count)
        }
    }

    private func text(of token: [UInt8], _ steps: Steps) -> [UInt8] {
        switch kind {
        case .bytes: return ByteAlphabet.decode(token) ?? token
        case .metaspace(let marker, _): return TextNormalizer.replace(marker, with: [UInt8(ascii: " ")], in: token)
        case .byteFallback:
            return steps.replacements.reduce(token) { TextNormalizer.replace($1.old, with: $1.new, in: $0) }
        }
    }

    /// `<0xE6>` stands for the byte E6.
    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    /// What one token adds to the text, before anything at the start of a text is taken off.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < fallbackBytes.count else { return [] }
        return arena[starts[Int(id)]..<starts[Int(id) + 1]]
    }

    /// Whether a token is one byte of a character that has no token of its own.
    func isFallbackByte(_ id: Int32) -> Bool { id >= 0 && Int(id) < fallbackBytes.count && fallbackBytes[Int(id)] }

    private struct Steps {
        var kind: Kind?
        var hasByteFallback = false
        var isFused = false
        var leadingSpaces = 0
        var replacements: [(old: [UInt8], new: [UInt8])] = []

        mutating func add(_ field: TokenizerField) throws {
            let type = try field.required("type").string()
            switch type {
            case "Sequence": for part in try field.required("decoders").elements() { try add(part) }
            case "ByteLevel":
                guard kind == nil else { throw field.unsupported("ByteLevel after another decoder") }
                kind = .bytes
            case "Metaspace":
                guard kind == nil else { throw field.unsupported("Metaspace after another decoder") }
                let marker = try field["replacement"]?.bytes() ?? Array("▁".utf8)
                guard !marker.isEmpty else { throw field.bad("replacement is empty") }
                kind = .metaspace(marker: marker, keepsFirstMarker: try PreTokenizer.prefixScheme(field) == .never)
            case "Replace":
                let pattern = try field.required("pattern")
                guard let old = try pattern["String"]?.bytes(), !old.isEmpty else {
                    throw pattern.unsupported("a replacement by a regular expression")
                }
                guard !hasByteFallback, !isFused else { throw field.unsupported("Replace after ByteFallback or Fuse") }
                try setFallbackKind(field)
                replacements.append((old, try field.required("content").bytes()))
            case "ByteFallback":
                guard !isFused else { throw field.unsupported("ByteFallback after Fuse") }
                try setFallbackKind(field)
                hasByteFallback = true
            case "Fuse":
                try setFallbackKind(field)
                isFused = true
            case "Strip": try addStrip(field)
            default: throw field.unsupported("the decoder \(type)")
            }
        }

        mutating func setFallbackKind(_ field: TokenizerField) throws {
            guard kind == nil || kind == .byteFallback else { throw field.unsupported("these decoders together") }
            kind = .byteFallback
        }

        mutating func addStrip(_ field: TokenizerField) throws {
            guard isFused else { throw field.unsupported("Strip of every single token") }
            guard try field.required("content").string() == " " else {
                throw field.unsupported("Strip of other than spaces")
            }
            guard try field.required("stop").integer(in: 0...Int(Int32.max)) == 0 else {
                throw field.unsupported("Strip at the end")
            }
            leadingSpaces += try field.required("start").integer(in: 0...Int(Int32.max))
        }
    }
}
