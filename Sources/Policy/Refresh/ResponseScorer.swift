public import LanguageModel
public import RewardModel

/// Judges responses: a reward model, an ensemble of them, or a rule in a test.
public protocol ResponseScorer {
    /// The score of every response, on the scale that the policy's reward is meant to have: `[groups][responses]`.
    ///
    /// A response is judged as sampled: with its end token where it has one, read at its last token.
    func scores(of groups: [TokenGroup]) throws -> [[Double]]

    /// The scores, with what else is known of how they came about.
    /// - Parameter aboutSafety: whether a group's prompt is tagged as being about safety `[groups]`.
    func judgements(of groups: [TokenGroup], aboutSafety: [Bool]) throws -> ScoredResponses
}

extension ResponseScorer {
    public func judgements(of groups: [TokenGroup], aboutSafety: [Bool]) throws -> ScoredResponses {
        ScoredResponses(scores: try scores(of: groups))
    }
}

/// What a scorer says of groups of responses.
public struct ScoredResponses: Sendable {
    /// `[groups][responses]`
    public var scores: [[Double]]
    /// How far an ensemble's members are apart on each response `[groups][responses]`; nil without an ensemble.
    public var memberDeviations: [[Double]]?
    /// The probability that each response is safe `[groups][responses]`; nil where safety does not count.
    public var safety: [[Double]]?

    public init(scores: [[Double]], memberDeviations: [[Double]]? = nil) {
        self.scores = scores
        self.memberDeviations = memberDeviations
    }
}

/// A reward model's normalised scores: mean 0 and deviation 1 over the reference policy's samples.
extension RewardScorer: ResponseScorer {}
