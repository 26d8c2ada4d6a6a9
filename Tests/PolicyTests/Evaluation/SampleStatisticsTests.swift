import Foundation
import LanguageModel
import Policy
import Preferences
import Testing

@Suite struct SampleStatisticsTests {
    private func sample(_ text: String, tokens: Int = 4, finished: Bool = true) -> SampleStatistics.Sample {
        .init(text: text, tokenCount: tokens, finished: finished)
    }

    @Test func `shares are counted over words, pairs, groups and responses`() {
        let statistics = SampleStatistics(groups: [
            [sample("A cat, a cat!", tokens: 3), sample("A cat, a cat!", tokens: 5, finished: false)],
            [sample("the dog", tokens: 4), sample("")],
        ])
        #expect(statistics.responses == 4)
        #expect(statistics.endShare == 0.75)
        #expect(statistics.distinct1 == 4.0 / 10)
        // "a cat", "cat a" twice over, and "the dog".
        #expect(statistics.distinct2 == 3.0 / 7)
        #expect(statistics.distinctTextShare == 0.75)
        #expect(statistics.meanLength == 4)
    }

    @Test func `nothing sampled gives zeros`() {
        let statistics = SampleStatistics(groups: [])
        #expect(statistics.responses == 0 && statistics.distinct2 == 0 && statistics.distinctTextShare == 0)
    }

    @Test func `KL to itself is exactly zero and to another policy positive`() throws {
        let pool = WorkerPool(threads: 1)
        let samplers = try ([1, 2] as [UInt64]).map { seed in
            let tiny = try TinyPolicy(seed: seed).sharpened(by: 4)
            return PolicySampler(
                policy: LoadedPolicy(folder: URL(filePath: "/none"), model: tiny.model, template: tiny.template),
                pool: pool)
        }
        let prompts = ["the cat", "a dog", "the moon"].map { Prompt.text($0) }
        let groups = try PolicyEvaluation.freshSamples(
            policy: samplers[0], prompts: prompts, perPrompt: 4, seed: 3, options: SamplingOptions(maximumTokens: 16))
        let tokens = try zip(prompts, groups).map {
            TokenGroup(prompt: try samplers[0].policy.tokens(of: $0), responses: $1.map(\.tokenIDs))
        }
        let own = try PolicyEvaluation.klToReference(of: tokens, policy: samplers[0], reference: samplers[0])
        #expect(own.mean == 0 && own.standardError == 0 && own.responses == 12)
        let other = try PolicyEvaluation.klToReference(of: tokens, policy: samplers[0], reference: samplers[1])
        #expect(other.mean > 1)
        #expect(PolicyEvaluation.statistics(of: groups).responses == 12)
    }
}
