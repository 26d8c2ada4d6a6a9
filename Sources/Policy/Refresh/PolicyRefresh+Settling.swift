package import LanguageModel

/// How a policy was judged before it was handed out.
package struct Settlement: Equatable {
    /// How much of the way from the reference to the trained weights was kept, 0…1.
    package var share: Double
    /// What the trained weights themselves were over.
    package var limits: [String]
}

/// How far settling has come, so that a run that is stopped meanwhile goes on at the next rollout.
package struct SettlingProgress: Codable, Equatable {
    /// Rollouts sampled so far, of all weights that were judged.
    package fileprivate(set) var rollouts = 0
    /// Samples of the weights that are being judged, by rollout and group.
    fileprivate var sampled: [[[SampleStatistics.Sample]]] = []
    /// What the trained weights themselves are over; nil before they are judged.
    fileprivate var limits: [String]?
    fileprivate var halvings = 0
    /// The largest share that is within the limits and the smallest that is not, as far as the halvings have told.
    fileprivate var least = 0.0
    fileprivate var most = 1.0
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
    /// - Parameters:
    ///   - start: that policy's weights.
    ///   - betweenRollouts: called before each rollout. Where it throws, another call goes on at that rollout, also of a
    ///     refresh that is made of a checkpoint of this one.
    /// - Returns: nil where nothing is judged: no policy was within the limits, there is no line, or `settling_rollouts` is 0.
    package func settle(
        start: () throws -> FloatBuffer, betweenRollouts: () throws -> Void = {}
    ) throws -> Settlement? {
        let model = policy.model
        guard settings.settlingRollouts > 0, state.goodIteration != nil, let anchor = lineEnd() else {
            model.setTrained(good)
            return nil
        }
        let limits = RefreshLimits(
            reference: state.reference.of(rollouts: settings.settlingRollouts), settings: settings)
        var progress = state.settling ?? SettlingProgress()
        if progress.limits == nil {
            model.setTrained(good)
            let statistics = try settlingStatistics(&progress, betweenRollouts)
            let found = limits.limits(of: statistics)
            guard !found.isEmpty else {
                state.good?.statistics = statistics
                state.settling = nil
                return Settlement(share: 1, limits: [])
            }
            progress.limits = found.map(\.message)
        }
        while progress.halvings < Self.settlingSteps {
            let share = (progress.least + progress.most) / 2
            model.setTrained(Self.mixed(anchor, good, share: share))
            let statistics = try settlingStatistics(&progress, betweenRollouts)
            if limits.limits(of: statistics).isEmpty {
                progress.least = share
                state.good?.statistics = statistics
            } else {
                progress.most = share
            }
            progress.halvings += 1
        }
        state.settling = progress
        try handOut(share: progress.least, anchor: anchor, start: start, betweenRollouts)
        state.settling = nil
        return Settlement(share: progress.least, limits: progress.limits ?? [])
    }

    /// Makes the weights at a share of the line those that are handed out; at 0 they are the ones that the run started from.
    private func handOut(
        share: Double, anchor: FloatBuffer, start: () throws -> FloatBuffer, _ betweenRollouts: () throws -> Void
    ) throws {
        let kept = try share > 0 ? Self.mixed(anchor, good, share: share) : tuningAtStart ?? start()
        policy.model.setTrained(kept)
        if share > 0 {
            try betweenRollouts()
            let rollout = try collector.collect(chosen(0), seed: streams.settled)
            state.good?.score = rollout.scores.reduce(0, +) / Double(rollout.scores.count)
            state.good?.tokenSumKL = rollout.tokenSumKL
        } else {
            (state.goodIteration, state.good, state.goodIsAverage) = (nil, nil, nil)
        }
        // Not before the last rollout: whoever goes on before it needs the end of the line as it was.
        good.copy(from: kept)
    }

    private func lineEnd() -> FloatBuffer? {
        if let tuningAtStart { return tuningAtStart }
        // There is no line to a reference of another shape, nor to one with a tuning of its own, which is not in its weights.
        let reference = collector.reference
        return reference.tuning == nil && reference.table == policy.model.table ? reference.parameters : nil
    }

    /// Answers to the prompts that the reference's statistics are of, with the seeds of its answers: what is the chance of the
    /// draw falls out of the comparison, as far as policy and reference still agree.
    private func settlingStatistics(
        _ progress: inout SettlingProgress, _ betweenRollouts: () throws -> Void
    ) throws -> SampleStatistics {
        for set in progress.sampled.count..<settings.settlingRollouts {
            // What a checkpoint that is written now takes with it.
            state.settling = progress
            try betweenRollouts()
            let groups = try collector.sampled(chosen(set), seed: streams.baseline(set: set))
            progress.sampled.append(SampleStatistics.samples(of: groups))
            progress.rollouts += 1
        }
        defer { progress.sampled = [] }
        return SampleStatistics(groups: progress.sampled.flatMap { $0 })
    }

    /// from + share · (to − from), each number in double precision.
    private static func mixed(_ from: FloatBuffer, _ to: FloatBuffer, share: Double) -> FloatBuffer {
        let result = FloatBuffer(count: to.count)
        let (from, to) = (from.array(0..<from.count), to.array(0..<to.count))
        result.store(zip(from, to).map { Float(Double($0) + share * (Double($1) - Double($0))) }, at: 0)
        return result
    }
}
