/// The loss of a batch: the judgements' mean, and the means over single responses that further heads learn from.
struct BatchObjective: Sendable {
    let preferenceLoss: PreferenceLoss
    let ratingWeight: Double
    let acceptabilityWeight: Double
    let safetyWeight: Double

    init(_ settings: RewardModelSettings) {
        preferenceLoss = settings.preferenceLoss
        ratingWeight = settings.ratingWeight
        acceptabilityWeight = settings.acceptabilityWeight
        safetyWeight = settings.safetyWeight
    }

    /// What the parts of a batch's loss are divided by.
    struct Weights {
        var judgements = 0.0
        var ratings = 0.0
        var acceptability = 0.0
        var safety = 0.0
        var isAnything: Bool { judgements > 0 || ratings > 0 || acceptability > 0 || safety > 0 }
    }

    func weights(of batch: [RewardExample]) -> Weights {
        func sum(_ marks: [ResponseMark]) -> Double { marks.reduce(0) { $0 + $1.weight } }
        return batch.reduce(into: Weights()) { weights, example in
            weights.judgements += example.elements.reduce(0) { $0 + $1.weight }
            weights.ratings += sum(example.ratings)
            weights.acceptability += sum(example.acceptability)
            weights.safety += sum(example.safety)
        }
    }

    /// An example's part of the loss over all judgements of the batch.
    func preference(
        _ example: RewardExample, scores: [Double], weights: Weights, tieParameter: Double
    ) -> RankingLoss {
        var total = RankingLoss(value: 0, gradient: [Double](repeating: 0, count: scores.count))
        guard weights.judgements > 0 else { return total }
        for element in example.elements {
            let loss = preferenceLoss(scores: scores, element: element, tieParameter: tieParameter)
            let share = element.weight / weights.judgements
            total.value += share * loss.value
            total.tieSlope += share * loss.tieSlope
            for index in total.gradient.indices { total.gradient[index] += share * loss.gradient[index] }
        }
        return total
    }
}
