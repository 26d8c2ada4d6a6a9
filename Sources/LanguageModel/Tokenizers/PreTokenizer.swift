/// How a tokenizer cuts normalised text into words: the `pre_tokenizer` of tokenizer.json.
///
/// First at most one change of the text (a space put in front, or Metaspace's marker for spaces), then cuts in order,
/// each within the pieces of the one before.
struct PreTokenizer: Sendable, Equatable {
    enum Cut: Sendable, Equatable {
        case pattern(SplittingPattern)
        /// SmolLM's `Digits`: numbers apart from the rest, digit by digit or as runs.
        case digits(individually: Bool)
        /// Each marker starts a piece (Metaspace).
        case before(marker: [UInt8])
    }

    enum Prefix: Sendable, Equatable { case always, first, never }

    /// The bytes that replace a space (Metaspace), and those put in front of a piece that does not start with them.
    var spaceMarker: [UInt8]?
    var prefix = Prefix.never
    var cuts: [Cut] = []
    /// Whether tokens are written in `ByteAlphabet`.
    var isByteLevel = false

    /// Reads the field `pre_tokenizer`; nil (absent) keeps the text in one piece.
    init(_ field: TokenizerField?) throws {
        if let field { try add(field, isFirst: true) }
    }

    private mutating func add(_ field: TokenizerField, isFirst: Bool) throws {
        let type = try field.required("type").string()
        switch type {
        case "Sequence":
            for (index, part) in try field.required("pretokenizers").elements().enumerated() {
                try add(part, isFirst: isFirst && index == 0)
            }
        case "ByteLevel":
            isByteLevel = true
            if try field.flag("add_prefix_space", default: true) {
                guard isFirst else { throw field.unsupported("add_prefix_space after another pre-tokenizer") }
                prefix = .always
            }
            if try field.flag("use_regex", default: true) { cuts.append(.pattern(.gpt2)) }
        case "Split": cuts.append(try Self.split(field))
        case "Digits": cuts.append(.digits(individually: try field.flag("individual_digits", default: false)))
        case "Metaspace":
            guard isFirst else { throw field.unsupported("Metaspace after another pre-tokenizer") }
            try addMetaspace(field)
        default: throw field.unsupported("the pre-tokenizer \(type)")
        }
    }

    private static func split(_ field: TokenizerField) throws -> Cut {
        let pattern = try field.required("pattern")
        guard let regex = try pattern["Regex"]?.string() else {
            throw pattern.unsupported("splitting at a plain string")
        }
        guard let known = SplittingPattern(regex: regex) else {
            throw pattern.unsupported("the regular expression \(regex)")
        }
        let behaviour = try field.required("behavior").string()
        let inverted = try field.flag("invert", default: false)
        guard (behaviour == "Isolated" && !inverted) || (behaviour == "Removed" && inverted) else {
            throw field.unsupported("splitting with behavior \(behaviour), invert \(inverted)")
        }
        return .pattern(known)
    }

    private mutating func addMetaspace(_ field: TokenizerField) throws {
        let marker = try field["replacement"]?.bytes() ?? Array("▁".utf8)
        guard !marker.isEmpty else { throw field.bad("replacement is empty") }
        spaceMarker = marker
        prefix = try Self.prefixScheme(field)
        if try field.flag("split", default: true) { cuts.append(.before(marker: marker)) }
    }

    /// `prepend_scheme`, or the older `add_prefix_space`.
    static func prefixScheme(_ field: TokenizerField) throws -> Prefix {
        if let scheme = field["prepend_scheme"] {
            switch try scheme.string() {
            case "always": return .always
            case "first": return .first
            case "never": return .never
            default: throw scheme.bad("should be always, first or never")
            }
        }
        return try field.flag("add_prefix_space", default: true) ? .always : .never
    }

    /// The text with markers for spaces and the prefix in place.
    /// - Parameter isFirst: the piece starts the whole text (a piece after an added token does not).
    func prepared(_ text: [UInt8], isFirst: Bool, continuing: Bool) -> [UInt8] {
        guard !text.isEmpty else { return text }
        let space: [UInt8] = [UInt8(ascii: " ")]
        let marker = spaceMarker ?? space
        var out = text
        if let spaceMarker { out = TextNormalizer.replace(space, with: spaceMarker, in: out) }
        let wanted = !continuing && (prefix == .always || (prefix == .first && isFirst))
        if wanted, !out.starts(with: marker) { out = marker + out }
        return out
    }

    /// Calls `body` with each word's range, in order; together they cover the text.
    func forEachWord(in text: [UInt8], _ body: (Range<Int>) -> Void) {
        cut(text, 0..<text.count, from: 0, body)
    }

    private func cut(_ text: [UInt8], _ range: Range<Int>, from level: Int, _ body: (Range<Int>) -> Void) {
        guard level < cuts.count else {
            if !range.isEmpty { body(range) }
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = cuts[level].pieceEnd(in: text, from: start, to: range.upperBound)
            if level + 1 == cuts.count { body(start..<end) } else { cut(text, start..<end, from: level + 1, body) }
            start = end
        }
    }
}

extension PreTokenizer.Cut {
    fileprivate func pieceEnd(in text: [UInt8], from start: Int, to end: Int) -> Int {
        switch self {
        case .pattern(let pattern): return pattern.matchEnd(in: text, from: start, to: end)
        case .digits(let individually):
            var (first, position) = scalar(in: text, at: start)
            let isNumber = ScalarClass(of: first) == .number
            if isNumber, individually { return position }
            while position < end {
                let next: Int
                (first, next) = scalar(in: text, at: position)
                guard (ScalarClass(of: first) == .number) == isNumber else { break }
                position = next
            }
            return position
        case .before(let marker):
            var position = start + 1
            while position < end, text[position] != marker[0] || !text[position..<end].starts(with: marker) {
                position += 1
            }
            return position
        }
    }
}
