package import LanguageModel

/// What a refresh knows besides weights and moments; with them it is everything that a resumed run needs.
package struct RefreshState: Codable, Equatable {
    /// Iterations done.
    package var iteration = 0
    package var controller: KLController
    /// Statistics of the reference's own samples.
    package var reference: ReferenceStatistics
    /// What REINFORCE takes off a reward.
    var baseline: RewardBaseline?
    /// Mean entropy of the first rollout, nats.
    var firstEntropy: Double?
    /// What the watcher has said, where there is one.
    package var watch: RewardWatch?
    /// How far an ensemble's heads were apart, where there is one.
    package var memberWatch: MemberWatch?
    /// What the limits are judged on.
    var window = RolloutWindow()
    /// Factor of β while rollouts are over a limit.
    package var pressure = 1.0
    /// Iteration whose policy is the newest within all limits; nil before any.
    package var goodIteration: Int?
    /// Numbers of that policy's rollout.
    package var good: RolloutNumbers?
    /// Whether that policy is the moving average; nil where none is kept.
    package var goodIsAverage: Bool?
    /// Rollouts in a row that were over a limit.
    package var alarmsInARow = 0
    /// Why training ended before its last iteration.
    package var stopReason: String?
    /// Alarms of the newest line of metrics, so that who goes on from here says which begin and which end.
    var lastingAlarms: [RefreshAlarm.Kind]?
    /// How far judging what is handed out has come; nil before it begins.
    package var settling: SettlingProgress?

    package init(controller: KLController, reference: ReferenceStatistics) {
        self.controller = controller
        self.reference = reference
    }
}

/// Numbers of a rollout that a lineage records.
package struct RolloutNumbers: Codable, Equatable {
    package var score: Double
    package var tokenSumKL: Double
    /// Of the newest rollouts that are judged together.
    package var statistics: SampleStatistics
}

/// Reinforcement learning on one policy: rollout → advantages → update, iteration after iteration.
package final class PolicyRefresh {
    package let settings: PolicyRefreshSettings
    package let policy: PolicyLearner
    package let value: ValueNetwork
    /// What training changed, of the newest policy within all limits.
    package let good: FloatBuffer
    /// Moving average of what training changes, where asked for. Rollouts are by the policy itself, so nobody knows how the
    /// average does before `finish()` samples from it.
    package let average: FloatBuffer?
    package internal(set) var state: RefreshState
    let collector: RolloutCollector
    private let check: StartUpCheck
    private let prompts: [RolloutCollector.Prompt]
    let streams: RefreshStreams
    /// What training changes as it was before the run, where it is not all weights: the straight line back ends there.
    let tuningAtStart: FloatBuffer?
    private let mix: PretrainingMix?
    private var checked = false

    /// One iteration's outcome.
    package struct Step {
        package var rollout: Rollout
        package var numbers: RolloutNumbers
        package var alarms: [RefreshAlarm]
        /// Nil where the run stopped instead of learning.
        package var batch: LearningBatch?
        package var report: UpdateReport?
        package var coefficient: Double
    }

    package init(
        settings: PolicyRefreshSettings, policy: PolicyLearner, value: ValueNetwork, collector: RolloutCollector,
        check: StartUpCheck, prompts: [RolloutCollector.Prompt], mix: PretrainingMix? = nil, seed: UInt64,
        state: RefreshState
    ) {
        precondition(!prompts.isEmpty, "a refresh needs a prompt")
        self.settings = settings
        self.policy = policy
        self.value = value
        self.collector = collector
        self.check = check
        self.prompts = prompts
        self.mix = mix
        self.state = state
        streams = RefreshStreams(seed: seed)
        good = policy.model.trainedCopy()
        tuningAtStart = policy.model.tuning == nil ? nil : policy.model.trainedCopy()
        average = settings.averageDecay == nil ? nil : policy.model.trainedCopy()
    }

    /// Training is over: all iterations are done, or a limit ended it.
    package var isOver: Bool { state.iteration >= settings.iterations || state.stopReason != nil }

    /// Far more, and the penalty would drown in its own noise.
    private static let mostPressure = 32.0

    /// A rollout by the policy as it is, and the updates that it gives.
    package func iterate() throws -> Step {
        let iteration = state.iteration
        let rollout = try collector.collect(
            chosen(iteration), seed: streams.sampling(iteration: iteration))
        if !checked {
            // Value and reward model part with the first update; the rest holds at every start, also of a resumed run.
            var check = check
            if iteration > 0 { (check.referenceIsBase, check.valueIsRewardModel) = (false, false) }
            try check.require(rollout: rollout, policy: policy, value: value.ofItsOwn)
            checked = true
        }
        let (numbers, alarms) = judge(rollout, iteration: iteration)
        let limits = alarms.filter(\.isLimit)
        let pressed = limits.isEmpty ? state.pressure / settings.limitPressure : state.pressure * settings.limitPressure
        state.pressure = min(max(1, pressed), Self.mostPressure)
        let coefficient = state.controller.coefficient * state.pressure
        var step = Step(rollout: rollout, numbers: numbers, alarms: alarms, coefficient: coefficient)
        state.alarmsInARow = limits.isEmpty ? 0 : state.alarmsInARow + 1
        if state.alarmsInARow >= settings.alarmPatience
            || state.watch?.partedInARow ?? 0 >= settings.watchPatience
        {
            state.stopReason = limits.map(\.message).joined(separator: "; ")
            return step
        }
        let batch = try learningBatch(rollout, iteration: iteration, coefficient: coefficient)
        var update = RefreshUpdate(policy: policy, value: value, settings: settings)
        update.mix = mix
        step.report = try update.learn(from: batch, iteration: iteration, seed: streams.minibatches)
        step.batch = batch
        state.controller.update(tokenSumKL: numbers.tokenSumKL, responses: rollout.responses.count)
        moveAverage()
        state.iteration += 1
        return step
    }

    /// Judges the policy after the last update, or the moving average in its place, so that what is handed out has been
    /// looked at.
    /// - Parameter betweenRollouts: called before each rollout. Where it throws, this refresh cannot go on, as some of its
    ///   rollouts are counted already; one that is made of the last iteration's checkpoint can.
    package func finish(betweenRollouts: () throws -> Void = {}) throws -> Step? {
        guard state.stopReason == nil else { return nil }
        if let average {
            policy.model.setTrained(average)
            state.window.clear()
            state.watch?.clearWindow()
            state.memberWatch?.clearWindow()
            for earlier in 1..<settings.rolloutsJudged {
                try betweenRollouts()
                let groups = try collector.sampled(
                    chosen(state.iteration + earlier), seed: streams.last(set: earlier))
                state.window.add(SampleStatistics.samples(of: groups), keeping: settings.rolloutsJudged)
            }
        }
        try betweenRollouts()
        let rollout = try collector.collect(chosen(state.iteration), seed: streams.last(set: 0))
        let (numbers, alarms) = judge(rollout, iteration: state.iteration, isAverage: average != nil)
        let coefficient = state.controller.coefficient * state.pressure
        return Step(rollout: rollout, numbers: numbers, alarms: alarms, coefficient: coefficient)
    }

    /// Responses of the policy as it is to the same few prompts with the same seeds whenever it is asked, for people to
    /// compare. Nothing of the run's state hangs on it.
    package func probe(prompts count: Int) throws -> Rollout {
        try collector.collect(
            streams.probes(count, of: prompts.count).map { prompts[$0] }, seed: streams.probeSampling)
    }

    /// The reference's statistics, from as many responses as rollouts that are ever judged together have.
    /// - Parameter betweenRollouts: called before each rollout; may throw to stop.
    package static func baseline(
        collector: RolloutCollector, prompts: [RolloutCollector.Prompt], settings: PolicyRefreshSettings, seed: UInt64,
        betweenRollouts: () throws -> Void = {}
    ) throws -> ReferenceStatistics {
        let streams = RefreshStreams(seed: seed)
        return ReferenceStatistics(
            try (0..<max(settings.rolloutsJudged, settings.settlingRollouts)).map { set in
                try betweenRollouts()
                let chosen = streams.prompts(
                    iteration: set, perIteration: settings.promptsPerIteration, of: prompts.count)
                return SampleStatistics.samples(
                    of: try collector.sampled(chosen.map { prompts[$0] }, seed: streams.baseline(set: set)))
            })
    }

    func chosen(_ iteration: Int) -> [RolloutCollector.Prompt] {
        streams.prompts(iteration: iteration, perIteration: settings.promptsPerIteration, of: prompts.count)
            .map { prompts[$0] }
    }

    /// Keeps the weights that the rollout was sampled with, where the newest rollouts together are within all limits and,
    /// where there is a watcher, it thinks no worse of them than of those that are kept.
    private func judge(
        _ rollout: Rollout, iteration: Int, isAverage: Bool = false
    ) -> (numbers: RolloutNumbers, alarms: [RefreshAlarm]) {
        state.window.add(SampleStatistics.samples(of: rollout.groups), keeping: settings.rolloutsJudged)
        let numbers = RolloutNumbers(
            score: rollout.scores.reduce(0, +) / Double(rollout.scores.count), tokenSumKL: rollout.tokenSumKL,
            statistics: state.window.statistics)
        let entropy = UpdateDiagnostics.mean(rollout.entropies)
        let firstEntropy = state.firstEntropy ?? entropy
        state.firstEntropy = firstEntropy
        var alarms = RefreshLimits(reference: state.reference.comparable(with: state.window), settings: settings)
            .alarms(
                statistics: numbers.statistics, tokenSumKL: numbers.tokenSumKL, entropy: entropy,
                firstEntropy: firstEntropy)
        let found = watch(rollout, iteration: iteration, alarms: &alarms)
        let isBest = found.map { state.watch?.isBest($0, hasKept: state.goodIteration != nil) ?? true } ?? true
        if isBest && !alarms.contains(where: \.isLimit) {
            if let found { state.watch?.keep(found) }
            good.copy(from: policy.model.trainedParameters)
            state.goodIteration = iteration
            state.good = numbers
            state.goodIsAverage = average == nil ? nil : isAverage
        }
        return (numbers, alarms)
    }

    /// What an ensemble's heads and a watcher say of a rollout's rewards, where there are any.
    private func watch(_ rollout: Rollout, iteration: Int, alarms: inout [RefreshAlarm]) -> RewardWatch.Finding? {
        let groups = rollout.groups.indices.map { rollout.rows(ofGroup: $0) }
        let rewards = groups.map { Array(rollout.scores[$0]) }
        if let apart = rollout.memberDeviations {
            var watch = state.memberWatch ?? MemberWatch()
            let alarm = watch.add(
                rewards: rewards, deviations: groups.map { Array(apart[$0]) }, iteration: iteration,
                keeping: settings.rolloutsJudged, drift: settings.memberDrift, errors: settings.watchDeviations)
            state.memberWatch = watch
            if let alarm { alarms.append(alarm) }
        }
        guard let scores = rollout.watcherScores else { return nil }
        var watch = state.watch ?? RewardWatch()
        let found = watch.add(
            rewards: rewards, watcher: groups.map { Array(scores[$0]) }, iteration: iteration,
            keeping: settings.rolloutsJudged, deviations: settings.watchDeviations)
        state.watch = watch
        if let alarm = found.alarm { alarms.append(alarm) }
        return found
    }

    private func learningBatch(_ rollout: Rollout, iteration: Int, coefficient: Double) throws -> LearningBatch {
        func valued() throws -> LearningBatch? {
            try value.values(of: rollout.tokenGroups).map {
                LearningBatch(rollout: rollout, values: $0, coefficient: coefficient, settings: settings)
            }
        }
        guard let batch = try valued() else {
            var baseline = state.baseline ?? RewardBaseline()
            defer { if settings.method == .reinforce { state.baseline = baseline } }
            return LearningBatch(rollout: rollout, coefficient: coefficient, settings: settings, baseline: &baseline)
        }
        guard iteration == 0 && settings.valueWarmUpEpochs > 0 else { return batch }
        try RefreshUpdate(policy: policy, value: value, settings: settings)
            .warmUpValue(on: batch, seed: streams.valueWarmUp)
        return try valued() ?? batch
    }

    private func moveAverage() {
        guard let average, let decay = settings.averageDecay else { return }
        let old = average.array(0..<average.count)
        let new = policy.model.trainedParameters.array(0..<average.count)
        let kept = Float(decay)
        average.store(zip(old, new).map { kept * $0 + (1 - kept) * $1 }, at: 0)
    }
}
