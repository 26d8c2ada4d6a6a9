import Foundation

/// What happens to a reward model's normalised score before it becomes the reward of a response's last token.
public struct ScoreShaping: Sendable, Codable, Equatable {
    /// The score is cut to −`clip` … `clip`; nil leaves it alone.
    public var clip: Double?
    /// Subtracted from the score of a response that does not end in the end token. Subtracted and not put in the score's
    /// place, because a fixed score would be a gift to every bad answer that scores below it.
    public var missingEndPenalty: Double

    /// How early gains over the reference level off: the score s becomes (2/a)·(ln σ(a·s) + ln 2), which has slope 1 at the
    /// reference's mean score 0 and goes to (2/a)·ln 2 far above it; nil leaves it alone. With scores as log-odds it is the
    /// probability of beating the reference that counts, in logs, and not by how much. Source: Wang et al. 2024,
    /// "Transforming and Combining Rewards for Aligning Large Language Models", equation 6.
    public var saturation: Double?
    /// Subtracted for each token of a response, the end token included.
    public var lengthPenalty: Double

    public init(
        clip: Double? = 5, saturation: Double? = nil, missingEndPenalty: Double = 1, lengthPenalty: Double = 0
    ) {
        self.clip = clip
        self.saturation = saturation
        self.missingEndPenalty = missingEndPenalty
        self.lengthPenalty = lengthPenalty
    }

    /// The shaped score of one response of so many tokens: clipped and levelled off first, so that penalties are always felt in full.
    public func shaped(score: Double, endsWithEndToken: Bool, tokens: Int) -> Double {
        var value = score
        if let clip { value = min(max(value, -clip), clip) }
        if let saturation {
            // ln σ(x) = −ln(1 + exp(−x)), which may not overflow far below 0.
            let x = saturation * value
            value = 2 / saturation * (min(x, 0) - log1p(exp(-abs(x))) + log(2))
        }
        if !endsWithEndToken { value -= missingEndPenalty }
        return lengthPenalty == 0 ? value : value - lengthPenalty * Double(tokens)
    }
}
