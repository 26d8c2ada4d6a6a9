/// Turns ids into text one at a time, never with a broken character.
///
/// All pieces and `finish()` together are exactly what `Tokenizer.decode` gives for all ids at once. A piece is empty
/// while a character is incomplete; with byte-fallback tokenizers while a run of byte tokens lasts, because one byte
/// later in the run may change how all of it reads.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let keepsSpecialTokens: Bool
    private let continuing: Bool
    private var pending: [UInt8] = []
    private var leadingSpaces: Int
    private var isFirst = true

    init(_ tokenizer: Tokenizer, keepingSpecialTokens: Bool, continuing: Bool) {
        self.tokenizer = tokenizer
        keepsSpecialTokens = keepingSpecialTokens
        self.continuing = continuing
        leadingSpaces = continuing ? 0 : tokenizer.decoding.leadingSpaces
    }

    /// The text that one more id completes; empty for ids that have no token.
    public mutating func append(_ id: Int32) -> String {
        if !keepsSpecialTokens, tokenizer.isSpecial(id) { return "" }
        guard tokenizer.hasToken(id) else { return "" }
        defer { isFirst = false }
        let decoding = tokenizer.decoding
        switch decoding.kind {
        case .bytes:
            pending.append(contentsOf: decoding.bytes(of: id))
            return text(takingFirst: pending.count - Self.incompleteCount(pending))
        case .byteFallback:
            if decoding.isFallbackByte(id) {
                pending.append(contentsOf: decoding.bytes(of: id))
                return ""
            }
            let before = endOfRun()
            return before + stripped(decoding.bytes(of: id))
        case .metaspace(let marker, let keepsFirstMarker):
            guard isFirst, !continuing, !keepsFirstMarker, let token = tokenizer.decodedToken(id) else {
                return stripped(decoding.bytes(of: id))
            }
            return stripped(TextNormalizer.replace(marker, with: [], in: token)[...])
        }
    }

    /// What is still pending when no id follows; an incomplete character reads as U+FFFD.
    public mutating func finish() -> String {
        tokenizer.decoding.kind == .bytes ? text(takingFirst: pending.count) : endOfRun()
    }

    private mutating func text(takingFirst count: Int) -> String {
        defer { pending.removeFirst(count) }
        return stripped(pending[..<count])
    }

    private mutating func endOfRun() -> String {
        guard !pending.isEmpty else { return "" }
        defer { pending.removeAll() }
        if String(validating: pending, as: UTF8.self) != nil { return stripped(pending[...]) }
        return stripped(Array(String(repeating: "\u{FFFD}", count: pending.count).utf8)[...])
    }

    private mutating func stripped(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while leadingSpaces > 0, let first = bytes.first {
            guard first == UInt8(ascii: " ") else {
                leadingSpaces = 0
                break
            }
            bytes = bytes.dropFirst()
            leadingSpaces -= 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How many bytes at the end belong to a character that more bytes could complete.
    private static func incompleteCount(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? back : 0
        }
        return 0
    }
}
