import Foundation
import LanguageModel
import SeededRandom
import Testing

@Suite struct DecodingTests {
    let pool = WorkerPool(threads: 2)

    @Test(arguments: ParityCase.all) func greedyTokensAreThoseOfPyTorch(_ parity: ParityCase) throws {
        let sampler = GroupSampler(model: try Checkpoint.load(parity.policy), pool: pool)
        let settings = SamplingSettings(temperature: 0, maximumTokens: 24, endTokens: [])
        let found = try sampler.sample([
            SamplingRequest(prompt: try parity.group().prompt, seeds: [0], settings: settings)
        ])
        let expected = try parity.scalars().greedy
        #expect(found[0][0].tokens == expected)
        #expect(found[0][0].ending == .length)
    }

    @Test(arguments: ParityCase.all) func logProbabilitiesWhileSamplingAreThoseOfTheFullForward(_ parity: ParityCase)
        throws
    {
        let model = try Checkpoint.load(parity.policy)
        for temperature in [Float(1), 0.7] {
            let settings = SamplingSettings(temperature: temperature, topK: 40, maximumTokens: 40, endTokens: [3, 77])
            let requests = requests(settings, count: 6)
            let found = try GroupSampler(model: model, pool: pool).sample(requests)
            let groups = zip(requests, found).map { TokenGroup(prompt: $0.prompt, responses: $1.map(\.tokens)) }
            let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
            try pass.forward(groups)
            let expected = pass.logProbabilities(of: pass.layout.responseTargets, temperature: temperature)
            #expect(largestDifference(found.flatMap { $0.flatMap(\.logProbabilities) }, expected) <= 2e-5)
        }
    }

    @Test func aResponseDoesNotDependOnItsBatchNorOnTheThreads() throws {
        let model = try Checkpoint.load(ParityCase.all[3].policy)
        let settings = SamplingSettings(topP: 0.95, maximumTokens: 45, endTokens: [3, 77, 11])
        let all = requests(settings, count: 9)
        let together = try GroupSampler(model: model, pool: pool).sample(all)
        for threads in [1, 4] {
            let pool = WorkerPool(threads: threads)
            let found = try GroupSampler(model: model, pool: pool, maximumRows: 7).sample(all)
            #expect(found == together)
        }
        for (index, request) in all.enumerated() {
            for (response, seed) in request.seeds.enumerated() {
                let alone = SamplingRequest(prompt: request.prompt, seeds: [seed], settings: settings)
                let found = try GroupSampler(model: model, pool: pool).sample([alone])[0][0]
                #expect(found == together[index][response])
            }
        }
    }

    @Test func endTokensTheCallbackAndTheLimitEndResponsesAndSaySo() throws {
        let model = try Checkpoint.load(ParityCase.all[0].policy)
        let prompt: [Int32] = [5, 6, 7]
        let many = SamplingSettings(temperature: 3, maximumTokens: 61, endTokens: Array(0..<20))
        let found = try GroupSampler(model: model, pool: pool).sample([
            SamplingRequest(prompt: prompt, seeds: Array(0..<8), settings: many)
        ])[0]
        for response in found where response.finished { #expect(response.tokens.last.map { $0 < 20 } == true) }
        #expect(found.filter(\.finished).count > 0)
        #expect(found.allSatisfy { $0.tokens.dropLast().allSatisfy { $0 >= 20 } })
        let long = SamplingSettings(maximumTokens: 1000, endTokens: [])
        var seen = 0
        let stopped = try GroupSampler(model: model, pool: pool).sample(
            [SamplingRequest(prompt: prompt, seeds: [1, 2], settings: long)],
            onToken: { _, response, _ in
                seen += response == 0 ? 1 : 0
                return !(response == 0 && seen == 4)
            })[0]
        #expect(stopped[0].ending == .stopped && stopped[0].tokens.count == 4)
        #expect(stopped[1].ending == .length && stopped[1].tokens.count == 64 - 3)
    }

    @Test func tokensAreDrawnAsOftenAsTheirProbabilitiesSay() throws {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        let settings = SamplingSettings(temperature: 1, maximumTokens: 1, endTokens: [], alternatives: 131)
        let found = try GroupSampler(model: model, pool: pool).sample([
            SamplingRequest(prompt: [1, 2, 3], seeds: Array(0..<20_000), settings: settings)
        ])[0]
        var counts = [Int32: Double]()
        for response in found { counts[response.tokens[0], default: 0] += 1 }
        let alternatives = found[0].alternatives[0]
        #expect(abs(alternatives.reduce(0) { $0 + exp(Double($1.logProbability)) } - 1) < 1e-4)
        for alternative in alternatives {
            let p = exp(Double(alternative.logProbability))
            let deviation = (p * (1 - p) * 20_000).squareRoot()
            #expect(abs(counts[alternative.token, default: 0] - p * 20_000) < 5 * deviation + 1)
        }
    }

    @Test func topKAndTopPLeaveOnlyTheMostProbableTokens() throws {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        func draw(_ settings: SamplingSettings) throws -> [SampledResponse] {
            try GroupSampler(model: model, pool: pool).sample([
                SamplingRequest(prompt: [1, 2, 3], seeds: Array(0..<3000), settings: settings)
            ])[0]
        }
        let three = try draw(.init(topK: 3, maximumTokens: 1, endTokens: [], alternatives: 131))
        let ranking = three[0].alternatives[0]
        #expect(Set(three.map { $0.tokens[0] }) == Set(ranking.prefix(3).map(\.token)))
        let half = try draw(.init(topP: 0.5, maximumTokens: 1, endTokens: []))
        var nucleus: Set<Int32> = []
        var sum = 0.0
        for alternative in ranking where sum < 0.5 {
            nucleus.insert(alternative.token)
            sum += exp(Double(alternative.logProbability))
        }
        #expect(Set(half.map { $0.tokens[0] }) == nucleus)
    }

    @Test func minPLeavesWhatIsNotMuchLessProbableThanTheFirst() throws {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        let settings = SamplingSettings(minP: 0.6, maximumTokens: 1, endTokens: [], alternatives: 131)
        let found = try GroupSampler(model: model, pool: pool).sample([
            SamplingRequest(prompt: [1, 2, 3], seeds: Array(0..<3000), settings: settings)
        ])[0]
        let ranking = found[0].alternatives[0]
        let least = ranking[0].logProbability + Float(log(0.6))
        let allowed = Set(ranking.filter { $0.logProbability >= least }.map(\.token))
        #expect(allowed.count > 1 && allowed.count < 100)
        #expect(Set(found.map { $0.tokens[0] }) == allowed)
    }

    @Test(arguments: [Float(0), 1]) func aPenaltyAndABiasChangeTheDrawAndNotWhatTheModelSays(_ temperature: Float)
        throws
    {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        let sampler = GroupSampler(model: model, pool: pool)
        let prompt: [Int32] = [5, 6, 7]
        func tokens(penalty: Float = 1, bias: [Int32: Float] = [:]) throws -> SampledResponse {
            let settings = SamplingSettings(
                temperature: temperature, repetitionPenalty: penalty, logitBias: bias, maximumTokens: 40, endTokens: [])
            return try sampler.sample([SamplingRequest(prompt: prompt, seeds: [3], settings: settings)])[0][0]
        }
        let never = try tokens(penalty: 100, bias: [9: -100])
        #expect(!never.tokens.contains(9))
        let always = try tokens(bias: [9: 100])
        #expect(always.tokens == [Int32](repeating: 9, count: 40))
        // The log-probabilities are the model's own.
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        for found in [never, always] {
            try pass.forward([TokenGroup(prompt: prompt, responses: [found.tokens])])
            let own = pass.logProbabilities(of: pass.layout.responseTargets, temperature: 1)
            #expect(largestDifference(found.logProbabilities, own) <= 2e-5)
        }
        if temperature == 0 {
            // The penalty alone makes greedy text repeat itself less.
            let steps = try tokens(penalty: 1.5).tokens
            #expect(Set(steps).count > Set(try tokens().tokens).count)
        }
    }

    @Test func promptsThatCannotBeAnsweredAreRefusedInWords() throws {
        let model = try Checkpoint.load(ParityCase.all[0].policy)
        let sampler = GroupSampler(model: model, pool: pool)
        let settings = SamplingSettings(maximumTokens: 3, endTokens: [])
        func sample(_ prompt: [Int32], _ settings: SamplingSettings) throws {
            _ = try sampler.sample([SamplingRequest(prompt: prompt, seeds: [1], settings: settings)])
        }
        #expect(throws: EngineError.tooLong(group: 0, positions: 65, contextLength: 64)) {
            try sample([Int32](repeating: 1, count: 64), settings)
        }
        #expect(throws: EngineError.emptyPrompt(request: 0)) { try sample([], settings) }
        #expect(throws: EngineError.tokenOutsideVocabulary(token: 131, group: 0, vocabularySize: 131)) {
            try sample([1, 131], settings)
        }
        #expect(throws: EngineError.badSetting("top-p 0.0 must be above 0 and at most 1")) {
            try sample([1], .init(topP: 0, maximumTokens: 3, endTokens: []))
        }
    }

    @Test func aRequestThatCouldTakeTooMuchMemoryIsRefusedAndOthersWait() throws {
        let model = try Checkpoint.load(ParityCase.all[0].policy)
        let settings = SamplingSettings(maximumTokens: 40, endTokens: [])
        func request(_ responses: Int) -> SamplingRequest {
            SamplingRequest(prompt: [5, 6, 7], seeds: (0..<responses).map(UInt64.init), settings: settings)
        }
        let c = model.configuration
        // A prompt's 64 positions and 64 for each response.
        let two = 3 * 64 * c.layers * c.keyValueHeads * c.headSize * 2 * 4
        let small = GroupSampler(model: model, pool: pool, maximumCacheBytes: two)
        #expect(throws: EngineError.tooMuchMemory(request: 1, bytes: two / 3 * 4, most: two)) {
            _ = try small.sample([request(2), request(3)])
        }
        let wide = try GroupSampler(model: model, pool: pool).sample([request(2), request(1), request(2)])
        #expect(try small.sample([request(2), request(1), request(2)]) == wide)
    }

    @Test(arguments: [Float(1), 0.9]) func logitsThatAreNotFiniteAreAnErrorInWords(_ topP: Float) throws {
        let model = try Checkpoint.load(ParityCase.all[1].policy)
        for index in try #require(model.table["model.norm.weight"]).range { model.parameters[index] = 3e38 }
        let request = SamplingRequest(
            prompt: [5, 6, 7], seeds: [1], settings: SamplingSettings(topP: topP, maximumTokens: 3, endTokens: []))
        #expect(throws: EngineError.notFinite("a log-probability of request 0")) {
            _ = try GroupSampler(model: model, pool: pool).sample([request])
        }
        for temperature in [Float(1e-40), -1, 101, .nan] {
            #expect(throws: EngineError.self) {
                try SamplingSettings(temperature: temperature, maximumTokens: 3, endTokens: []).validate()
            }
        }
    }

    /// Requests with prompts and numbers of responses of several sizes.
    private func requests(_ settings: SamplingSettings, count: Int) -> [SamplingRequest] {
        var random = SplitMix64(seed: 9)
        return (0..<count).map { index in
            let prompt = (0..<[1, 5, 13, 18][index % 4]).map { _ in Int32(random.nextIndex(below: 131)) }
            let seeds = (0..<[4, 1, 3][index % 3]).map { _ in random.next() }
            return SamplingRequest(prompt: prompt, seeds: seeds, settings: settings)
        }
    }
}
