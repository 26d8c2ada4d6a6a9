/// The regular expressions by which byte-level tokenizers cut text into words, written out as scanners.
///
/// Each is recognised by its exact text; a pattern that is not known is refused, because any other cut gives other ids.
enum SplittingPattern: Sendable, Equatable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` (GPT-2)
    case gpt2
    /// `(?i:'s|…)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`: cl100k and
    /// Llama 3 with numbers of up to three digits, Qwen 2 with one.
    case cl100k(digits: Int)

    init?(regex: String) {
        switch regex {
        case Self.gpt2Regex: self = .gpt2
        case Self.contractions + "|" + Self.cl100kRest("\\p{N}{1,3}"), Self.tiktokenRegex("\\p{N}{1,3}"):
            self = .cl100k(digits: 3)
        case Self.contractions + "|" + Self.cl100kRest("\\p{N}"), Self.tiktokenRegex("\\p{N}"):
            self = .cl100k(digits: 1)
        default: return nil
        }
    }

    static let gpt2Regex = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"

    private static func cl100kRest(_ number: String) -> String {
        "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\(number)| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    }

    /// The same language as tiktoken writes it, with possessive quantifiers.
    private static func tiktokenRegex(_ number: String) -> String {
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\(number)| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
            + "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"
    }

    /// Where the match that starts at `start` ends. Every scalar belongs to some match.
    /// - Precondition: `start` < `end`, both on scalar boundaries of valid UTF-8.
    func matchEnd(in bytes: [UInt8], from start: Int, to end: Int) -> Int {
        switch self {
        case .gpt2: Self.gpt2End(bytes, start, end)
        case .cl100k(let digits): Self.cl100kEnd(bytes, start, end, digits: digits)
        }
    }

    private static func gpt2End(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        if let contraction = contractionEnd(bytes, start, end, anyCase: false) { return contraction }
        let (first, second) = scalar(in: bytes, at: start)
        var kind = ScalarClass(of: first)
        var next = second
        if first == " ", second < end {
            let (following, after) = scalar(in: bytes, at: second)
            let followingKind = ScalarClass(of: following)
            if followingKind != .space { (kind, next) = (followingKind, after) }
        }
        if kind == .space { return spaceEnd(bytes, start, end) }
        return runEnd(bytes, next, end, of: kind)
    }

    private static func cl100kEnd(_ bytes: [UInt8], _ start: Int, _ end: Int, digits: Int) -> Int {
        if let contraction = contractionEnd(bytes, start, end, anyCase: true) { return contraction }
        let (first, second) = scalar(in: bytes, at: start)
        let kind = ScalarClass(of: first)
        if kind == .letter { return runEnd(bytes, second, end, of: .letter) }
        if kind == .number { return runEnd(bytes, second, end, of: .number, atMost: digits - 1) }
        let following = second < end ? ScalarClass(of: scalar(in: bytes, at: second).scalar) : nil
        if following == .letter, first != "\r", first != "\n" { return runEnd(bytes, second, end, of: .letter) }
        if kind == .other || (first == " " && following == .other) {
            var position = runEnd(bytes, kind == .other ? start : second, end, of: .other)
            while position < end, isLineBreak(bytes[position]) { position += 1 }
            return position
        }
        return spaceEnd(bytes, start, end, lineBreaksFirst: true)
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`. With any case, ſ (U+017F) counts as s, as case folding has it.
    private static func contractionEnd(_ bytes: [UInt8], _ start: Int, _ end: Int, anyCase: Bool) -> Int? {
        guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
        let fold: UInt8 = anyCase ? 0x20 : 0
        func letter(_ offset: Int) -> UInt8 {
            guard start + offset < end else { return 0 }
            let byte = bytes[start + offset]
            return (0x41...0x5A).contains(byte) ? byte | fold : byte
        }
        switch (letter(1), letter(2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF) where anyCase: return start + 3
        default: return nil
        }
    }

    private static func runEnd(
        _ bytes: [UInt8], _ start: Int, _ end: Int, of kind: ScalarClass, atMost limit: Int = .max
    ) -> Int {
        var position = start
        var taken = 0
        while position < end, taken < limit {
            let (next, after) = scalar(in: bytes, at: position)
            guard ScalarClass(of: next) == kind else { break }
            position = after
            taken += 1
        }
        return position
    }

    /// `\s+(?!\S)|\s+`: a run of spaces leaves its last one to the word that follows, unless it is alone or the end.
    /// With `lineBreaksFirst`, `\s*[\r\n]+` comes before: a run with line breaks ends after the last of them.
    private static func spaceEnd(_ bytes: [UInt8], _ start: Int, _ end: Int, lineBreaksFirst: Bool = false) -> Int {
        var position = start
        var last = start
        var afterLineBreak = start
        while position < end {
            let (next, after) = scalar(in: bytes, at: position)
            guard ScalarClass(of: next) == .space else { break }
            if isLineBreak(bytes[position]) { afterLineBreak = after }
            last = position
            position = after
        }
        if lineBreaksFirst, afterLineBreak > start { return afterLineBreak }
        return position == end || last == start ? position : last
    }
}
