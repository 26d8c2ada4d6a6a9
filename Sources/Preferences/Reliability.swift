/// How reliable ordinal values are that several people gave the same units: Krippendorff's alpha. 1 is perfect agreement, 0
/// what chance would give, and below 0 people agree less than by chance.
///
/// Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), with the difference of ordinal values.
public struct OrdinalReliability: Sendable, Hashable {
    /// Units that at least two people gave a value.
    public private(set) var units = 0
    /// How often a value stands beside another one of the same unit, `1 / (m − 1)` for each ordered pair of its m values.
    private var coincidences: [Pair: Double] = [:]

    private struct Pair: Hashable, Comparable {
        let first: Int
        let second: Int

        static func < (left: Pair, right: Pair) -> Bool { (left.first, left.second) < (right.first, right.second) }
    }

    public init() {}

    /// - Parameter values: what each person said of one unit; fewer than two say nothing of agreement.
    public mutating func add(_ values: [Int]) {
        guard values.count > 1 else { return }
        units += 1
        let share = 1 / Double(values.count - 1)
        for (one, first) in values.enumerated() {
            for (other, second) in values.enumerated() where one != other {
                coincidences[Pair(first: first, second: second), default: 0] += share
            }
        }
    }

    /// Nil without a unit that two people gave a value, and where all values are the same: then there is nothing that
    /// chance could have got wrong.
    public var alpha: Double? {
        var counts: [Int: Double] = [:]
        for (pair, share) in coincidences.sorted(by: { $0.key < $1.key }) { counts[pair.first, default: 0] += share }
        let values = counts.keys.sorted()
        guard values.count > 1 else { return nil }
        // The square of how many values lie between two of them, half of each end's own.
        func difference(_ low: Int, _ high: Int) -> Double {
            let between = values[low...high].reduce(0) { $0 + (counts[$1] ?? 0) }
            let ends = ((counts[values[low]] ?? 0) + (counts[values[high]] ?? 0)) / 2
            return (between - ends) * (between - ends)
        }
        var observed = 0.0
        var expected = 0.0
        for low in values.indices {
            for high in values.indices where high > low {
                let square = difference(low, high)
                observed += (coincidences[Pair(first: values[low], second: values[high])] ?? 0) * square
                expected += (counts[values[low]] ?? 0) * (counts[values[high]] ?? 0) * square
            }
        }
        let total = values.reduce(0) { $0 + (counts[$1] ?? 0) }
        return 1 - (total - 1) * observed / expected
    }
}

extension OrdinalReliability {
    /// Of orders: a unit is a pair of responses, its value which of the two is better, or that they are tied. Each pair is
    /// taken in both directions, so that it does not matter which one is named first.
    public init(ordersOf groups: [LabelledGroup]) {
        self.init()
        for group in groups { addPairs(of: group) { $0.ranking?.sign($1, $2) } }
    }

    /// Of grades: a unit is a comparison, its value the side with its grade: from −4, the second one is significantly better,
    /// over 0, a tie, to 4. In both directions as above.
    public init(gradesOf groups: [LabelledGroup]) {
        self.init()
        for group in groups {
            addPairs(of: group) { judgement, first, second in
                guard case .comparison = judgement, let sign = judgement.ranking?.sign(first, second) else {
                    return nil
                }
                return sign * (judgement.grade?.steps ?? 0)
            }
        }
    }

    /// Of ratings from 1 to 7: a unit is a response.
    public init(ratingsOf groups: [LabelledGroup]) {
        self.init()
        for group in groups {
            for response in group.group.responses {
                add(group.labels.compactMap { $0.judgement.ratings[response.id]?.overall })
            }
        }
    }

    private mutating func addPairs(of group: LabelledGroup, _ value: (Judgement, String, String) -> Int?) {
        guard group.labels.count > 1 else { return }
        for (first, second) in allPairs(of: group.group.responses.map(\.id)) {
            let values = group.labels.compactMap { value($0.judgement, first, second) }
            guard values.count > 1 else { continue }
            add(values)
            add(values.map { -$0 })
            units -= 1
        }
    }
}

extension Ranking {
    /// 1 where `first` is better, −1 where `second` is, 0 for a tie; nil where one of them has no rank.
    fileprivate func sign(_ first: String, _ second: String) -> Int? {
        guard let one = rank(of: first), let other = rank(of: second) else { return nil }
        return (other - one).signum()
    }
}

extension Grade {
    /// From 1, negligibly better or unsure, to 4, significantly better.
    fileprivate var steps: Int {
        switch self {
        case .significantly: 4
        case .better: 3
        case .slightly: 2
        case .negligibly: 1
        }
    }
}
