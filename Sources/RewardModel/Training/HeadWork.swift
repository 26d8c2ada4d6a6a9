import LanguageModel

/// Forward and backward of the further heads over the states of one pass, in double precision.
struct HeadWork {
    private let heads: RewardHeads
    private let states: [Float]
    private let members: [[Float]]
    private let safety: [(weights: [Float], bias: Float)]
    private let rating: (weights: [Float], bias: Float)?
    /// dLoss/dstate `[responses, width]`, but for what goes through the classifier's own head.
    private(set) var stateGradients: [Float]
    /// As the heads' table lays them out.
    private var gradients: [Double]
    private var row = 0

    init(heads: RewardHeads, states: [Float]) {
        self.heads = heads
        self.states = states
        members = heads.members
        safety = heads.linear("safety")
        rating = heads.linear("rating").first
        stateGradients = [Float](repeating: 0, count: states.count)
        gradients = [Double](repeating: 0, count: heads.table.count)
    }

    /// The next example's loss and gradients.
    /// - Parameter classifier: scores of the model's own head; what members say takes their place in an ensemble.
    /// - Returns: dLoss/dscore of the model's own head, all 0 in an ensemble.
    mutating func add(
        _ example: RewardExample, classifier: [Double], objective: BatchObjective,
        weights: BatchObjective.Weights, report: inout RewardTrainer.BatchReport, tally: inout PairTally
    ) -> [Float] {
        defer { row += classifier.count }
        var own = [Double](repeating: 0, count: classifier.count)
        if members.isEmpty {
            own = preference(example, classifier, 1, objective, weights, &report)
            tally.add(example, scores: classifier)
        } else {
            var mean = [Double](repeating: 0, count: classifier.count)
            for (member, head) in members.enumerated() {
                let scores = classifier.indices.map { RewardHeads.product(head, state($0)) }
                for index in mean.indices { mean[index] += scores[index] / Double(members.count) }
                let share = share(of: member, among: members.count, example)
                let slopes = preference(example, scores, share, objective, weights, &report)
                for (index, slope) in slopes.enumerated() where slope != 0 {
                    spread(slope, to: place("members.weight") + member * heads.width, head, response: index)
                }
            }
            tally.add(example, scores: mean)
        }
        addMarks(example, objective, weights, &report)
        return own.map { Float($0) }
    }

    /// Loss of one preference head: of judgements, and of the threshold of acceptability.
    private mutating func preference(
        _ example: RewardExample, _ scores: [Double], _ share: Double, _ objective: BatchObjective,
        _ weights: BatchObjective.Weights, _ report: inout RewardTrainer.BatchReport
    ) -> [Double] {
        let loss = objective.preference(
            example, scores: scores, weights: weights, tieParameter: heads.tieParameter)
        var slopes = loss.gradient.map { share * $0 }
        report.loss += share * loss.value
        if heads.layout.ties != .drop { gradients[place("ties.parameter")] += share * loss.tieSlope }
        guard let threshold = heads.acceptabilityThreshold else { return slopes }
        for mark in example.acceptability {
            let entropy = binaryCrossEntropy(scores[mark.response] - threshold, target: mark.value)
            let part = share * objective.acceptabilityWeight * mark.weight / weights.acceptability
            report.loss += part * entropy.value
            slopes[mark.response] += part * entropy.slope
            gradients[place("acceptability.threshold")] -= part * entropy.slope
        }
        return slopes
    }

    /// What a member's loss counts: the mean over members, each taught on prompts that it has drawn.
    private func share(of member: Int, among count: Int, _ example: RewardExample) -> Double {
        Double(count == 1 || example.draws.isEmpty ? 1 : example.draws[member]) / Double(count)
    }

    /// Losses of the safety heads, a cross-entropy, and of the rating head, a squared error.
    private mutating func addMarks(
        _ example: RewardExample, _ objective: BatchObjective, _ weights: BatchObjective.Weights,
        _ report: inout RewardTrainer.BatchReport
    ) {
        for (member, head) in safety.enumerated() {
            let share = share(of: member, among: safety.count, example)
            for mark in example.safety {
                let logit = RewardHeads.product(head.weights, state(mark.response), bias: head.bias)
                let entropy = binaryCrossEntropy(logit, target: mark.value)
                let part = share * objective.safetyWeight * mark.weight / weights.safety
                report.loss += part * entropy.value
                spread(
                    part * entropy.slope, to: place("safety.weight") + member * heads.width, head.weights,
                    response: mark.response)
                gradients[place("safety.bias") + member] += part * entropy.slope
            }
        }
        if let rating {
            for mark in example.ratings {
                let error =
                    RewardHeads.product(rating.weights, state(mark.response), bias: rating.bias) - mark.value
                let part = objective.ratingWeight * mark.weight / weights.ratings
                report.loss += part * error * error
                spread(2 * part * error, to: place("rating.weight"), rating.weights, response: mark.response)
                gradients[place("rating.bias")] += 2 * part * error
            }
        }
    }

    /// A slope by a linear head's output becomes slopes of its weights and of the state.
    private mutating func spread(
        _ slope: Double, to start: Int, _ weights: [Float], response: Int
    ) {
        let first = (row + response) * heads.width
        for column in 0..<heads.width {
            gradients[start + column] += slope * Double(states[first + column])
            stateGradients[first + column] += Float(slope * Double(weights[column]))
        }
    }

    private func state(_ response: Int) -> ArraySlice<Float> {
        states[(row + response) * heads.width..<(row + response + 1) * heads.width]
    }

    /// Where a head's tensor starts.
    private func place(_ name: String) -> Int {
        guard let entry = heads.table[name] else { preconditionFailure("there is no \(name)") }
        return entry.offset
    }

    /// Adds the heads' gradients.
    func store(in buffer: FloatBuffer) {
        for (index, value) in gradients.enumerated() { buffer[index] += Float(value) }
    }
}
