/// How often the response shown on the left won; without a side bias about half.
public struct SideBias: Sendable, Hashable, Codable {
    public var left = 0
    public var right = 0

    public init() {}

    /// - Parameter winnerSlot: 0 is left, 1 is right.
    public mutating func record(winnerSlot: Int) {
        if winnerSlot == 0 { left += 1 } else { right += 1 }
    }

    /// Nil without comparisons.
    public var leftShare: Double? { left + right > 0 ? Double(left) / Double(left + right) : nil }

    /// 95% by Wilson.
    public var interval: ClosedRange<Double>? {
        wilsonInterval(successes: Double(left), trials: Double(left + right))
    }

    public static func + (one: SideBias, other: SideBias) -> SideBias {
        var sum = one
        sum.left += other.left
        sum.right += other.right
        return sum
    }
}

/// Per display slot, how often a response was shown there and how often it was ranked alone at the top.
public struct SlotCounts: Sendable, Hashable, Codable {
    public private(set) var shown: [Int] = []
    public private(set) var first: [Int] = []

    public init() {}

    /// - Parameter displayOrder: the response ids from the first slot to the last.
    public mutating func record(_ ranking: Ranking, displayOrder: [String]) {
        while shown.count < displayOrder.count {
            shown.append(0)
            first.append(0)
        }
        let top = ranking.rows.first.flatMap { $0.count == 1 ? $0[0] : nil }
        for (slot, id) in displayOrder.enumerated() {
            shown[slot] += 1
            if id == top { first[slot] += 1 }
        }
    }
}

/// How often the longer response won.
public struct LengthPreference: Sendable, Hashable, Codable {
    public var longerWins = 0
    public var shorterWins = 0
    public var equalLength = 0

    public init() {}

    /// Over all strict pairs of all labels, by characters.
    public init(of groups: [LabelledGroup]) {
        for group in groups {
            let lengths = Dictionary(
                group.group.responses.map { ($0.id, $0.text.count) }, uniquingKeysWith: { first, _ in first })
            for pair in group.labels.flatMap({ $0.judgement.gradedPairs }) {
                guard let winner = lengths[pair.winner], let loser = lengths[pair.loser] else { continue }
                if winner > loser {
                    longerWins += 1
                } else if winner < loser {
                    shorterWins += 1
                } else {
                    equalLength += 1
                }
            }
        }
    }

    /// Share of pairs of unequal length that the longer one won; nil without any.
    public var longerShare: Double? {
        longerWins + shorterWins > 0 ? Double(longerWins) / Double(longerWins + shorterWins) : nil
    }

    /// 95% by Wilson.
    public var interval: ClosedRange<Double>? {
        wilsonInterval(successes: Double(longerWins), trials: Double(longerWins + shorterWins))
    }

    private enum CodingKeys: String, CodingKey {
        case longerWins = "longer_wins"
        case shorterWins = "shorter_wins"
        case equalLength = "equal_length"
    }
}
