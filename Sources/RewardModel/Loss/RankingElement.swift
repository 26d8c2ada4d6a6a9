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
    /// Part of the votes on these two responses that this order has; 1 where one person's is all there is.
    public let share: Double

    public init(winner: Int, loser: Int, margin: Double = 0, grade: Grade? = nil, share: Double = 1) {
        self.winner = winner
        self.loser = loser
        self.margin = margin
        self.grade = grade
        self.share = share
    }
}

/// Two responses that a judgement calls equally good.
public struct TiedPair: Sendable, Equatable {
    /// The lower index.
    public let first: Int
    public let second: Int
    /// Part of the votes on these two responses.
    public let share: Double

    public init(_ first: Int, _ second: Int, share: Double = 1) {
        self.first = min(first, second)
        self.second = max(first, second)
        self.share = share
    }
}

/// One judgement of a group, as the loss sees it: the unit of a batch.
///
/// All strict pairs of a ranking stay together in one element, because pairs that are spread over batches use each
/// response several times in a pass over the data and overfit (Ouyang et al. 2022, §3.5).
public struct RankingElement: Sendable, Equatable {
    /// Strictly ordered pairs.
    public let pairs: [PreferencePair]
    /// Tied pairs, where ties are learnt from; else none.
    public let ties: [TiedPair]
    /// Indices, ascending, of the responses that the judgement speaks of.
    public let members: [Int]
    /// How much the element counts among others.
    public let weight: Double
    /// Who judged; nil where several judgements are merged.
    public let annotator: String?

    public init(
        pairs: [PreferencePair], ties: [TiedPair] = [], members: [Int], weight: Double = 1, annotator: String? = nil
    ) {
        self.pairs = pairs
        self.ties = ties
        self.members = members
        self.weight = weight
        self.annotator = annotator
    }

    /// Ranks of responses 0, 1, … (1 is best, equal ranks are ties): all strict pairs.
    public init(ranks: [Int], weight: Double = 1) {
        let pairs = ranks.indices.flatMap { better in
            ranks.indices.filter { ranks[better] < ranks[$0] }.map { PreferencePair(winner: better, loser: $0) }
        }
        self.init(pairs: pairs, members: Array(ranks.indices), weight: weight)
    }

    /// A label's judgement; nil where it says nothing about order: it ties everything, or calls both unacceptable.
    /// - Parameters:
    ///   - responseIDs: the group's responses, in the order of their scores.
    ///   - keepsTies: whether its ties are kept; a judgement that ties everything then says something.
    public init?(_ label: GroupLabel, responseIDs: [String], margins: MarginScale, keepsTies: Bool = false) {
        let places = Dictionary(responseIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let margin = label.judgement.margin(margins)
        let pairs = label.judgement.gradedPairs.compactMap { pair -> PreferencePair? in
            guard let winner = places[pair.winner], let loser = places[pair.loser] else { return nil }
            return PreferencePair(winner: winner, loser: loser, margin: margin, grade: pair.grade)
        }
        guard let ranking = label.judgement.ranking else { return nil }
        var ties: [TiedPair] = []
        if keepsTies {
            for row in ranking.rows.map({ $0.compactMap { places[$0] }.sorted() }) {
                for (place, first) in row.enumerated() { ties += row[(place + 1)...].map { TiedPair(first, $0) } }
            }
        }
        guard !pairs.isEmpty || !ties.isEmpty else { return nil }
        self.init(
            pairs: pairs, ties: ties, members: ranking.responseIDs.compactMap { places[$0] }.sorted(),
            weight: label.weight ?? 1, annotator: label.annotator)
    }

    /// The same with another weight.
    public func weighing(_ weight: Double) -> RankingElement {
        RankingElement(pairs: pairs, ties: ties, members: members, weight: weight, annotator: annotator)
    }

    /// The members in rows, best first, tied ones in one row: in a weak order the number of responses that stand above
    /// one is a rank.
    public var rows: [[Int]] {
        Dictionary(grouping: members) { member in pairs.count { $0.loser == member } }
            .sorted { $0.key < $1.key }.map(\.value)
    }
}

extension RankingElement {
    /// Several people's judgements of one group as one element: of the votes on two responses, each order has its share,
    /// by weight. Its weight is the mean of theirs, so a group counts once however many people judged it.
    public static func merged(_ elements: [RankingElement]) -> RankingElement? {
        guard elements.count > 1 else { return elements.first }
        struct Key: Hashable {
            let first: Int
            let second: Int
        }
        func key(_ one: Int, _ other: Int) -> Key { Key(first: min(one, other), second: max(one, other)) }
        var votes: [Key: Double] = [:]
        for element in elements {
            for pair in element.pairs { votes[key(pair.winner, pair.loser), default: 0] += element.weight * pair.share }
            for tie in element.ties { votes[key(tie.first, tie.second), default: 0] += element.weight * tie.share }
        }
        func share(_ one: Int, _ other: Int, _ vote: Double) -> Double {
            let total = votes[key(one, other)] ?? 0
            return total > 0 ? vote / total : 0
        }
        let pairs = elements.flatMap { element in
            element.pairs.map {
                PreferencePair(
                    winner: $0.winner, loser: $0.loser, margin: $0.margin, grade: $0.grade,
                    share: share($0.winner, $0.loser, element.weight * $0.share))
            }
        }
        let ties = elements.flatMap { element in
            element.ties.map {
                TiedPair($0.first, $0.second, share: share($0.first, $0.second, element.weight * $0.share))
            }
        }
        let weight = elements.reduce(0) { $0 + $1.weight } / Double(elements.count)
        return RankingElement(
            pairs: pairs, ties: ties, members: Set(elements.flatMap(\.members)).sorted(), weight: weight)
    }
}
