import Foundation
import JSON
import LanguageModel
import Runs

/// One run of the `reward-model` job.
struct RewardModelRun {
    let attempt: RunAttempt
    let pool: WorkerPool
    let settings: RewardModelSettings
    let baseFolder: URL
    let base: Transformer
    let template: PromptTemplate
    let dataFile: URL
    let data: RewardDataset
    let reliability: CrowdBradleyTerry
    let longerIsBetter: Bool
    private var seed: UInt64 { attempt.specification.seed }

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
        var data = try RewardDataset(
            dataFile, template: template, contextLength: base.configuration.contextLength, reading: settings.reading)
        if let named = settings.newestPolicy { data.newestPolicy = named }
        longerIsBetter = RewardEvaluation.longerWins(in: data.training)
        reliability = CrowdBradleyTerry(data.trainingGroups)
        try data.prepare(
            settings, reliability: reliability, seed: RandomStream.bootstrap.seed(of: attempt.specification.seed))
        self.data = data
    }

    func run() throws -> JobOutcome {
        for note in data.notes {
            attempt.log(note)
            try attempt.metrics.write(["note": .string(note)])
        }
        let model = try base.withScalarHead(seed: RandomStream.head.seed(of: seed))
        let heads = try Ensemble.heads(
            settings.heads, for: model, base: base, training: data.training,
            seed: RandomStream.members.seed(of: seed))
        let trainer = RewardTrainer(model: model, heads: heads, settings: settings, pool: pool)
        let loop = TrainingLoop(
            trainer: trainer, training: data.training, selecting: data.selecting, settings: settings, seed: seed,
            longerIsBetter: longerIsBetter, pool: pool)
        let state = try train(loop)
        loop.putBestBack(state)
        let output = RewardModelOutput(run: self, loop: loop, state: state)
        return try output.write()
    }

    /// Makes the steps that are left, then the points of the learning curve that are.
    private func train(_ loop: TrainingLoop) throws -> TrainingState {
        var state = TrainingState()
        if let point = try attempt.resumePoint() {
            state = try TrainingCheckpoint.restore(from: point.url, trainer: loop.trainer, best: loop.best)
            attempt.log("Goes on from step \(state.step), written by attempt \(point.attempt).")
        }
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: state.step)
        var clock = ProgressClock(step: state.step, total: loop.plan.totalSteps)
        func checkpoint() throws {
            try attempt.writeCheckpoint(step: state.step + (state.curve?.count ?? 0)) {
                try TrainingCheckpoint.write(state, trainer: loop.trainer, best: loop.best, to: $0)
            }
            checkpoints.written(step: state.step)
        }
        while !loop.isOver(state) {
            if attempt.shouldStop {
                try checkpoint()
                throw JobStopped(
                    "Stopped after step \(state.step) of \(loop.plan.totalSteps); the next attempt goes on there.")
            }
            let (tokens, numbers) = try loop.step(&state)
            clock.add(tokens: tokens)
            try attempt.metrics.write(clock.numbers(at: state.step).merging(numbers) { _, own in own })
            if checkpoints.isDue(step: state.step) || state.step == loop.plan.totalSteps { try checkpoint() }
        }
        try checkpoint()
        let curve = LearningCurve(
            base: base, data: data, settings: settings, seed: seed, longerIsBetter: longerIsBetter, pool: pool)
        for number in (state.curve?.count ?? 0)..<max(state.curve?.count ?? 0, settings.learningCurvePoints) {
            let point = try curve.train(number) { step, total in
                try attempt.metrics.write([
                    "phase": "learning curve", "curve_point": .integer(number + 1), "curve_step": .integer(step),
                    "curve_steps": .integer(total),
                ])
                if attempt.shouldStop {
                    throw JobStopped("Stopped in the learning curve; its finished points are in the checkpoint.")
                }
            }
            // A part without anything to learn from counts as done.
            state.curve =
                (state.curve ?? []) + [point ?? LearningCurve.Point(labels: 0, groups: 0, accuracy: 0, logLoss: 0)]
            try checkpoint()
        }
        return state
    }
}

extension RewardDataset {
    /// Weighs, merges and draws the training labels as the settings ask.
    /// - Throws: `RewardModelError.nothingToRead` where a setting asks for labels that there are none of.
    mutating func prepare(_ settings: RewardModelSettings, reliability: CrowdBradleyTerry, seed: UInt64) throws {
        func require(_ holds: Bool, _ setting: String, _ missing: String) throws {
            if !holds { throw RewardModelError.nothingToRead(setting: setting, missing: missing) }
        }
        func has(_ marks: KeyPath<RewardExample, [ResponseMark]>, _ value: Double) -> Bool {
            training.contains { $0[keyPath: marks].contains { $0.value == value } }
        }
        try require(
            settings.ratingWeight == 0 || training.contains { !$0.ratings.isEmpty }, "rating_weight",
            "ratings from 1 to 7")
        try require(
            settings.acceptabilityWeight == 0 || has(\.acceptability, 0) && has(\.acceptability, 1),
            "acceptability_weight", "responses on both sides of the line of acceptability")
        try require(
            settings.safetyWeight == 0 || has(\.safety, 0) && has(\.safety, 1), "safety_weight",
            "both safe and unsafe responses")
        try require(
            settings.ties == .drop || training.contains { $0.elements.contains { !$0.ties.isEmpty } }, "ties", "ties")
        if settings.reliabilityWeights {
            for index in training.indices {
                training[index].elements = training[index].elements.map { element in
                    element.weighing(element.weight * (element.annotator.map(reliability.weight) ?? 1))
                }
            }
        }
        if settings.softLabels { training = training.map { $0.merged() } }
        guard settings.ensembleMembers > 1 else { return }
        let draws = Ensemble.draws(
            prompts: training.map(DrawnTogether.init), members: settings.ensembleMembers, seed: seed)
        for index in training.indices { training[index].draws = draws[index] }
    }
}
