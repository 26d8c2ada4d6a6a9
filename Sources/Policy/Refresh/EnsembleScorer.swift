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

/// Scores by an ensemble of heads on one trunk, careful where its members disagree.
///
/// Source: Coste et al. 2024, "Reward Model Ensembles Help Mitigate Overoptimization", §3.
package struct EnsembleScorer: ResponseScorer {
    let scorer: RewardScorer
    let use: EnsembleUse
    /// What a unit of variance costs.
    let penalty: Double

    package init(scorer: RewardScorer, use: EnsembleUse, penalty: Double) {
        self.scorer = scorer
        self.use = use
        self.penalty = penalty
    }

    package func scores(of groups: [TokenGroup]) throws -> [[Double]] { try judgements(of: groups).scores }

    package func judgements(of groups: [TokenGroup]) throws -> ScoredResponses {
        let logits = try scorer.headScores(of: groups)
        let members = logits.map { $0.map { scorer.ensembleScore($0) } }
        return ScoredResponses(
            scores: zip(logits, members).map { zip($0, $1).map(score) },
            memberDeviations: members.map { $0.map(\.deviation) })
    }

    private func score(_ logits: HeadScores, _ members: EnsembleScore) -> Double {
        switch use {
        case .mean: scorer.normalisation(logits.classifier)
        case .worstCase: members.worstCase
        case .variancePenalised: members.variancePenalised(penalty)
        }
    }
}
