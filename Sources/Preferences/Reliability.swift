import SeededRandom

/// How reliable ordinal values are that several people gave the same units: Krippendorff's alpha. 1 is perfect agreement, 0
/// what chance would give, and below 0 people agree less than by chance.
///
/// Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), with the difference of ordinal values.
public struct OrdinalReliability: Sendable, Hashable {
    /// Units that at least two people gave a value.
    public private(set) var units = 0
    /// What was judged together, and is drawn together for the interval: the units of one group.
    private var clusters: [Coincidences] = []

    public init() {}

    /// A cluster of one unit.
    /// - Parameter values: what each person said of it; fewer than two say nothing of agreement.
    public mutating func add(_ values: [Int]) {
        var cluster = Coincidences()
        cluster.add(values)
        if values.count > 1 { add(cluster, units: 1) }
    }

    private mutating func add(_ cluster: Coincidences, units count: Int) {
        guard count > 0 else { return }
        units += count
        clusters.append(cluster)
    }

    /// Nil without a unit that two people gave a value, and where all values are the same: then there is nothing that
    /// chance could have got wrong.
    public var alpha: Double? { Table(clusters).alpha(of: clusters.indices) }

    /// Groups below which an interval by drawing them would say more than it knows.
    public static let fewestGroups = 10

    /// The 95% interval of `alpha` from drawing the groups anew, with replacement: the pairs of a group were judged by the same
    /// people at once, so they are drawn together. Nil with fewer than `fewestGroups` groups, where nobody disagreed (all
    /// draws say the same then), and where a tenth of the draws or more have no alpha.
    /// - Parameter resamples: how often they are drawn.
    public func interval(resamples: Int = 400, seed: UInt64 = 1) -> ClosedRange<Double>? {
        let table = Table(clusters)
        guard clusters.count >= Self.fewestGroups, let alpha = table.alpha(of: clusters.indices), alpha < 1 else {
            return nil
        }
        var random = SplitMix64(seed: seed)
        let drawn = (0..<resamples).compactMap { _ in
            table.alpha(of: (0..<clusters.count).map { _ in random.nextIndex(below: clusters.count) })
        }
        return drawn.count * 10 > resamples * 9 ? drawn.middle95 : nil
    }
}

/// How often a value stands beside another one of the same unit, `1 / (m − 1)` for each ordered pair of its m values.
private struct Coincidences: Sendable, Hashable {
    struct Pair: Hashable, Comparable {
        let first: Int
        let second: Int

        static func < (left: Pair, right: Pair) -> Bool { (left.first, left.second) < (right.first, right.second) }
    }

    private(set) var shares: [Pair: Double] = [:]

    mutating func add(_ values: [Int]) {
        guard values.count > 1 else { return }
        let share = 1 / Double(values.count - 1)
        for (one, first) in values.enumerated() {
            for (other, second) in values.enumerated() where one != other {
                shares[Pair(first: first, second: second), default: 0] += share
            }
        }
    }
}

/// Coincidences of all clusters over the same values, laid out for adding many of them up quickly.
private struct Table {
    /// Of the values in ascending order: `cells[cluster]` are places in a matrix of values by values, row by row.
    private let size: Int
    private let cells: [[(place: Int, share: Double)]]

    init(_ clusters: [Coincidences]) {
        let values = Set(clusters.flatMap { $0.shares.keys.map(\.first) }).sorted()
        let places = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
        size = values.count
        cells = clusters.map { cluster in
            cluster.shares.sorted { $0.key < $1.key }.compactMap { pair, share in
                guard let row = places[pair.first], let column = places[pair.second] else { return nil }
                return (row * values.count + column, share)
            }
        }
    }

    /// - Parameter chosen: clusters, each as often as it is named.
    func alpha(of chosen: some Sequence<Int>) -> Double? {
        var matrix = Array(repeating: 0.0, count: size * size)
        for cluster in chosen { for cell in cells[cluster] { matrix[cell.place] += cell.share } }
        let counts = (0..<size).map { row in matrix[(row * size)..<((row + 1) * size)].reduce(0, +) }
        guard counts.count(where: { $0 > 0 }) > 1 else { return nil }
        var observed = 0.0
        var expected = 0.0
        for low in 0..<size {
            // How many values lie between the two, half of each end's own.
            var between = counts[low] / 2
            for high in (low + 1)..<size {
                let difference = between + counts[high] / 2
                between += counts[high]
                observed += matrix[low * size + high] * difference * difference
                expected += counts[low] * counts[high] * difference * difference
            }
        }
        return 1 - (counts.reduce(0, +) - 1) * observed / expected
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
            var (cluster, count) = (Coincidences(), 0)
            for response in group.group.responses {
                let values = group.labels.compactMap { $0.judgement.ratings[response.id]?.overall }
                cluster.add(values)
                if values.count > 1 { count += 1 }
            }
            add(cluster, units: count)
        }
    }

    private mutating func addPairs(of group: LabelledGroup, _ value: (Judgement, String, String) -> Int?) {
        guard group.labels.count > 1 else { return }
        var (cluster, count) = (Coincidences(), 0)
        for (first, second) in allPairs(of: group.group.responses.map(\.id)) {
            let values = group.labels.compactMap { value($0.judgement, first, second) }
            guard values.count > 1 else { continue }
            cluster.add(values)
            cluster.add(values.map { -$0 })
            count += 1
        }
        add(cluster, units: count)
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
