/// How much better the winner of a comparison is. Ordered: `.significantly` is the greatest.
public enum Grade: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case significantly, better, slightly, negligibly

    /// The margin that this grade asks of the reward difference.
    ///
    /// Source: Llama 2 (arXiv 2307.09288), tables 27 and 28.
    public func margin(_ scale: MarginScale) -> Double {
        switch scale {
        case .none: 0
        case .small: Double(strength) / 3
        case .large: Double(strength)
        }
    }

    /// As the pages say it.
    public var words: String {
        switch self {
        case .significantly: "significantly better"
        case .better: "better"
        case .slightly: "slightly better"
        case .negligibly: "negligibly better or unsure"
        }
    }

    private var strength: Int {
        switch self {
        case .significantly: 3
        case .better: 2
        case .slightly: 1
        case .negligibly: 0
        }
    }

    public static func < (left: Grade, right: Grade) -> Bool { left.strength < right.strength }
}

/// How grades become margins.
public enum MarginScale: String, Sendable, Hashable, Codable, CaseIterable {
    /// Always 0.
    case none
    /// 1, 2/3, 1/3, 0.
    case small
    /// 3, 2, 1, 0.
    case large
}

/// Two responses, a winner and a grade. JSON: `winner`, `loser`, `grade`.
public struct Comparison: Sendable, Hashable {
    public let winner: String
    public let loser: String
    public let grade: Grade

    /// - Throws: `ComparisonError` for an empty id or one response against itself.
    public init(winner: String, loser: String, grade: Grade) throws(ComparisonError) {
        if winner.isEmpty || loser.isEmpty { throw .emptyID }
        if winner == loser { throw .sameResponse(id: winner) }
        self.winner = winner
        self.loser = loser
        self.grade = grade
    }

    /// - Throws: `ComparisonError` unless these two responses are the ones compared.
    public func validate(against responseIDs: [String]) throws(ComparisonError) {
        guard responseIDs.count == 2 else { throw .notTwoResponses(found: responseIDs.count) }
        for id in [winner, loser] where !responseIDs.contains(id) { throw .foreign(id: id) }
    }

    /// The same comparison with other names for the responses.
    public func renamed(_ names: [String: String]) throws(ComparisonError) -> Comparison {
        guard let newWinner = names[winner] else { throw .foreign(id: winner) }
        guard let newLoser = names[loser] else { throw .foreign(id: loser) }
        return try Comparison(winner: newWinner, loser: newLoser, grade: grade)
    }
}

extension Comparison: Codable {
    private enum CodingKeys: String, CodingKey { case winner, loser, grade }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let winner = try container.decode(String.self, forKey: .winner)
        let loser = try container.decode(String.self, forKey: .loser)
        let grade = try container.decode(Grade.self, forKey: .grade)
        do {
            try self.init(winner: winner, loser: loser, grade: grade)
        } catch {
            throw DecodingError.dataCorruptedError(forKey: .winner, in: container, debugDescription: error.description)
        }
    }
}

/// Why a comparison is not an answer.
public enum ComparisonError: Error, Sendable, Hashable, CustomStringConvertible {
    case emptyID
    case sameResponse(id: String)
    case foreign(id: String)
    case notTwoResponses(found: Int)

    public var description: String {
        switch self {
        case .emptyID: "the comparison names a response without an id"
        case .sameResponse(let id): "response '\(id)' is compared with itself"
        case .foreign(let id): "response '\(id)' does not belong to this group"
        case .notTwoResponses(let found):
            "a comparison is between two responses, but this group has \(found); rank them"
        }
    }
}
