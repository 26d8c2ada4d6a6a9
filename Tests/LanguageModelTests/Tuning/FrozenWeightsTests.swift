import Foundation
import LanguageModel
import Testing

@Suite struct FrozenWeightsTests {
    let pool = WorkerPool(threads: 2)
    private static let all = [
        FrozenWeights(precision: .int8), FrozenWeights(precision: .nf4),
        FrozenWeights(precision: .int8, doubleQuantised: true), FrozenWeights(precision: .nf4, doubleQuantised: true),
    ]

    @Test(arguments: PackedPassTests.configurations)
    func `a model with rounded weights computes what its rounded weights compute, forward and backward`(
        _ configuration: ModelConfiguration
    ) throws {
        let groups = randomGroups(configuration, shapes: [(13, [9, 4]), (5, [6])])
        let method = TuningMethod.lowRank(LowRankSettings(rank: 5, alpha: 7))
        for settings in Self.all {
            let model = try lively(configuration)
            let frozen = try model.freezing(settings, pool: pool)
            // The same numbers as floats among the parameters.
            for entry in model.table.entries where frozen.table[entry.name] == nil {
                model.parameters.store(frozen.roundedWeights(entry.name, of: model), at: entry.offset)
            }
            let (left, right) = (try frozen.tuned(method, seed: 3), try model.tuned(method, seed: 3))
            TuningCase.stir(left)
            TuningCase.stir(right)
            let found = try TuningCase.loss(left, groups, pool: pool)
            let expected = try TuningCase.loss(right, groups, pool: pool)
            #expect(found.logProbabilities == expected.logProbabilities, "\(settings)")
            #expect(found.gradients.sha256 == expected.gradients.sha256, "\(settings)")
        }
    }

    @Test func `rounding is as fine as its bits allow, and rounded scales cost little`() throws {
        var errors: [Double] = []
        for settings in Self.all {
            let model = try lively(PackedPassTests.configurations[0])
            let frozen = try model.freezing(settings, pool: pool)
            var (error, size) = (0.0, 0.0)
            for entry in model.table.entries where frozen.table[entry.name] == nil {
                for (own, rounded) in zip(
                    model.parameters.array(entry.range), frozen.roundedWeights(entry.name, of: model))
                {
                    error += pow(Double(own - rounded), 2)
                    size += pow(Double(own), 2)
                }
            }
            errors.append((error / size).squareRoot())
        }
        #expect(errors[0] < 0.006)
        #expect(errors[1] < 0.12)
        #expect(errors[2] < 0.02)
        #expect(errors[3] < 1.05 * errors[1])
    }

    @Test func `NF4 takes the nearest of the sixteen levels of its paper`() throws {
        // Dettmers et al. 2023, appendix E.
        let levels: [Float] = [
            -1, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0, 0.0795803, 0.1609302,
            0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1,
        ]
        let configuration = PackedPassTests.configurations[1]
        let model = try lively(configuration)
        let name = "model.layers.0.self_attn.o_proj.weight"
        let values = try #require(model.tensor(name))
        let frozen = try model.freezing(FrozenWeights(precision: .nf4), pool: pool)
        let rounded = frozen.roundedWeights(name, of: model)
        for start in stride(from: 0, to: values.count, by: 64) {
            let block = start..<min(values.count, start + 64)
            let scale = values[block].reduce(0) { max($0, abs($1)) }
            for index in block {
                let nearest = levels.map { $0 * scale }.min { abs($0 - values[index]) < abs($1 - values[index]) } ?? 0
                #expect(abs(rounded[index] - nearest) < 1e-6 * scale)
            }
        }
    }

    @Test func `a folder that is read rounded is the model that is rounded in memory, shards and halves alike`() throws
    {
        try Fixtures.withTemporaryFolder { folder in
            for (configuration, shard) in [(PackedPassTests.configurations[0], nil), (PackedPassTests.neoX, 20_000)] {
                let model = try lively(configuration)
                let place = folder.appending(path: "\(configuration.family)")
                try Checkpoint.save(model, to: place, shardBytes: shard)
                let settings = FrozenWeights(precision: .nf4, doubleQuantised: true)
                let read = try Checkpoint.load(place, frozen: settings, pool: pool)
                let groups = randomGroups(configuration, shapes: [(13, [9, 4])])
                let expected = try TuningCase.logProbabilities(model.freezing(settings, pool: pool), groups, pool: pool)
                #expect(try TuningCase.logProbabilities(read, groups, pool: pool) == expected)
                #expect(read.weightBytes < model.weightBytes)
                #expect(throws: CheckpointError.self) { try Checkpoint.save(read, to: folder.appending(path: "again")) }
            }
        }
    }

    @Test func `a rounded model decodes what it is trained as`() throws {
        for configuration in [PackedPassTests.configurations[0], PackedPassTests.configurations[2]] {
            let model = try lively(configuration).freezing(FrozenWeights(precision: .nf4), pool: pool)
                .tuned(.lowRank(LowRankSettings(rank: 3)), seed: 1)
            TuningCase.stir(model)
            let prompt = randomGroups(configuration, shapes: [(9, [])])[0].prompt
            let request = SamplingRequest(
                prompt: prompt, seeds: [1, 2], settings: SamplingSettings(maximumTokens: 7, endTokens: []))
            let responses = try GroupSampler(model: model, pool: pool).sample([request])[0]
            let group = TokenGroup(prompt: prompt, responses: responses.map(\.tokens))
            let scored = try TuningCase.logProbabilities(model, [group], pool: pool)
            #expect(largestDifference(responses.flatMap(\.logProbabilities), scored) < 2e-5)
        }
    }
}
