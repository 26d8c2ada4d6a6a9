import LanguageModel
import Testing

/// Passes that take turns in one memory.
@Suite struct PassArenaTests {
    private let pool = WorkerPool(threads: 2)
    /// More rows than a chunk, so that several threads write.
    private let shapes = [(40, [90, 30]), (25, [60])]

    /// Log-probabilities, their entropies and the gradient of a step.
    private func step(_ pass: PackedPass, _ groups: [TokenGroup]) throws -> (numbers: [Float], gradient: [Float]) {
        let gradients = pass.model.makeGradients()
        try pass.forward(groups)
        let targets = pass.layout.responseTargets
        let found = pass.logProbabilitiesAndEntropies(of: targets)
        pass.headBackward(of: targets, into: gradients, entropyGradient: { _ in 0.1 }) { target, _ in
            Float(target % 3) - 1
        }
        pass.backward(into: gradients)
        return (found.logProbabilities + found.entropies, gradients.array(0..<gradients.count))
    }

    @Test(arguments: PackedPassTests.configurations, ProductPrecision.allCases)
    func `a pass computes the same bits in memory that another has left`(
        _ configuration: ModelConfiguration, _ products: ProductPrecision
    ) throws {
        let model = try lively(configuration)
        let other = try lively(PackedPassTests.qwen3)
        let groups = randomGroups(configuration, shapes: shapes)
        let alone = try step(PackedPass(model: model, pool: pool, products: products), groups)
        let arena = PassArena()
        // A pass that read what it has not written would not give numbers.
        arena.fill(.nan, floats: 4 << 20)
        let pass = PackedPass(model: model, pool: pool, products: products, arena: arena)
        let scoring = PackedPass(model: other, pool: pool, keepsActivations: false, arena: arena)
        for _ in 0..<2 {
            let found = try step(pass, groups)
            #expect(found.numbers == alone.numbers)
            #expect(found.gradient == alone.gradient)
            try scoring.forward(randomGroups(other.configuration, shapes: [(70, [200])]))
            let scores = scoring.logProbabilities(of: scoring.layout.allTargets)
            #expect(scores.allSatisfy { $0.isFinite })
        }
        arena.release()
        #expect(try step(pass, groups).gradient == alone.gradient)
    }

    @Test func `learners take turns in one buffer of gradients, each finding zeros`() {
        let memory = LearningMemory()
        memory.reserve(gradients: 9)
        let first = memory.takeGradients(5, zeroedOn: pool)
        first.values[4] = 3
        #expect(memory.areCurrent(first))
        let second = memory.takeGradients(9, zeroedOn: pool)
        #expect(!memory.areCurrent(first) && memory.areCurrent(second))
        #expect(second.values.count == 9)
        #expect(second.values.array(0..<9).allSatisfy { $0 == 0 })
        // One buffer.
        first.values[4] = 7
        #expect(second.values[4] == 7)
    }

    @Test func `a sampler that was released writes the same once its weights are packed again`() throws {
        let model = try lively(PackedPassTests.configurations[0])
        let sampler = GroupSampler(model: model, pool: pool)
        let request = SamplingRequest(
            prompt: [3, 14, 15], seeds: [1, 2, 3],
            settings: SamplingSettings(temperature: 1, topK: 0, topP: 1, maximumTokens: 20, endTokens: []))
        let before = try sampler.sample([request])
        sampler.release()
        sampler.refresh()
        #expect(try sampler.sample([request]) == before)
    }

    @Test func `large buffers are zero, separate and given back`() {
        let count = 3 << 20
        var buffers = (0..<3).map { _ in FloatBuffer(count: count) }
        for (index, buffer) in buffers.enumerated() {
            #expect(buffer[0] == 0 && buffer[count - 1] == 0)
            buffer[0] = Float(index + 1)
            buffer[count - 1] = Float(index + 1)
        }
        #expect(buffers.map { $0[0] } == [1, 2, 3] && buffers.map { $0[count - 1] } == [1, 2, 3])
        buffers[1].zero(on: pool)
        #expect(buffers.map { $0[count - 1] } == [1, 0, 3])
        buffers.removeFirst()
        #expect(buffers[1][0] == 3)
    }
}
