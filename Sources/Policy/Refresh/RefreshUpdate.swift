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
    /// Mean over the steps of the loss of the texts that were mixed in, nats a token; nil without them.
    package var pretrainingLoss: Double?
    package var steps = 0
    /// The approximate KL of a step was over its limit and the rest was skipped.
    package var skipped = false
}

/// The updates of one rollout: epochs of minibatches of whole groups.
package struct RefreshUpdate {
    let policy: PolicyLearner
    let value: ValueNetwork
    let settings: PolicyRefreshSettings
    var mix: PretrainingMix?

    package init(policy: PolicyLearner, value: ValueNetwork, settings: PolicyRefreshSettings) {
        self.policy = policy
        self.value = value
        self.settings = settings
    }

    /// Value-only passes over a rollout, without clipping: the network learns what its scores mean before the end.
    func warmUpValue(on batch: LearningBatch, seed: UInt64) throws {
        let rate = Float(settings.valueLearningRate)
        for epoch in 0..<settings.valueWarmUpEpochs {
            for groups in minibatches(of: batch.rollout.groups.count, seed: seed, stream: UInt64(epoch)) {
                let part = batch.minibatch(groups: groups)
                switch value {
                case .none: return
                case .separate(let network):
                    _ = try network.step(part, loss: ClippedValueLoss(clipRange: nil), number: 0, learningRate: rate)
                case .shared(let head): try head.warmUp(part, learningRate: rate)
                }
            }
        }
    }

    /// Policy and value steps of one iteration.
    /// - Parameter iteration: counted from 0; sets rates and the order of the groups.
    package func learn(from batch: LearningBatch, iteration: Int, seed: UInt64) throws -> UpdateReport {
        let objective = objective(coefficient: batch.coefficient)
        let policyRate = settings.rate(peak: settings.policyLearningRate, iteration: iteration)
        let valueRate = settings.rate(peak: settings.valueLearningRate, iteration: iteration)
        var report = UpdateReport()
        var tokens = 0.0
        epochs: for epoch in 0..<settings.epochs {
            let stream = UInt64(iteration * settings.epochs + epoch)
            for groups in minibatches(of: batch.rollout.groups.count, seed: seed, stream: stream) {
                let part = batch.minibatch(groups: groups)
                let step = iteration * settings.epochs * settings.minibatches + report.steps
                let moved = try policyStep(
                    part, objective, rate: policyRate, valueRate: valueRate, number: iteration + 1, step: step,
                    report: &report)
                if case .separate(let network) = value {
                    let learnt = try network.step(
                        part, loss: ClippedValueLoss(clipRange: settings.valueClipRange), number: iteration + 1,
                        learningRate: valueRate)
                    report.add(value: (learnt.loss, learnt.clipFraction), of: part)
                    report.valueGradientNorm = max(report.valueGradientNorm, learnt.gradientNorm)
                }
                report.steps += 1
                tokens += Double(part.responseTokenCount)
                if moved > settings.approximateKLLimit {
                    report.skipped = true
                    break epochs
                }
            }
        }
        report.divide(by: tokens)
        return report
    }

    /// - Parameter coefficient: β.
    private func objective(coefficient: Double) -> PolicyObjective {
        PolicyObjective(
            method: settings.method,
            clipping: ClippedPolicyLoss(clipRange: settings.clipRange, dualClip: settings.dualClip),
            penalty: settings.method.penalisesInLoss
                ? .init(estimator: settings.klLossEstimator, coefficient: coefficient) : nil,
            maximumTokens: settings.maximumTokens)
    }

    /// - Returns: the approximate KL of the step's minibatch before the step.
    private func policyStep(
        _ part: Minibatch, _ objective: PolicyObjective, rate: Float, valueRate: Float, number: Int, step: Int,
        report: inout UpdateReport
    ) throws -> Double {
        let count = Double(part.responseTokenCount)
        let (now, learnt) = try accumulate(part, objective)
        let found = objective(
            new: now, old: part.logProbabilities, reference: part.referenceLogProbabilities,
            advantages: part.advantages)
        guard found.loss.isFinite else {
            throw PolicyError.diverged(step: number, what: "the policy's loss is not a number")
        }
        if let mix {
            let loss = try policy.add(
                texts: mix.batch(step: step), targets: mix.targets, coefficient: settings.pretrainingCoefficient)
            report.pretrainingLoss = (report.pretrainingLoss ?? 0) + loss
        }
        let moved = UpdateDiagnostics.approximateKL(new: now, old: part.logProbabilities)
        report.policyLoss += count * found.loss
        report.clipFraction += count * found.clipFraction
        report.approximateKL += count * moved
        let norm = try policy.step(number: number, learningRate: rate)
        report.policyGradientNorm = max(report.policyGradientNorm, norm)
        if case .shared(let head) = value {
            report.add(value: learnt, of: part)
            report.valueGradientNorm = max(
                report.valueGradientNorm, try head.step(number: number, learningRate: valueRate))
        }
        return moved
    }

    /// Puts the gradient of the policy's loss, and of the value loss where they share a trunk, into the buffers.
    /// - Returns: the log-probabilities now, and the shared head's loss and share of clipped values.
    private func accumulate(
        _ part: Minibatch, _ objective: PolicyObjective
    ) throws -> (now: [[Double]], value: (loss: Double, clipFraction: Double)) {
        let divisors = objective.divisors(lengths: part.logProbabilities.map(\.count))
        let bonus = settings.entropyCoefficient
        let entropy: ((Int) -> Double)? = bonus > 0 ? { -bonus / divisors[$0] } : nil
        if objective.method.weighsWholeResponses {
            let old = part.logProbabilities.map { $0.reduce(0, +) }
            let reference = part.referenceLogProbabilities.map { $0.reduce(0, +) }
            let now = try policy.accumulate(part.groups, entropyGradient: entropy) { responses, sums in
                zip(responses, sums).map { response, sum in
                    objective.unit(
                        new: sum, old: old[response], reference: reference[response],
                        advantage: part.advantages[response][0]
                    ).gradient / divisors[response]
                }
            }
            return (now, (0, 0))
        }
        var learnt = (loss: 0.0, clipFraction: 0.0)
        var otherHead: PolicyLearner.OtherHead?
        if case .shared(let head) = value {
            head.begin()
            let loss = ClippedValueLoss(clipRange: settings.valueClipRange)
            otherHead = { pass, groups, first in
                let found = head.accumulate(
                    pass, groups, first: first, batch: part, loss: loss, trunkShare: settings.valueCoefficient)
                learnt = (learnt.loss + found.loss, learnt.clipFraction + found.clipFraction)
            }
        }
        let now = try policy.accumulate(part.groups, entropyGradient: entropy, otherHead: otherHead) {
            response, token, logProbability in
            objective.unit(
                new: logProbability, old: part.logProbabilities[response][token],
                reference: part.referenceLogProbabilities[response][token],
                advantage: part.advantages[response][token]
            ).gradient / divisors[response]
        }
        return (now, learnt)
    }

    /// The groups in a seeded order, cut into parts that differ by at most one group.
    private func minibatches(of groups: Int, seed: UInt64, stream: UInt64) -> [[Int]] {
        var random = SplitMix64(seed: seed, stream: stream)
        let order = random.permutation(of: groups)
        let parts = min(settings.minibatches, groups)
        return (0..<parts).map { Array(order[(groups * $0 / parts)..<(groups * ($0 + 1) / parts)]) }
    }
}

extension UpdateReport {
    fileprivate mutating func add(value: (loss: Double, clipFraction: Double), of part: Minibatch) {
        valueLoss += Double(part.responseTokenCount) * value.loss
        valueClipFraction += Double(part.responseTokenCount) * value.clipFraction
    }

    /// Makes means of the sums over tokens.
    fileprivate mutating func divide(by tokens: Double) {
        policyLoss /= tokens
        valueLoss /= tokens
        clipFraction /= tokens
        valueClipFraction /= tokens
        approximateKL /= tokens
        pretrainingLoss = pretrainingLoss.map { $0 / Double(max(1, steps)) }
    }
}
