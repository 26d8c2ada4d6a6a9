/// The order that several rankings of the same responses give together, by ranked pairs: the pairs with the largest majorities
/// are fixed first, and a pair that contradicts what is fixed is left out. Pairs of equal majorities are looked at at once,
/// and those that contradict each other are all left out, so that no result hangs on an id.
///
/// Source: Tideman, "Independence of Clones as a Criterion for Voting Rules" (1987), ties left undecided.
/// - Returns: rows, best first; what no majority puts in an order shares a row, as high as it may stand. Nil without rankings.
/// - Complexity: O(K⁴).
public func consensus(of rankings: [Ranking]) -> [[String]]? {
    guard let first = rankings.first else { return nil }
    let ids = first.responseIDs.sorted()
    var majorities: [Int: [OrderedPair]] = [:]
    for (one, other) in allPairs(of: ids) {
        let margin = rankings.reduce(0) { sum, ranking in
            guard let a = ranking.rank(of: one), let b = ranking.rank(of: other) else { return sum }
            return sum + (b - a).signum()
        }
        if margin == 0 { continue }
        majorities[abs(margin), default: []].append(
            margin > 0 ? OrderedPair(winner: one, loser: other) : OrderedPair(winner: other, loser: one))
    }
    var fixed = PairGraph()
    for (_, pairs) in majorities.sorted(by: { $0.key > $1.key }) {
        var all = fixed
        for pair in pairs { all.add(pair) }
        for pair in pairs where !all.leads(from: pair.loser, to: pair.winner) { fixed.add(pair) }
    }
    var rows: [[String]] = []
    var left = ids
    while !left.isEmpty {
        let top = left.filter { id in !left.contains { fixed.losers[$0]?.contains(id) == true } }
        rows.append(top)
        left.removeAll(where: top.contains)
    }
    return rows
}

/// Who stands above whom.
private struct PairGraph {
    private(set) var losers: [String: Set<String>] = [:]

    mutating func add(_ pair: OrderedPair) { losers[pair.winner, default: []].insert(pair.loser) }

    func leads(from start: String, to end: String) -> Bool {
        var reached: Set<String> = [start]
        var next = [start]
        while let id = next.popLast() {
            for loser in losers[id] ?? [] where reached.insert(loser).inserted { next.append(loser) }
        }
        return reached.contains(end)
    }
}
