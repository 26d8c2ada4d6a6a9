import LanguageModel
import Policy
import SeededRandom
import Testing

/// A graph whose nodes are tokens: a walk is a response, and the shorter it reaches the goal, the better.
///
/// The task of trlx's example “randomwalks” (Chen et al. 2021, "Decision Transformer", §3.1): a policy that has seen random
/// walks alone is to find the shortest ones.
private struct WalkWorld: ResponseScorer {
    static let nodes = 21
    /// Steps of a walk at most.
    static let longest = 10
    private static let firstToken: Int32 = 100

    /// Where one may go from each node; nowhere from the goal, which is node 0.
    let edges: [[Int]]
    /// Steps from each node to the goal.
    let distances: [Int]
    let endToken: Int32

    init(seed: UInt64, endToken: Int32) {
        var random = SplitMix64(seed: seed)
        var edges: [[Int]] = [[]]
        for node in 1..<Self.nodes {
            edges.append(Array(random.permutation(of: Self.nodes).filter { $0 != node }.prefix(3)).sorted())
        }
        var distances = [Int](repeating: .max, count: Self.nodes)
        distances[0] = 0
        for step in 1...Self.nodes {
            for node in 1..<Self.nodes where distances[node] == .max {
                if edges[node].contains(where: { distances[$0] == step - 1 }) { distances[node] = step }
            }
        }
        self.edges = edges
        self.distances = distances
        self.endToken = endToken
    }

    func token(_ node: Int) -> Int32 { Self.firstToken + Int32(node) }
    var starts: [Int] { (1..<Self.nodes).filter { distances[$0] <= Self.longest / 2 } }

    func randomWalk(_ random: inout SplitMix64) -> TokenGroup {
        let start = starts[random.nextIndex(below: starts.count)]
        var walk: [Int32] = []
        var node = start
        while node != 0, walk.count < Self.longest {
            node = edges[node][random.nextIndex(below: edges[node].count)]
            walk.append(token(node))
        }
        return TokenGroup(prompt: [token(start)], responses: [walk + [endToken]])
    }

    /// 1 for a shortest walk, 0 for one as long as may be, and for one that leaves the graph or does not arrive.
    func optimality(start: Int32, walk: [Int32]) -> Double {
        var node = Int(start - Self.firstToken)
        let shortest = distances[node]
        for (step, token) in walk.enumerated() {
            let next = Int(token - Self.firstToken)
            guard edges[node].contains(next) else { return 0 }
            node = next
            if node == 0 { return Double(Self.longest - step - 1) / Double(Self.longest - shortest) }
        }
        return 0
    }

    /// In tenths, so that a step is worth some nats of KL.
    func scores(of groups: [TokenGroup]) -> [[Double]] {
        groups.map { group in
            group.responses.map { 10 * optimality(start: group.prompt.last ?? 0, walk: $0) }
        }
    }
}

@Suite struct RandomWalkTests {
    private let pool = WorkerPool(threads: 2)

    /// A policy that walks at random on the graph's edges, learnt from a thousand walks.
    private func walker(_ world: WalkWorld, _ tiny: TinyPolicy, seed: UInt64) throws {
        var optimiser = AdamWSettings()
        optimiser.weightDecay = 0
        let learner = PolicyLearner(
            model: tiny.model, optimiser: optimiser, temperature: 1, tokensPerPass: 2048, pool: pool)
        var random = SplitMix64(seed: seed, stream: 1)
        let walks = (0..<1000).map { _ in world.randomWalk(&random) }
        let steps = 300
        for step in 0..<steps {
            let batch = (0..<48).map { _ in walks[random.nextIndex(below: walks.count)] }
            let count = Double(batch.reduce(0) { $0 + $1.responses[0].count })
            _ = try learner.accumulate(batch) { _, _, _ in -1 / count }
            _ = try learner.step(number: step + 1, learningRate: 5e-3 * Float(steps - step) / Float(steps))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a policy that has seen random walks alone finds the shortest ones`(seed: UInt64) throws {
        let tiny = try TinyPolicy(seed: seed)
        let world = WalkWorld(seed: seed, endToken: tiny.template.endTokenID)
        try walker(world, tiny, seed: seed)
        var settings = BanditTests.settings
        settings.iterations = 60
        settings.promptsPerIteration = world.starts.count
        settings.maximumTokens = WalkWorld.longest + 1
        settings.policyLearningRate = 2e-3
        settings.scoreClip = nil
        let prompts = world.starts.map {
            RolloutCollector.Prompt(id: "\($0)", text: "\($0)", tokens: [world.token($0)])
        }
        let refresh = try TinyRefresh(settings: settings, scorer: world, seed: seed, tiny: tiny, prompts: prompts)
            .refresh
        var optimality: [Double] = []
        while !refresh.isOver { optimality.append(try refresh.iterate().numbers.score / 10) }
        let before = optimality.prefix(2).reduce(0, +) / 2
        let after = optimality.suffix(5).reduce(0, +) / 5
        print("random walks, seed \(seed): optimality \(before) before, \(after) after")
        #expect(before > 0.1 && before < 0.6, "random walks arrive now and then")
        #expect(after > 0.9)
    }
}
