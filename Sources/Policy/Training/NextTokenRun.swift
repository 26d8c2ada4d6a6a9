import Foundation
import JSON
import LanguageModel
import Runs

/// The loop of a next-token job: steps, held-out loss, metrics lines, checkpoints, resume, leaving when asked to.
struct NextTokenRun {
    let attempt: RunAttempt
    let settings: NextTokenSettings
    let targets: NextTokenTrainer.Targets
    let pool: WorkerPool
    private let training: [TokenGroup]
    /// Examples that are never trained on.
    let heldOut: [TokenGroup]
    /// What people should know of what is held out, as sentences.
    let notes: [String]
    /// Names what is held out: a checkpoint that was trained with another choice has learnt some of it.
    private let heldOutDigest: String

    /// Cuts off the held-out examples.
    /// - Parameter sources: each with a key of its own.
    init(
        attempt: RunAttempt, settings: NextTokenSettings, targets: NextTokenTrainer.Targets, pool: WorkerPool,
        sources: [TrainingSource]
    ) {
        self.attempt = attempt
        self.settings = settings
        self.targets = targets
        self.pool = pool
        let split = HeldOutSplit(
            keys: sources.map(\.key), sizes: sources.map(\.examples.count), share: settings.heldOutShare,
            limit: settings.heldOutLimit, of: targets == .responses ? .prompts : .documents)
        heldOut = split.heldOut.flatMap { sources[$0].examples }
        training = split.training.flatMap { sources[$0].examples }
        notes = split.note.map { [$0] } ?? []
        heldOutDigest = Digest.data(Data(split.heldOut.map { sources[$0].key }.joined(separator: "\n").utf8))
    }

    /// Trains `fresh`, or goes on from the newest checkpoint of an older attempt.
    /// - Returns: the model, the steps in all, and its numbers for the lineage.
    func train(_ fresh: Transformer) throws -> (model: Transformer, steps: Int, metrics: [String: JSONValue]) {
        let resumed = try usableCheckpoint()
        let model = try resumed.map { try restored($0.url, fresh) } ?? fresh
        let trainer = NextTokenTrainer(
            model: model, targets: targets, settings: settings, seed: attempt.specification.seed, pool: pool)
        var step = 0
        if let resumed {
            try trainer.optimiser.load(from: resumed.url.appending(path: "optimiser.safetensors"))
            step = resumed.step
            attempt.log("goes on from step \(step) of attempt \(resumed.attempt)")
        }
        var plan = BatchPlan(
            sizes: training.map(\.tokenCount), tokensPerStep: settings.tokensPerStep,
            seed: attempt.specification.seed, epochs: settings.epochs, steps: settings.steps)
        let schedule = LearningRateSchedule(
            kind: .cosine, peak: Float(settings.learningRate),
            warmUpSteps: min(settings.warmUpSteps, plan.totalSteps / 2), totalSteps: plan.totalSteps,
            finalFraction: Float(settings.finalLearningRateFraction))
        attempt.log("\(training.count) examples, \(heldOut.count) held out, \(plan.totalSteps) steps")
        for note in notes { attempt.log(note) }
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: step)
        var clock = ProgressClock(step: step, total: plan.totalSteps)
        while step < plan.totalSteps {
            if attempt.shouldStop {
                try write(trainer, step: step)
                throw JobStopped("asked to stop; the next attempt goes on from step \(step) of \(plan.totalSteps)")
            }
            let rate = schedule.rate(step: step)
            let done = try trainer.step(
                plan.batch(step: step).map { training[$0] }, number: step + 1, learningRate: rate)
            step += 1
            clock.add(tokens: done.tokens)
            var line: [String: JSONValue] = [
                "step": .integer(step), "phase": "train", "loss": .number(done.loss),
                "learning_rate": .number(Double(rate)), "gradient_norm": .number(done.gradientNorm),
            ]
            if step % settings.evaluateEvery == 0 || step == plan.totalSteps,
                let loss = try trainer.loss(of: heldOut)
            {
                line["held_out_loss"] = .number(loss)
            }
            try attempt.metrics.write(line.merging(clock.numbers(at: step)) { own, _ in own })
            if checkpoints.isDue(step: step) {
                try write(trainer, step: step)
                checkpoints.written(step: step)
            }
        }
        var metrics: [String: JSONValue] = ["steps": .integer(plan.totalSteps)]
        if let tuning = model.tuning { metrics["trained_parameters"] = .integer(tuning.table.parameterCount) }
        if let loss = try trainer.loss(of: heldOut) {
            metrics["held_out_loss"] = .number(loss)
            metrics["held_out_examples"] = .integer(heldOut.count)
        }
        return (model, plan.totalSteps, metrics)
    }

    private static let tuningName = "tuning.safetensors"
    private static let heldOutName = "held-out.sha256"

    /// The newest checkpoint, where the same examples were held out from it.
    private func usableCheckpoint() throws -> RunCheckpoint? {
        guard let newest = try attempt.resumePoint() else { return nil }
        let file = newest.url.appending(path: Self.heldOutName)
        if let kept = try? String(contentsOf: file, encoding: .utf8), kept == heldOutDigest { return newest }
        attempt.log(
            "the checkpoint of attempt \(newest.attempt) is of a version that held out other examples, so training begins anew"
        )
        return nil
    }

    /// The model of a checkpoint: its own weights, or the base with what tuning had trained.
    private func restored(_ checkpoint: URL, _ fresh: Transformer) throws -> Transformer {
        guard fresh.tuning != nil else { return try Checkpoint.load(checkpoint.appending(path: "model")) }
        try fresh.loadTuning(from: checkpoint.appending(path: Self.tuningName))
        return fresh
    }

    private func write(_ trainer: NextTokenTrainer, step: Int) throws {
        try attempt.writeCheckpoint(step: step) { folder in
            if trainer.model.tuning == nil {
                try Checkpoint.save(trainer.model, to: folder.appending(path: "model"), as: .float32)
            } else {
                try trainer.model.saveTuning(to: folder.appending(path: Self.tuningName))
            }
            try trainer.optimiser.save(to: folder.appending(path: "optimiser.safetensors"))
            try DurableFile.write(Data(heldOutDigest.utf8), to: folder.appending(path: Self.heldOutName))
        }
    }
}
