import Foundation
import Preferences

/// How well scores agree with judgements of prompts.
public struct RewardEvaluation: Codable, Sendable, Equatable {
    /// Strictly ordered pairs.
    public var pairs = 0
    /// Share of the pairs whose winner scores higher; equal scores count half.
    public var accuracy = 0.0
    /// The same by the grade that was given; pairs of rankings are `ungraded`.
    public var accuracyByGrade: [String: Double] = [:]
    /// -log of the probability of the order in nats, ties put aside: σ(difference of logits), or what the model of ties makes of
    /// it. Mean over a judgement's pairs, then over judgements. No margin, no centring.
    public var logLoss = 0.0
    /// Expected calibration error over ten bins of the stronger side's probability, 0.5 to 1.
    public var calibrationError = 0.0
    /// Mean over judgements of Kendall's τ-b between scores and ranking; nil where none has one.
    public var kendallTau: Double?
    /// Accuracy of always picking the longer response, or the shorter one where that won more often in training.
    public var lengthBaselineAccuracy = 0.0
    /// Pearson correlation of score and characters within groups (each group's means taken off), groups by weight; nil where
    /// undefined.
    public var lengthCorrelation: Double?

    /// - Parameters:
    ///   - scores: logits `[examples][responses]`.
    ///   - longerIsBetter: the direction of the length baseline.
    ///   - ties: the model that the scores were learnt with.
    public init(
        _ examples: [RewardExample], scores: [[Double]], longerIsBetter: Bool, ties: TieModel = .none
    ) {
        var tally = Tally(ties: ties)
        for (example, own) in zip(examples, scores) {
            for element in example.elements where !element.pairs.isEmpty {
                tally.add(element, scores: own, lengths: example.lengths, longerIsBetter: longerIsBetter)
                tally.addOrder(element, scores: own)
            }
            tally.addLengths(example.lengths, scores: own, weight: example.weight)
        }
        pairs = tally.pairs
        accuracy = tally.right.mean
        accuracyByGrade = tally.rightByGrade.mapValues(\.mean)
        logLoss = tally.logLoss.mean
        calibrationError = tally.calibration.expectedError
        kendallTau = tally.tau.weight > 0 ? tally.tau.mean : nil
        lengthBaselineAccuracy = tally.lengthRight.mean
        lengthCorrelation = tally.correlation
    }

    /// Whether the longer response wins more strict pairs than the shorter one.
    public static func longerWins(in examples: [RewardExample]) -> Bool {
        var lead = 0.0
        for example in examples {
            for element in example.elements {
                for pair in element.pairs {
                    lead +=
                        element.weight * Double((example.lengths[pair.winner] - example.lengths[pair.loser]).signum())
                }
            }
        }
        return lead >= 0
    }
}

/// A weighted mean under way.
private struct Mean {
    var sum = 0.0
    var weight = 0.0
    var mean: Double { weight > 0 ? sum / weight : 0 }
    mutating func add(_ value: Double, weight: Double) {
        sum += value * weight
        self.weight += weight
    }
}

private struct Tally {
    let ties: TieModel
    var pairs = 0
    var right = Mean()
    var rightByGrade: [String: Mean] = [:]
    var logLoss = Mean()
    var calibration = Calibration()
    var tau = Mean()
    var lengthRight = Mean()
    private var productSum = 0.0
    private var scoreSquares = 0.0
    private var lengthSquares = 0.0

    init(ties: TieModel) { self.ties = ties }

    mutating func add(_ element: RankingElement, scores: [Double], lengths: [Int], longerIsBetter: Bool) {
        var loss = 0.0
        for pair in element.pairs {
            let lead = scores[pair.winner] - scores[pair.loser]
            let credit = orderCredit(lead)
            pairs += 1
            right.add(credit, weight: element.weight)
            rightByGrade[pair.grade?.rawValue ?? "ungraded", default: Mean()].add(credit, weight: element.weight)
            let logOdds = ties.strictLogOdds(lead)
            calibration.add(probability: sigmoid(logOdds), weight: element.weight)
            let longer = Double(lengths[pair.winner] - lengths[pair.loser])
            lengthRight.add(orderCredit(longerIsBetter ? longer : -longer), weight: element.weight)
            loss += softplus(-logOdds)
        }
        logLoss.add(loss / Double(max(1, element.pairs.count)), weight: element.weight)
    }

    mutating func addOrder(_ element: RankingElement, scores: [Double]) {
        // In a weak order the number of responses that stand above one is a rank.
        let above = element.members.map { member in Double(element.pairs.count { $0.loser == member }) }
        guard let judged = order(of: element.members, by: above.map { -$0 }),
            let scored = order(of: element.members, by: element.members.map { scores[$0] }),
            let tau = kendallTauB(scored, judged)
        else { return }
        self.tau.add(tau, weight: element.weight)
    }

    private func order(of members: [Int], by values: [Double]) -> Ranking? {
        let levels = Dictionary(grouping: zip(members, values), by: \.1).sorted { $0.key > $1.key }
        return try? Ranking(rows: levels.map { level in level.value.map { "\($0.0)" } })
    }

    mutating func addLengths(_ lengths: [Int], scores: [Double], weight: Double) {
        let count = Double(max(1, scores.count))
        let meanScore = scores.reduce(0, +) / count
        let meanLength = Double(lengths.reduce(0, +)) / count
        for (score, length) in zip(scores, lengths) {
            let (x, y) = (score - meanScore, Double(length) - meanLength)
            productSum += weight * x * y
            scoreSquares += weight * x * x
            lengthSquares += weight * y * y
        }
    }

    var correlation: Double? {
        let scale = (scoreSquares * lengthSquares).squareRoot()
        return scale > 0 ? productSum / scale : nil
    }
}
