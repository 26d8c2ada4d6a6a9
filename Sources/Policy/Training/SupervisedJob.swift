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
        let read = try Demonstrations.groups(
            in: file, template: base.template, contextLength: room, skipTooLong: settings.skipTooLong)
        let loop = NextTokenRun(
            attempt: attempt, settings: settings.training, targets: .responses, pool: pool,
            sources: Demonstrations.byPrompt(read.groups))
        let trained = try loop.train(model)
        let skipped =
            "\(read.skipped) demonstrations were longer than the context of \(room) tokens and were not used"
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            trained.model, tokenizerOf: base.folder, precision: settings.training.precision,
            keep: settings.tuning.keep,
            metrics: trained.metrics.merging(
                ["demonstrations": .integer(read.groups.count), "skipped": .integer(read.skipped)]
            ) { own, _ in own },
            notes: read.skipped > 0 ? [skipped] : [])
    }
}
