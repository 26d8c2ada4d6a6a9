import Foundation
import LanguageModel
import RewardModel
import Runs

/// The models that a refresh starts from, checked to fit together.
struct RefreshParents {
    /// The current policy: what is trained.
    let base: LoadedPolicy
    /// The frozen supervised policy that the KL penalty holds to.
    let reference: LoadedPolicy
    /// What scores, and what the value network starts as.
    let rewardModel: LoadedRewardModel
    let scorer: any ResponseScorer
    /// A reward model that learnt from other labels, where the run has one.
    let watcher: (any ResponseScorer)?
    /// Base and reference have the same weights, bit for bit.
    let referenceIsBase: Bool

    private static let watcherRole = "watcher"

    /// - Parameter arena: memory for the passes of what scores.
    /// - Throws: what loading throws; `PolicyError.unsuitableModel` where the models do not speak the same tokens.
    init(attempt: RunAttempt, settings: PolicyRefreshSettings, pool: WorkerPool, arena: PassArena) throws {
        let run = attempt.run
        let tuning = settings.tuning
        base = try LoadedPolicy(
            folder: try run.parentURL(role: "base"), frozen: tuning.frozenWeights, pool: pool)
        try base.requireNoTuning()
        let specification = attempt.specification
        let areSameFiles =
            try specification.parent(role: "base").sha256 == specification.parent(role: "reference").sha256
        // With the tuning beside its weights, the base without it is the reference: one copy of the weights, not two.
        reference =
            areSameFiles && tuning.beginsAsBase
            ? base : try LoadedPolicy(folder: try run.parentURL(role: "reference"))
        let rewardFolder = try run.parentURL(role: "reward-model")
        rewardModel = try LoadedRewardModel(folder: rewardFolder)
        scorer = try Self.scorer(rewardModel, folder: rewardFolder, settings: settings, pool: pool, arena: arena)
        referenceIsBase =
            areSameFiles
            || reference.model.tuning == nil
                && base.model.parameters.sha256 == reference.model.parameters.sha256
        if specification.parents.contains(where: { $0.role == Self.watcherRole }) {
            let folder = try run.parentURL(role: Self.watcherRole)
            let other = try LoadedRewardModel(folder: folder)
            try base.requireFit(
                folder: folder.path, template: other.template, contextLength: other.model.configuration.contextLength)
            watcher = RewardScorer(other, pool: pool, tokensPerPass: settings.tokensPerPass, arena: arena)
        } else {
            watcher = nil
        }
        try base.requireFit(
            folder: reference.folder.path, template: reference.template, contextLength: reference.contextLength)
        try base.requireFit(
            folder: rewardFolder.path, template: rewardModel.template,
            contextLength: rewardModel.model.configuration.contextLength)
    }

    private static func scorer(
        _ rewardModel: LoadedRewardModel, folder: URL, settings: PolicyRefreshSettings, pool: WorkerPool,
        arena: PassArena
    ) throws -> any ResponseScorer {
        let scorer = RewardScorer(rewardModel, pool: pool, tokensPerPass: settings.tokensPerPass, arena: arena)
        guard rewardModel.heads?.members.count ?? 0 > 1 else {
            guard settings.ensemble != .mean else { return scorer }
            throw PolicyError.badOption(
                field: "ensemble",
                reason:
                    "the reward model in \(folder.path) has one head, which cannot disagree with itself; train it with "
                    + "ensemble_members, or take mean")
        }
        return EnsembleScorer(scorer: scorer, use: settings.ensemble, penalty: settings.ensemblePenalty)
    }
}
