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
    /// Base and reference have the same weights, bit for bit.
    let referenceIsBase: Bool

    /// - Throws: what loading throws; `PolicyError.unsuitableModel` where the models do not speak the same tokens.
    init(attempt: RunAttempt, pool: WorkerPool, tokensPerPass: Int) throws {
        let run = attempt.run
        base = try LoadedPolicy(folder: try run.parentURL(role: "base"))
        reference = try LoadedPolicy(folder: try run.parentURL(role: "reference"))
        let rewardFolder = try run.parentURL(role: "reward-model")
        rewardModel = try LoadedRewardModel(folder: rewardFolder)
        scorer = RewardScorer(rewardModel, pool: pool, tokensPerPass: tokensPerPass)
        referenceIsBase = base.model.parameters.sha256 == reference.model.parameters.sha256
        for (folder, template, context) in [
            (reference.folder.path, reference.template, reference.contextLength),
            (rewardFolder.path, rewardModel.template, rewardModel.model.configuration.contextLength),
        ] {
            guard template.tokenizer.json == base.template.tokenizer.json else {
                throw PolicyError.unsuitableModel(
                    folder: folder, reason: "its tokenizer is not the one of the policy in \(base.folder.path)")
            }
            guard template.endTokenIDs == base.template.endTokenIDs else {
                throw PolicyError.unsuitableModel(
                    folder: folder,
                    reason: "its responses end with tokens \(template.endTokenIDs), the policy's with "
                        + "\(base.template.endTokenIDs)")
            }
            guard context >= base.contextLength else {
                throw PolicyError.unsuitableModel(
                    folder: folder,
                    reason: "its context of \(context) is shorter than the policy's \(base.contextLength)")
            }
        }
    }
}
