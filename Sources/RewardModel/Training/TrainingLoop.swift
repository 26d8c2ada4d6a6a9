import JSON
import LanguageModel

/// The steps of one training, with looks at held-out groups that choose the weights to keep.
struct TrainingLoop {
    let trainer: RewardTrainer
    let best: BestWeights
    let training: [RewardExample]
    let selecting: [RewardExample]
    let plan: TrainingPlan
    let settings: RewardModelSettings
    let longerIsBetter: Bool
    private let scorer: RewardScorer

    init(
        trainer: RewardTrainer, training: [RewardExample], selecting: [RewardExample],
        settings: RewardModelSettings, seed: UInt64, longerIsBetter: Bool, pool: WorkerPool
    ) {
        self.trainer = trainer
        best = BestWeights(trainer)
        self.training = training
        self.selecting = selecting
        self.settings = settings
        self.longerIsBetter = longerIsBetter
        plan = TrainingPlan(groupCount: training.count, settings: settings, seed: seed)
        scorer = RewardScorer(
            model: trainer.model, normalisation: .identity, pool: pool, tokensPerPass: settings.tokensPerPass)
    }

    /// Whether all steps are made, or the held-out log-loss has stopped falling.
    func isOver(_ state: TrainingState) -> Bool {
        state.step >= plan.totalSteps
            || state.step >= settings.minimumSteps && state.looksWithoutGain >= settings.patience
    }

    /// One update and, where one is due, a look.
    /// - Returns: the batch's tokens, and the numbers for a metrics line.
    func step(_ state: inout TrainingState) throws -> (tokens: Int, line: [String: JSONValue]) {
        let rate = plan.schedule.rate(step: state.step)
        let report = try trainer.step(plan.groups(step: state.step).map { training[$0] }, learningRate: rate)
        state.step += 1
        var line: [String: JSONValue] = [
            "phase": "training", "step": .integer(state.step), "loss": .number(report.loss),
            "accuracy": .number(report.accuracy), "learning_rate": .number(Double(rate)),
            "gradient_norm": .number(report.gradientNorm),
        ]
        if !selecting.isEmpty && plan.evaluates(after: state.step) {
            let look = try evaluation(of: selecting, step: state.step)
            if state.record(logLoss: look.logLoss, accuracy: look.accuracy) { best.keep(trainer) }
            line["held_out_log_loss"] = .number(look.logLoss)
            line["held_out_accuracy"] = .number(look.accuracy)
        }
        return (report.tokens, line)
    }

    /// Leaves the best weights in the model: the ones with the lowest held-out log-loss, else the last ones.
    func putBestBack(_ state: TrainingState) {
        if state.bestStep != nil { best.putBack(into: trainer) }
    }

    /// - Throws: `RewardModelError.diverged` where a score is not finite.
    func evaluation(of examples: [RewardExample], step: Int) throws -> RewardEvaluation {
        RewardEvaluation(
            examples, scores: try finiteScores(of: examples.map(\.tokens), step: step),
            longerIsBetter: longerIsBetter, ties: trainer.tieModel)
    }

    /// Logits of the classifier's head.
    /// - Throws: `RewardModelError.diverged` where one is not finite.
    func finiteScores(of groups: [TokenGroup], step: Int) throws -> [[Double]] {
        let scores = try scorer.rawScores(of: groups)
        guard scores.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw RewardModelError.diverged(step: step, what: "a score")
        }
        return scores
    }
}
