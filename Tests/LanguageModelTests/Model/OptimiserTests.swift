import Foundation
import LanguageModel
import Testing

@Suite struct OptimiserTests {
    let pool = WorkerPool(threads: 2)
    static let configuration = ModelConfiguration.gpt2(
        vocabularySize: 50, width: 16, layers: 1, heads: 2, contextLength: 20)

    @Test func aResumedOptimiserGoesOnToTheSameBits() throws {
        let model = try Transformer(configuration: Self.configuration, seed: 1)
        let settings = AdamWSettings()
        let optimiser = AdamW(model: model, settings: settings)
        func gradients(_ step: UInt64) -> FloatBuffer {
            let buffer = model.makeGradients()
            buffer.store(randomValues(buffer.count, seed: step), at: 0)
            return buffer
        }
        for step in 0..<3 { try optimiser.step(model, gradients: gradients(UInt64(step)), pool: pool) }
        try Fixtures.withTemporaryFolder { folder in
            let file = folder.appending(path: "optimiser.safetensors")
            try optimiser.save(to: file)
            let twin = model.copy()
            let resumed = AdamW(model: twin, settings: settings)
            try resumed.load(from: file)
            #expect(resumed.stepCount == 3)
            for step in 3..<6 {
                try optimiser.step(model, gradients: gradients(UInt64(step)), pool: pool)
                try resumed.step(twin, gradients: gradients(UInt64(step)), pool: pool)
            }
            #expect(twin.parameters.sha256 == model.parameters.sha256)
            try Data("nothing".utf8).write(to: file)
            #expect(throws: CheckpointError.self) { try resumed.load(from: file) }
        }
    }

    @Test func onlyMatricesDecayUnlessAskedOtherwise() throws {
        for (rule, normDecays, matrixDecays) in [
            (DecayRule.matrices, false, true), (.all, true, true), (.none, false, false),
        ] {
            let model = try Transformer(configuration: Self.configuration, seed: 1)
            let before = model.copy()
            let optimiser = AdamW(
                model: model, settings: AdamWSettings(learningRate: 0.1, weightDecay: 0.5, decay: rule))
            try optimiser.step(model, gradients: model.makeGradients(), pool: pool)
            #expect((model.tensor("transformer.ln_f.weight") != before.tensor("transformer.ln_f.weight")) == normDecays)
            #expect((model.tensor("transformer.wte.weight") != before.tensor("transformer.wte.weight")) == matrixDecays)
        }
    }

    @Test func gradientsThatAreNotFiniteChangeNothing() throws {
        let model = try Transformer(configuration: Self.configuration, seed: 1)
        let before = model.parameters.sha256
        let gradients = model.makeGradients()
        gradients[17] = .nan
        let optimiser = AdamW(model: model, settings: AdamWSettings())
        #expect(throws: EngineError.notFinite("the gradient's norm")) {
            try optimiser.step(model, gradients: gradients, pool: pool)
        }
        #expect(model.parameters.sha256 == before)
        #expect(optimiser.stepCount == 0)
    }

    @Test func schedulesWarmUpAndFallAsTheirNamesSay() {
        let cosine = LearningRateSchedule(kind: .cosine, peak: 1, warmUpSteps: 4, totalSteps: 104, finalFraction: 0.1)
        #expect(cosine.rate(step: 0) == 0.25)
        #expect(cosine.rate(step: 3) == 1)
        #expect(cosine.rate(step: 4) == 1)
        #expect(abs(cosine.rate(step: 54) - 0.55) < 1e-6)
        #expect(abs(cosine.rate(step: 104) - 0.1) < 1e-6)
        #expect(abs(cosine.rate(step: 900) - 0.1) < 1e-6)
        let linear = LearningRateSchedule(kind: .linear, peak: 2, totalSteps: 10)
        #expect(linear.rate(step: 0) == 2)
        #expect(linear.rate(step: 5) == 1)
        #expect(linear.rate(step: 10) == 0)
        #expect(LearningRateSchedule(kind: .constant, peak: 3, totalSteps: 1).rate(step: 99) == 3)
    }

    @Test func randomWeightsAreReproducibleAndOfTheRightSize() throws {
        let one = try Transformer(configuration: Self.configuration, seed: 1)
        let same = try Transformer(configuration: Self.configuration, seed: 1)
        let other = try Transformer(configuration: Self.configuration, seed: 2)
        #expect(one.parameters.sha256 == same.parameters.sha256)
        #expect(one.parameters.sha256 != other.parameters.sha256)
        let values = try #require(one.tensor("transformer.wte.weight"))
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        #expect(abs(deviation - 0.02) < 0.002)
        #expect(one.tensor("transformer.ln_f.weight") == [Float](repeating: 1, count: 16))
    }
}
