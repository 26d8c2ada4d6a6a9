/// Kendall's tau-b of two rankings over the responses that both rank: 1 is the same order, -1 the reverse.
///
/// Source: Kendall, "The Treatment of Ties in Ranking Problems" (1945).
/// - Returns: nil where one of them ties everything, so that there is no order to compare.
/// - Complexity: O(K²).
public func kendallTauB(_ a: Ranking, _ b: Ranking) -> Double? {
    let ranksA = a.ranks
    let ranksB = b.ranks
    let common = a.responseIDs.filter { ranksB[$0] != nil }.sorted()
    var concordant = 0
    var untiedA = 0
    var untiedB = 0
    for (first, second) in allPairs(of: common) {
        guard let a1 = ranksA[first], let a2 = ranksA[second], let b1 = ranksB[first], let b2 = ranksB[second]
        else { continue }
        let signA = (a1 - a2).signum()
        let signB = (b1 - b2).signum()
        concordant += signA * signB
        untiedA += signA * signA
        untiedB += signB * signB
    }
    guard untiedA > 0, untiedB > 0 else { return nil }
    return Double(concordant) / (Double(untiedA) * Double(untiedB)).squareRoot()
}

/// How often two people order the same two responses the same way.
public struct PairAgreement: Sendable, Hashable, Codable {
    public static let definition = """
        Of all pairs of responses that two annotators of the same task both put in a strict order, the share on which \
        they agree. Pairs that one or both of them tied are counted apart and are not in the share.
        """

    public var agreed = 0
    public var disagreed = 0
    public var tiedByOne = 0
    public var tiedByBoth = 0

    public init() {}

    /// The pairs of responses that both rank.
    public init(_ a: Ranking, _ b: Ranking) {
        let ranksA = a.ranks
        let ranksB = b.ranks
        for (first, second) in allPairs(of: a.responseIDs.sorted()) {
            guard let a1 = ranksA[first], let a2 = ranksA[second], let b1 = ranksB[first], let b2 = ranksB[second]
            else { continue }
            switch (a1 == a2, b1 == b2) {
            case (true, true): tiedByBoth += 1
            case (true, false), (false, true): tiedByOne += 1
            case (false, false):
                if (a1 < a2) == (b1 < b2) { agreed += 1 } else { disagreed += 1 }
            }
        }
    }

    public static func + (left: PairAgreement, right: PairAgreement) -> PairAgreement {
        var sum = left
        sum.agreed += right.agreed
        sum.disagreed += right.disagreed
        sum.tiedByOne += right.tiedByOne
        sum.tiedByBoth += right.tiedByBoth
        return sum
    }

    /// Nil where no pair was ordered by both.
    public var rate: Double? {
        agreed + disagreed > 0 ? Double(agreed) / Double(agreed + disagreed) : nil
    }

    /// 95% by Wilson; it takes pairs as independent, so with K > 2 it is narrower than the truth.
    public var interval: ClosedRange<Double>? {
        wilsonInterval(successes: Double(agreed), trials: Double(agreed + disagreed))
    }

    private enum CodingKeys: String, CodingKey {
        case agreed, disagreed
        case tiedByOne = "tied_by_one"
        case tiedByBoth = "tied_by_both"
    }
}

/// Agreement over all pairs of labels that different annotators gave the same group. Answers that order nothing are in
/// no pair.
public func agreement(of groups: [LabelledGroup]) -> PairAgreement {
    doublyRanked(groups).reduce(into: PairAgreement()) { $0 = $0 + PairAgreement($1.0, $1.1) }
}

/// The mean tau-b over the same pairs of labels; nil where there is none with an order on both sides.
public func meanTau(of groups: [LabelledGroup]) -> Double? {
    let taus = doublyRanked(groups).compactMap { kendallTauB($0, $1) }
    return taus.isEmpty ? nil : taus.reduce(0, +) / Double(taus.count)
}

/// Both rankings of each pair of labels that different annotators gave the same group.
private func doublyRanked(_ groups: [LabelledGroup]) -> [(Ranking, Ranking)] {
    groups.flatMap { group in
        allPairs(of: group.labels).compactMap { first, second in
            guard first.annotator != second.annotator, let one = first.judgement.ranking,
                let other = second.judgement.ranking
            else { return nil }
            return (one, other)
        }
    }
}

/// The 95% (by default) interval of a share. Source: Wilson, "Probable Inference" (1927).
/// - Returns: nil without trials.
public func wilsonInterval(
    successes: Double, trials: Double, z: Double = 1.959963984540054
) -> ClosedRange<Double>? {
    guard trials > 0 else { return nil }
    let share = successes / trials
    let square = z * z
    let centre = share + square / (2 * trials)
    let spread = z * (share * (1 - share) / trials + square / (4 * trials * trials)).squareRoot()
    let scale = 1 + square / trials
    let low = max(0, (centre - spread) / scale)
    return low...max(low, min(1, (centre + spread) / scale))
}

func allPairs<Element>(of elements: [Element]) -> [(Element, Element)] {
    elements.indices.flatMap { first in
        elements.indices.dropFirst(first + 1).map { (elements[first], elements[$0]) }
    }
}
