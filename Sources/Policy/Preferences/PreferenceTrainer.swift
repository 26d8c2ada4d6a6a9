import LanguageModel

/// A policy under DPO or IPO: whole groups, with the reference's log-probabilities at hand.
final class PreferenceTrainer {
    let learner: PolicyLearner
    private let objective: PreferenceObjective
    private let scorer: GroupScorer

    /// - Parameter memory: of its passes and gradients, shared with what works before and after.
    init(_ model: Transformer, settings: PreferenceTuningSettings, pool: WorkerPool, memory: LearningMemory) {
        learner = PolicyLearner(
            model: model, optimiser: settings.optimiser, temperature: 1, tokensPerPass: settings.tokensPerPass,
            pool: pool, memory: memory)
        objective = settings.objective
        scorer = GroupScorer(
            model: model, pool: pool, tokensPerPass: settings.tokensPerPass, arena: memory.passes)
    }

    /// What some groups showed; means over labels by weight, pairs within a label alike.
    struct Report {
        var loss = 0.0
        /// Share of strict pairs whose winner has the larger log-ratio; equal ones half.
        var accuracy = 0.0
        /// β times the mean lead of winners, in log-ratios.
        var margin = 0.0
        /// Mean change of a response's log-probability since the reference, nats a response; below 0 the policy makes even
        /// what people prefer rarer.
        var logRatio = 0.0
        var tokens = 0
        var gradientNorm = 0.0
    }

    /// One optimiser step. The loss is the weighted mean over the labels of the whole step, however it is cut into passes.
    /// - Parameter reference: log-probabilities of the responses by the reference, summed, `[groups][responses]`.
    /// - Throws: `PolicyError.diverged` before a weight has changed.
    func step(
        _ batch: [PreferenceExample], reference: [[Double]], number: Int, learningRate: Float
    ) throws -> Report {
        let weight = batch.reduce(0) { $0 + $1.weight }
        var report = Report()
        var group = 0
        _ = try learner.accumulate(batch.map(\.tokens)) { responses, sums in
            var slopes: [Double] = []
            while slopes.count < responses.count {
                let count = batch[group].lengths.count
                let part = Array(sums[slopes.count..<slopes.count + count])
                slopes += add(
                    batch[group], logRatios: zip(part, reference[group]).map { $0 - $1 }, of: weight, to: &report)
                group += 1
            }
            return slopes
        }
        guard report.loss.isFinite else {
            throw PolicyError.diverged(step: number, what: "the loss is not a number")
        }
        report.gradientNorm = try learner.step(number: number, learningRate: learningRate)
        return report
    }

    /// The same figures of groups that are not learnt from; nil for none.
    func look(at examples: [PreferenceExample], reference: [[Double]]) throws -> Report? {
        let weight = examples.reduce(0) { $0 + $1.weight }
        guard weight > 0 else { return nil }
        var report = Report()
        for (example, (sums, known)) in zip(examples, zip(try sums(of: examples, by: scorer), reference)) {
            _ = add(example, logRatios: zip(sums, known).map { $0 - $1 }, of: weight, to: &report)
        }
        return report
    }

    private func add(
        _ example: PreferenceExample, logRatios: [Double], of weight: Double, to report: inout Report
    ) -> [Double] {
        var slopes = [Double](repeating: 0, count: logRatios.count)
        for label in example.labels {
            let share = label.weight / weight
            let found = objective(logRatios: logRatios, lengths: example.lengths, levels: label.levels)
            report.loss += share * found.loss
            for index in slopes.indices { slopes[index] += share * found.gradient[index] }
            var leads: [Double] = []
            for (rank, winners) in label.levels.enumerated() {
                for winner in winners {
                    leads += label.levels[(rank + 1)...].joined().map { logRatios[winner] - logRatios[$0] }
                }
            }
            let pairs = Double(leads.count)
            report.accuracy += share * leads.reduce(0) { $0 + ($1 > 0 ? 1 : $1 == 0 ? 0.5 : 0) } / pairs
            report.margin += share * objective.beta * leads.reduce(0, +) / pairs
            report.logRatio += share * logRatios.reduce(0, +) / Double(logRatios.count)
        }
        report.tokens += example.tokens.tokenCount
        return slopes
    }
}

/// Log-probabilities of every example's responses, summed over their tokens: `[groups][responses]`, nats.
func sums(of examples: [PreferenceExample], by scorer: GroupScorer) throws -> [[Double]] {
    try scorer.logProbabilities(of: examples.map(\.tokens)).map { $0.map { $0.reduce(0, +) } }
}
