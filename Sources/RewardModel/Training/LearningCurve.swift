import LanguageModel
import SeededRandom

/// How well models do that learn from fewer of the same labels: nested halves of the training prompts.
struct LearningCurve {
    /// One such model's figures on the groups that the run's own figures rest on.
    struct Point: Codable, Equatable {
        var labels: Int
        var groups: Int
        var accuracy: Double
        var logLoss: Double
    }

    let base: Transformer
    let data: RewardDataset
    let settings: RewardModelSettings
    let seed: UInt64
    let longerIsBetter: Bool
    let pool: WorkerPool

    /// The share of the prompts that a point learns from; the last one is a half.
    func share(_ point: Int) -> Double {
        (point..<settings.learningCurvePoints).reduce(1) { share, _ in share / 2 }
    }

    /// Trains a plain classifier with the run's settings on a point's part of the prompts.
    /// - Parameter check: called after each step; may throw to stop.
    /// - Returns: nil where the part holds nothing to learn from.
    func train(_ point: Int, check: (_ step: Int, _ of: Int) throws -> Void) throws -> Point? {
        let examples = part(share(point))
        guard !examples.isEmpty, !data.reported.isEmpty else { return nil }
        var own = settings
        own.ensembleMembers = 1
        (own.ratingWeight, own.acceptabilityWeight, own.safetyWeight) = (0, 0, 0)
        let model = try base.withScalarHead(seed: RandomStream.head.seed(of: seed))
        let heads = try Ensemble.heads(own.heads, for: model, base: base, training: examples, seed: seed)
        let trainer = RewardTrainer(model: model, heads: heads, settings: own, pool: pool)
        let loop = TrainingLoop(
            trainer: trainer, training: examples, selecting: data.selecting, settings: own, seed: seed,
            longerIsBetter: longerIsBetter, pool: pool)
        var state = TrainingState()
        while !loop.isOver(state) {
            _ = try loop.step(&state)
            try check(state.step, loop.plan.totalSteps)
        }
        loop.putBestBack(state)
        let figures = try loop.evaluation(of: data.reported, step: state.step)
        return Point(
            labels: RewardDataset.labelCount(examples), groups: examples.count, accuracy: figures.accuracy,
            logLoss: figures.logLoss)
    }

    /// The groups of the first prompts in a random order, so that a larger part holds the smaller ones.
    private func part(_ share: Double) -> [RewardExample] {
        var places: [[Int32]: Int] = [:]
        for example in data.training where places[example.tokens.prompt] == nil {
            places[example.tokens.prompt] = places.count
        }
        var random = SplitMix64(seed: RandomStream.subsets.seed(of: seed))
        let order = random.permutation(of: places.count)
        let chosen = Set(order.prefix(Int((share * Double(places.count)).rounded())))
        return data.training.filter { places[$0.tokens.prompt].map(chosen.contains) ?? false }
            .filter { !$0.elements.isEmpty }
    }
}
