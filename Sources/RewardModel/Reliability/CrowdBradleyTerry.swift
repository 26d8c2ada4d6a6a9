import Foundation
public import Preferences

/// How reliable each annotator is, estimated together with what the responses are worth.
///
/// An annotator k orders a pair as the responses' utilities say with probability η_k and the other way round else:
/// P(i ≻ j by k) = η_k · σ(s_i - s_j) + (1 - η_k) · σ(s_j - s_i). Utilities and reliabilities are the maximum a posteriori,
/// found by expectation and maximisation. Source: Chen, Bennett, Collins-Thompson and Horvitz 2013, "Pairwise Ranking
/// Aggregation in a Crowdsourced Setting" (Crowd-BT).
///
/// Only pairs that several people ordered say anything of reliability; for an annotator without such pairs the estimate
/// is the prior's.
public struct CrowdBradleyTerry: Sendable {
    /// One annotator's estimate. JSON: `annotator`, `reliability`, `pairs`, `shared_pairs`.
    public struct Annotator: Sendable, Codable, Equatable {
        public var annotator: String
        /// η, the probability of ordering a pair as its utilities say.
        public var reliability: Double
        /// Strict pairs that the annotator gave.
        public var pairs: Int
        /// Those of them that somebody else ordered too.
        public var sharedPairs: Int

        enum CodingKeys: String, CodingKey {
            case annotator, reliability, pairs
            case sharedPairs = "shared_pairs"
        }
    }

    /// By name.
    public let annotators: [Annotator]
    private let reliabilities: [String: Double]

    /// The prior of η, as answers that everybody starts with: most people are mostly right.
    static let priorRight = 10.0
    static let priorWrong = 1.0
    /// Weight of the virtual comparisons with a response of utility 0, one won and one lost (Chen et al.: the virtual node).
    static let virtualWeight = 0.5
    static let rounds = 200
    static let tolerance = 1e-7

    /// - Complexity: rounds × strict pairs of all labels.
    public init(_ groups: [LabelledGroup]) {
        var votes = Votes(groups)
        var eta = [Double](repeating: Self.startingReliability, count: votes.names.count)
        for _ in 0..<Self.rounds {
            let honest = votes.expectation(eta)
            let next = votes.reliabilities(honest)
            votes.improveUtilities(honest)
            let change = zip(eta, next).reduce(0) { max($0, abs($1.0 - $1.1)) }
            eta = next
            if change < Self.tolerance { break }
        }
        annotators = votes.names.enumerated().map { index, name in
            Annotator(
                annotator: name, reliability: eta[index], pairs: votes.pairs[index],
                sharedPairs: votes.sharedPairs[index])
        }
        reliabilities = Dictionary(uniqueKeysWithValues: zip(votes.names, eta))
    }

    /// The most likely η before any answer, where every estimate starts.
    static var startingReliability: Double { priorRight / (priorRight + priorWrong) }

    /// How much an annotator's labels count: 2η - 1, which is 1 for one who is never wrong and 0 for a coin.
    public func weight(of annotator: String) -> Double {
        max(0, 2 * (reliabilities[annotator] ?? Self.startingReliability) - 1)
    }
}

/// All strict pairs with the utilities of their responses.
private struct Votes {
    struct Vote {
        let annotator: Int
        let winner: Int
        let loser: Int
    }

    private(set) var names: [String]
    private var votes: [Vote] = []
    /// By response; each group's lie together.
    private var utilities: [Double] = []
    private var places: [Range<Int>] = []
    private var voteRanges: [Range<Int>] = []
    private(set) var pairs: [Int]
    private(set) var sharedPairs: [Int]

    init(_ groups: [LabelledGroup]) {
        names = Set(groups.flatMap { $0.labels.map(\.annotator) }).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        pairs = [Int](repeating: 0, count: names.count)
        sharedPairs = pairs
        for group in groups {
            let ids = Dictionary(
                group.group.responseIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            let (first, firstVote) = (utilities.count, votes.count)
            for label in group.labels {
                guard let annotator = numbers[label.annotator] else { continue }
                for pair in label.judgement.gradedPairs {
                    guard let winner = ids[pair.winner], let loser = ids[pair.loser] else { continue }
                    votes.append(Vote(annotator: annotator, winner: first + winner, loser: first + loser))
                }
            }
            utilities += [Double](repeating: 0, count: group.group.responses.count)
            places.append(first..<utilities.count)
            voteRanges.append(firstVote..<votes.count)
            count(firstVote..<votes.count)
        }
    }

    private mutating func count(_ range: Range<Int>) {
        var voters: [[Int]: Set<Int>] = [:]
        for vote in votes[range] { voters[Self.key(vote), default: []].insert(vote.annotator) }
        for vote in votes[range] {
            pairs[vote.annotator] += 1
            if (voters[Self.key(vote)]?.count ?? 0) > 1 { sharedPairs[vote.annotator] += 1 }
        }
    }

    private static func key(_ vote: Vote) -> [Int] {
        [min(vote.winner, vote.loser), max(vote.winner, vote.loser)]
    }

    /// By vote, the probability that it followed the utilities.
    func expectation(_ eta: [Double]) -> [Double] {
        votes.map { vote in
            let likely = sigmoid(utilities[vote.winner] - utilities[vote.loser])
            let right = eta[vote.annotator] * likely
            return right / (right + (1 - eta[vote.annotator]) * (1 - likely))
        }
    }

    /// The maximum of the expected log-posterior by η.
    func reliabilities(_ honest: [Double]) -> [Double] {
        var right = [Double](repeating: CrowdBradleyTerry.priorRight, count: names.count)
        var all = [Double](
            repeating: CrowdBradleyTerry.priorRight + CrowdBradleyTerry.priorWrong, count: names.count)
        for (vote, share) in zip(votes, honest) {
            right[vote.annotator] += share
            all[vote.annotator] += 1
        }
        return zip(right, all).map { $0 / $1 }
    }

    /// A few Newton steps by each utility in turn: the expected log-posterior is concave in them.
    mutating func improveUtilities(_ honest: [Double]) {
        for (group, range) in zip(places, voteRanges) where !range.isEmpty {
            for _ in 0..<3 {
                var slopes = [Double](repeating: 0, count: group.count)
                var bends = slopes
                for place in group {
                    // One won and one lost against 0: the slope of log σ(s) + log σ(-s).
                    let likely = sigmoid(utilities[place])
                    slopes[place - group.lowerBound] = CrowdBradleyTerry.virtualWeight * (1 - 2 * likely)
                    bends[place - group.lowerBound] = CrowdBradleyTerry.virtualWeight * 2 * likely * (1 - likely)
                }
                for index in range {
                    let vote = votes[index]
                    let likely = sigmoid(utilities[vote.winner] - utilities[vote.loser])
                    let slope = honest[index] - likely
                    slopes[vote.winner - group.lowerBound] += slope
                    slopes[vote.loser - group.lowerBound] -= slope
                    // Twice the diagonal bounds the curvature of a sum of differences, so no step overshoots.
                    bends[vote.winner - group.lowerBound] += 2 * likely * (1 - likely)
                    bends[vote.loser - group.lowerBound] += 2 * likely * (1 - likely)
                }
                for place in group {
                    let step = slopes[place - group.lowerBound] / max(1e-6, bends[place - group.lowerBound])
                    utilities[place] += min(1, max(-1, step))
                }
            }
        }
    }
}
