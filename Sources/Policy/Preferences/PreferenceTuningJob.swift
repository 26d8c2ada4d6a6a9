import Foundation
import JSON
import LanguageModel
import RewardModel
import Runs

/// The `preference-tuning` job: moves a policy by people's orders alone, held to the reference by the loss itself.
struct PreferenceTuningJob {
    let attempt: RunAttempt
    let pool: WorkerPool
    /// Of all passes of the run, of which there is one at a time.
    private let memory = LearningMemory()

    init(attempt: RunAttempt, pool: WorkerPool) {
        self.attempt = attempt
        self.pool = pool
    }

    func run() throws -> JobOutcome {
        let settings = try attempt.specification.settings(as: PreferenceTuningSettings.self)
        try settings.validate()
        let base = try LoadedPolicy(
            folder: try attempt.run.parentURL(role: "base"), frozen: settings.tuning.frozenWeights, pool: pool)
        try base.requireNoTuning()
        let parents = attempt.specification
        let areSameFiles = try parents.parent(role: "base").sha256 == parents.parent(role: "reference").sha256
        // With the tuning beside its weights, the base without it is the reference: one copy of the weights, not two.
        let reference =
            areSameFiles && settings.tuning.beginsAsBase
            ? base : try LoadedPolicy(folder: try attempt.run.parentURL(role: "reference"))
        try base.requireFit(
            folder: reference.folder.path, template: reference.template, contextLength: reference.contextLength)
        let file = try attempt.run.inputFile(PreferenceExamples.fileName)
        let examples = try PreferenceExamples(file, policy: base)
        for note in examples.notes { attempt.log(note) }
        let model = try settings.tuning.tuned(base.model, seed: attempt.specification.seed)
        let trained = try PreferenceTuningRun(
            attempt: attempt, settings: settings, examples: examples, base: base, model: model, reference: reference,
            scorer: try scorer(settings, base: base), pool: pool, memory: memory
        ).train()
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            model, tokenizerOf: base.folder, precision: settings.precision, keep: settings.tuning.keep,
            metrics: trained.metrics, notes: examples.notes + trained.notes)
    }

    private static let rewardRole = "reward-model"

    /// What scores the samples for people to read, where the run has a reward model. Nothing is learnt from it.
    private func scorer(_ settings: PreferenceTuningSettings, base: LoadedPolicy) throws -> (any ResponseScorer)? {
        guard settings.samples > 0, attempt.specification.parents.contains(where: { $0.role == Self.rewardRole }) else {
            return nil
        }
        let folder = try attempt.run.parentURL(role: Self.rewardRole)
        let rewardModel = try LoadedRewardModel(folder: folder)
        try base.requireFit(
            folder: folder.path, template: rewardModel.template,
            contextLength: rewardModel.model.configuration.contextLength)
        return RewardScorer(
            rewardModel, pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
    }
}
