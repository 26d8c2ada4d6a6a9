/// Per-token rewards of sampled responses.
public enum TokenRewards {
    /// −β · KL at every token, plus the response's score at its last token.
    ///
    /// The rows are as long as their responses, so the length of a row is the only mask there is: rewards, advantages,
    /// returns and losses all live on exactly the tokens 0 … n−1 of a response, the end token included.
    /// Source: Ziegler et al. 2019, section 2.2; Ouyang et al. 2022, equation 2 with the KL spread over tokens.
    /// - Parameters:
    ///   - penalty: KL estimates `[responses][tokens]`, nats.
    ///   - scores: one score a response, already shaped.
    ///   - coefficient: β.
    /// - Returns: `[responses][tokens]`.
    public static func assigned(penalty: [[Double]], scores: [Double], coefficient: Double) -> [[Double]] {
        precondition(penalty.count == scores.count, "one score a response")
        return zip(penalty, scores).map { row, score in
            precondition(!row.isEmpty, "a response has at least one token")
            var rewards = row.map { -coefficient * $0 }
            rewards[rewards.count - 1] += score
            return rewards
        }
    }
}
