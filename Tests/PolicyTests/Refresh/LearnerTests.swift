import Foundation
import LanguageModel
import Policy
import SeededRandom
import Testing

/// Gradients of whole models, checked along a random direction, so that one number checks every parameter.
@Suite struct LearnerTests {
    private let pool = WorkerPool(threads: 2)
    private let groups = [
        TokenGroup(prompt: [5, 9, 12], responses: [[7, 8, 3], [20, 4]]),
        TokenGroup(prompt: [30, 2], responses: [[11, 13, 17, 19]]),
    ]

    private func model() throws -> Transformer { try TinyPolicy(seed: 6).sharpened(by: 4).model }

    private func learner(_ model: Transformer, temperature: Double = 1) -> PolicyLearner {
        // A pass a group, so that the numbering over passes is checked, too.
        PolicyLearner(
            model: model, optimiser: AdamWSettings(), temperature: temperature, tokensPerPass: 8, pool: pool)
    }

    /// d loss / d direction from central differences of `loss`, and the learner's gradient's share of it.
    private func slopes(
        of loss: (Transformer) throws -> Double, accumulate: (PolicyLearner) throws -> Void, temperature: Double = 1
    ) throws -> (numeric: Double, norm: Double) {
        let model = try model()
        let learner = learner(model, temperature: temperature)
        try accumulate(learner)
        // Along the gradient itself the slope is its norm.
        let direction = learner.gradientValues
        let norm = learner.gradientNorm
        let start = model.parameters.array(0..<model.parameters.count)
        func moved(_ step: Double) throws -> Double {
            model.parameters.store(zip(start, direction).map { $0 + Float(step / norm) * $1 }, at: 0)
            return try loss(model)
        }
        let step = 1e-3
        let wide = try moved(step) - moved(-step)
        let narrow = try moved(step / 2) - moved(-step / 2)
        return ((8 * narrow - wide) / (6 * step), norm)
    }

    @Test(arguments: [1.0, 0.7]) func `the gradient of the entropy is that of finite differences`(temperature: Double)
        throws
    {
        let found = try slopes(
            of: { model in
                try GroupScorer(model: model, pool: pool)
                    .logProbabilitiesAndEntropies(of: groups, temperature: temperature).entropies.joined().joined()
                    .reduce(0, +)
            }, accumulate: { _ = try $0.accumulate(groups, entropyGradient: { _ in 1 }) { _, _, _ in 0 } },
            temperature: temperature)
        #expect(found.norm > 0.1)
        #expect(abs(found.numeric - found.norm) < 2e-3 * found.norm)
    }

    @Test func `how a step is cut into passes changes rounding alone`() throws {
        let model = try model()
        func gradient(tokensPerPass: Int) throws -> [Float] {
            let learner = PolicyLearner(
                model: model, optimiser: AdamWSettings(), temperature: 1, tokensPerPass: tokensPerPass, pool: pool)
            _ = try learner.accumulate(groups, entropyGradient: { _ in 0.2 }) { response, token, logProbability in
                logProbability * Double(response + 1) + Double(token)
            }
            return learner.gradientValues
        }
        let (whole, cut) = (try gradient(tokensPerPass: 1000), try gradient(tokensPerPass: 1))
        let largest = whole.reduce(0) { max($0, abs($1)) }
        #expect(zip(whole, cut).allSatisfy { abs($0 - $1) < 1e-5 * largest })
    }

    @Test func `the gradient of whole responses is that of finite differences, whatever the passes`() throws {
        let weights = [0.7, -1.2, 0.4]
        let found = try slopes(
            of: { model in
                let sums = try GroupScorer(model: model, pool: pool).logProbabilities(of: groups).joined()
                    .map { $0.reduce(0, +) }
                return zip(sums, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 }
            },
            accumulate: {
                _ = try $0.accumulate(groups) { responses, sums in
                    zip(responses, sums).map { 2 * weights[$0] * $1 }
                }
            })
        #expect(abs(found.numeric - found.norm) < 2e-3 * found.norm)
    }
}
