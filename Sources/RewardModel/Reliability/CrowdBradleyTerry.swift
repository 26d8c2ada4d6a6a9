import Foundation
public import Preferences

/// How reliable each annotator is, estimated together with what the responses are worth.
///
/// An annotator k orders a pair as the responses' utilities say with probability η_k and the other way round else:
/// P(i ≻ j by k) = η_k · σ(s_i - s_j) + (1 - η_k) · σ(s_j - s_i). Source: Chen, Bennett, Collins-Thompson and Horvitz 2013,
/// "Pairwise Ranking Aggregation in a Crowdsourced Setting" (Crowd-BT).
///
/// A pair has few votes, so a utility that is fitted to them explains every disagreement away. Differences of utilities are
/// therefore integrated over, normal with a deviation that is estimated too; η and deviation are the maximum a posteriori,
/// found by expectation and maximisation over pairs. Only pairs that several people ordered say anything of reliability;
/// for an annotator without such pairs the estimate is the prior's.
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
    static let rounds = 200
    static let tolerance = 1e-6
    /// A larger deviation of the utilities' differences changes no probability that matters.
    static let widestDeviation = 10.0

    /// - Complexity: rounds × votes on shared pairs.
    public init(_ groups: [LabelledGroup]) {
        let votes = Votes(groups)
        var eta = [Double](repeating: Self.startingReliability, count: votes.names.count)
        var deviation = 1.5
        for _ in 0..<Self.rounds {
            let next = votes.improved(eta, deviation: deviation)
            let change = zip(eta, next.eta).reduce(0) { max($0, abs($1.0 - $1.1)) }
            (eta, deviation) = next
            if change < Self.tolerance { break }
        }
        annotators = votes.names.enumerated().map { index, name in
            Annotator(
                annotator: name, reliability: eta[index], pairs: votes.pairs[index],
                sharedPairs: votes.sharedPairs[index])
        }
        reliabilities = Dictionary(uniqueKeysWithValues: zip(votes.names, eta))
    }

    /// The most likely η before any answer.
    static var startingReliability: Double { priorRight / (priorRight + priorWrong) }

    /// How much an annotator's labels count: 2η - 1, which is 1 for one who is never wrong and 0 for a coin.
    public func weight(of annotator: String) -> Double {
        max(0, 2 * (reliabilities[annotator] ?? Self.startingReliability) - 1)
    }
}

/// The strict pairs that several people ordered.
private struct Votes {
    struct Vote {
        let annotator: Int
        /// Whether the response with the lower index won.
        let firstWon: Bool
    }

    let names: [String]
    /// By annotator.
    private(set) var pairs: [Int]
    private(set) var sharedPairs: [Int]
    /// By shared pair.
    private var votes: [[Vote]] = []

    /// Nodes and weights of the integral over a normal distribution of deviation 1.
    private static let nodes = (-10...10).map { Double($0) * 0.4 }
    private static let weights: [Double] = {
        let densities = nodes.map { exp(-$0 * $0 / 2) }
        let total = densities.reduce(0, +)
        return densities.map { $0 / total }
    }()

    init(_ groups: [LabelledGroup]) {
        names = Set(groups.flatMap { $0.labels.map(\.annotator) }).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        pairs = [Int](repeating: 0, count: names.count)
        sharedPairs = pairs
        for group in groups {
            let places = Dictionary(
                group.group.responseIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            var byPair: [[Int]: [Vote]] = [:]
            for label in group.labels {
                guard let annotator = numbers[label.annotator] else { continue }
                for pair in label.judgement.gradedPairs {
                    guard let winner = places[pair.winner], let loser = places[pair.loser] else { continue }
                    byPair[[min(winner, loser), max(winner, loser)], default: []].append(
                        Vote(annotator: annotator, firstWon: winner < loser))
                    pairs[annotator] += 1
                }
            }
            for (_, own) in byPair.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
            where Set(own.map(\.annotator)).count > 1 {
                votes.append(own)
                for vote in own { sharedPairs[vote.annotator] += 1 }
            }
        }
    }

    /// One round of expectation and maximisation.
    func improved(_ eta: [Double], deviation: Double) -> (eta: [Double], deviation: Double) {
        var right = [Double](repeating: CrowdBradleyTerry.priorRight, count: names.count)
        var all = [Double](
            repeating: CrowdBradleyTerry.priorRight + CrowdBradleyTerry.priorWrong, count: names.count)
        let likely = Self.nodes.map { sigmoid(deviation * $0) }
        var squares = 0.0
        var honest: [Double] = []
        for own in votes {
            var total = 0.0
            var square = 0.0
            honest = [Double](repeating: 0, count: own.count)
            for (node, first) in likely.enumerated() {
                var density = Self.weights[node]
                for vote in own {
                    let asVoted = vote.firstWon ? first : 1 - first
                    density *= eta[vote.annotator] * asVoted + (1 - eta[vote.annotator]) * (1 - asVoted)
                }
                for (index, vote) in own.enumerated() {
                    let asVoted = vote.firstWon ? first : 1 - first
                    let isHonest = eta[vote.annotator] * asVoted
                    honest[index] += density * isHonest / (isHonest + (1 - eta[vote.annotator]) * (1 - asVoted))
                }
                total += density
                square += density * Self.nodes[node] * Self.nodes[node]
            }
            guard total > 0 else { continue }
            for (index, vote) in own.enumerated() {
                right[vote.annotator] += honest[index] / total
                all[vote.annotator] += 1
            }
            squares += square / total
        }
        let wider = votes.isEmpty ? deviation : deviation * (squares / Double(votes.count)).squareRoot()
        return (zip(right, all).map { $0 / $1 }, min(CrowdBradleyTerry.widestDeviation, wider))
    }
}
