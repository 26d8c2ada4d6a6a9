/// What happens to a reward model's normalised score before it becomes the reward of a response's last token.
public struct ScoreShaping: Sendable, Codable, Equatable {
    /// The score is cut to −`clip` … `clip`; nil leaves it alone.
    public var clip: Double?
    /// Subtracted from the score of a response that does not end in the end token. Subtracted and not put in the score's
    /// place, because a fixed score would be a gift to every bad answer that scores below it.
    public var missingEndPenalty: Double

    /// Subtracted for each token of a response, the end token included.
    public var lengthPenalty: Double

    public init(clip: Double? = 5, missingEndPenalty: Double = 1, lengthPenalty: Double = 0) {
        self.clip = clip
        self.missingEndPenalty = missingEndPenalty
        self.lengthPenalty = lengthPenalty
    }

    /// The shaped score of one response of so many tokens: clipped first, so that penalties are always felt in full.
    public func shaped(score: Double, endsWithEndToken: Bool, tokens: Int) -> Double {
        var value = score
        if let clip { value = min(max(value, -clip), clip) }
        if !endsWithEndToken { value -= missingEndPenalty }
        return lengthPenalty == 0 ? value : value - lengthPenalty * Double(tokens)
    }
}
