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
        try settings.training.validate()
        let base = try LoadedPolicy(folder: try attempt.run.parentURL(role: "base"))
        let file = try attempt.run.inputFile(Demonstrations.name)
        let read = try Demonstrations.groups(
            in: file, template: base.template, contextLength: base.contextLength, skipTooLong: settings.skipTooLong)
        let loop = NextTokenRun(
            attempt: attempt, settings: settings.training, targets: .responses, pool: pool,
            sources: Demonstrations.byPrompt(read.groups))
        let trained = try loop.train(base.model)
        let skipped =
            "\(read.skipped) demonstrations were longer than the context of \(base.contextLength) tokens and were not used"
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            trained.model, tokenizerOf: base.folder, precision: settings.training.precision,
            metrics: trained.metrics.merging(
                ["demonstrations": .integer(read.groups.count), "skipped": .integer(read.skipped)]
            ) { own, _ in own },
            notes: read.skipped > 0 ? [skipped] : [])
    }
}
