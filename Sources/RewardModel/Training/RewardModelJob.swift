import Foundation
import JSON
public import LanguageModel
public import Runs

/// The `reward-model` job: from a supervised policy and all labels so far to a scored, normalised reward model.
///
/// Every run starts from the supervised trunk and takes all labels, because going on from an older reward model would
/// show it the older labels again and again (training §2.1).
public enum RewardModelJob {
    public static let kind = "reward-model"
    /// Name of the result's folder, also below `output/`.
    public static let folderName = "reward-model"

    /// Runs the job over an attempt: `input/groups.jsonl`, parent `base`.
    /// - Throws: `JobStopped` after a checkpoint; `JobFailure` with a sentence for people; file-system errors.
    public static func run(_ attempt: RunAttempt, pool: WorkerPool = WorkerPool()) throws -> JobOutcome {
        do {
            return try RewardModelRun(attempt: attempt, pool: pool).run()
        } catch let error as RewardModelError {
            switch error {
            case .noLabels, .nothingOrdered, .everythingHeldOut:
                throw JobFailure(kind: "not-ready", message: error.description)
            case .diverged, .oneScoreForAll: throw JobFailure(kind: "diverged", message: error.description)
            default: throw JobFailure(kind: "bad-input", message: error.description)
            }
        }
    }
}

/// One run of the job.
private struct RewardModelRun {
    let attempt: RunAttempt
    let pool: WorkerPool
    let settings: RewardModelSettings
    let baseFolder: URL
    let base: Transformer
    let template: PromptTemplate
    let dataFile: URL
    let data: RewardDataset
    let plan: TrainingPlan
    let longerIsBetter: Bool

    init(attempt: RunAttempt, pool: WorkerPool) throws {
        self.attempt = attempt
        self.pool = pool
        settings = try attempt.specification.settings(as: RewardModelSettings.self)
        try settings.validate()
        baseFolder = try attempt.run.parentURL(role: "base")
        base = try Checkpoint.load(baseFolder)
        guard base.configuration.head == .languageModel else {
            throw RewardModelError.notAPolicy(folder: baseFolder.path)
        }
        template = try PromptTemplate(folder: baseFolder, fitting: base)
        dataFile = try attempt.run.inputFile(RewardDataset.fileName)
        data = try RewardDataset(
            dataFile, template: template, contextLength: base.configuration.contextLength, margins: settings.margins)
        plan = TrainingPlan(
            groupCount: data.training.count, settings: settings, seed: attempt.specification.seed)
        longerIsBetter = RewardEvaluation.longerWins(in: data.training)
    }

    func run() throws -> JobOutcome {
        for note in data.notes {
            attempt.log(note)
            try attempt.metrics.write(["note": .string(note)])
        }
        let seed = attempt.specification.seed
        let model = try base.withScalarHead(seed: RandomStream.head.seed(of: seed))
        let state = try train(model)
        let evaluations = try evaluate(model, state: state)
        let normalisation = try normalise(model, state: state)
        return try write(model, state: state, evaluations: evaluations, normalisation: normalisation)
    }

    /// Leaves the best weights in `model`: the ones with the lowest held-out log-loss, else the last ones.
    private func train(_ model: Transformer) throws -> TrainingState {
        let trainer = RewardTrainer(model: model, settings: settings, pool: pool)
        let best = model.makeGradients()
        var state = TrainingState()
        if let point = try attempt.resumePoint() {
            state = try TrainingCheckpoint.restore(from: point.url, trainer: trainer, best: best)
            attempt.log("Goes on from step \(state.step), written by attempt \(point.attempt).")
        }
        let heldOut = RewardScorer(
            model: model, normalisation: .identity, pool: pool, tokensPerPass: settings.tokensPerPass)
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: state.step)
        var clock = ProgressClock(step: state.step, total: plan.totalSteps)
        func checkpoint() throws {
            try attempt.writeCheckpoint(step: state.step) {
                try TrainingCheckpoint.write(state, trainer: trainer, best: best, to: $0)
            }
            checkpoints.written(step: state.step)
        }
        while state.step < plan.totalSteps && !isOver(state) {
            if attempt.shouldStop {
                try checkpoint()
                throw JobStopped(
                    "Stopped after step \(state.step) of \(plan.totalSteps); the next attempt goes on there.")
            }
            let rate = plan.schedule.rate(step: state.step)
            let batch = plan.groups(step: state.step).map { data.training[$0] }
            let report = try trainer.step(batch, learningRate: rate)
            state.step += 1
            clock.add(tokens: report.tokens)
            var line = clock.numbers(at: state.step)
            line.merge(Self.numbers(report, rate: rate, step: state.step)) { _, own in own }
            if !data.selecting.isEmpty && plan.evaluates(after: state.step) {
                let look = try evaluation(of: data.selecting, scorer: heldOut, step: state.step)
                if state.record(logLoss: look.logLoss, accuracy: look.accuracy) { best.copy(from: model.parameters) }
                line["held_out_log_loss"] = .number(look.logLoss)
                line["held_out_accuracy"] = .number(look.accuracy)
            }
            try attempt.metrics.write(line)
            if checkpoints.isDue(step: state.step) || state.step == plan.totalSteps { try checkpoint() }
        }
        try checkpoint()
        if state.bestStep != nil { model.parameters.copy(from: best) }
        return state
    }

    /// Whether the held-out log-loss has stopped falling.
    private func isOver(_ state: TrainingState) -> Bool {
        state.step >= settings.minimumSteps && state.looksWithoutGain >= settings.patience
    }

    private static func numbers(
        _ report: RewardTrainer.BatchReport, rate: Float, step: Int
    ) -> [String: JSONValue] {
        [
            "phase": "training", "step": .integer(step), "loss": .number(report.loss),
            "accuracy": .number(report.accuracy), "learning_rate": .number(Double(rate)),
            "gradient_norm": .number(report.gradientNorm),
        ]
    }

    /// - Throws: `RewardModelError.diverged` where a score is not finite.
    private func evaluation(
        of examples: [RewardExample], scorer: RewardScorer, step: Int
    ) throws -> RewardEvaluation {
        RewardEvaluation(
            examples, scores: try finiteScores(of: examples.map(\.tokens), scorer: scorer, step: step),
            longerIsBetter: longerIsBetter)
    }

    private func finiteScores(of groups: [TokenGroup], scorer: RewardScorer, step: Int) throws -> [[Double]] {
        let scores = try scorer.rawScores(of: groups)
        guard scores.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw RewardModelError.diverged(step: step, what: "a score")
        }
        return scores
    }

    private func evaluate(
        _ model: Transformer, state: TrainingState
    ) throws -> (training: RewardEvaluation, heldOut: RewardEvaluation?) {
        let scorer = RewardScorer(
            model: model, normalisation: .identity, pool: pool, tokensPerPass: settings.tokensPerPass)
        let training = try evaluation(of: data.training, scorer: scorer, step: state.step)
        guard !data.reported.isEmpty else { return (training, nil) }
        return (training, try evaluation(of: data.reported, scorer: scorer, step: state.step))
    }

    /// Samples the reference policy and fits gain and bias to the scores.
    private func normalise(_ model: Transformer, state: TrainingState) throws -> Normalisation {
        let samples = ReferenceSamples(
            policy: base, endTokens: template.endTokenIDs, settings: settings,
            seed: RandomStream.samples.seed(of: attempt.specification.seed), pool: pool)
        let groups = try samples.draw(prompts: data.prompts) { drawn in
            try attempt.metrics.write([
                "phase": "normalisation", "samples": .integer(drawn),
                "samples_wanted": .integer(settings.referenceSamples),
            ])
            if attempt.shouldStop {
                throw JobStopped("Stopped after training, which is in the checkpoint of step \(state.step).")
            }
        }
        let scorer = RewardScorer(
            model: model, normalisation: .identity, pool: pool, tokensPerPass: settings.tokensPerPass)
        return try Normalisation.fitted(
            to: try finiteScores(of: groups, scorer: scorer, step: state.step).flatMap { $0 })
    }

    private func write(
        _ model: Transformer, state: TrainingState,
        evaluations: (training: RewardEvaluation, heldOut: RewardEvaluation?), normalisation: Normalisation
    ) throws -> JobOutcome {
        let folder = attempt.outputURL.appending(path: RewardModelJob.folderName)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder)
        try TokenizerFiles.copy(from: baseFolder, to: folder)
        let metrics = try RewardModelReport(
            data: data, state: state, training: evaluations.training, heldOut: evaluations.heldOut,
            longerIsBetter: longerIsBetter, normalisation: normalisation
        ).metrics()
        var lineage = Lineage(
            specification: attempt.specification, snapshot: try Digest.file(dataFile), metrics: metrics,
            processor: Machine.processor, blas: Machine.blas,
            details: [
                "normalisation": try JSONValue(encoding: normalisation),
                "held_out_history": try JSONValue(encoding: state.history),
                "terminal_rule": .string(RewardModelReport.terminalRule),
            ])
        lineage.settings = try JSONValue(encoding: settings)
        try lineage.write(to: folder)
        var notes = data.notes
        if state.step < plan.totalSteps {
            notes.append("Training stopped after \(state.step) steps, because the held-out log-loss no longer fell.")
        }
        return JobOutcome(
            folders: [RewardModelJob.folderName: RewardModelJob.folderName], metrics: metrics, notes: notes)
    }
}
