/// A side of a response that people rate by itself. Source: HelpSteer2 (arXiv 2406.08673).
public enum Aspect: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
    case helpfulness, correctness, coherence, complexity, verbosity
}

/// What a person said of one response besides its place in the order. JSON: `flags`, and where given `overall`,
/// `aspects`.
public struct ResponseRating: Sendable, Hashable {
    /// 1 is worst. Source: InstructGPT (arXiv 2203.02155), table 3.
    public static let scale = 1...7
    /// 0 is least.
    public static let aspectScale = 0...4

    public static let empty = ResponseRating()

    public let overall: Int?
    /// Names of the flags that were set.
    public let flags: Set<String>
    public let aspects: [Aspect: Int]

    /// - Throws: `RatingError` for a number outside of its scale, or a flag without a name.
    public init(
        overall: Int? = nil, flags: Set<String> = [], aspects: [Aspect: Int] = [:]
    ) throws(RatingError) {
        if let overall, !Self.scale.contains(overall) { throw .overall(found: overall) }
        for (aspect, value) in aspects.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !Self.aspectScale.contains(value) {
            throw .aspect(aspect, found: value)
        }
        if flags.contains("") { throw .namelessFlag }
        self.overall = overall
        self.flags = flags
        self.aspects = aspects
    }

    private init() {
        overall = nil
        flags = []
        aspects = [:]
    }

    /// Nothing was said.
    public var isEmpty: Bool { self == Self.empty }
}

extension ResponseRating: Codable {
    private enum CodingKeys: String, CodingKey { case overall, flags, aspects }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(
                overall: try container.decodeIfPresent(Int.self, forKey: .overall),
                flags: Set(try container.decodeIfPresent([String].self, forKey: .flags) ?? []),
                aspects: try container.decodeIfPresent([Aspect: Int].self, forKey: .aspects) ?? [:])
        } catch let error as RatingError {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.description))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(overall, forKey: .overall)
        try container.encode(flags.sorted(), forKey: .flags)
        if !aspects.isEmpty { try container.encode(aspects, forKey: .aspects) }
    }
}

/// Why a rating of one response is none.
public enum RatingError: Error, Sendable, Hashable, CustomStringConvertible {
    case overall(found: Int)
    case aspect(Aspect, found: Int)
    case namelessFlag

    public var description: String {
        switch self {
        case .overall(let found): "the rating is \(found); it runs from 1 to 7"
        case .aspect(let aspect, let found): "\(aspect.rawValue) is \(found); it runs from 0 to 4"
        case .namelessFlag: "a flag has no name"
        }
    }
}

extension [String: ResponseRating] {
    /// Without those that say nothing, so that equal answers are equal values.
    var said: Self { filter { !$0.value.isEmpty } }

    /// The same ratings with other names for the responses; an unknown name is the caller's to refuse before.
    func renamed(_ names: [String: String]) -> Self {
        reduce(into: [:]) { renamed, rating in
            if let name = names[rating.key] { renamed[name] = rating.value }
        }
    }
}
