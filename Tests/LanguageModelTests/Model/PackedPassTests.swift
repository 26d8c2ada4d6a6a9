import Foundation
import LanguageModel
import SeededRandom
import Testing

@Suite struct PackedPassTests {
    /// A family, grouped heads or not, tied or not, and sizes that are not multiples of anything.
    static let configurations: [ModelConfiguration] = [
        .llama(
            vocabularySize: 211, width: 36, layers: 3, heads: 6, keyValueHeads: 2, feedForward: 50, contextLength: 300),
        .llama(
            vocabularySize: 97, width: 24, layers: 2, heads: 3, feedForward: 31, contextLength: 300,
            tiedEmbeddings: false),
        .gpt2(vocabularySize: 131, width: 40, layers: 2, heads: 5, contextLength: 300), neo, gptJ, neoX, qwen2, qwen3,
    ]

    /// Scores that are not scaled, a window in every second layer.
    static let neo: ModelConfiguration = {
        var c = ModelConfiguration.gpt2(vocabularySize: 131, width: 40, layers: 3, heads: 5, contextLength: 300)
        c.family = .gptNeo
        c.weightLayout = .outputRows
        c.attentionBias = false
        c.scaledScores = false
        c.windows = [nil, 9, nil]
        return c
    }()

    /// Attention and feed-forward behind one norm, neighbours turned, a head with a bias.
    static let gptJ: ModelConfiguration = {
        var c = ModelConfiguration.gpt2(vocabularySize: 131, width: 40, layers: 2, heads: 4, contextLength: 300)
        c.family = .gptJ
        c.weightLayout = .outputRows
        c.attentionBias = false
        c.outputBias = false
        c.positions = .rotary(RotarySettings(theta: 10_000, size: 6, pairing: .neighbours))
        c.residual = .parallelSharedNorm
        c.tiedEmbeddings = false
        c.headBias = true
        return c
    }()

    /// Attention and feed-forward behind a norm each, part of the head turned, exact GELU, q, k and v head by head.
    static let neoX: ModelConfiguration = {
        var c = gptJ
        c.family = .gptNeoX
        c.positions = .rotary(RotarySettings(theta: 10_000, size: 4))
        c.attentionBias = true
        c.outputBias = true
        c.activation = .exactGelu
        c.residual = .parallel
        c.headBias = false
        return c
    }()

    /// Biases of queries, keys and values, windows in the later layers.
    static let qwen2: ModelConfiguration = {
        var c = ModelConfiguration.llama(
            vocabularySize: 131, width: 36, layers: 3, heads: 6, keyValueHeads: 2, feedForward: 50, contextLength: 300)
        c.family = .qwen2
        c.attentionBias = true
        c.windows = [nil, 17, 17]
        return c
    }()

    /// Norms of queries and keys, heads wider than their share.
    static let qwen3: ModelConfiguration = {
        var c = ModelConfiguration.llama(
            vocabularySize: 131, width: 28, layers: 2, heads: 4, keyValueHeads: 2, headSize: 18, feedForward: 50,
            contextLength: 300)
        c.family = .qwen3
        c.queryKeyNorm = true
        return c
    }()
    let pool = WorkerPool(threads: 2)

    @Test(arguments: configurations) func aPackedGroupGivesTheNumbersOfSeparateSequences(
        _ configuration: ModelConfiguration
    ) throws {
        let model = try lively(configuration)
        let groups = randomGroups(configuration, shapes: [(13, [9, 4, 21, 1]), (40, [70, 33]), (1, [5, 6, 7])])
        let separate = groups.flatMap { group in
            group.responses.map { TokenGroup(prompt: group.prompt, responses: [$0]) }
        }
        let (together, gradients) = try train(model, [groups], pool)
        let (apart, expected) = try train(model, separate.map { [$0] }, pool)
        #expect(largestDifference(together, apart) <= 2e-5)
        for entry in model.table.entries {
            #expect(
                relativeDifference(gradients.array(entry.range), expected.array(entry.range)) <= 1e-4, "\(entry.name)")
        }
        let sum = together.reduce(0) { $0 + Double($1) }
        #expect(abs(sum - apart.reduce(0) { $0 + Double($1) }) <= 1e-4 * abs(sum))
    }

    @Test(arguments: configurations) func theBitsDoNotDependOnTheNumberOfThreads(_ configuration: ModelConfiguration)
        throws
    {
        let groups = randomGroups(configuration, shapes: (0..<14).map { (10 + $0, [7 + $0, 12, 30 - $0]) })
        func result(threads: Int) throws -> (String, [Float]) {
            let pool = WorkerPool(threads: threads)
            let model = try lively(configuration)
            let optimiser = AdamW(model: model, settings: AdamWSettings(decay: .all))
            var all: [Float] = []
            for _ in 0..<3 {
                let (found, gradients) = try train(model, [Array(groups[..<8]), Array(groups[8...])], pool)
                all += found
                try optimiser.step(model, gradients: gradients, pool: pool)
            }
            return (model.parameters.sha256, all)
        }
        let one = try result(threads: 1)
        for threads in [2, 4, 2] {
            let other = try result(threads: threads)
            #expect(other == one)
        }
    }

    @Test(arguments: KernelSet.available) func everyInstructionSetGivesTheSameLossAndGradients(_ kernels: KernelSet)
        throws
    {
        for configuration in Self.configurations {
            let model = try lively(configuration)
            let groups = randomGroups(configuration, shapes: [(13, [9, 4, 21]), (40, [33])])
            let (expected, expectedGradients) = try train(model, [groups], pool, kernels: KernelSet.available[0])
            let (found, gradients) = try train(model, [groups], pool, kernels: kernels)
            #expect(largestDifference(found, expected) <= 2e-5)
            for entry in model.table.entries {
                let (left, right) = (gradients.array(entry.range), expectedGradients.array(entry.range))
                #expect(relativeDifference(left, right) <= 1e-4, "\(entry.name)")
            }
        }
    }

    @Test func attentionWorkGrowsWithWhatEachResponseSeesAndNotWithTheWholeSquare() throws {
        let configuration = Self.configurations[0]
        let pass = PackedPass(model: try lively(configuration), pool: pool, keepsActivations: false)
        let shapes = [(100, [60, 60, 60, 60]), (50, [80, 80]), (120, [])]
        try pass.forward(randomGroups(configuration, shapes: shapes))
        let most = shapes.reduce(0) { total, shape in
            shape.1.reduce(total + shape.0 * shape.0) { $0 + $1 * (shape.0 + $1) }
        }
        #expect(pass.attentionPairs <= most)
        #expect(pass.attentionPairs > most / 2)
    }

    @Test func documentsInOnePassDoNotSeeEachOther() throws {
        let configuration = Self.configurations[1]
        let pass = PackedPass(model: try lively(configuration), pool: pool, keepsActivations: false)
        let groups = randomGroups(configuration, shapes: [(30, []), (17, []), (64, [])])
        try pass.forward(groups)
        let together = pass.logProbabilities(of: pass.layout.allTargets)
        var apart: [Float] = []
        for group in groups {
            try pass.forward([group])
            apart += pass.logProbabilities(of: pass.layout.allTargets)
        }
        #expect(largestDifference(together, apart) <= 2e-5)
        #expect(together.count == 30 + 17 + 64 - 3)
    }

    @Test func anEmptyPromptPredictsAllButTheFirstTokenOfAResponse() throws {
        let configuration = Self.configurations[0]
        let pass = PackedPass(model: try lively(configuration), pool: pool, keepsActivations: false)
        let tokens: [Int32] = [4, 9, 3, 77, 5]
        try pass.forward([TokenGroup(prompt: [], responses: [tokens])])
        let asResponse = pass.logProbabilities(of: pass.layout.responseTargets)
        try pass.forward([TokenGroup(prompt: tokens)])
        #expect(largestDifference(asResponse, pass.logProbabilities(of: pass.layout.allTargets)) <= 1e-5)
        #expect(asResponse.count == 4)
    }

    @Test func targetsRowsAndPositionsOfALayoutAreWhereTheyShouldBe() throws {
        let pass = PackedPass(model: try lively(Self.configurations[0]), pool: pool, keepsActivations: false)
        try pass.forward([
            TokenGroup(prompt: [1, 2, 3], responses: [[4, 5], [6]]), TokenGroup(prompt: [7], responses: [[8, 9, 10]]),
        ])
        let layout = pass.layout
        #expect(layout.tokenCount == 10)
        #expect(layout.promptRows(1) == 6..<7)
        #expect(layout.responseRows(0, 1) == 5..<6)
        #expect(layout.lastResponseRow(1, 0) == 9)
        #expect(layout.statesBefore(0, 0) == [2, 3])
        #expect(layout.statesBefore(1, 0) == [6, 7, 8])
        let targets = layout.responseTargets
        #expect(targets.rows == [2, 3, 2, 6, 7, 8])
        #expect(targets.tokens == [4, 5, 6, 8, 9, 10])
        #expect(targets.range(group: 1, response: 0) == 3..<6)
        let all = layout.allTargets
        #expect(all.tokens == [2, 3, 4, 5, 6, 8, 9, 10])
        #expect(all.range(group: 0, response: 1) == 4..<5)
        #expect(
            passes(
                of: [[5], [4], [9], [20], [1]].map {
                    TokenGroup(prompt: [], responses: [[Int32](repeating: 1, count: $0[0])])
                }, tokenBudget: 10) == [0..<2, 2..<3, 3..<4, 4..<5])
    }

    @Test(arguments: configurations) func gradientsOfScoresAreThoseOfFiniteDifferences(
        _ configuration: ModelConfiguration
    ) throws {
        let model = try lively(configuration).withScalarHead(seed: 5)
        let group = randomGroups(model.configuration, shapes: [(11, [7, 5, 9])])[0]
        let pass = PackedPass(model: model, pool: pool)
        let weights: [Float] = [0.7, -1.3, 0.4]
        func loss() throws -> Double {
            try pass.forward([group])
            let scores = pass.scores(atRows: group.responses.indices.map { pass.layout.lastResponseRow(0, $0) })
            return zip(scores, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        _ = try loss()
        let gradients = model.makeGradients()
        let rows = group.responses.indices.map { pass.layout.lastResponseRow(0, $0) }
        pass.scoreBackward(weights, atRows: rows, into: gradients)
        pass.backward(into: gradients)
        // Along a random direction, so that one number checks all parameters at once.
        let direction = randomValues(model.table.count, seed: 21)
        let slope = model.table.entries.reduce(0.0) { sum, entry in
            entry.range.reduce(sum) { $0 + Double(gradients[$1]) * Double(direction[$1]) }
        }
        let start = model.parameters.array(0..<model.table.count)
        func loss(at step: Float) throws -> Double {
            model.parameters.store(zip(start, direction).map { $0 + step * $1 }, at: 0)
            return try loss()
        }
        // Central differences of two steps, so that third derivatives cancel.
        let step: Float = 1e-3
        let wide = try loss(at: step) - loss(at: -step)
        let narrow = try loss(at: step / 2) - loss(at: -step / 2)
        let numeric = (8 * narrow - wide) / (6 * Double(step))
        #expect(abs(numeric - slope) <= 2e-3 * abs(slope) + 1e-4)
    }

    @Test func whatCannotBePackedIsRefusedInWords() throws {
        let pass = PackedPass(model: try lively(Self.configurations[0]), pool: pool)
        #expect(throws: EngineError.emptyPass) { try pass.forward([]) }
        #expect(throws: EngineError.emptyGroup(index: 0)) { try pass.forward([TokenGroup(prompt: [])]) }
        #expect(throws: EngineError.emptyResponse(group: 0, response: 1)) {
            try pass.forward([TokenGroup(prompt: [1], responses: [[1], []])])
        }
        #expect(throws: EngineError.tokenOutsideVocabulary(token: 211, group: 0, vocabularySize: 211)) {
            try pass.forward([TokenGroup(prompt: [211])])
        }
        #expect(throws: EngineError.tooLong(group: 0, positions: 301, contextLength: 300)) {
            try pass.forward([TokenGroup(prompt: [Int32](repeating: 1, count: 300), responses: [[1]])])
        }
    }

    /// Sum of the response tokens' negative log-likelihoods: its gradients over all passes, and the log-probabilities.
    private func train(
        _ model: Transformer, _ passes: [[TokenGroup]], _ pool: WorkerPool, kernels: KernelSet = .best
    ) throws -> ([Float], FloatBuffer) {
        let gradients = model.makeGradients()
        let pass = PackedPass(model: model, pool: pool, keepsActivations: true, kernels: kernels)
        var found: [Float] = []
        for groups in passes {
            try pass.forward(groups)
            found += pass.headBackward(of: pass.layout.responseTargets, into: gradients) { _, _ in -0.01 }
            pass.backward(into: gradients)
        }
        return (found, gradients)
    }
}
