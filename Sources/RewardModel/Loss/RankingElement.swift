public import Preferences

/// Two responses of a group in a strict order.
public struct PreferencePair: Sendable, Equatable {
    /// Index of the better response in its group.
    public let winner: Int
    /// Index of the worse response in its group.
    public let loser: Int
    /// By how much the winner's score should lie above the loser's for the loss to treat them as even; 0 is plain
    /// Bradley–Terry.
    public let margin: Double
    /// The strength that the annotator gave, if any.
    public let grade: Grade?

    public init(winner: Int, loser: Int, margin: Double = 0, grade: Grade? = nil) {
        self.winner = winner
        self.loser = loser
        self.margin = margin
        self.grade = grade
    }
}

/// One judgement of a group, as the loss sees it: the unit of a batch.
///
/// All strict pairs of a ranking stay together in one element, because pairs that are spread over batches use each
/// response several times in a pass over the data and overfit (Ouyang et al. 2022, §3.5).
public struct RankingElement: Sendable, Equatable {
    /// Strictly ordered pairs; ties give none.
    public let pairs: [PreferencePair]
    /// Indices, ascending, of the responses that the judgement speaks of.
    public let members: [Int]
    /// How much the element counts among others.
    public let weight: Double

    public init(pairs: [PreferencePair], members: [Int], weight: Double = 1) {
        self.pairs = pairs
        self.members = members
        self.weight = weight
    }

    /// Ranks of responses 0, 1, … (1 is best, equal ranks are ties): all strict pairs.
    public init(ranks: [Int], weight: Double = 1) {
        let pairs = ranks.indices.flatMap { better in
            ranks.indices.filter { ranks[better] < ranks[$0] }.map { PreferencePair(winner: better, loser: $0) }
        }
        self.init(pairs: pairs, members: Array(ranks.indices), weight: weight)
    }

    /// A label's judgement; nil where it says nothing about order: it ties everything, or calls both unacceptable.
    /// - Parameter responseIDs: the group's responses, in the order of their scores.
    public init?(_ label: GroupLabel, responseIDs: [String], margins: MarginScale) {
        let places = Dictionary(responseIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let margin = label.judgement.margin(margins)
        let pairs = label.judgement.gradedPairs.compactMap { pair -> PreferencePair? in
            guard let winner = places[pair.winner], let loser = places[pair.loser] else { return nil }
            return PreferencePair(winner: winner, loser: loser, margin: margin, grade: pair.grade)
        }
        guard !pairs.isEmpty, let ranking = label.judgement.ranking else { return nil }
        self.init(
            pairs: pairs, members: ranking.responseIDs.compactMap { places[$0] }.sorted(),
            weight: label.weight ?? 1)
    }
}
