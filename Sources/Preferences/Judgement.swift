/// What kind of answer a label holds.
public enum JudgementKind: String, Sendable, Hashable, Codable, CaseIterable {
    case ranking, comparison
}

/// Two responses in a strict order, with the grade where people gave one.
public struct GradedPair: Sendable, Hashable, Codable {
    public let winner: String
    public let loser: String
    public let grade: Grade?

    public init(winner: String, loser: String, grade: Grade?) {
        self.winner = winner
        self.loser = loser
        self.grade = grade
    }
}

/// The content of one label. JSON: `{"kind":"ranking","ranking":{…}}` or `{"kind":"comparison","comparison":{…}}`.
public enum Judgement: Sendable, Hashable {
    case ranking(Ranking)
    case comparison(Comparison)

    public var kind: JudgementKind {
        switch self {
        case .ranking: .ranking
        case .comparison: .comparison
        }
    }

    /// A comparison gives its ranking of two. Nil where the answer orders nothing: both are unacceptable.
    public var ranking: Ranking? {
        switch self {
        case .ranking(let ranking): ranking
        case .comparison(let comparison): comparison.ranking
        }
    }

    /// Only comparisons that prefer one have one.
    public var grade: Grade? {
        switch self {
        case .ranking: nil
        case .comparison(let comparison): comparison.grade
        }
    }

    /// What was said of single responses, by id.
    public var ratings: [String: ResponseRating] {
        switch self {
        case .ranking(let ranking): ranking.ratings
        case .comparison(let comparison): comparison.ratings
        }
    }

    /// Pairs of responses that it calls equally good.
    public var tiedPairCount: Int { ranking?.tiedPairCount ?? 0 }

    /// Whether it says of two responses that neither will do, and so prefers none.
    public var isBothUnacceptable: Bool {
        if case .comparison(let comparison) = self { comparison.verdict == .bothUnacceptable } else { false }
    }

    /// Every strict pair.
    public var gradedPairs: [GradedPair] {
        (ranking?.orderedPairs ?? []).map { GradedPair(winner: $0.winner, loser: $0.loser, grade: grade) }
    }

    /// The margin by grade; rankings have none, that is 0.
    public func margin(_ scale: MarginScale) -> Double { grade?.margin(scale) ?? 0 }

    /// - Throws: `JudgementError` unless it judges exactly these responses.
    public func validate(against responseIDs: [String]) throws(JudgementError) {
        switch self {
        case .ranking(let ranking):
            do { try ranking.validate(against: responseIDs) } catch { throw .ranking(error) }
        case .comparison(let comparison):
            do { try comparison.validate(against: responseIDs) } catch { throw .comparison(error) }
        }
    }

    /// The same judgement with other names for the responses.
    public func renamed(_ names: [String: String]) throws(JudgementError) -> Judgement {
        switch self {
        case .ranking(let ranking):
            do { return .ranking(try ranking.renamed(names)) } catch { throw .ranking(error) }
        case .comparison(let comparison):
            do { return .comparison(try comparison.renamed(names)) } catch { throw .comparison(error) }
        }
    }
}

extension Judgement: Codable {
    private enum CodingKeys: String, CodingKey { case kind, ranking, comparison }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(JudgementKind.self, forKey: .kind) {
        case .ranking: self = .ranking(try container.decode(Ranking.self, forKey: .ranking))
        case .comparison: self = .comparison(try container.decode(Comparison.self, forKey: .comparison))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .ranking(let ranking): try container.encode(ranking, forKey: .ranking)
        case .comparison(let comparison): try container.encode(comparison, forKey: .comparison)
        }
    }
}

/// Why a judgement is not an answer.
public enum JudgementError: Error, Sendable, Hashable, CustomStringConvertible {
    case ranking(RankingError)
    case comparison(ComparisonError)

    public var description: String {
        switch self {
        case .ranking(let error): error.description
        case .comparison(let error): error.description
        }
    }
}
