import Foundation
import LanguageModel
import Testing

/// A real model beside the checkout, with log-probabilities that an independent program computed in float64.
@Suite struct StoriesModelTests {
    struct Reference: Decodable {
        struct Greedy: Decodable { let ids: [Int32] }
        struct Vector: Decodable {
            let ids: [Int32]
            let token_logprobs: [Float]
            let last_entropy: Float
        }
        let greedy_from_bos: Greedy
        let vectors: [Vector]
    }

    static let folder = Fixtures.shared.appending(path: "models/stories260K")

    let pool = WorkerPool(threads: 2)

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: StoriesModelTests.folder.path),
            "../shared/data/models/stories260K is not beside the checkout"))
    func logProbabilitiesAndGreedyTokensAreTheReferences() throws {
        let folder = Self.folder
        let reference = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: folder.appending(path: "parity_shared.json")))
        let model = try Checkpoint.load(folder.appending(path: "hf"))
        let pass = PackedPass(model: model, pool: pool, keepsActivations: false)
        for vector in reference.vectors {
            try pass.forward([TokenGroup(prompt: vector.ids)])
            let found = pass.logProbabilities(of: pass.layout.allTargets)
            #expect(largestDifference(found, vector.token_logprobs) <= 2e-5)
            let last = PredictionTargets(rows: [vector.ids.count - 1], tokens: [0])
            let entropy = pass.logProbabilitiesAndEntropies(of: last).entropies[0]
            #expect(abs(entropy - vector.last_entropy) <= 2e-5)
        }
        let expected = reference.greedy_from_bos.ids
        let settings = SamplingSettings(temperature: 0, maximumTokens: expected.count - 1, endTokens: [1, 2])
        let found = try GroupSampler(model: model, pool: pool).sample([
            SamplingRequest(prompt: [expected[0]], seeds: [0], settings: settings)
        ])[0][0]
        #expect(found.tokens == Array(expected.dropFirst()))
    }
}
