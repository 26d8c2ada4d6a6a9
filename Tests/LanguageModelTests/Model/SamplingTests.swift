import Foundation
import LanguageModel
import SeededRandom
import Testing

/// Draws over a vocabulary of several stretches, against a plain sort of all probabilities.
@Suite struct SamplingTests {
    let pool = WorkerPool(threads: 2)

    /// One layer with random weights; logits between about -3 and 3.
    private func model(vocabulary: Int = 1000, scale: Float = 8) throws -> Transformer {
        let model = try Transformer(
            configuration: .llama(
                vocabularySize: vocabulary, width: 16, layers: 1, heads: 2, feedForward: 32, contextLength: 2048,
                tiedEmbeddings: false), seed: 5)
        let head = try #require(model.tensor("lm_head.weight"))
        try model.setTensor("lm_head.weight", head.map { $0 * scale * 4 })
        return model
    }

    private func draw(_ model: Transformer, _ settings: SamplingSettings, seeds: Range<UInt64>) throws
        -> [SampledResponse]
    {
        try GroupSampler(model: model, pool: pool).sample([
            SamplingRequest(prompt: [1, 2, 3], seeds: Array(seeds), settings: settings)
        ])[0]
    }

    /// All tokens in falling order of probability, then by id, with their probabilities.
    private func ranking(_ model: Transformer, temperature: Float) throws -> [(token: Int32, p: Double)] {
        let size = model.configuration.vocabularySize
        let settings = SamplingSettings(
            temperature: temperature, maximumTokens: 1, endTokens: [], alternatives: size)
        let all = try draw(model, settings, seeds: 0..<1)[0].alternatives[0]
        #expect(all.count == size && Set(all.map(\.token)).count == size)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.logProbability >= $1.logProbability })
        #expect(abs(all.reduce(0) { $0 + exp(Double($1.logProbability)) } - 1) < 1e-5)
        return all.map { ($0.token, exp(Double($0.logProbability))) }
    }

    /// The place at which the running sum passes the seed's number is where the drawn token stands.
    private func check(_ found: [SampledResponse], seeds: Range<UInt64>, order: [(token: Int32, p: Double)]) {
        let total = order.reduce(0) { $0 + $1.p }
        var before: [Int32: Double] = [:]
        var own: [Int32: Double] = [:]
        var sum = 0.0
        for (token, p) in order {
            (before[token], own[token]) = (sum, p)
            sum += p
        }
        for (seed, response) in zip(seeds, found) {
            var random = SplitMix64(seed: seed)
            let goal = random.nextUnit() * total
            guard let start = before[response.tokens[0]], let p = own[response.tokens[0]] else {
                Issue.record("token \(response.tokens[0]) should have been left out")
                continue
            }
            #expect(start - 2e-5 <= goal && goal <= start + p + 2e-5)
        }
    }

    @Test(arguments: [Float(1), 0.5, 3]) func withoutCutsTheTokenIsTheInverseOfTheDistributionByID(
        _ temperature: Float
    ) throws {
        let model = try model()
        let order = try ranking(model, temperature: temperature).sorted { $0.token < $1.token }
        let settings = SamplingSettings(temperature: temperature, maximumTokens: 1, endTokens: [])
        check(try draw(model, settings, seeds: 0..<800), seeds: 0..<800, order: order)
    }

    @Test(arguments: [1, 3, 5, 6, 40, 900, 5000]) func topKIsTheFirstKOfAFullSort(_ k: Int) throws {
        let model = try model()
        let order = Array(try ranking(model, temperature: 0.7).prefix(k))
        let settings = SamplingSettings(temperature: 0.7, topK: k, maximumTokens: 1, endTokens: [])
        check(try draw(model, settings, seeds: 0..<500), seeds: 0..<500, order: order)
    }

    @Test(arguments: [Float(0.01), 0.5, 0.9, 0.999]) func topPIsTheShortestHeadOfAFullSort(_ p: Float) throws {
        for scale in [Float(0.1), 8, 60] {
            let model = try model(scale: scale)
            var order: [(token: Int32, p: Double)] = []
            var sum = 0.0
            for one in try ranking(model, temperature: 1) where sum < Double(p) - 1e-7 {
                order.append(one)
                sum += one.p
            }
            let settings = SamplingSettings(topP: p, maximumTokens: 1, endTokens: [])
            check(try draw(model, settings, seeds: 0..<400), seeds: 0..<400, order: order)
        }
    }

    @Test func topKThenTopPThenMinPLeaveWhatIsInAllThree() throws {
        let model = try model()
        let ranked = try ranking(model, temperature: 1).prefix(60)
        let all = ranked.reduce(0) { $0 + $1.p }
        var order: [(token: Int32, p: Double)] = []
        var sum = 0.0
        for one in ranked where sum < 0.8 * all {
            if one.p >= 0.3 * ranked[0].p { order.append(one) }
            sum += one.p
        }
        #expect(order.count > 2 && order.count < 60)
        let settings = SamplingSettings(topK: 60, topP: 0.8, minP: 0.3, maximumTokens: 1, endTokens: [])
        check(try draw(model, settings, seeds: 0..<500), seeds: 0..<500, order: order)
    }

    @Test func temperatureZeroTakesTheFirstOfTheMostProbable() throws {
        let model = try model()
        let head = try #require(model.tensor("lm_head.weight"))
        let best = Int(try ranking(model, temperature: 1)[0].token)
        // Two tokens with the logits of the most probable one, in other stretches.
        var twins = head
        for place in [700, 300] {
            twins.replaceSubrange(place * 16..<place * 16 + 16, with: head[best * 16..<best * 16 + 16])
        }
        try model.setTensor("lm_head.weight", twins)
        let settings = SamplingSettings(temperature: 0, maximumTokens: 1, endTokens: [])
        #expect(try draw(model, settings, seeds: 0..<1)[0].tokens == [Int32(min(best, 300))])
    }

    @Test func oneLogitThatIsNoNumberIsAnErrorWhereverItStands() throws {
        for (place, precision) in [(0, WeightPrecision.float32), (999, .float32), (500, .bfloat16)] {
            let model = try model()
            var head = try #require(model.tensor("lm_head.weight"))
            head[place * 16] = .infinity
            try model.setTensor("lm_head.weight", head)
            let request = SamplingRequest(
                prompt: [1, 2], seeds: [1], settings: SamplingSettings(maximumTokens: 1, endTokens: []))
            #expect(throws: EngineError.notFinite("a log-probability of request 0")) {
                _ = try GroupSampler(model: model, pool: pool, precision: precision).sample([request])
            }
        }
    }
}
