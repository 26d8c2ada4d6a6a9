import JSON
import LanguageModel
import Runs

/// A metrics line of one iteration.
enum RefreshMetrics {
    /// - Parameter step: what the line is for: iterations done, counted from 1; the last judgement follows them.
    static func line(
        _ step: PolicyRefresh.Step, number: Int, phase: String, settings: PolicyRefreshSettings
    ) -> [String: JSONValue] {
        let rollout = step.rollout
        let statistics = step.numbers.statistics
        let tokens = Double(rollout.responseTokenCount)
        let responses = Double(max(1, rollout.responses.count))
        let mean = step.numbers.score
        let spread = rollout.scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, responses - 1)
        var line: [String: JSONValue] = [
            "step": .integer(number), "phase": .string(phase), "reward": .number(mean),
            "reward_deviation": .number(spread.squareRoot()), "kl": .number(step.numbers.tokenSumKL),
            "kl_per_token": .number(step.numbers.tokenSumKL * responses / max(1, tokens)),
            "kl_coefficient": .number(step.coefficient),
            "entropy": .number(UpdateDiagnostics.mean(rollout.entropies)),
            "response_length": .number(statistics.meanLength), "end_share": .number(statistics.endShare),
            "distinct_1": .number(statistics.distinct1), "distinct_2": .number(statistics.distinct2),
            "distinct_text_share": .number(statistics.distinctTextShare),
            "objective": .number(mean - step.coefficient * step.numbers.tokenSumKL),
        ]
        if !step.alarms.isEmpty { line["alarms"] = .array(step.alarms.map { .string($0) }) }
        if let batch = step.batch, let report = step.report {
            let rate = settings.rate(peak: settings.policyLearningRate, iteration: number - 1)
            line["shaped_reward"] = .number(batch.shapedScores.reduce(0, +) / responses)
            line["learning_rate"] = .number(Double(rate))
            line["value_learning_rate"] = .number(
                Double(settings.rate(peak: settings.valueLearningRate, iteration: number - 1)))
            line["policy_loss"] = .number(report.policyLoss)
            line["value_loss"] = .number(report.valueLoss)
            line["clip_fraction"] = .number(report.clipFraction)
            line["value_clip_fraction"] = .number(report.valueClipFraction)
            line["approximate_kl"] = .number(report.approximateKL)
            line["policy_gradient_norm"] = .number(report.policyGradientNorm)
            line["value_gradient_norm"] = .number(report.valueGradientNorm)
            line["updates"] = .integer(report.steps)
            line["updates_skipped"] = .bool(report.skipped)
            line["value"] = .number(UpdateDiagnostics.mean(batch.values))
            line["return"] = .number(UpdateDiagnostics.mean(batch.returns))
            if let explained = UpdateDiagnostics.explainedVariance(values: batch.values, returns: batch.returns) {
                line["explained_variance"] = .number(explained)
            }
        }
        return line
    }

    /// Some responses of a rollout, spread over its groups, for people to read.
    static func samples(_ step: PolicyRefresh.Step, number: Int, count: Int, promptTexts: [String: String])
        -> [[String: JSONValue]]
    {
        let groups = step.rollout.groups
        return (0..<min(count, groups.count)).map { place in
            let index = groups.count * place / min(count, groups.count)
            let row = step.rollout.rows(ofGroup: index).lowerBound
            let group = groups[index]
            let response = group.responses[0]
            let kl = zip(step.rollout.logProbabilities[row], step.rollout.referenceLogProbabilities[row])
                .reduce(0) { $0 + $1.0 - $1.1 }
            return [
                "step": .integer(number), "prompt_id": .string(group.promptID),
                "prompt": .string(promptTexts[group.promptID] ?? ""), "response": .string(response.text),
                "score": .number(step.rollout.scores[row]), "kl": .number(kl),
                "tokens": .integer(response.tokens.count), "finished": .bool(response.finished),
            ]
        }
    }
}
