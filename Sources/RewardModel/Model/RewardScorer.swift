public import LanguageModel

/// Scores groups of responses, several groups in one packed pass, each prompt computed once.
///
/// Blocking: call it from a thread of your own. Not for use from two threads at once.
public final class RewardScorer {
    public let normalisation: Normalisation
    private let pass: PackedPass
    private let tokensPerPass: Int

    /// - Parameter tokensPerPass: upper bound of a pass in tokens; it changes speed and memory, not scores.
    public convenience init(_ rewardModel: LoadedRewardModel, pool: WorkerPool, tokensPerPass: Int = 4096) {
        self.init(
            model: rewardModel.model, normalisation: rewardModel.normalisation, pool: pool, tokensPerPass: tokensPerPass
        )
    }

    /// A scorer for a model with a scalar head.
    public init(model: Transformer, normalisation: Normalisation, pool: WorkerPool, tokensPerPass: Int = 4096) {
        self.normalisation = normalisation
        self.tokensPerPass = tokensPerPass
        pass = PackedPass(model: model, pool: pool, keepsActivations: false)
    }

    /// The head's logit at each response's last token: `[groups][responses]`. The responses are taken as they are.
    /// - Throws: `EngineError`, `RewardModelError.emptyResponse`.
    public func rawScores(of groups: [TokenGroup]) throws -> [[Double]] {
        for (index, group) in groups.enumerated() {
            if let empty = group.responses.firstIndex(where: \.isEmpty) {
                throw RewardModelError.emptyResponse(group: index, response: empty)
            }
        }
        var scores: [[Double]] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try pass.forward(part)
            scores += pass.terminalScores(of: part)
        }
        return scores
    }

    /// Normalised scores `[groups][responses]`: what PPO and best-of-K use.
    /// - Throws: as `rawScores(of:)`.
    public func scores(of groups: [TokenGroup]) throws -> [[Double]] {
        try rawScores(of: groups).map { $0.map { normalisation($0) } }
    }
}

extension PackedPass {
    /// Rows of every response's last token, group after group.
    func terminalRows(of groups: [TokenGroup]) -> [Int] {
        groups.indices.flatMap { group in
            groups[group].responses.indices.map { layout.lastResponseRow(group, $0) }
        }
    }

    /// The logit at each response's last token, after `forward` on these groups: `[groups][responses]`.
    func terminalScores(of groups: [TokenGroup]) -> [[Double]] {
        let flat = scores(atRows: terminalRows(of: groups))
        var start = 0
        return groups.map { group in
            defer { start += group.responses.count }
            return flat[start..<start + group.responses.count].map { Double($0) }
        }
    }
}
