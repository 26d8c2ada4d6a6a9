/// How a refresh learns from the groups that its policy samples.
public enum PolicyMethod: String, Sendable, Codable, CaseIterable {
    /// Advantages of tokens from a value network, clipped ratios of tokens. Source: Schulman et al. 2017; Ouyang et al.
    /// 2022 (InstructGPT).
    case ppo
    /// A response's reward less the mean reward of its siblings, ratios of whole responses. Source: Ahmadian et al. 2024,
    /// "Back to Basics: Revisiting REINFORCE Style Optimization".
    case rloo
    /// A response's score, standardised within its group, clipped ratios of tokens, the KL in the loss. Source: Shao et
    /// al. 2024 (DeepSeekMath), equation 3.
    case grpo
    /// GRPO without the two divisions that favour easy prompts and long wrong responses: by the deviation of the group and
    /// by the length of the response. Source: Liu et al. 2025, "Understanding R1-Zero-Like Training".
    case drGRPO = "dr-grpo"
    /// A response's reward less the mean of all rewards so far, ratios of whole responses. Source: Williams 1992;
    /// Ahmadian et al. 2024.
    case reinforce
    /// Supervised steps on the response of each group that scores highest. Source: Touvron et al. 2023 (Llama 2), §3.2.3,
    /// rejection sampling.
    case bestOfK = "best-of-k"

    /// Whether a value network is trained beside the policy.
    public var usesValueNetwork: Bool { self == .ppo }

    /// Whether a response is measured by its siblings, so that a group needs two at least.
    public var comparesWithinGroup: Bool { self != .ppo && self != .reinforce }

    /// Whether the KL to the reference stands in the loss; otherwise it is taken off the reward.
    public var penalisesInLoss: Bool { self == .grpo || self == .drGRPO }

    /// Whether one ratio stands for all tokens of a response.
    public var weighsWholeResponses: Bool { self == .rloo || self == .reinforce }

    /// How the losses of tokens become one number.
    public var averaging: LossAveraging {
        switch self {
        case .ppo, .bestOfK: .tokens
        case .grpo: .tokensOfResponses
        case .drGRPO: .mostTokens
        case .rloo, .reinforce: .responses
        }
    }
}

/// How the losses of a minibatch's tokens become one number: what a token's loss is divided by.
public enum LossAveraging: String, Sendable, Codable, CaseIterable {
    /// The number of tokens of the minibatch: the mean over tokens, a long response counts for more (DAPO).
    case tokens
    /// Responses times the tokens of its own: the mean over responses of the mean over their tokens (GRPO).
    case tokensOfResponses = "tokens-of-responses"
    /// Responses times the most tokens that a response may have: a constant, whatever the lengths (Dr. GRPO).
    case mostTokens = "most-tokens"
    /// The number of responses: the mean over responses of the sum over their tokens.
    case responses

    /// The divisor of each response's tokens. The whole minibatch's, so that cutting it into passes changes nothing.
    public func divisors(lengths: [Int], maximumTokens: Int) -> [Double] {
        let count = Double(lengths.count)
        let tokens = Double(lengths.reduce(0, +))
        return lengths.map { length in
            switch self {
            case .tokens: tokens
            case .tokensOfResponses: count * Double(length)
            case .mostTokens: count * Double(maximumTokens)
            case .responses: count
            }
        }
    }
}
