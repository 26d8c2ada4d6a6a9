/// What happens to a reward model's normalised score before it becomes the reward of a response's last token.
public struct ScoreShaping: Sendable, Codable, Equatable {
    /// The score is cut to −`clip` … `clip`; nil leaves it alone.
    public var clip: Double?
    /// Subtracted from the score of a response that does not end in the end token. Subtracted and not put in the score's
    /// place, because a fixed score would be a gift to every bad answer that scores below it.
    public var missingEndPenalty: Double

    public init(clip: Double? = 5, missingEndPenalty: Double = 1) {
        self.clip = clip
        self.missingEndPenalty = missingEndPenalty
    }

    /// The shaped score of one response: clipped first, so that the penalty is always felt in full.
    public func shaped(score: Double, endsWithEndToken: Bool) -> Double {
        var value = score
        if let clip { value = min(max(value, -clip), clip) }
        return endsWithEndToken ? value : value - missingEndPenalty
    }
}
