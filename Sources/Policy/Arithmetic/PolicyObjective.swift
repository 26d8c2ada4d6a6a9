/// The loss of a minibatch as a function of its tokens' log-probabilities, and its gradient: what a method makes of
/// advantages.
public struct PolicyObjective: Sendable, Equatable {
    public var method: PolicyMethod
    public var clipping: ClippedPolicyLoss
    /// The KL to the reference in the loss; nil where it is in the reward, or nowhere.
    public var penalty: Penalty?
    /// Most tokens of a response.
    public var maximumTokens: Int

    /// β · KL estimate at each token.
    public struct Penalty: Sendable, Equatable {
        public var estimator: KLEstimator
        public var coefficient: Double

        public init(estimator: KLEstimator, coefficient: Double) {
            self.estimator = estimator
            self.coefficient = coefficient
        }
    }

    public init(method: PolicyMethod, clipping: ClippedPolicyLoss, penalty: Penalty? = nil, maximumTokens: Int) {
        self.method = method
        self.clipping = clipping
        self.penalty = penalty
        self.maximumTokens = maximumTokens
    }

    /// What each response's tokens are divided by.
    public func divisors(lengths: [Int]) -> [Double] {
        method.averaging.divisors(lengths: lengths, maximumTokens: maximumTokens)
    }

    /// One token, or one response by its sums: loss, derivative by the new log-probability, and whether it was clipped;
    /// before any averaging.
    public func unit(
        new: Double, old: Double, reference: Double, advantage: Double
    ) -> (loss: Double, gradient: Double, clipped: Bool) {
        if method == .bestOfK { return (-new, -1, false) }
        var found = clipping.token(new: new, old: old, advantage: advantage)
        if let penalty {
            found.loss += penalty.coefficient * penalty.estimator.estimate(policy: new, reference: reference)
            found.gradient += penalty.coefficient * penalty.estimator.lossGradient(policy: new, reference: reference)
        }
        return found
    }

    /// The loss, its gradient by each token's new log-probability, and the share of clipped units.
    /// - Parameters: rows `[responses][tokens]`; a method that weighs whole responses takes the first advantage of a row.
    public func callAsFunction(
        new: [[Double]], old: [[Double]], reference: [[Double]], advantages: [[Double]]
    ) -> (loss: Double, gradient: [[Double]], clipFraction: Double) {
        precondition(
            new.count == old.count && new.count == reference.count && new.count == advantages.count,
            "the same responses in every argument")
        let divisors = divisors(lengths: new.map(\.count))
        var loss = 0.0
        var clipped = 0
        var units = 0
        var gradient: [[Double]] = []
        gradient.reserveCapacity(new.count)
        func add(_ one: (loss: Double, gradient: Double, clipped: Bool), _ divisor: Double) -> Double {
            loss += one.loss / divisor
            clipped += one.clipped ? 1 : 0
            units += 1
            return one.gradient / divisor
        }
        for response in new.indices {
            if method.weighsWholeResponses {
                let slope = add(
                    unit(
                        new: new[response].reduce(0, +), old: old[response].reduce(0, +),
                        reference: reference[response].reduce(0, +), advantage: advantages[response][0]),
                    divisors[response])
                gradient.append([Double](repeating: slope, count: new[response].count))
            } else {
                gradient.append(
                    new[response].indices.map { token in
                        add(
                            unit(
                                new: new[response][token], old: old[response][token],
                                reference: reference[response][token], advantage: advantages[response][token]),
                            divisors[response])
                    })
            }
        }
        return (loss, gradient, Double(clipped) / Double(max(1, units)))
    }
}
