import LanguageModel
import SeededRandom

/// Numbers of one iteration's updates, means over tokens.
package struct UpdateReport {
    package var policyLoss = 0.0
    package var valueLoss = 0.0
    package var clipFraction = 0.0
    package var valueClipFraction = 0.0
    package var approximateKL = 0.0
    package var policyGradientNorm = 0.0
    package var valueGradientNorm = 0.0
    package var steps = 0
    /// The approximate KL of a step was over its limit and the rest was skipped.
    package var skipped = false
}

/// The updates of one rollout: epochs of minibatches of whole groups.
package struct RefreshUpdate {
    let policy: PolicyLearner
    let value: ValueLearner
    let settings: PolicyRefreshSettings

    package init(policy: PolicyLearner, value: ValueLearner, settings: PolicyRefreshSettings) {
        self.policy = policy
        self.value = value
        self.settings = settings
    }

    /// Value-only passes over a rollout, without clipping: the network learns what its scores mean before the end.
    func warmUpValue(on batch: LearningBatch, seed: UInt64) throws {
        for epoch in 0..<settings.valueWarmUpEpochs {
            for groups in minibatches(of: batch.rollout.groups.count, seed: seed, stream: UInt64(epoch)) {
                _ = try value.step(
                    batch.minibatch(groups: groups), loss: ClippedValueLoss(clipRange: nil), number: 0,
                    learningRate: Float(settings.valueLearningRate))
            }
        }
    }

    /// Policy and value steps of one iteration.
    /// - Parameter iteration: counted from 0; sets rates and the order of the groups.
    package func learn(from batch: LearningBatch, iteration: Int, seed: UInt64) throws -> UpdateReport {
        let policyRate = settings.rate(peak: settings.policyLearningRate, iteration: iteration)
        let valueRate = settings.rate(peak: settings.valueLearningRate, iteration: iteration)
        var report = UpdateReport()
        var tokens = 0.0
        epochs: for epoch in 0..<settings.epochs {
            let stream = UInt64(iteration * settings.epochs + epoch)
            for groups in minibatches(of: batch.rollout.groups.count, seed: seed, stream: stream) {
                let part = batch.minibatch(groups: groups)
                let weight = Double(part.responseTokenCount)
                let moved = try policyStep(part, rate: policyRate, number: iteration + 1, report: &report)
                let learnt = try value.step(
                    part, loss: ClippedValueLoss(clipRange: settings.valueClipRange), number: iteration + 1,
                    learningRate: valueRate)
                report.valueLoss += weight * learnt.loss
                report.valueClipFraction += weight * learnt.clipFraction
                report.valueGradientNorm = max(report.valueGradientNorm, learnt.gradientNorm)
                report.steps += 1
                tokens += weight
                if moved > settings.approximateKLLimit {
                    report.skipped = true
                    break epochs
                }
            }
        }
        report.policyLoss /= tokens
        report.valueLoss /= tokens
        report.clipFraction /= tokens
        report.valueClipFraction /= tokens
        report.approximateKL /= tokens
        return report
    }

    /// - Returns: the approximate KL of the step's minibatch before the step.
    private func policyStep(
        _ part: Minibatch, rate: Float, number: Int, report: inout UpdateReport
    ) throws -> Double {
        let loss = ClippedPolicyLoss(clipRange: settings.clipRange, dualClip: settings.dualClip)
        let count = Double(part.responseTokenCount)
        let now = try policy.accumulate(part.groups) { response, token, logProbability in
            loss.token(
                new: logProbability, old: part.logProbabilities[response][token],
                advantage: part.advantages[response][token]
            ).gradient / count
        }
        let found = loss(new: now, old: part.logProbabilities, advantages: part.advantages)
        guard found.loss.isFinite else {
            throw PolicyError.diverged(step: number, what: "the policy's loss is not a number")
        }
        let moved = UpdateDiagnostics.approximateKL(new: now, old: part.logProbabilities)
        report.policyLoss += count * found.loss
        report.clipFraction += count * found.clipFraction
        report.approximateKL += count * moved
        let norm = try policy.step(number: number, learningRate: rate)
        report.policyGradientNorm = max(report.policyGradientNorm, norm)
        return moved
    }

    /// The groups in a seeded order, cut into parts that differ by at most one group.
    private func minibatches(of groups: Int, seed: UInt64, stream: UInt64) -> [[Int]] {
        var random = SplitMix64(seed: seed, stream: stream)
        let order = random.permutation(of: groups)
        let parts = min(settings.minibatches, groups)
        return (0..<parts).map { Array(order[(groups * $0 / parts)..<(groups * ($0 + 1) / parts)]) }
    }
}
