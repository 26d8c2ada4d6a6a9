/// A token that stands outside the byte-pair model: found in the text as it is written, before any cutting.
public struct AddedToken: Sendable, Equatable {
    public let id: Int32
    public let content: String
    /// Special tokens (begin, end, roles) steer the model; text that people write must never turn into them.
    public let isSpecial: Bool
    /// Found only where no word character touches it.
    public let isSingleWord: Bool
    /// Takes the white space before it.
    public let stripsLeft: Bool
    /// Takes the white space after it.
    public let stripsRight: Bool
    /// Looked for in the normalised text rather than in the text as given.
    public let isNormalized: Bool
}

/// Where in a text special tokens are recognised.
enum SpecialTokenPlaces {
    case everywhere
    case nowhere
    /// In stretches that no person wrote; the ranges in order are what people wrote.
    case outside([Range<Int>])

    func allows(_ range: Range<Int>) -> Bool {
        switch self {
        case .everywhere: true
        case .nowhere: false
        case .outside(let content): !Self.touches(content, range)
        }
    }

    /// For a part of the text whose bytes may have moved: special tokens only where all of it is free of content.
    func within(_ range: Range<Int>) -> SpecialTokenPlaces {
        guard case .outside(let content) = self else { return self }
        return Self.touches(content, range) ? .nowhere : .everywhere
    }

    private static func touches(_ content: [Range<Int>], _ range: Range<Int>) -> Bool {
        // The first piece of content that ends behind the start of the range.
        var (low, high) = (0, content.count)
        while low < high {
            let middle = (low + high) / 2
            if content[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < content.count && content[low].lowerBound < range.upperBound
    }
}

/// Finds added tokens in text: of those that start leftmost, the longest.
struct AddedTokenFinder: Sendable {
    private let tokens: [AddedToken]
    private let contents: [[UInt8]]
    /// Token indices by the first byte of their content, longest first.
    private let byFirstByte: [[Int]]

    init(_ tokens: [AddedToken], contents: [[UInt8]]) {
        self.tokens = tokens
        self.contents = contents
        var byFirstByte = Array(repeating: [Int](), count: 256)
        for index in tokens.indices where !contents[index].isEmpty {
            byFirstByte[Int(contents[index][0])].append(index)
        }
        self.byFirstByte = byFirstByte.map { indices in
            indices.sorted { (contents[$0].count, $1) > (contents[$1].count, $0) }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Calls `body` with each stretch of text in order: `id` is nil for plain text.
    func forEachPiece(
        in text: [UInt8], special: SpecialTokenPlaces, _ body: (_ range: Range<Int>, _ id: Int32?) -> Void
    ) {
        var plainStart = 0
        var position = 0
        while position < text.count {
            guard
                let match = byFirstByte[Int(text[position])].first(where: {
                    text[position...].starts(with: contents[$0])
                })
            else {
                position += 1
                continue
            }
            let token = tokens[match]
            var start = position
            var end = position + contents[match].count
            position = end
            if token.isSpecial, !special.allows(start..<end) { continue }
            if token.isSingleWord, Self.wordTouches(text, start, end) { continue }
            if token.stripsLeft { start = max(plainStart, Self.spaceStart(text, before: start)) }
            if token.stripsRight { end = Self.spaceEnd(text, after: end) }
            // The one before it took all of it.
            guard start < end else { continue }
            if plainStart < start { body(plainStart..<start, nil) }
            body(start..<end, token.id)
            // As the reference has it, a token of blanks is found also where the one before it took those blanks.
            plainStart = end
        }
        if plainStart < text.count { body(plainStart..<text.count, nil) }
    }

    private static func wordTouches(_ text: [UInt8], _ start: Int, _ end: Int) -> Bool {
        if start > 0, isWord(scalar(in: text, at: scalarStart(text, before: start)).scalar) { return true }
        return end < text.count && isWord(scalar(in: text, at: end).scalar)
    }

    /// The regular expression `\w`.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: true
        default: scalar.properties.isAlphabetic
        }
    }

    private static func scalarStart(_ text: [UInt8], before end: Int) -> Int {
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    private static func spaceStart(_ text: [UInt8], before end: Int) -> Int {
        var position = end
        while position > 0 {
            let start = scalarStart(text, before: position)
            guard ScalarClass(of: scalar(in: text, at: start).scalar) == .space else { break }
            position = start
        }
        return position
    }

    private static func spaceEnd(_ text: [UInt8], after start: Int) -> Int {
        var position = start
        while position < text.count {
            let (next, after) = scalar(in: text, at: position)
            guard ScalarClass(of: next) == .space else { break }
            position = after
        }
        return position
    }
}
