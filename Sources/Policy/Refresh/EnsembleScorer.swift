package import LanguageModel
package import RewardModel

/// How the members of a reward ensemble become one score.
public enum EnsembleUse: String, Sendable, Codable, CaseIterable {
    /// The mean.
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

    package func scores(of groups: [TokenGroup]) throws -> [[Double]] {
        try scorer.ensembleScores(of: groups).map { group in
            group.map { score in
                switch use {
                case .mean: score.mean
                case .worstCase: score.worstCase
                case .variancePenalised: score.variancePenalised(penalty)
                }
            }
        }
    }
}
