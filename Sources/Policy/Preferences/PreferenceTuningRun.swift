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
    let pool: WorkerPool

    /// Log-probabilities of all responses by the reference: computed once, kept in every checkpoint.
    private struct Reference: Codable {
        var training: [[Double]]
        var heldOut: [[Double]]
    }

    private static let modelName = "model"
    private static let optimiserName = "optimiser.safetensors"
    private static let referenceName = "reference.json"

    /// Trains the base's model.
    /// - Returns: numbers for the lineage.
    func train() throws -> [String: JSONValue] {
        let trainer = PreferenceTrainer(model, settings: settings, pool: pool)
        let (start, known) = try begin(trainer)
        var step = start
        // Each group counts as one, so that a step has so many groups whatever their lengths.
        var plan = BatchPlan(
            sizes: examples.training.map { _ in 1 }, tokensPerStep: settings.groupsPerStep,
            seed: attempt.specification.seed, epochs: settings.epochs, steps: nil)
        let schedule = settings.schedule(steps: plan.totalSteps)
        let every = max(1, plan.totalSteps / settings.evaluations)
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: step)
        var clock = ProgressClock(step: step, total: plan.totalSteps)
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
            if step % every == 0 || step == plan.totalSteps,
                let look = try trainer.look(at: examples.heldOut, reference: known.heldOut)
            {
                line["held_out_loss"] = .number(look.loss)
                line["held_out_accuracy"] = .number(look.accuracy)
            }
            try attempt.metrics.write(line.merging(clock.numbers(at: step)) { own, _ in own })
            if checkpoints.isDue(step: step) {
                try checkpoint(trainer, known, step: step)
                checkpoints.written(step: step)
            }
        }
        return try figures(trainer, known: known, steps: plan.totalSteps)
    }

    /// Where training goes on from: the newest checkpoint, or the base with the reference's log-probabilities.
    private func begin(_ trainer: PreferenceTrainer) throws -> (step: Int, known: Reference) {
        if let resumed = try attempt.resumePoint() {
            try model.loadTrained(from: resumed.url.appending(path: Self.modelName))
            try trainer.learner.optimiser.load(from: resumed.url.appending(path: Self.optimiserName))
            let data = try Data(contentsOf: resumed.url.appending(path: Self.referenceName))
            attempt.log("goes on from step \(resumed.step) of attempt \(resumed.attempt)")
            return (resumed.step, try JSONDecoder().decode(Reference.self, from: data))
        }
        let scorer = GroupScorer(model: reference.model, pool: pool, tokensPerPass: settings.tokensPerPass)
        let known = Reference(
            training: try sums(of: examples.training, by: scorer), heldOut: try sums(of: examples.heldOut, by: scorer))
        try check(known.training)
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
        guard base.model.parameters.sha256 == reference.model.parameters.sha256 else { return }
        let scorer = GroupScorer(model: model, pool: pool, tokensPerPass: settings.tokensPerPass)
        guard try sums(of: examples.training, by: scorer) == known else {
            throw PolicyError.startUpCheckFailed([
                "the base is byte for byte the reference, yet they give a response different log-probabilities"
            ])
        }
    }

    private func figures(
        _ trainer: PreferenceTrainer, known: Reference, steps: Int
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
        if let look = try trainer.look(at: examples.heldOut, reference: known.heldOut) {
            metrics["held_out_loss"] = .number(look.loss)
            metrics["held_out_accuracy"] = .number(look.accuracy)
        }
        guard settings.samples > 0 else { return metrics }
        let (statistics, kl) = try judged()
        metrics["kl"] = .number(kl)
        metrics["end_share"] = .number(statistics.endShare)
        metrics["distinct_2"] = .number(statistics.distinct2)
        metrics["response_length"] = .number(statistics.meanLength)
        return metrics
    }

    /// Fresh responses of the tuned policy to prompts that it learnt from: how far it has gone, which no loss says.
    private func judged() throws -> (statistics: SampleStatistics, kl: Double) {
        let prompts = examples.prompts.filter { $0.count < model.usableContextLength }.prefix(settings.samples)
        let sampler = GroupSampler(model: model, pool: pool)
        var random = SplitMix64(seed: attempt.specification.seed, stream: .max - 1)
        let requests = prompts.enumerated().map { index, prompt in
            let share = settings.samples / prompts.count + (index < settings.samples % prompts.count ? 1 : 0)
            return SamplingRequest(
                prompt: prompt, seeds: (0..<share).map { _ in random.next() },
                settings: LanguageModel.SamplingSettings(
                    temperature: 1, topK: 0, topP: 1,
                    maximumTokens: min(settings.maximumTokens, model.usableContextLength - prompt.count),
                    endTokens: base.template.endTokenIDs))
        }
        let responses = try sampler.sample(requests)
        let groups = zip(requests, responses).map { TokenGroup(prompt: $0.prompt, responses: $1.map(\.tokens)) }
        let statistics = SampleStatistics(
            groups: responses.map { group in
                group.map {
                    .init(
                        text: base.template.responseText($0.tokens), tokenCount: $0.tokens.count,
                        finished: $0.finished)
                }
            })
        func sums(_ model: Transformer) throws -> [Double] {
            try GroupScorer(model: model, pool: pool, tokensPerPass: settings.tokensPerPass)
                .logProbabilities(of: groups).joined().map { $0.reduce(0, +) }
        }
        let differences = zip(try sums(model), try sums(reference.model)).map { $0 - $1 }
        return (statistics, differences.reduce(0, +) / Double(max(1, differences.count)))
    }
}
