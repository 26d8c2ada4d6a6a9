package import LanguageModel

/// How a policy was judged before it was handed out.
package struct Settlement: Equatable {
    /// How much of the way from the reference to the trained weights was kept, 0…1.
    package var share: Double
    /// What the trained weights themselves were over.
    package var limits: [String]
}

/// The end of a refresh: what is within all limits on a few hundred responses of a rollout may be over one on a thousand new
/// ones, and what people are given is what counts.
extension PolicyRefresh {
    /// Halvings of the line between the reference and the trained weights.
    private static let settlingSteps = 4

    /// Judges the policy that is to be handed out on new responses. Where they are over a limit, its weights are led back
    /// on the straight line to the reference's, as far as it takes: of a model tuned from another one, weights on that line
    /// do in between (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"; Ramé et al. 2024, "WARP", §3.3).
    /// Where only a part is trained, the line ends where the training began.
    /// Where nothing on the line will do, the policy is the one that the run started from. The model holds what is handed out
    /// afterwards, also where nothing is judged.
    /// - Parameter start: that policy's weights.
    /// - Returns: nil where nothing is judged: no policy was within the limits, or `settling_rollouts` is 0.
    package func settle(start: () throws -> FloatBuffer) throws -> Settlement? {
        let model = policy.model
        model.setTrained(good)
        guard settings.settlingRollouts > 0, state.goodIteration != nil, let anchor = lineEnd() else { return nil }
        let limits = RefreshLimits(
            reference: state.reference.of(rollouts: settings.settlingRollouts), settings: settings)
        var statistics = try settlingStatistics()
        let found = limits.limits(of: statistics)
        guard !found.isEmpty else {
            state.good?.statistics = statistics
            return Settlement(share: 1, limits: [])
        }

        var (least, most) = (0.0, 1.0)
        for _ in 0..<Self.settlingSteps {
            let share = (least + most) / 2
            model.setTrained(Self.mixed(anchor, good, share: share))
            statistics = try settlingStatistics()
            if limits.limits(of: statistics).isEmpty {
                least = share
                state.good?.statistics = statistics
            } else {
                most = share
            }
        }
        good.copy(from: least > 0 ? Self.mixed(anchor, good, share: least) : try tuningAtStart ?? start())
        model.setTrained(good)
        if least > 0 {
            let rollout = try collector.collect(chosen(0), seed: streams.settled)
            state.good?.score = rollout.scores.reduce(0, +) / Double(rollout.scores.count)
            state.good?.tokenSumKL = rollout.tokenSumKL
        } else {
            (state.goodIteration, state.good, state.goodIsAverage) = (nil, nil, nil)
        }
        return Settlement(share: least, limits: found.map(\.message))
    }

    private func lineEnd() -> FloatBuffer? {
        if let tuningAtStart { return tuningAtStart }
        // A reference of another shape has no line to it.
        return collector.reference.table == policy.model.table ? collector.reference.parameters : nil
    }

    /// Answers to the prompts that the reference's statistics are of, with the seeds of its answers: what is the chance of the
    /// draw falls out of the comparison, as far as policy and reference still agree.
    private func settlingStatistics() throws -> SampleStatistics {
        SampleStatistics(
            groups: try (0..<settings.settlingRollouts).flatMap { set in
                SampleStatistics.samples(
                    of: try collector.sampled(chosen(set), seed: streams.baseline(set: set)))
            })
    }

    /// from + share · (to − from), each number in double precision.
    private static func mixed(_ from: FloatBuffer, _ to: FloatBuffer, share: Double) -> FloatBuffer {
        let result = FloatBuffer(count: to.count)
        let (from, to) = (from.array(0..<from.count), to.array(0..<to.count))
        result.store(zip(from, to).map { Float(Double($0) + share * (Double($1) - Double($0))) }, at: 0)
        return result
    }
}
