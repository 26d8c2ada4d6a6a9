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

/// How safe the two responses of a comparison are. Source: Llama 2 (arXiv 2307.09288), §3.2.1.
public enum Safety: String, Sendable, Hashable, Codable, CaseIterable {
    /// The preferred response is safe and the other one is not.
    case chosenSafe = "chosen_safe"
    case bothSafe = "both_safe"
    case bothUnsafe = "both_unsafe"
}

/// Two responses and what a person decided between them.
///
/// JSON: `winner`, `loser`, `grade`; or `responses` (both ids) and `verdict`, `tie` or `both_unacceptable`. Where given:
/// `unsafe` (ids), `ratings` (by id), `reason`.
public struct Comparison: Sendable, Hashable {
    /// A tie and two unacceptable responses are different answers, and neither is a grade.
    public enum Verdict: Sendable, Hashable {
        case preference(winner: String, loser: String, grade: Grade)
        case tie
        case bothUnacceptable
    }

    /// The longest reason, in characters.
    public static let longestReason = 10_000

    /// Both, sorted.
    public let responseIDs: [String]
    public let verdict: Verdict
    /// The responses called unsafe; nil where nobody was asked.
    public let unsafe: Set<String>?
    public let ratings: [String: ResponseRating]
    /// In the person's words.
    public let reason: String?

    /// - Throws: `ComparisonError` for an empty id, one response against itself, an unsafe response preferred to a safe
    ///   one, or something said of a third response.
    public init(
        between first: String, and second: String, verdict: Verdict, unsafe: Set<String>? = nil,
        ratings: [String: ResponseRating] = [:], reason: String? = nil
    ) throws(ComparisonError) {
        if first.isEmpty || second.isEmpty { throw .emptyID }
        if first == second { throw .sameResponse(id: first) }
        let both = Set([first, second])
        if case .preference(let winner, let loser, _) = verdict {
            if let foreign = Set([winner, loser]).subtracting(both).min() { throw .foreign(id: foreign) }
            if winner == loser { throw .sameResponse(id: winner) }
            if unsafe == [winner] { throw .unsafePreferred(winner: winner, loser: loser) }
        }
        if let foreign = Set(ratings.keys).union(unsafe ?? []).subtracting(both).min() { throw .foreign(id: foreign) }
        if let reason, reason.count > Self.longestReason { throw .longReason(found: reason.count) }
        responseIDs = both.sorted()
        self.verdict = verdict
        self.unsafe = unsafe
        self.ratings = ratings.said
        self.reason = reason?.isEmpty == true ? nil : reason
    }

    /// The preference for one of them; throws like the general form.
    public init(
        winner: String, loser: String, grade: Grade, unsafe: Set<String>? = nil,
        ratings: [String: ResponseRating] = [:], reason: String? = nil
    ) throws(ComparisonError) {
        try self.init(
            between: winner, and: loser, verdict: .preference(winner: winner, loser: loser, grade: grade),
            unsafe: unsafe, ratings: ratings, reason: reason)
    }

    /// Nil where none is preferred.
    public var winner: String? {
        if case .preference(let winner, _, _) = verdict { winner } else { nil }
    }

    /// Nil where none is preferred.
    public var loser: String? {
        if case .preference(_, let loser, _) = verdict { loser } else { nil }
    }

    /// Nil where none is preferred.
    public var grade: Grade? {
        if case .preference(_, _, let grade) = verdict { grade } else { nil }
    }

    /// Nil where nobody was asked, and where one is unsafe but none is preferred.
    public var safety: Safety? {
        switch unsafe?.count {
        case 0: .bothSafe
        case 2: .bothUnsafe
        case 1 where winner != nil: .chosenSafe
        default: nil
        }
    }

    /// The order as a ranking: a tie is one row. Nil where both are unacceptable, for that orders nothing.
    public var ranking: Ranking? {
        switch verdict {
        case .preference(let winner, let loser, _): Ranking(checkedRows: [[winner], [loser]])
        case .tie: Ranking(checkedRows: [responseIDs])
        case .bothUnacceptable: nil
        }
    }

    /// - Throws: `ComparisonError` unless these two responses are the ones compared.
    public func validate(against responseIDs: [String]) throws(ComparisonError) {
        guard responseIDs.count == 2 else { throw .notTwoResponses(found: responseIDs.count) }
        for id in self.responseIDs where !responseIDs.contains(id) { throw .foreign(id: id) }
    }

    /// The same comparison with other names for the responses.
    public func renamed(_ names: [String: String]) throws(ComparisonError) -> Comparison {
        var new: [String: String] = [:]
        for id in responseIDs {
            guard let name = names[id] else { throw .foreign(id: id) }
            new[id] = name
        }
        let verdict: Verdict =
            switch self.verdict {
            case .preference(let winner, let loser, let grade):
                .preference(winner: new[winner] ?? winner, loser: new[loser] ?? loser, grade: grade)
            case .tie: .tie
            case .bothUnacceptable: .bothUnacceptable
            }
        return try Comparison(
            between: new[responseIDs[0]] ?? "", and: new[responseIDs[1]] ?? "", verdict: verdict,
            unsafe: unsafe.map { Set($0.compactMap { new[$0] }) }, ratings: ratings.renamed(new), reason: reason)
    }
}

extension Comparison: Codable {
    private enum CodingKeys: String, CodingKey {
        case winner, loser, grade, responses, verdict, unsafe, ratings, reason
    }

    private enum Undecided: String, Codable {
        case tie
        case bothUnacceptable = "both_unacceptable"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let unsafe = try container.decodeIfPresent([String].self, forKey: .unsafe).map(Set.init)
        let ratings = try container.decodeIfPresent([String: ResponseRating].self, forKey: .ratings) ?? [:]
        let reason = try container.decodeIfPresent(String.self, forKey: .reason)
        let undecided = try container.decodeIfPresent(Undecided.self, forKey: .verdict)
        do {
            if let undecided {
                for key in [CodingKeys.winner, .loser, .grade] where container.contains(key) {
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: container,
                        debugDescription:
                            "a comparison with the verdict \(undecided.rawValue) prefers none; leave it out")
                }
                let both = try container.decode([String].self, forKey: .responses)
                guard both.count == 2 else { throw ComparisonError.notTwoResponses(found: both.count) }
                try self.init(
                    between: both[0], and: both[1], verdict: undecided == .tie ? .tie : .bothUnacceptable,
                    unsafe: unsafe, ratings: ratings, reason: reason)
            } else {
                try self.init(
                    winner: try container.decode(String.self, forKey: .winner),
                    loser: try container.decode(String.self, forKey: .loser),
                    grade: try container.decode(Grade.self, forKey: .grade), unsafe: unsafe, ratings: ratings,
                    reason: reason)
            }
        } catch let error as ComparisonError {
            throw DecodingError.dataCorruptedError(
                forKey: undecided == nil ? .winner : .responses, in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch verdict {
        case .preference(let winner, let loser, let grade):
            try container.encode(winner, forKey: .winner)
            try container.encode(loser, forKey: .loser)
            try container.encode(grade, forKey: .grade)
        case .tie, .bothUnacceptable:
            try container.encode(responseIDs, forKey: .responses)
            try container.encode(verdict == .tie ? Undecided.tie : .bothUnacceptable, forKey: .verdict)
        }
        try container.encodeIfPresent(unsafe?.sorted(), forKey: .unsafe)
        if !ratings.isEmpty { try container.encode(ratings, forKey: .ratings) }
        try container.encodeIfPresent(reason, forKey: .reason)
    }
}

/// Why a comparison is not an answer.
public enum ComparisonError: Error, Sendable, Hashable, CustomStringConvertible {
    case emptyID
    case sameResponse(id: String)
    case foreign(id: String)
    case notTwoResponses(found: Int)
    case unsafePreferred(winner: String, loser: String)
    case longReason(found: Int)

    public var description: String {
        switch self {
        case .emptyID: "the comparison names a response without an id"
        case .sameResponse(let id): "response '\(id)' is compared with itself"
        case .foreign(let id): "response '\(id)' does not belong to this group"
        case .notTwoResponses(let found):
            "a comparison is between two responses, but this group has \(found); rank them"
        case .unsafePreferred(let winner, let loser):
            "response '\(winner)' is preferred and called unsafe, while '\(loser)' is safe; a safe response is the better "
                + "answer, so prefer '\(loser)' or change what you said of safety"
        case .longReason(let found):
            "the reason has \(found) characters; it may have \(Comparison.longestReason)"
        }
    }
}
