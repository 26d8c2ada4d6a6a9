public import Foundation
import GRDB
import Preferences

/// What the labels of a comparison of two policies may be used for besides deciding between them.
public enum LabelUse: String, Sendable, Hashable, Codable, CaseIterable {
    /// No snapshot has them.
    case none
    /// Snapshots have them in the held-out part: reward models are measured on them and never learn from them.
    case measure
    /// As any other label.
    case learn
}

/// What a lead decides about a policy.
public enum PromotionDecision: String, Sendable, Hashable, Codable, CaseIterable {
    case promote, discard
}

/// What the labels so far advise.
public enum PromotionAdvice: String, Sendable, Hashable, Codable, CaseIterable {
    case promote
    case keepLabelling = "keep_labelling"
    case discard
}

/// A comparison of two policies that is to be made.
public struct NewPromotion: Sendable, Hashable {
    /// The policy that may go live.
    public var candidate: PolicyID
    /// What it is compared with; nil is the project's current policy.
    public var incumbent: PolicyID?
    /// Of both policies' responses.
    public var temperature: Double
    /// Prompts to compare on, one pair each.
    public var pairs: Int
    /// The win rate below which the candidate is not worth promoting, 0.5 or more.
    public var worthwhile: Double
    public var labelUse: LabelUse
    /// Of the order of prompts and of the responses.
    public var seed: UInt64

    public init(
        candidate: PolicyID, incumbent: PolicyID? = nil, temperature: Double = 1, pairs: Int = 100,
        worthwhile: Double = 0.5, labelUse: LabelUse = .none, seed: UInt64
    ) {
        self.candidate = candidate
        self.incumbent = incumbent
        self.temperature = temperature
        self.pairs = pairs
        self.worthwhile = worthwhile
        self.labelUse = labelUse
        self.seed = seed
    }

    func validate() throws {
        guard temperature == 0 || (0.0001...10).contains(temperature) else {
            throw StoreError.invalid(field: "temperature", problem: "0, or from 0.0001 to 10; found \(temperature)")
        }
        guard (1...100_000).contains(pairs) else {
            throw StoreError.invalid(field: "pairs", problem: "from 1 to 100000; found \(pairs)")
        }
        guard worthwhile >= 0.5, worthwhile < 1 else {
            throw StoreError.invalid(field: "worthwhile", problem: "from 0.5 to below 1; found \(worthwhile)")
        }
    }
}

/// A blind comparison of a policy that may go live with the one that is live, by people in the ordinary pages.
public struct Promotion: Sendable, Hashable {
    public let id: PromotionID
    public let project: ProjectID
    public let candidate: Policy
    public let incumbent: Policy
    public let temperature: Double
    public let worthwhile: Double
    public let pairsWanted: Int
    public let seed: UInt64
    public let labelUse: LabelUse
    /// Who, in the words of the audit, or the person's name.
    public let startedBy: String
    public let startedAt: Date
    public let decision: PromotionDecision?
    /// What was advised when it was decided.
    public let adviceThen: PromotionAdvice?
    public let decidedBy: String?
    public let decidedAt: Date?

    init(row: Row, candidate: Policy, incumbent: Policy) throws {
        id = row["id"]
        project = row["project_id"]
        self.candidate = candidate
        self.incumbent = incumbent
        temperature = row["temperature"]
        worthwhile = row["worthwhile"]
        pairsWanted = row["pairs_wanted"]
        let bits: Int64 = row["seed"]
        seed = UInt64(bitPattern: bits)
        labelUse = try row.word("label_use")
        startedBy = row["starter"]
        startedAt = row.date("started_at")
        let decisionWord: String? = row["decision"]
        decision = decisionWord.flatMap(PromotionDecision.init(rawValue:))
        let adviceWord: String? = row["advice"]
        adviceThen = adviceWord.flatMap(PromotionAdvice.init(rawValue:))
        decidedBy = row["decider"]
        decidedAt = row.dateIfPresent("decided_at")
    }
}

/// How a comparison of two policies stands.
public struct PromotionStanding: Sendable, Hashable {
    public let promotion: Promotion
    /// Pairs whose responses were sampled.
    public let sampled: Int
    /// Pairs of two equal texts: ties without anybody's work, whether they count already or wait for the pair before them.
    public let identical: Int
    /// Pairs with all the answers asked for, and the identical ones that count with them.
    public let decided: Int
    public let wins: Double
    /// The candidate's win rate after each decided pair, with its bounds: a tie is half a win.
    public let course: [Look]
    public let advice: PromotionAdvice

    /// The win rate as it was known after some pairs.
    public struct Look: Sendable, Hashable {
        public let pairs: Int
        public let winRate: Double
        /// Holds the true win rate at all times at once with 95% probability.
        public let interval: ClosedRange<Double>
    }

    public var newest: Look? { course.last }

    /// - Parameter outcomes: the candidate's share of each pair, 0...1, in the order in which they count.
    init(_ promotion: Promotion, sampled: Int, identical: Int, outcomes: [Double]) {
        self.promotion = promotion
        self.sampled = sampled
        self.identical = identical
        decided = outcomes.count
        wins = outcomes.reduce(0, +)
        var sequence = ConfidenceSequence()
        course = outcomes.map { outcome in
            sequence.record(outcome)
            return Look(pairs: sequence.count, winRate: sequence.mean ?? 0.5, interval: sequence.interval)
        }
        advice = Self.advice(course.last, worthwhile: promotion.worthwhile)
    }

    /// Promote what wins more than half, discard what does not reach what is worthwhile; else nobody knows yet.
    static func advice(_ look: Look?, worthwhile: Double) -> PromotionAdvice {
        guard let interval = look?.interval else { return .keepLabelling }
        if interval.upperBound < worthwhile { return .discard }
        return interval.lowerBound > 0.5 ? .promote : .keepLabelling
    }
}
