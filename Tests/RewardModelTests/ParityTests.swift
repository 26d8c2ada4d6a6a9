import Foundation
import LanguageModel
import RewardModel
import Testing

/// Scores, losses and gradients against PyTorch's transformers on tiny random models.
@Suite struct ParityTests {
    private struct Case {
        let model: Transformer
        let group: TokenGroup
        let arrays: SafetensorsFile
        let expected: Expected
    }

    private struct Expected: Decodable {
        var rank: [Int]
        var kwiseLoss: Double
        var graded: [[Double]]
        var marginLoss: Double

        enum CodingKeys: String, CodingKey {
            case rank = "reward.rank"
            case kwiseLoss = "reward.kwise_loss"
            case graded = "reward.graded"
            case marginLoss = "reward.margin_loss"
        }
    }

    private func load(_ name: String) throws -> Case {
        let folder = Fixtures.url.appending(path: "parity/\(name)")
        let arrays = try SafetensorsFile(folder.appending(path: "expected.safetensors"))
        let ids = try arrays.integers("group.response_ids").map { Int32($0) }
        var start = 0
        let responses = try arrays.integers("group.response_lengths").map { length in
            defer { start += length }
            return Array(ids[start..<start + length])
        }
        return Case(
            model: try Checkpoint.load(folder.appending(path: "reward")),
            group: TokenGroup(
                prompt: try arrays.integers("group.prompt_ids").map { Int32($0) }, responses: responses),
            arrays: arrays,
            expected: try JSONDecoder().decode(
                Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json"))))
    }

    static let names = [
        "gpt2", "llama2", "smollm2", "llama3", "gpt_neo", "gptj", "gpt_neox", "mistral", "qwen2", "qwen3",
        "config-v5/llama3", "config-v5/smollm2", "config-v5/gpt_neox",
    ]

    @Test(arguments: names)
    func scoresAndLossesAgree(name: String) throws {
        let parity = try load(name)
        let scorer = RewardScorer(model: parity.model, normalisation: .identity, pool: WorkerPool(threads: 1))
        let scores = try scorer.rawScores(of: [parity.group])[0]
        for (found, expected) in zip(scores, try parity.arrays.floats("reward.scores")) {
            #expect(abs(found - Double(expected)) < 2e-4)
        }
        let kwise = RankingLoss.kwise(scores: scores, element: RankingElement(ranks: parity.expected.rank))
        #expect(abs(kwise.value - parity.expected.kwiseLoss) < 1e-4)
        let graded = RankingElement(
            pairs: parity.expected.graded.map { PreferencePair(winner: Int($0[0]), loser: Int($0[1]), margin: $0[2]) },
            members: Array(scores.indices))
        #expect(
            abs(RankingLoss.kwise(scores: scores, element: graded).value - parity.expected.marginLoss) < 1e-4)
    }

    @Test(arguments: names)
    func everyGradientAgrees(name: String) throws {
        let parity = try load(name)
        var settings = RewardModelSettings()
        settings.centring = 0
        let trainer = RewardTrainer(model: parity.model, settings: settings, pool: WorkerPool(threads: 2))
        let gradients = parity.model.makeGradients()
        let example = RewardExample(
            id: name, tokens: parity.group, elements: [RankingElement(ranks: parity.expected.rank)],
            lengths: parity.group.responses.map(\.count))
        let report = try trainer.accumulate([example], into: gradients)
        #expect(abs(report.loss - parity.expected.kwiseLoss) < 1e-4)
        let prefix = "reward.kwise_grad."
        let names = parity.arrays.names.filter { $0.hasPrefix(prefix) }
        #expect(names.count == parity.model.table.entries.count)
        for name in names {
            let expected = try parity.arrays.floats(name)
            let entry = try #require(parity.model.table[String(name.dropFirst(prefix.count))])
            var found = entry.values(in: gradients)
            if name.hasSuffix("embed_tokens.weight"), let pad = parity.model.configuration.padTokenID {
                // PyTorch keeps the pad token's embedding out of training; here that token is the end token as well, which
                // the responses hold.
                let width = parity.model.configuration.width
                let row = Int(pad) * width..<(Int(pad) + 1) * width
                #expect(expected[row].allSatisfy { $0 == 0 })
                found.replaceSubrange(row, with: expected[row])
            }
            let largest = expected.reduce(0) { max($0, abs($1)) }
            if name.hasSuffix("ln_f.bias") || name.hasSuffix("final_layer_norm.bias") {
                // The gradients of a group's scores sum to zero, so this one is zero but for rounding.
                #expect((found + expected).allSatisfy { abs($0) < 1e-6 })
                continue
            }
            let worst = zip(found, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            #expect(worst <= 1e-3 * largest, "\(name): \(worst) of \(largest)")
        }
    }
}
