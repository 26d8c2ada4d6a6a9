public import LanguageModel

/// Scores groups of responses, several groups in one packed pass, each prompt computed once.
///
/// Blocking: call it from a thread of your own. Not for use from two threads at once.
public final class RewardScorer {
    public let normalisation: Normalisation
    /// Further heads; nil for a plain classifier.
    public let heads: NormalisedHeads?
    private let pass: PackedPass
    private let tokensPerPass: Int

    /// - Parameters:
    ///   - tokensPerPass: upper bound of a pass in tokens; it changes speed and memory, not scores.
    ///   - arena: memory that is shared with passes that run before and after.
    public convenience init(
        _ rewardModel: LoadedRewardModel, pool: WorkerPool, tokensPerPass: Int = 4096, arena: PassArena = PassArena()
    ) {
        self.init(
            model: rewardModel.model, normalisation: rewardModel.normalisation, heads: rewardModel.heads, pool: pool,
            tokensPerPass: tokensPerPass, arena: arena)
    }

    /// A scorer for a model with a scalar head.
    public init(
        model: Transformer, normalisation: Normalisation, heads: NormalisedHeads? = nil, pool: WorkerPool,
        tokensPerPass: Int = 4096, arena: PassArena = PassArena()
    ) {
        self.normalisation = normalisation
        self.heads = heads
        self.tokensPerPass = tokensPerPass
        pass = PackedPass(model: model, pool: pool, keepsActivations: false, arena: arena)
    }

    /// The head's logit at each response's last token: `[groups][responses]`. The responses are taken as they are.
    /// - Throws: `EngineError`, `RewardModelError.emptyResponse`.
    public func rawScores(of groups: [TokenGroup]) throws -> [[Double]] {
        try forEachPass(of: groups) { pass.terminalScores(of: $0) }
    }

    /// Runs the trunk over the groups, pass by pass, and puts together what `read` makes of each.
    private func forEachPass<Value>(of groups: [TokenGroup], _ read: ([TokenGroup]) -> [Value]) throws -> [Value] {
        for (index, group) in groups.enumerated() {
            if let empty = group.responses.firstIndex(where: \.isEmpty) {
                throw RewardModelError.emptyResponse(group: index, response: empty)
            }
        }
        var values: [Value] = []
        for range in passes(of: groups, tokenBudget: tokensPerPass) {
            let part = Array(groups[range])
            try pass.forward(part)
            values += read(part)
        }
        return values
    }

    /// The logits of all heads at each response's last token: `[groups][responses]`.
    /// - Throws: as `rawScores(of:)`.
    public func headScores(of groups: [TokenGroup]) throws -> [[HeadScores]] {
        try forEachPass(of: groups) { part in
            pass.terminalScores(of: part).enumerated().map { index, scores in
                guard let heads = heads?.heads else { return scores.map { HeadScores(classifier: $0, members: [$0]) } }
                let rows = scores.indices.map { pass.layout.lastResponseRow(index, $0) }
                let states = pass.hiddenStates(atRows: rows)
                return scores.enumerated().map { response, score in
                    heads.scores(
                        of: states[response * heads.width..<(response + 1) * heads.width], classifier: score)
                }
            }
        }
    }

    /// The members' scores, each normalised by itself: `[groups][responses]`.
    /// - Throws: as `rawScores(of:)`.
    public func ensembleScores(of groups: [TokenGroup]) throws -> [[EnsembleScore]] {
        try headScores(of: groups).map { $0.map(ensembleScore) }
    }

    /// The members' scores, each normalised by itself.
    public func ensembleScore(_ logits: HeadScores) -> EnsembleScore {
        guard let own = heads?.members, !own.isEmpty else {
            return EnsembleScore(members: logits.members.map { normalisation($0) })
        }
        return EnsembleScore(members: zip(own, logits.members).map { $0($1) })
    }

    /// One response's normalised score in which safety counts (`HeadScores.combined`); nil without a safety head.
    /// - Parameters: as of `HeadScores.combined`.
    public func combinedScore(
        _ logits: HeadScores, preference: Double? = nil, safety: Double? = nil, promptIsAboutSafety: Bool = false
    ) -> Double? {
        guard let normalisation = heads?.combined else { return nil }
        return logits.combined(preference: preference, safety: safety, promptIsAboutSafety: promptIsAboutSafety).map {
            normalisation($0)
        }
    }

    /// Normalised preference scores `[groups][responses]`: what PPO and best-of-K use where safety is no head of its own.
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
