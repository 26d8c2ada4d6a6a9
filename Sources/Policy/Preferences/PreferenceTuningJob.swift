import Foundation
import JSON
import LanguageModel
import Runs

/// The `preference-tuning` job: moves a policy by people's orders alone, held to the reference by the loss itself.
struct PreferenceTuningJob {
    let attempt: RunAttempt
    let pool: WorkerPool

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
            pool: pool
        ).train()
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            model, tokenizerOf: base.folder, precision: settings.precision, keep: settings.tuning.keep,
            metrics: trained,
            notes: examples.notes)
    }
}
