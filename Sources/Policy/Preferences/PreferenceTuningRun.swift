import Foundation
import JSON
import LanguageModel
import Runs
import SeededRandom

/// The loop of the job.
struct PreferenceTuningRun {
    let attempt: RunAttempt
    let settings: PreferenceTuningSettings
    let examples: PreferenceExamples
    let base: LoadedPolicy
    /// The base, or the base with what is trained beside it.
    let model: Transformer
    let reference: LoadedPolicy
    /// Scores what the policy writes, for people to read; nil where the run has no reward model.
    let scorer: (any ResponseScorer)?
    let pool: WorkerPool
    /// Of all passes of the run, of which there is one at a time.
    let memory: LearningMemory

    /// What is kept in every checkpoint besides weights: what the reference says, computed once, and the alarms so far.
    private struct Reference: Codable {
        /// Log-probabilities of all responses.
        var training: [[Double]]
        var heldOut: [[Double]]
        /// Nil where nothing is sampled, and in what older versions wrote.
        var looks: LookBaseline?
        /// Of the newest look, in the order of their names.
        var alarms: [RefreshAlarm.Kind]?
    }

    private static let modelName = "model"
    private static let optimiserName = "optimiser.safetensors"
    private static let referenceName = "reference.json"

    /// Trains the base's model.
    /// - Returns: numbers for the lineage, and what people should know of the policy.
    func train() throws -> (metrics: [String: JSONValue], notes: [String]) {
        let trainer = PreferenceTrainer(model, settings: settings, pool: pool, memory: memory)
        let reporter = try makeReporter()
        let begun = try begin(trainer, reporter)
        let start = begun.step
        var known = begun.known
        var step = start
        // Each group counts as one, so that a step has so many groups whatever their lengths.
        var plan = BatchPlan(
            sizes: examples.training.map { _ in 1 }, tokensPerStep: settings.groupsPerStep,
            seed: attempt.specification.seed, epochs: settings.epochs, steps: nil)
        let schedule = settings.schedule(steps: plan.totalSteps)
        let every = max(1, plan.totalSteps / settings.evaluations)
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: step)
        var clock = ProgressClock(step: step, total: plan.totalSteps)
        var last: PolicyLook?
        while step < plan.totalSteps {
            if attempt.shouldStop {
                try checkpoint(trainer, known, step: step)
                throw JobStopped("asked to stop; the next attempt goes on from step \(step) of \(plan.totalSteps)")
            }
            let batch = plan.batch(step: step)
            let rate = schedule.rate(step: step)
            let report = try trainer.step(
                batch.map { examples.training[$0] }, reference: batch.map { known.training[$0] }, number: step + 1,
                learningRate: rate)
            step += 1
            clock.add(tokens: report.tokens)
            var line = numbers(report, step: step, rate: rate)
            if step % every == 0 || step == plan.totalSteps {
                line.merge(try heldOutFigures(trainer, known)) { own, _ in own }
            }
            let seen = try look(reporter, known, after: step, of: plan.totalSteps)
            if let seen { line.merge(seen.numbers) { own, _ in own } }
            try attempt.metrics.write(line.merging(clock.numbers(at: step)) { own, _ in own })
            if let seen {
                try reporter?.report(seen, step: step, isLast: step == plan.totalSteps)
                known.alarms = reporter?.lasting.sorted { $0.rawValue < $1.rawValue }
                last = seen
            }
            if checkpoints.isDue(step: step) {
                try checkpoint(trainer, known, step: step)
                checkpoints.written(step: step)
            }
        }
        if start == plan.totalSteps, let seen = try look(reporter, known, after: step, of: step) {
            // An earlier attempt took the last step and did not come to its end.
            try reporter?.report(seen, step: step, isLast: true)
            last = seen
        }
        return (try figures(trainer, known: known, steps: plan.totalSteps, last: last), last?.notes ?? [])
    }

    /// Nil where nothing is sampled.
    private func makeReporter() throws -> LookReporter? {
        guard settings.samples > 0 else { return nil }
        // A stream of its own: the plan takes one an epoch, from 0.
        var random = SplitMix64(seed: attempt.specification.seed, stream: .max - 1)
        return try LookReporter(
            attempt: attempt,
            looks: PolicyLooks(
                policy: model, reference: reference.model, template: base.template, scorer: scorer,
                prompts: examples.prompts, settings: settings, seed: random.next(), pool: pool, arena: memory.passes))
    }

    /// A look where one is due: four times on the way and after the last step, as a refresh probes its policy.
    private func look(
        _ reporter: LookReporter?, _ known: Reference, after step: Int, of steps: Int
    ) throws -> PolicyLook? {
        guard let reporter, let baseline = known.looks, RefreshReporter.isProbeDue(after: step, of: steps) else {
            return nil
        }
        return try reporter.take(against: baseline)
    }

    /// Where training goes on from: the newest checkpoint, or the base with what the reference says.
    private func begin(
        _ trainer: PreferenceTrainer, _ reporter: LookReporter?
    ) throws -> (step: Int, known: Reference) {
        if let resumed = try attempt.resumePoint() {
            try model.loadTrained(from: resumed.url.appending(path: Self.modelName))
            try trainer.learner.optimiser.load(from: resumed.url.appending(path: Self.optimiserName))
            let data = try Data(contentsOf: resumed.url.appending(path: Self.referenceName))
            var known = try JSONDecoder().decode(Reference.self, from: data)
            if known.looks == nil { known.looks = try reporter?.baselineOfReference() }
            reporter?.lasting = Set(known.alarms ?? [])
            attempt.log("goes on from step \(resumed.step) of attempt \(resumed.attempt)")
            return (resumed.step, known)
        }
        let scorer = GroupScorer(
            model: reference.model, pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
        var known = Reference(
            training: try sums(of: examples.training, by: scorer), heldOut: try sums(of: examples.heldOut, by: scorer))
        let startsAsReference = base.model.parameters.sha256 == reference.model.parameters.sha256
        if startsAsReference { try check(known.training) }
        known.looks = try reporter?.begin(startsAsReference: startsAsReference)
        return (0, known)
    }

    private func checkpoint(_ trainer: PreferenceTrainer, _ known: Reference, step: Int) throws {
        try attempt.writeCheckpoint(step: step) { folder in
            try model.saveTrained(to: folder.appending(path: Self.modelName))
            try trainer.learner.optimiser.save(to: folder.appending(path: Self.optimiserName))
            try DurableFile.writeJSON(known, to: folder.appending(path: Self.referenceName))
        }
    }

    private func numbers(_ report: PreferenceTrainer.Report, step: Int, rate: Float) -> [String: JSONValue] {
        [
            "step": .integer(step), "phase": .string(settings.method.rawValue), "loss": .number(report.loss),
            "accuracy": .number(report.accuracy), "preference_margin": .number(report.margin),
            "log_ratio": .number(report.logRatio), "gradient_norm": .number(report.gradientNorm),
            "learning_rate": .number(Double(rate)),
        ]
    }

    /// Before the first step, base and reference of the same bytes must agree on every response.
    private func check(_ known: [[Double]]) throws {
        let scorer = GroupScorer(
            model: model, pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
        guard try sums(of: examples.training, by: scorer) == known else {
            throw PolicyError.startUpCheckFailed([
                "the base is byte for byte the reference, yet they give a response different log-probabilities"
            ])
        }
    }

    private func heldOutFigures(_ trainer: PreferenceTrainer, _ known: Reference) throws -> [String: JSONValue] {
        guard let found = try trainer.look(at: examples.heldOut, reference: known.heldOut) else { return [:] }
        return ["held_out_loss": .number(found.loss), "held_out_accuracy": .number(found.accuracy)]
    }

    /// - Parameter last: fresh responses of the tuned policy to prompts that it learnt from: how far it has gone, which no
    ///   loss says.
    private func figures(
        _ trainer: PreferenceTrainer, known: Reference, steps: Int, last: PolicyLook?
    ) throws -> [String: JSONValue] {
        var metrics: [String: JSONValue] = [
            "steps": .integer(steps), "training_groups": .integer(examples.training.count),
            "held_out_groups": .integer(examples.heldOut.count),
        ]
        if let look = try trainer.look(at: examples.training, reference: known.training) {
            metrics["training_loss"] = .number(look.loss)
            metrics["training_accuracy"] = .number(look.accuracy)
            metrics["preference_margin"] = .number(look.margin)
            metrics["log_ratio"] = .number(look.logRatio)
        }
        metrics.merge(try heldOutFigures(trainer, known)) { own, _ in own }
        guard let last else { return metrics }
        metrics["kl"] = .number(last.rollout.tokenSumKL)
        metrics["end_share"] = .number(last.statistics.endShare)
        metrics["distinct_2"] = .number(last.statistics.distinct2)
        metrics["distinct_text_share"] = .number(last.statistics.distinctTextShare)
        metrics["response_length"] = .number(last.statistics.meanLength)
        if let reward = last.reward { metrics["reward"] = .number(reward) }
        return metrics
    }
}
