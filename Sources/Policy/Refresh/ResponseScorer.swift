public import LanguageModel
public import RewardModel

/// Judges responses: a reward model, an ensemble of them, or a rule in a test.
public protocol ResponseScorer {
    /// The score of every response, on the scale that the policy's reward is meant to have: `[groups][responses]`.
    ///
    /// A response is judged as sampled: with its end token where it has one, read at its last token.
    func scores(of groups: [TokenGroup]) throws -> [[Double]]
}

/// A reward model's normalised scores: mean 0 and deviation 1 over the reference policy's samples.
extension RewardScorer: ResponseScorer {}
