import Foundation
import LanguageModel
import Policy
import Testing

/// What one update moves of a value network, against finite differences of the value loss.
///
/// An ε far above every gradient, and a rate as large, make AdamW's first step the gradient itself. Advantages are 0, so the
/// policy has no gradient of its own, and in a shared trunk only the value loss moves anything.
@Suite struct ValueGradientTests {
    private let pool = WorkerPool(threads: 2)

    private static let groups = [
        TokenGroup(prompt: [5, 9, 12], responses: [[7, 8, 3], [20, 4]]),
        TokenGroup(prompt: [30, 2], responses: [[11, 13, 17, 19]]),
    ]
    /// How far old values and returns are from the values. With a clip range of 2 the second, third and eighth token are
    /// clipped; all stand far from where that changes.
    private static let oldShifts: [[Double]] = [[0, 6, -6], [6, 0], [0, -6, 6, 0]]
    private static let returnShifts: [[Double]] = [[0.5, -1, 1.5], [8, -2], [1, -8, -0.5, 2.5]]
    private static let clips: [Double?] = [nil, 2]
    private static func clippedShare(_ clip: Double?) -> Double { clip == nil ? 0 : 3.0 / 9 }

    private func settings(clip: Double?) -> PolicyRefreshSettings {
        var settings = PolicyRefreshSettings()
        (settings.iterations, settings.minibatches, settings.warmUpIterations) = (1, 1, 0)
        (settings.epsilon, settings.policyLearningRate, settings.valueLearningRate) = (1e9, 1e9, 1e9)
        settings.clipNorm = nil
        settings.valueClipRange = clip
        return settings
    }

    private func batch(_ values: [[Double]], _ settings: PolicyRefreshSettings) -> LearningBatch {
        let groups = Self.groups.enumerated().map { index, group in
            Rollout.Group(
                promptID: "p\(index)", prompt: group.prompt,
                responses: group.responses.map {
                    Rollout.Response(tokens: $0, text: "", finished: true, decodeLogProbabilities: [])
                })
        }
        let numbers = values.map { [Double](repeating: -1, count: $0.count) }
        let rollout = Rollout(
            groups: groups, logProbabilities: numbers, referenceLogProbabilities: numbers, entropies: numbers,
            scores: values.map { _ in 0 })
        var batch = LearningBatch(rollout: rollout, values: values, coefficient: 0, settings: settings)
        batch.advantages = values.map { [Double](repeating: 0, count: $0.count) }
        batch.values = zip(values, Self.oldShifts).map { zip($0, $1).map(+) }
        batch.returns = zip(values, Self.returnShifts).map { zip($0, $1).map(+) }
        return batch
    }

    private func network(
        _ model: Transformer, gain: Double, bias: Double, _ settings: PolicyRefreshSettings, tokensPerPass: Int = 8
    ) -> ValueLearner {
        ValueLearner(
            model: model, gain: gain, bias: bias,
            optimiser: settings.optimiser(learningRate: settings.valueLearningRate), tokensPerPass: tokensPerPass,
            pool: pool)
    }

    /// A head on a policy's trunk that has learnt something: where one begins, at 0, no gradient would reach the trunk.
    private func head(
        on model: Transformer, _ settings: PolicyRefreshSettings, tokensPerPass: Int = 8
    ) -> SharedValueHead {
        let head = SharedValueHead(
            policy: model, optimiser: settings.optimiser(learningRate: settings.valueLearningRate),
            tokensPerPass: tokensPerPass, pool: pool)
        head.parameters.store((0...model.configuration.width).map { 0.2 * sin(Float($0)) }, at: 0)
        return head
    }

    private func learn(
        _ batch: LearningBatch, policy: Transformer, value: ValueNetwork, _ settings: PolicyRefreshSettings,
        tokensPerPass: Int = 8
    ) throws -> UpdateReport {
        let learner = PolicyLearner(
            model: policy, optimiser: settings.optimiser(learningRate: settings.policyLearningRate), temperature: 1,
            tokensPerPass: tokensPerPass, pool: pool)
        return try RefreshUpdate(policy: learner, value: value, settings: settings)
            .learn(from: batch, iteration: 0, seed: 1)
    }

    private func valueLoss(_ values: [[Double]], _ batch: LearningBatch, _ settings: PolicyRefreshSettings) -> Double {
        let loss = ClippedValueLoss(clipRange: settings.valueClipRange)
        return loss(values: values, old: batch.values, returns: batch.returns).loss
    }

    /// What some work takes off numbers, which are then put back.
    private func moved(_ numbers: FloatBuffer, by work: () throws -> Void) rethrows -> [Float] {
        let before = numbers.array(0..<numbers.count)
        try work()
        let after = numbers.array(0..<numbers.count)
        numbers.store(before, at: 0)
        return zip(before, after).map { $0 - $1 }
    }

    private func norm(_ direction: [Float]) -> Double {
        direction.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// The slope of a loss of some numbers along a direction, from central differences.
    private func slope(
        of loss: () throws -> Double, by numbers: FloatBuffer, along direction: [Float]
    ) throws -> Double {
        let start = numbers.array(0..<numbers.count)
        let length = norm(direction)
        func moved(_ step: Double) throws -> Double {
            numbers.store(zip(start, direction).map { $0 + Float(step / length) * $1 }, at: 0)
            return try loss()
        }
        let step = 1e-3
        let wide = try moved(step) - moved(-step)
        let narrow = try moved(step / 2) - moved(-step / 2)
        numbers.store(start, at: 0)
        return (8 * narrow - wide) / (6 * step)
    }

    @Test(arguments: clips)
    func `a value network moves by the gradient of its loss, gain and all`(clip: Double?) throws {
        let settings = settings(clip: clip)
        let policy = try TinyPolicy(seed: 6).sharpened(by: 3).model
        let model = try policy.withScalarHead(seed: 5)
        let (gain, bias) = (2.5, -0.75)
        /// From the head's own numbers.
        func values() throws -> [[Double]] {
            let plain = try network(model, gain: 1, bias: 0, settings).values(of: Self.groups)
            return plain.map { row in row.map { gain * $0 + bias } }
        }
        let batch = batch(try values(), settings)
        let expected = valueLoss(try values(), batch, settings)

        let own = network(model, gain: gain, bias: bias, settings)
        var learnt: UpdateReport?
        let gradient = try moved(model.parameters) {
            learnt = try learn(batch, policy: policy, value: .separate(own), settings)
        }
        let report = try #require(learnt)
        #expect(abs(report.valueLoss - expected) < 1e-4 * expected)
        #expect(abs(report.valueClipFraction - Self.clippedShare(clip)) < 1e-12)
        #expect(abs(report.valueGradientNorm - norm(gradient)) < 1e-3 * norm(gradient))
        // Along a gradient a loss rises by the gradient's norm. Head and trunk each by itself, so that none can be missing.
        let head = try #require(model.table["score.weight"]).range
        for isHead in [true, false] {
            let direction = gradient.indices.map { head.contains($0) == isHead ? gradient[$0] : 0 }
            let length = norm(direction)
            try #require(length > 0.1)
            let slope = try slope(
                of: { valueLoss(try values(), batch, settings) }, by: model.parameters, along: direction)
            #expect(abs(slope - length) < 5e-3 * length, "\(isHead ? "head" : "trunk")")
        }
    }

    @Test(arguments: clips)
    func `a shared trunk moves by the value loss's share of the gradient, the head by all of it`(clip: Double?) throws {
        var settings = settings(clip: clip)
        (settings.valueNetwork, settings.valueCoefficient) = (.shared, 0.3)
        let model = try TinyPolicy(seed: 6).sharpened(by: 3).model
        let head = head(on: model, settings)
        let batch = batch(try head.values(of: Self.groups), settings)
        let expected = valueLoss(try head.values(of: Self.groups), batch, settings)

        var learnt: UpdateReport?
        var ofHead: [Float] = []
        let ofTrunk = try moved(model.parameters) {
            ofHead = try moved(head.parameters) {
                learnt = try learn(batch, policy: model, value: .shared(head), settings)
            }
        }
        let report = try #require(learnt)
        #expect(abs(report.valueLoss - expected) < 1e-4 * expected)
        #expect(abs(report.valueClipFraction - Self.clippedShare(clip)) < 1e-12)
        #expect(abs(report.policyGradientNorm - norm(ofTrunk)) < 1e-3 * norm(ofTrunk))
        for (numbers, gradient, share) in [(model.parameters, ofTrunk, 0.3), (head.parameters, ofHead, 1.0)] {
            let length = norm(gradient)
            try #require(length > 0.03)
            let slope = try slope(
                of: { valueLoss(try head.values(of: Self.groups), batch, settings) }, by: numbers, along: gradient)
            #expect(abs(share * slope - length) < 5e-3 * length, "\(share)")
        }
    }

    @Test(arguments: ValueNetworkKind.allCases)
    func `how a value step is cut into passes changes rounding alone`(kind: ValueNetworkKind) throws {
        let settings = settings(clip: 2)
        /// Of a network's weights; or of the trunk's, and of the head's.
        func gradients(tokensPerPass: Int) throws -> [[Float]] {
            let policy = try TinyPolicy(seed: 6).sharpened(by: 3).model
            switch kind {
            case .separate:
                let model = try policy.withScalarHead(seed: 5)
                let own = network(model, gain: 2.5, bias: -0.75, settings, tokensPerPass: tokensPerPass)
                let batch = batch(try own.values(of: Self.groups), settings)
                let ofAll = try moved(model.parameters) {
                    _ = try learn(
                        batch, policy: policy, value: .separate(own), settings, tokensPerPass: tokensPerPass)
                }
                return [ofAll]
            case .shared:
                let head = head(on: policy, settings, tokensPerPass: tokensPerPass)
                let batch = batch(try head.values(of: Self.groups), settings)
                var ofHead: [Float] = []
                let ofTrunk = try moved(policy.parameters) {
                    ofHead = try moved(head.parameters) {
                        _ = try learn(
                            batch, policy: policy, value: .shared(head), settings, tokensPerPass: tokensPerPass)
                    }
                }
                return [ofTrunk, ofHead]
            }
        }
        // Both groups in one pass, and a pass for each.
        for (whole, cut) in zip(try gradients(tokensPerPass: 1000), try gradients(tokensPerPass: 1)) {
            let largest = whole.reduce(0) { max($0, abs($1)) }
            #expect(largest > 1e-3)
            #expect(zip(whole, cut).allSatisfy { abs($0 - $1) < 1e-4 * largest })
        }
    }
}
