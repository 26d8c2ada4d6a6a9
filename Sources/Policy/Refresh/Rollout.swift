public import LanguageModel

/// A batch of responses that the policy sampled, with all that is known of them before anything is learnt.
///
/// Numbers lie by response, over all groups in order: row r of every array is the r-th response. A row of per-token
/// numbers is as long as its response, and that length is the only mask.
public struct Rollout: Sendable {
    /// One sampled response.
    public struct Response: Sendable {
        public var tokens: [Int32]
        public var text: String
        /// Ended with the end token.
        public var finished: Bool
        /// What the decoder said of its tokens, nats at the rollout's temperature `[tokens]`. Checked, never learnt from.
        public var decodeLogProbabilities: [Double]

        public init(tokens: [Int32], text: String, finished: Bool, decodeLogProbabilities: [Double]) {
            self.tokens = tokens
            self.text = text
            self.finished = finished
            self.decodeLogProbabilities = decodeLogProbabilities
        }
    }

    /// One prompt and its responses.
    public struct Group: Sendable {
        public var promptID: String
        public var prompt: [Int32]
        public var responses: [Response]

        public init(promptID: String, prompt: [Int32], responses: [Response]) {
            self.promptID = promptID
            self.prompt = prompt
            self.responses = responses
        }

        /// The group as the packed pass takes it.
        public var tokens: TokenGroup { TokenGroup(prompt: prompt, responses: responses.map(\.tokens)) }
    }

    public var groups: [Group]
    /// Log-probabilities by the policy that sampled, from the training engine's pass `[responses][tokens]`.
    public var logProbabilities: [[Double]]
    /// Log-probabilities by the reference `[responses][tokens]`.
    public var referenceLogProbabilities: [[Double]]
    /// Entropy of the policy's next-token distribution, nats `[responses][tokens]`.
    public var entropies: [[Double]]
    /// The scorer's scores, neither clipped nor penalised `[responses]`.
    public var scores: [Double]
    /// A second reward model's scores, which are watched and never learnt from `[responses]`; nil without one.
    public var watcherScores: [Double]?
    /// Deviation of the scores by an ensemble's members `[responses]`; nil without an ensemble.
    public var memberDeviations: [Double]?
    /// The probability that each response is safe `[responses]`; nil where safety does not count.
    public var safety: [Double]?

    public init(
        groups: [Group], logProbabilities: [[Double]], referenceLogProbabilities: [[Double]], entropies: [[Double]],
        scores: [Double]
    ) {
        self.groups = groups
        self.logProbabilities = logProbabilities
        self.referenceLogProbabilities = referenceLogProbabilities
        self.entropies = entropies
        self.scores = scores
    }

    public var responses: [Response] { groups.flatMap(\.responses) }
    public var tokenGroups: [TokenGroup] { groups.map(\.tokens) }
    /// Tokens of all responses, and of prompts and responses.
    public var responseTokenCount: Int { logProbabilities.reduce(0) { $0 + $1.count } }
    public var tokenCount: Int { groups.reduce(0) { $0 + $1.tokens.tokenCount } }

    /// KL to the reference: the mean over responses of the token sum of log π − log π_ref, nats a response.
    public var tokenSumKL: Double {
        let sums = zip(logProbabilities, referenceLogProbabilities).map { row, other in
            zip(row, other).reduce(0) { $0 + $1.0 - $1.1 }
        }
        return sums.isEmpty ? 0 : sums.reduce(0, +) / Double(sums.count)
    }

    /// The rollout with one response of each group.
    /// - Parameter rows: that response's row, by group.
    func keeping(_ rows: [Int]) -> Rollout {
        let kept = zip(groups.indices, rows).map { index, row in
            var group = groups[index]
            group.responses = [group.responses[row - self.rows(ofGroup: index).lowerBound]]
            return group
        }
        return Rollout(
            groups: kept, logProbabilities: rows.map { logProbabilities[$0] },
            referenceLogProbabilities: rows.map { referenceLogProbabilities[$0] },
            entropies: rows.map { entropies[$0] }, scores: rows.map { scores[$0] })
    }

    /// Rows of the responses of a group.
    public func rows(ofGroup group: Int) -> Range<Int> {
        let start = groups[..<group].reduce(0) { $0 + $1.responses.count }
        return start..<start + groups[group].responses.count
    }
}
