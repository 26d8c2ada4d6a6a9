import Foundation
import LanguageModel
import SeededRandom
import Testing

/// Requests that join and leave a batch while others decode.
@Suite struct SamplingBatchTests {
    let pool = WorkerPool(threads: 2)
    typealias Answers = [SamplingBatch.ID: [SampledResponse]]

    private func model() throws -> Transformer {
        try Transformer(
            configuration: .llama(
                vocabularySize: 300, width: 24, layers: 2, heads: 4, keyValueHeads: 2, feedForward: 40,
                contextLength: 2048), seed: 11)
    }

    private func request(
        _ index: Int, prompt: Int = 9, responses: Int = 2, tokens: Int = 30,
        _ change: (inout SamplingSettings) -> Void = { _ in }
    ) -> SamplingRequest {
        var random = SplitMix64(seed: UInt64(index))
        var settings = SamplingSettings(temperature: 1, maximumTokens: tokens, endTokens: [])
        change(&settings)
        return SamplingRequest(
            prompt: (0..<prompt).map { _ in Int32(random.nextIndex(below: 300)) },
            seeds: (0..<responses).map { _ in random.next() }, settings: settings)
    }

    private func step(_ batch: SamplingBatch, _ answers: inout Answers) throws {
        for finished in batch.step() { answers[finished.id] = try finished.responses.get() }
    }

    @Test(arguments: WeightPrecision.allCases) func whoJoinsLateGetsTheSameBitsAsAlone(_ precision: WeightPrecision)
        throws
    {
        let model = try model()
        let requests = [
            request(0), request(1, prompt: 700, responses: 1) { $0.topK = 5 },
            request(2, prompt: 1, responses: 5, tokens: 70) { $0.temperature = 0 },
            request(3, prompt: 40, responses: 3, tokens: 3) { $0.repetitionPenalty = 1.3 },
        ]
        let batch = SamplingBatch(model: model, pool: pool, precision: precision)
        var ids: [SamplingBatch.ID] = []
        var answers: Answers = [:]
        for request in requests {
            ids.append(try batch.add(request))
            for _ in 0..<7 { try step(batch, &answers) }
        }
        while !batch.isEmpty { try step(batch, &answers) }
        for (id, request) in zip(ids, requests) {
            for threads in [1, 4] {
                let alone = try GroupSampler(model: model, pool: WorkerPool(threads: threads), precision: precision)
                    .sample([request])[0]
                #expect(answers[id] == alone)
            }
        }
    }

    @Test func aLongPromptIsReadInPiecesWhileOthersGoOn() throws {
        let model = try model()
        let batch = SamplingBatch(model: model, pool: pool)
        let short = try batch.add(request(0, tokens: 3))
        let long = try batch.add(request(1, prompt: 1500, tokens: 1))
        var answers: Answers = [:]
        var steps = 0
        while answers[short] == nil {
            try step(batch, &answers)
            steps += 1
        }
        #expect(steps == 3 && answers[long] != nil || !batch.isEmpty)
        while !batch.isEmpty { try step(batch, &answers) }
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        let found = try #require(answers[long])
        try pass.forward([TokenGroup(prompt: request(1, prompt: 1500).prompt, responses: found.map(\.tokens))])
        let expected = pass.logProbabilities(of: pass.layout.responseTargets, temperature: 1)
        #expect(largestDifference(found.flatMap(\.logProbabilities), expected) <= 2e-5)
    }

    @Test func whoIsCancelledLeavesAndTheOthersDoNotNotice() throws {
        let model = try model()
        let batch = SamplingBatch(model: model, pool: pool)
        let (kept, dropped) = (try batch.add(request(0)), try batch.add(request(1, tokens: 1000)))
        var answers: Answers = [:]
        for _ in 0..<5 { try step(batch, &answers) }
        batch.cancel(dropped)
        while !batch.isEmpty { try step(batch, &answers) }
        #expect(answers[dropped] == nil)
        #expect(answers[kept] == (try GroupSampler(model: model, pool: pool).sample([request(0)])[0]))
    }

    @Test func whoeverFindsNoRoomWaitsInTheOrderOfComing() throws {
        let model = try model()
        let c = model.configuration
        // A prompt's 64 positions and 64 for each of two responses.
        let bytes = 3 * 64 * c.layers * c.keyValueHeads * c.headSize * 2 * 4
        let batch = SamplingBatch(model: model, pool: pool, maximumCacheBytes: 2 * bytes)
        let ids = try (0..<5).map { try batch.add(request($0, tokens: 4 + 3 * $0)) }
        var order: [SamplingBatch.ID] = []
        var steps = 0
        while !batch.isEmpty {
            for finished in batch.step() { order.append(finished.id) }
            if steps == 0 { #expect(batch.waitingCount == 3) }
            steps += 1
        }
        #expect(order == ids)
        #expect(throws: EngineError.self) { _ = try batch.add(request(0, responses: 6)) }
    }

    @Test func aRequestWithoutSeedsIsAnsweredAtOnce() throws {
        let batch = SamplingBatch(model: try model(), pool: pool)
        let id = try batch.add(request(0, responses: 0))
        let finished = batch.step()
        #expect(finished.map(\.id) == [id] && batch.isEmpty)
        #expect(try finished[0].responses.get() == [])
    }
}
