import Foundation
import JSON
import LanguageModel
import Runs

/// The `supervised` job: learns the responses of demonstrations; their prompts are read and not learnt.
struct SupervisedJob {
    let attempt: RunAttempt
    let pool: WorkerPool

    func run() throws -> JobOutcome {
        let settings = try attempt.specification.settings(as: SupervisedSettings.self)
        try settings.validate()
        let base = try LoadedPolicy(
            folder: try attempt.run.parentURL(role: "base"), frozen: settings.tuning.frozenWeights, pool: pool)
        try base.requireNoTuning()
        let file = try attempt.run.inputFile(Demonstrations.name)
        let model = try settings.tuning.tuned(base.model, seed: attempt.specification.seed)
        let room = model.usableContextLength
        let read = try Demonstrations.read(
            file, template: base.template, contextLength: room, skipTooLong: settings.skipTooLong)
        let loop = NextTokenRun(
            attempt: attempt, settings: settings.training, targets: .responses, pool: pool,
            sources: Demonstrations.sources(read.examples))
        // Sampling packs a second copy of the weights, for which a run that trains beside them need not have the memory.
        let samples =
            settings.tuning.kind == .full
            ? SupervisedSamples(
                attempt: attempt, base: base, pool: pool, examples: read.examples, heldOut: loop.heldOut) : nil
        samples?.write(model, step: 0, phase: "probe")
        let trained = try loop.train(model)
        let skipped =
            "\(read.skipped) demonstrations were longer than the context of \(room) tokens and were not used"
        let outcome = try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            trained.model, tokenizerOf: base.folder, precision: settings.training.precision,
            keep: settings.tuning.keep,
            metrics: trained.metrics.merging(
                ["demonstrations": .integer(read.examples.count), "skipped": .integer(read.skipped)]
            ) { own, _ in own },
            notes: (read.skipped > 0 ? [skipped] : []) + loop.notes)
        samples?.write(trained.model, step: trained.steps, phase: "handed_out")
        return outcome
    }
}
