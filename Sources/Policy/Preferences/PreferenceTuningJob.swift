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
        let base = try LoadedPolicy(folder: try attempt.run.parentURL(role: "base"))
        try base.requireNoTuning()
        let reference = try LoadedPolicy(folder: try attempt.run.parentURL(role: "reference"))
        try base.requireFit(
            folder: reference.folder.path, template: reference.template, contextLength: reference.contextLength)
        let file = try attempt.run.inputFile(PreferenceExamples.fileName)
        let examples = try PreferenceExamples(file, policy: base)
        for note in examples.notes { attempt.log(note) }
        let trained = try PreferenceTuningRun(
            attempt: attempt, settings: settings, examples: examples, base: base, reference: reference, pool: pool
        ).train()
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            base.model, tokenizerOf: base.folder, precision: settings.precision, metrics: trained,
            notes: examples.notes)
    }
}
