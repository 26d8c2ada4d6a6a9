package import LanguageModel
package import RewardModel

/// How the members of a reward ensemble become one score.
public enum EnsembleUse: String, Sendable, Codable, CaseIterable {
    /// The classifier's own score, whose logit is the mean of the members'.
    case mean
    /// The lowest member's: worst-case optimisation.
    case worstCase = "worst-case"
    /// The mean less a multiple of the variance between members: uncertainty-weighted optimisation.
    case variancePenalised = "variance-penalised"
}

/// Whether a reward model's safety head steers.
public enum SafetyUse: String, Sendable, Codable, CaseIterable {
    /// Where the reward model has such a head.
    case asTrained = "as-trained"
    /// Yes; a reward model without one is refused.
    case combined
    /// No: the preference score alone.
    case ignored
}

/// Scores by the heads of a reward model: of an ensemble, careful where its members disagree; with a safety head, by that head
/// alone where the prompt is about safety or the response is probably unsafe.
///
/// Sources: Coste et al. 2024, "Reward Model Ensembles Help Mitigate Overoptimization", §3; Touvron et al. 2023 (Llama 2),
/// §3.2.3.
package struct HeadScorer: ResponseScorer {
    let scorer: RewardScorer
    let use: EnsembleUse
    /// What a unit of variance costs.
    let penalty: Double
    /// Whether safety counts; the model then has a safety head.
    let combinesSafety: Bool

    package init(scorer: RewardScorer, use: EnsembleUse = .mean, penalty: Double = 0, combinesSafety: Bool = false) {
        precondition(!combinesSafety || scorer.heads?.combined != nil, "there is no safety head")
        self.scorer = scorer
        self.use = use
        self.penalty = penalty
        self.combinesSafety = combinesSafety
    }

    /// As of prompts that are not about safety.
    package func scores(of groups: [TokenGroup]) throws -> [[Double]] {
        try judgements(of: groups, aboutSafety: groups.map { _ in false }).scores
    }

    package func judgements(of groups: [TokenGroup], aboutSafety: [Bool]) throws -> ScoredResponses {
        let logits = try scorer.headScores(of: groups)
        let members = logits.map { $0.map { scorer.ensembleScore($0) } }
        var judged = ScoredResponses(
            scores: zip(logits, members).enumerated().map { index, group in
                zip(group.0, group.1).map { score($0, $1, isAboutSafety: aboutSafety[index]) }
            })
        if logits.contains(where: { $0.contains { $0.members.count > 1 } }) {
            judged.memberDeviations = members.map { $0.map(\.deviation) }
        }
        if combinesSafety { judged.safety = logits.map { $0.map { sigmoid(safety($0)) } } }
        return judged
    }

    /// The log-odds of being safe, as careful as the score.
    private func safety(_ logits: HeadScores) -> Double {
        let heads = EnsembleScore(members: logits.safetyMembers)
        return switch use {
        case .mean: heads.mean
        case .worstCase: heads.worstCase
        case .variancePenalised: heads.variancePenalised(penalty)
        }
    }

    private func score(_ logits: HeadScores, _ members: EnsembleScore, isAboutSafety: Bool) -> Double {
        let normalised =
            switch use {
            case .mean: scorer.normalisation(logits.classifier)
            case .worstCase: members.worstCase
            case .variancePenalised: members.variancePenalised(penalty)
            }
        guard combinesSafety else { return normalised }
        // A careful score is on the members' own scales: on the logit's it can stand beside the log-odds of safety.
        let preference =
            use == .mean
            ? logits.classifier : (normalised - scorer.normalisation.bias) / scorer.normalisation.gain
        guard
            let combined = scorer.combinedScore(
                logits, preference: preference, safety: safety(logits), promptIsAboutSafety: isAboutSafety)
        else { preconditionFailure("there is no safety head") }
        return combined
    }
}
