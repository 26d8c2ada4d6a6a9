import LanguageModel
import SeededRandom
import Testing

@Suite struct TuningTests {
    let pool = WorkerPool(threads: 2)
    private static let shapes = [(13, [9, 4]), (5, [6])]

    @Test(arguments: PackedPassTests.configurations)
    func `a tuned model begins as the model itself, bit for bit`(_ configuration: ModelConfiguration) throws {
        let model = try lively(configuration)
        let groups = randomGroups(configuration, shapes: Self.shapes)
        let expected = try TuningCase.logProbabilities(model, groups, pool: pool)
        for method in TuningCase.methods(configuration) {
            if case .promptVectors = method { continue }
            let tuned = try model.tuned(method, seed: 3)
            #expect(try TuningCase.logProbabilities(tuned, groups, pool: pool) == expected, "\(method)")
        }
    }

    @Test(arguments: PackedPassTests.configurations)
    func `gradients of what is trained are the slopes of the loss`(_ configuration: ModelConfiguration) throws {
        let groups = randomGroups(configuration, shapes: Self.shapes)
        for method in TuningCase.methods(configuration) {
            let model = try lively(configuration).tuned(method, seed: 3)
            if case .layers = method {} else { TuningCase.stir(model) }
            try expectSlopes(model, groups, dropout: nil, "\(method)")
        }
    }

    @Test func `gradients under dropout are the slopes of the loss under the same mask`() throws {
        for configuration in [PackedPassTests.configurations[0], PackedPassTests.configurations[2]] {
            let model = try lively(configuration)
                .tuned(.lowRank(LowRankSettings(rank: 4, alpha: 8, dropout: 0.3)), seed: 3)
            TuningCase.stir(model)
            let groups = randomGroups(configuration, shapes: Self.shapes)
            try expectSlopes(model, groups, dropout: DropoutMask(seed: 8, firstRow: 5), "dropout")
        }
    }

    /// The loss's change along a random direction of each tensor, by central differences, against the gradient's.
    private func expectSlopes(
        _ model: Transformer, _ groups: [TokenGroup], dropout: DropoutMask?, _ name: String
    ) throws {
        let gradients = try TuningCase.loss(model, groups, pool: pool, dropout: dropout).gradients
        let whole = gradients.array(0..<gradients.count).reduce(0.0) { max($0, Double(abs($1))) }
        for (index, entry) in model.trainedTable.entries.enumerated() {
            let start = model.trainedParameters.array(entry.range)
            let direction = randomValues(entry.count, seed: UInt64(40 + index), scale: 1)
            let step: Float = 1e-2 / Float(entry.count).squareRoot()
            func loss(_ sign: Float) throws -> Double {
                model.trainedParameters.store(
                    zip(start, direction).map { $0 + sign * step * $1 }, at: entry.offset)
                model.publishTrained()
                return try TuningCase.loss(model, groups, pool: pool, dropout: dropout).loss
            }
            let measured = try (loss(1) - loss(-1)) / Double(2 * step)
            model.trainedParameters.store(start, at: entry.offset)
            model.publishTrained()
            let own = gradients.array(entry.range)
            let expected = zip(own, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let size = own.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
            let tolerance = 0.03 * max(abs(expected), 0.3 * size) + 2e-3 * whole
            #expect(abs(measured - expected) <= tolerance, "\(name), \(entry.name): \(measured), \(expected)")
        }
    }

    @Test(arguments: PackedPassTests.configurations)
    func `merged low-rank products give what products beside the weights give, also while decoding`(
        _ configuration: ModelConfiguration
    ) throws {
        let groups = randomGroups(configuration, shapes: Self.shapes)
        let model = try lively(configuration).tuned(.lowRank(LowRankSettings(rank: 5, alpha: 7)), seed: 3)
        TuningCase.stir(model)
        let plain = try TuningCase.logProbabilities(model.untuned, groups, pool: pool)
        let apart = try TuningCase.logProbabilities(model, groups, pool: pool)
        #expect(largestDifference(apart, plain) > 0.01)
        let decoded = try logits(model, groups[0].prompt)
        let merged = try model.mergingTuning()
        #expect(largestDifference(try TuningCase.logProbabilities(merged, groups, pool: pool), apart) < 2e-5)
        #expect(try logits(merged, groups[0].prompt) == decoded)
    }

    @Test(arguments: PackedPassTests.configurations)
    func `decoding says what the training pass says, with adapters and with prompt vectors`(
        _ configuration: ModelConfiguration
    ) throws {
        for method in TuningCase.methods(configuration) {
            let model = try lively(configuration).tuned(method, seed: 3)
            TuningCase.stir(model)
            let prompt = randomGroups(configuration, shapes: [(9, [])])[0].prompt
            let request = SamplingRequest(
                prompt: prompt, seeds: [1, 2, 3], settings: SamplingSettings(maximumTokens: 7, endTokens: []))
            let sampler = GroupSampler(model: model, pool: pool)
            for _ in 0..<2 {
                let responses = try sampler.sample([request])[0]
                let group = TokenGroup(prompt: prompt, responses: responses.map(\.tokens))
                let scored = try TuningCase.logProbabilities(model, [group], pool: pool)
                #expect(largestDifference(responses.flatMap(\.logProbabilities), scored) < 2e-5, "\(method)")
                // What the optimiser changes is seen after a refresh.
                TuningCase.stir(model, scale: 0.1)
                sampler.refresh()
            }
        }
    }

    @Test func `the bits do not depend on the number of threads`() throws {
        let configuration = PackedPassTests.configurations[0]
        let groups = randomGroups(configuration, shapes: (0..<9).map { (10 + $0, [17 + $0, 12]) })
        for method in TuningCase.methods(configuration)
            + [.lowRank(LowRankSettings(rank: 3, alpha: 2, dropout: 0.2))]
        {
            func result(threads: Int) throws -> String {
                let pool = WorkerPool(threads: threads)
                let model = try lively(configuration).tuned(method, seed: 3)
                let optimiser = AdamW(model: model, settings: AdamWSettings(learningRate: 0.01))
                for step in 0..<3 {
                    let found = try TuningCase.loss(
                        model, groups, pool: pool, dropout: DropoutMask(seed: UInt64(step), firstRow: 0))
                    try optimiser.step(model, gradients: found.gradients, pool: pool)
                }
                return model.trainedParameters.sha256
            }
            let one = try result(threads: 1)
            #expect(try result(threads: 2) == one, "\(method)")
            #expect(try result(threads: 4) == one, "\(method)")
        }
    }

    @Test func `training changes what is tuned and nothing else`() throws {
        let configuration = PackedPassTests.configurations[0]
        let groups = randomGroups(configuration, shapes: Self.shapes)
        for method in TuningCase.methods(configuration) {
            let base = try lively(configuration)
            let before = base.parameters.array(0..<base.parameters.count)
            let model = try base.tuned(method, seed: 3)
            let optimiser = AdamW(model: model, settings: AdamWSettings(learningRate: 0.01))
            #expect(optimiser.momentCount == model.trainedTable.count)
            let first = try TuningCase.loss(model, groups, pool: pool)
            try optimiser.step(model, gradients: first.gradients, pool: pool)
            #expect(try TuningCase.loss(model, groups, pool: pool).loss < first.loss, "\(method)")
            for entry in base.table.entries {
                let changed = base.parameters.array(entry.range) != Array(before[entry.range])
                let expected: Bool
                if case .layers = method { expected = model.trainedTable[entry.name] != nil } else { expected = false }
                #expect(changed == expected, "\(method), \(entry.name)")
            }
        }
    }

    @Test func `masks of dropout leave out their share, each product and row another`() throws {
        let configuration = PackedPassTests.configurations[0]
        let model = try lively(configuration)
            .tuned(.lowRank(LowRankSettings(rank: 4, alpha: 8, dropout: 0.5)), seed: 3)
        TuningCase.stir(model)
        let groups = randomGroups(configuration, shapes: Self.shapes)
        func loss(_ mask: DropoutMask?) throws -> Double {
            try TuningCase.loss(model, groups, pool: pool, dropout: mask).loss
        }
        let mask = DropoutMask(seed: 1, firstRow: 0)
        #expect(try loss(mask) == loss(mask))
        #expect(try loss(mask) != loss(DropoutMask(seed: 2, firstRow: 0)))
        #expect(try loss(mask) != loss(nil))
        // Scoring never leaves anything out.
        let kept = try TuningCase.loss(model, groups, pool: pool).logProbabilities
        #expect(try largestDifference(TuningCase.logProbabilities(model, groups, pool: pool), kept) < 1e-6)
    }

    @Test(arguments: [
        (TuningMethod.lowRank(LowRankSettings(rank: 0)), "rank of 0"),
        (.lowRank(LowRankSettings(targets: ["c_attn"])), "c_attn"),
        (.lowRank(LowRankSettings(layers: [7])), "layer 7"), (.lowRank(LowRankSettings(dropout: 1)), "dropout"),
        (.bottleneck(BottleneckSettings(width: 0)), "width of 0"),
        (.promptVectors(PromptVectorSettings(count: 300)), "300 prompt vectors"), (.layers([]), "empty"),
        (.layers([1, 1]), "twice"),
    ])
    func `what cannot be tuned is an error that names it`(method: TuningMethod, word: String) throws {
        let model = try lively(PackedPassTests.configurations[0])
        let error = #expect(throws: EngineError.self) { try model.tuned(method, seed: 1) }
        #expect(error?.description.contains(word) == true)
    }

    /// The decoder's logits after each of some tokens.
    private func logits(_ model: Transformer, _ tokens: [Int32]) throws -> [Float] {
        var all: [Float] = []
        try DecoderLogits(model: model, pool: pool, precision: .float32).read(tokens) { all += $0 }
        return all
    }
}
