/// Two responses in a strict order.
public struct OrderedPair: Sendable, Hashable, Codable {
    public let winner: String
    public let loser: String

    public init(winner: String, loser: String) {
        self.winner = winner
        self.loser = loser
    }
}

/// An order over a group's responses, ties allowed, with an optional "not acceptable" line.
///
/// Canonical: rows run from best to worst and ids are sorted inside a row, so that equal judgements are equal values,
/// whatever order the responses were shown in. JSON: `rows` (list of lists of ids), `unacceptable` (sorted ids; absent where
/// the line was not offered), and where there are any `ratings` (by id) and `asked_flags` (sorted names).
public struct Ranking: Sendable, Hashable {
    /// Best first; the responses of one row are tied.
    public let rows: [[String]]
    /// The responses below the "not acceptable" line; they keep their ranks.
    public let unacceptable: Set<String>
    /// Whether the line was offered: without it nobody said that the responses are acceptable.
    public let hasLine: Bool
    /// What was said of single responses besides; they order nothing.
    public let ratings: [String: ResponseRating]
    /// The flags that could be set on every response: one of them that is not set was denied. Empty where none were offered, or
    /// where nobody knows.
    public let askedFlags: Set<String>

    /// - Parameter unacceptable: nil where the line was not offered.
    /// - Throws: `RankingError` for an empty ranking or row, an id twice, an unacceptable response that does not stand
    ///   below every acceptable one, or a rating of a response without a rank.
    public init(
        rows: [[String]], unacceptable line: Set<String>? = nil, ratings: [String: ResponseRating] = [:],
        askedFlags: Set<String> = []
    ) throws(RankingError) {
        let unacceptable = line ?? []
        if rows.isEmpty { throw .empty }
        var seen = Set<String>()
        var lineCrossed: String?
        for (index, row) in rows.enumerated() {
            if row.isEmpty { throw .emptyRow(rank: index + 1) }
            let below = row.filter { unacceptable.contains($0) }
            if let wrong = below.sorted().first, below.count < row.count {
                throw .tiedAcrossLine(unacceptable: wrong)
            }
            if let above = lineCrossed, below.isEmpty {
                throw .acceptableBelowLine(acceptable: row.sorted()[0], unacceptable: above)
            }
            if lineCrossed == nil { lineCrossed = below.sorted().first }
            for id in row {
                if id.isEmpty { throw .emptyID(rank: index + 1) }
                if !seen.insert(id).inserted { throw .twice(id: id) }
            }
        }
        if let unknown = unacceptable.subtracting(seen).min() { throw .unrankedUnacceptable(id: unknown) }
        if let unknown = Set(ratings.keys).subtracting(seen).min() { throw .unrankedRating(id: unknown) }
        self.rows = rows.map { $0.sorted() }
        self.unacceptable = unacceptable
        hasLine = line != nil
        self.ratings = ratings.said
        self.askedFlags = askedFlags
    }

    /// For rows that are known to be right: nothing is checked.
    init(checkedRows: [[String]]) {
        rows = checkedRows
        unacceptable = []
        hasLine = false
        ratings = [:]
        askedFlags = []
    }

    private init(_ ranking: Ranking, hasLine: Bool, askedFlags: Set<String>) {
        rows = ranking.rows
        unacceptable = ranking.unacceptable
        self.hasLine = hasLine
        ratings = ranking.ratings
        self.askedFlags = askedFlags
    }

    /// The same answer, to a task that offered this.
    /// - Parameter line: false has no meaning for an answer with responses below the line.
    public func answering(line: Bool, flags: Set<String>) -> Ranking {
        Ranking(self, hasLine: line || !unacceptable.isEmpty, askedFlags: flags)
    }

    /// The same, and it must rank exactly these responses.
    public init(
        rows: [[String]], unacceptable: Set<String>? = nil, ranking responseIDs: [String]
    ) throws(RankingError) {
        try self.init(rows: rows, unacceptable: unacceptable)
        try validate(against: responseIDs)
    }

    /// - Throws: `RankingError` unless exactly these responses are ranked.
    public func validate(against responseIDs: [String]) throws(RankingError) {
        let expected = Set(responseIDs)
        let ranked = Set(rows.joined())
        if let foreign = ranked.subtracting(expected).min() { throw .foreign(id: foreign) }
        let missing = expected.subtracting(ranked)
        if !missing.isEmpty { throw .missing(ids: missing.sorted()) }
    }

    public var count: Int { rows.reduce(0) { $0 + $1.count } }

    /// All ids by rank, then by id.
    public var responseIDs: [String] { rows.flatMap(\.self) }

    /// Dense ranks, 1 is best: 1, 2, 2, 3.
    public var ranks: [String: Int] {
        var ranks: [String: Int] = [:]
        for (index, row) in rows.enumerated() {
            for id in row { ranks[id] = index + 1 }
        }
        return ranks
    }

    /// The dense rank of one response, 1 is best. Complexity: O(K).
    public func rank(of id: String) -> Int? {
        rows.firstIndex { $0.contains(id) }.map { $0 + 1 }
    }

    /// Every pair with a strict order, the best winners first; ties give no pair.
    public var orderedPairs: [OrderedPair] {
        var pairs: [OrderedPair] = []
        for (index, row) in rows.enumerated() {
            for winner in row {
                for loser in rows[(index + 1)...].joined() { pairs.append(OrderedPair(winner: winner, loser: loser)) }
            }
        }
        return pairs
    }

    /// C(K, 2).
    public var pairCount: Int { count * (count - 1) / 2 }
    public var tiedPairCount: Int { rows.reduce(0) { $0 + $1.count * ($1.count - 1) / 2 } }
    public var hasTies: Bool { rows.contains { $0.count > 1 } }

    /// The same ranking with other names for the responses.
    /// - Throws: `RankingError.foreign` for an id without a new name.
    public func renamed(_ names: [String: String]) throws(RankingError) -> Ranking {
        var renamedRows: [[String]] = []
        for row in rows {
            var renamedRow: [String] = []
            for id in row {
                guard let name = names[id] else { throw .foreign(id: id) }
                renamedRow.append(name)
            }
            renamedRows.append(renamedRow)
        }
        return try Ranking(
            rows: renamedRows, unacceptable: hasLine ? Set(unacceptable.compactMap { names[$0] }) : nil,
            ratings: ratings.renamed(names), askedFlags: askedFlags)
    }

    /// The ranking without some responses; nil where none is left.
    public func removing(_ ids: Set<String>) -> Ranking? {
        let rest = rows.map { $0.filter { !ids.contains($0) } }.filter { !$0.isEmpty }
        return try? Ranking(
            rows: rest, unacceptable: hasLine ? unacceptable.subtracting(ids) : nil,
            ratings: ratings.filter { !ids.contains($0.key) },
            askedFlags: askedFlags)
    }
}

extension Ranking: Codable {
    private enum CodingKeys: String, CodingKey {
        case rows, unacceptable, ratings
        case askedFlags = "asked_flags"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let rows = try container.decode([[String]].self, forKey: .rows)
        let unacceptable = try container.decodeIfPresent([String].self, forKey: .unacceptable).map(Set.init)
        let ratings = try container.decodeIfPresent([String: ResponseRating].self, forKey: .ratings) ?? [:]
        let asked = try container.decodeIfPresent([String].self, forKey: .askedFlags) ?? []
        do {
            try self.init(rows: rows, unacceptable: unacceptable, ratings: ratings, askedFlags: Set(asked))
        } catch {
            throw DecodingError.dataCorruptedError(forKey: .rows, in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rows, forKey: .rows)
        if hasLine { try container.encode(unacceptable.sorted(), forKey: .unacceptable) }
        if !ratings.isEmpty { try container.encode(ratings, forKey: .ratings) }
        if !askedFlags.isEmpty { try container.encode(askedFlags.sorted(), forKey: .askedFlags) }
    }
}

/// Why a ranking is not an answer.
public enum RankingError: Error, Sendable, Hashable, CustomStringConvertible {
    case empty
    case emptyRow(rank: Int)
    case emptyID(rank: Int)
    case twice(id: String)
    case missing(ids: [String])
    case foreign(id: String)
    case unrankedUnacceptable(id: String)
    case unrankedRating(id: String)
    case tiedAcrossLine(unacceptable: String)
    case acceptableBelowLine(acceptable: String, unacceptable: String)

    public var description: String {
        switch self {
        case .empty: "nothing is ranked yet; give every response a rank"
        case .emptyRow(let rank): "rank \(rank) has no response; ranks must follow each other without a gap"
        case .emptyID(let rank): "rank \(rank) holds a response without an id"
        case .twice(let id): "response '\(id)' is ranked twice"
        case .missing(let ids):
            ids.count == 1
                ? "response '\(ids[0])' has no rank yet"
                : "\(ids.count) responses have no rank yet: \(ids.map { "'\($0)'" }.joined(separator: ", "))"
        case .foreign(let id): "response '\(id)' does not belong to this group"
        case .unrankedUnacceptable(let id):
            "response '\(id)' is marked not acceptable but has no rank; responses below the line keep their ranks"
        case .unrankedRating(let id): "response '\(id)' is rated but has no rank"
        case .tiedAcrossLine(let id):
            "response '\(id)' is marked not acceptable but is tied with an acceptable one; the line runs between two ranks"
        case .acceptableBelowLine(let acceptable, let unacceptable):
            "response '\(acceptable)' is acceptable but stands below '\(unacceptable)', which is not; move one of them"
        }
    }
}
