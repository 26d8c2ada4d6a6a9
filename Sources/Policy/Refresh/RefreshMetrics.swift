import JSON
import LanguageModel
import RewardModel
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
        if !step.alarms.isEmpty { line["alarms"] = .array(step.alarms.map { .string($0.message) }) }
        if let scores = rollout.watcherScores {
            line["watcher_reward"] = .number(scores.reduce(0, +) / responses)
        }
        if let deviations = rollout.memberDeviations {
            line["member_deviation"] = .number(deviations.reduce(0, +) / responses)
        }
        if let safety = rollout.safety {
            line["unsafe_share"] = .number(
                Double(safety.count { $0 < HeadScores.safetyThreshold }) / responses)
        }
        if let batch = step.batch, let report = step.report {
            let rate = settings.rate(peak: settings.policyLearningRate, iteration: number - 1)
            line["shaped_reward"] = .number(batch.shapedScores.reduce(0, +) / responses)
            line["learning_rate"] = .number(Double(rate))
            line["policy_loss"] = .number(report.policyLoss)
            line["clip_fraction"] = .number(report.clipFraction)
            line["approximate_kl"] = .number(report.approximateKL)
            line["policy_gradient_norm"] = .number(report.policyGradientNorm)
            line["updates"] = .integer(report.steps)
            line["updates_skipped"] = .bool(report.skipped)
            if let loss = report.pretrainingLoss { line["pretraining_loss"] = .number(loss) }
            if settings.method.usesValueNetwork { addValues(batch, report, settings, number: number, to: &line) }
        }
        return line
    }

    /// A line for each alarm that begins or ends: `event` is `alarm`, `state` is `began` or `ended`.
    static func events(
        _ alarms: [RefreshAlarm], after lasting: inout Set<RefreshAlarm.Kind>, number: Int
    ) -> [[String: JSONValue]] {
        let kinds = Set(alarms.map(\.kind))
        func event(_ kind: RefreshAlarm.Kind, _ state: String) -> [String: JSONValue] {
            ["event": "alarm", "alarm": .string(kind.rawValue), "state": .string(state), "step": .integer(number)]
        }
        let began = alarms.filter { !lasting.contains($0.kind) }.map { alarm in
            event(alarm.kind, "began").merging([
                "message": .string(alarm.message), "is_limit": .bool(alarm.isLimit),
            ]) { $1 }
        }
        let ended = RefreshAlarm.Kind.allCases.filter { lasting.contains($0) && !kinds.contains($0) }
        lasting = kinds
        return began + ended.map { event($0, "ended") }
    }

    private static func addValues(
        _ batch: LearningBatch, _ report: UpdateReport, _ settings: PolicyRefreshSettings, number: Int,
        to line: inout [String: JSONValue]
    ) {
        line["value_learning_rate"] = .number(
            Double(settings.rate(peak: settings.valueLearningRate, iteration: number - 1)))
        line["value_loss"] = .number(report.valueLoss)
        line["value_clip_fraction"] = .number(report.valueClipFraction)
        line["value_gradient_norm"] = .number(report.valueGradientNorm)
        line["value"] = .number(UpdateDiagnostics.mean(batch.values))
        line["return"] = .number(UpdateDiagnostics.mean(batch.returns))
        if let explained = UpdateDiagnostics.explainedVariance(values: batch.values, returns: batch.returns) {
            line["explained_variance"] = .number(explained)
        }
    }

    /// Some responses of a rollout, spread over its groups, for people to read.
    static func samples(_ rollout: Rollout, number: Int, count: Int, promptTexts: [String: String])
        -> [[String: JSONValue]]
    {
        let groups = rollout.groups
        return (0..<min(count, groups.count)).map { place in
            let index = groups.count * place / min(count, groups.count)
            let row = rollout.rows(ofGroup: index).lowerBound
            let group = groups[index]
            let response = group.responses[0]
            let kl = zip(rollout.logProbabilities[row], rollout.referenceLogProbabilities[row])
                .reduce(0) { $0 + $1.0 - $1.1 }
            return [
                "step": .integer(number), "prompt_id": .string(group.promptID),
                "prompt": .string(promptTexts[group.promptID] ?? ""), "response": .string(response.text),
                "score": .number(rollout.scores[row]), "kl": .number(kl),
                "tokens": .integer(response.tokens.count), "finished": .bool(response.finished),
            ]
        }
    }
}
