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
    /// Whether the reward model's safety head steers.
    let combinesSafety: Bool
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
        combinesSafety = try Self.combinesSafety(rewardModel, folder: rewardFolder, use: settings.safety)
        func plain(_ model: LoadedRewardModel) -> RewardScorer {
            RewardScorer(model, pool: pool, tokensPerPass: settings.tokensPerPass, arena: arena)
        }
        scorer = try Self.scorer(
            plain(rewardModel), folder: rewardFolder, combinesSafety: combinesSafety, settings: settings)
        referenceIsBase =
            areSameFiles
            || reference.model.tuning == nil
                && base.model.parameters.sha256 == reference.model.parameters.sha256
        if specification.parents.contains(where: { $0.role == Self.watcherRole }) {
            let folder = try run.parentURL(role: Self.watcherRole)
            let other = try LoadedRewardModel(folder: folder)
            try base.requireFit(
                folder: folder.path, template: other.template, contextLength: other.model.configuration.contextLength)
            watcher = try Self.watcher(plain(other), folder: folder, combinesSafety: combinesSafety)
        } else {
            watcher = nil
        }
        try base.requireFit(
            folder: reference.folder.path, template: reference.template, contextLength: reference.contextLength)
        try base.requireFit(
            folder: rewardFolder.path, template: rewardModel.template,
            contextLength: rewardModel.model.configuration.contextLength)
    }

    /// - Throws: `PolicyError.badOption` where a safety head is asked for and there is none.
    private static func combinesSafety(_ model: LoadedRewardModel, folder: URL, use: SafetyUse) throws -> Bool {
        let hasHead = model.heads?.combined != nil
        guard use != .combined || hasHead else {
            throw PolicyError.badOption(
                field: "safety",
                reason:
                    "the reward model in \(folder.path) has no safety head; train it with safety_weight, or take ignored"
            )
        }
        return hasHead && use != .ignored
    }

    private static func scorer(
        _ scorer: RewardScorer, folder: URL, combinesSafety: Bool, settings: PolicyRefreshSettings
    ) throws -> any ResponseScorer {
        let isEnsemble = scorer.heads?.members.count ?? 0 > 1
        guard settings.ensemble == .mean || isEnsemble else {
            throw PolicyError.badOption(
                field: "ensemble",
                reason:
                    "the reward model in \(folder.path) has one head, which cannot disagree with itself; train it with "
                    + "ensemble_members, or take mean")
        }
        guard isEnsemble || combinesSafety else { return scorer }
        return HeadScorer(
            scorer: scorer, use: settings.ensemble, penalty: settings.ensemblePenalty, combinesSafety: combinesSafety)
    }

    /// What watches says what the reward means: with a safety head where that has one.
    private static func watcher(
        _ scorer: RewardScorer, folder: URL, combinesSafety: Bool
    ) throws -> any ResponseScorer {
        guard combinesSafety else { return scorer }
        guard scorer.heads?.combined != nil else {
            throw PolicyError.badOption(
                field: "safety",
                reason:
                    "the watcher in \(folder.path) has no safety head, and the reward model has one, so they would part over "
                    + "safety; train the watcher with safety_weight too, or take ignored")
        }
        return HeadScorer(scorer: scorer, combinesSafety: true)
    }
}
