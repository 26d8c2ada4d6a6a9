import Foundation
import JSON
package import LanguageModel
import RewardModel
package import Runs

/// The `policy-refresh` job: reinforcement learning from the current policy, held to the reference, towards a reward model's score.
package struct PolicyRefreshJob {
    let attempt: RunAttempt
    let pool: WorkerPool
    /// Whether to leave; asked before each rollout.
    private let shouldStop: () -> Bool
    /// Of all passes of the run, of which there is one at a time, and of both learners.
    private let memory = LearningMemory()

    /// - Parameter shouldStop: nil is what the attempt itself says.
    package init(attempt: RunAttempt, pool: WorkerPool, shouldStop: (() -> Bool)? = nil) {
        self.attempt = attempt
        self.pool = pool
        self.shouldStop = shouldStop ?? { attempt.shouldStop }
    }

    /// - Throws: `JobStopped` where it was asked to stop, with what it can go on from on the disk.
    package func run() throws -> JobOutcome {
        let settings = try attempt.specification.settings(as: PolicyRefreshSettings.self)
        try settings.validate()
        let parents = try RefreshParents(attempt: attempt, settings: settings, pool: pool, arena: memory.passes)
        let file = try attempt.run.inputFile(RefreshPrompts.name)
        let read = try RefreshPrompts(file, policy: parents.base)
        if let note = read.note { attempt.log(note) }
        let prompts = read.usable
        let refresh = try makeRefresh(settings, parents: parents, prompts: prompts)
        let texts = Dictionary(prompts.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
        let reporter = try RefreshReporter(
            attempt: attempt, settings: settings, promptTexts: texts, lasting: Set(refresh.state.lastingAlarms ?? []))
        if refresh.state.iteration == 0 { try reporter.reportProbe(of: refresh, step: 0, phase: "probe") }
        try train(refresh, reporter: reporter)
        // An attempt that goes on within settling has this behind it.
        if refresh.state.settling == nil, let last = try finish(refresh) {
            try reporter.report(last, number: refresh.state.iteration + 1, phase: "last")
        }
        let settlement = try refresh.settle(
            start: { try LoadedPolicy(folder: parents.base.folder).model.parameters },
            betweenRollouts: { try stopSettlingIfAsked(refresh) })
        try reporter.reportProbe(of: refresh, step: refresh.state.goodIteration ?? 0, phase: "handed_out")
        return try write(
            refresh, settlement: settlement, settings: settings, parents: parents, snapshot: try Digest.file(file),
            noteOfPrompts: read.note)
    }

    private func makeRefresh(
        _ settings: PolicyRefreshSettings, parents: RefreshParents, prompts: [RolloutCollector.Prompt]
    ) throws -> PolicyRefresh {
        let resumed = try attempt.resumePoint()
        let policy = PolicyLearner(
            model: try settings.tuning.tuned(parents.base.model, seed: attempt.specification.seed),
            optimiser: settings.optimiser(learningRate: settings.policyLearningRate),
            temperature: settings.temperature, tokensPerPass: settings.tokensPerPass, pool: pool, memory: memory)
        let seed = attempt.specification.seed
        let collector = RolloutCollector(
            policy: policy.model, reference: parents.reference.model, template: parents.base.template,
            scorer: parents.scorer, watcher: parents.watcher, settings: settings, pool: pool,
            arena: memory.passes)
        let state: RefreshState
        if let resumed {
            state = try RefreshCheckpoint.state(in: resumed.url)
        } else {
            let own = RolloutCollector(
                policy: parents.reference.model, reference: parents.reference.model, template: parents.base.template,
                scorer: parents.scorer, settings: settings, pool: pool, arena: memory.passes)
            state = RefreshState(
                controller: settings.controller,
                reference: try PolicyRefresh.baseline(
                    collector: own, prompts: prompts, settings: settings, seed: seed,
                    betweenRollouts: {
                        // Without a checkpoint: that is one of a refresh, which begins with all that is sampled here.
                        if shouldStop() {
                            throw JobStopped("asked to stop before the first iteration; the next attempt begins anew")
                        }
                    }))
        }
        let refresh = PolicyRefresh(
            settings: settings, policy: policy, value: valueNetwork(settings, parents: parents, policy: policy),
            collector: collector,
            check: StartUpCheck(
                referenceIsBase: parents.referenceIsBase,
                valueIsRewardModel: settings.ensemble == .mean && !parents.combinesSafety,
                endTokens: parents.base.template.endTokenIDs),
            prompts: prompts,
            mix: try PretrainingMix.read(
                input: attempt.run.inputURL, policy: parents.base, settings: settings,
                seed: RefreshStreams(seed: seed).pretraining), seed: seed, state: state)
        if let resumed {
            try RefreshCheckpoint.restore(refresh, from: resumed.url)
            attempt.log("goes on from iteration \(state.iteration) of attempt \(resumed.attempt)")
        }
        return refresh
    }

    private func valueNetwork(
        _ settings: PolicyRefreshSettings, parents: RefreshParents, policy: PolicyLearner
    ) -> ValueNetwork {
        guard settings.method.usesValueNetwork else { return .none }
        let optimiser = settings.optimiser(learningRate: settings.valueLearningRate)
        return switch settings.valueNetwork {
        case .separate:
            .separate(
                ValueLearner(
                    model: parents.rewardModel.model.copy(), gain: parents.rewardModel.normalisation.gain,
                    bias: parents.rewardModel.normalisation.bias, optimiser: optimiser,
                    tokensPerPass: settings.tokensPerPass, pool: pool, memory: memory))
        case .shared:
            .shared(
                SharedValueHead(
                    policy: policy.model, optimiser: optimiser, tokensPerPass: settings.tokensPerPass, pool: pool,
                    arena: memory.passes))
        }
    }

    private func train(_ refresh: PolicyRefresh, reporter: RefreshReporter) throws {
        let settings = refresh.settings
        var checkpoints = CheckpointSchedule(steps: settings.checkpointEvery, from: refresh.state.iteration)
        var clock = ProgressClock(step: refresh.state.iteration, total: settings.iterations)
        while !refresh.isOver {
            if shouldStop() {
                let done = refresh.state.iteration
                try attempt.writeCheckpoint(step: done) { try RefreshCheckpoint.write(refresh, to: $0) }
                throw JobStopped(
                    "asked to stop; the next attempt goes on from iteration \(done) of \(settings.iterations)")
            }
            let number = refresh.state.iteration + 1
            let step = try refresh.iterate()
            clock.add(tokens: step.rollout.responseTokenCount)
            try reporter.report(step, number: number, phase: settings.method.rawValue, extra: clock.numbers(at: number))
            // In an order, since a checkpoint of the same state has the same bytes.
            refresh.state.lastingAlarms = reporter.lasting.sorted { $0.rawValue < $1.rawValue }
            if RefreshReporter.isProbeDue(after: refresh.state.iteration, of: settings.iterations), !refresh.isOver {
                try reporter.reportProbe(of: refresh, step: refresh.state.iteration, phase: "probe")
            }
            // The last one too: judging what is handed out takes as long as several iterations.
            if checkpoints.isDue(step: refresh.state.iteration) || refresh.isOver {
                try attempt.writeCheckpoint(step: refresh.state.iteration) {
                    try RefreshCheckpoint.write(refresh, to: $0)
                }
                checkpoints.written(step: refresh.state.iteration)
            }
        }
        if let reason = refresh.state.stopReason { attempt.log("stopped early: \(reason)") }
    }

    /// Judges the last policy. A stop costs the rollouts of that alone: the last iteration's checkpoint is on the disk, and
    /// the weights that are judged are made of it.
    private func finish(_ refresh: PolicyRefresh) throws -> PolicyRefresh.Step? {
        try refresh.finish(betweenRollouts: {
            if shouldStop() {
                throw JobStopped(
                    "asked to stop after the last iteration; the next attempt goes on with judging what is handed out")
            }
        })
    }

    /// Settling may sample more rollouts than training did, so what it has found is not thrown away.
    private func stopSettlingIfAsked(_ refresh: PolicyRefresh) throws {
        guard shouldStop() else { return }
        let rollouts = refresh.state.settling?.rollouts ?? 0
        // Numbered beyond the iterations, so that the newest checkpoint is the one that knows most.
        try attempt.writeCheckpoint(step: refresh.state.iteration + 1 + rollouts) {
            try RefreshCheckpoint.write(refresh, to: $0)
        }
        throw JobStopped(
            "asked to stop while what is handed out was judged; the next attempt goes on with rollout \(rollouts + 1) of "
                + "that")
    }

    private func write(
        _ refresh: PolicyRefresh, settlement: Settlement?, settings: PolicyRefreshSettings, parents: RefreshParents,
        snapshot: String, noteOfPrompts: String?
    ) throws -> JobOutcome {
        let model = refresh.policy.model
        let state = refresh.state
        var metrics: [String: JSONValue] = [
            "iterations": .integer(state.iteration),
            "kept_iteration": state.goodIteration.map { .integer($0) } ?? .null,
        ]
        if let isAverage = state.goodIsAverage { metrics["kept_average"] = .bool(isAverage) }
        if let good = state.good {
            metrics["reward"] = .number(good.score)
            metrics["kl"] = .number(good.tokenSumKL)
            metrics["end_share"] = .number(good.statistics.endShare)
            metrics["distinct_2"] = .number(good.statistics.distinct2)
            metrics["distinct_text_share"] = .number(good.statistics.distinctTextShare)
            metrics["response_length"] = .number(good.statistics.meanLength)
        }
        if let settlement { metrics["kept_share"] = .number(settlement.share) }
        let reference = state.reference.of(
            rollouts: settlement == nil ? settings.rolloutsJudged : settings.settlingRollouts)
        return try PolicyOutput(attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: snapshot)
            .write(
                model, tokenizerOf: parents.base.folder, precision: settings.precision, keep: settings.tuning.keep,
                metrics: metrics,
                details: ["reference": try JSONValue(encoding: reference)],
                notes: (noteOfPrompts.map { [$0] } ?? [])
                    + (parents.combinesSafety ? [Self.noteOfSafety] : []) + notes(state, settlement))
    }

    private static let noteOfSafety =
        "Safety counted: responses that are probably unsafe, and those to prompts about safety, were scored by the reward "
        + "model's safety head."

    /// What people should know of how the policy that is handed out was chosen.
    private func notes(_ state: RefreshState, _ settlement: Settlement?) -> [String] {
        var notes: [String] = []
        if let reason = state.stopReason { notes.append("Training stopped early: \(reason).") }
        if let parted = state.memberWatch?.partedAt {
            let isBefore = state.goodIteration.map { $0 < parted } ?? true
            notes.append(
                "After \(parted) iterations the reward rose while the heads of the reward model's ensemble parted: its labels do "
                    + "not say whether what the policy writes there is better. "
                    + (isBefore
                        ? "The policy that is handed out is from before that."
                        : "Have responses of the new policy labelled before you trust its reward."))
        }
        if let kept = state.goodIteration {
            if kept < state.iteration {
                notes.append(
                    state.watch == nil
                        ? "The policy after \(kept) iterations is the newest within all limits and was kept."
                        : "The policy after \(kept) iterations is the one within all limits that the watcher thought best of, "
                            + "and was kept.")
            }
            if state.goodIsAverage == false {
                notes.append("It is the policy itself: the moving average was not sampled, or was over a limit.")
            }
            if let settlement, settlement.share < 1 {
                notes.append(
                    "On \(state.good?.statistics.responses ?? 0) new responses it was over a limit ("
                        + settlement.limits.joined(separator: "; ") + "), so its weights were led back towards the "
                        + "reference's: \(rounded(settlement.share)) of the way from there was kept.")
            }
        } else {
            notes.append("No policy was within all limits; the result is the policy that the run started from.")
        }
        return notes
    }
}

/// Writes what a refresh does to metrics.jsonl and samples.jsonl.
final class RefreshReporter {
    private let attempt: RunAttempt
    private let settings: PolicyRefreshSettings
    private let promptTexts: [String: String]
    private let samples: SamplesFile
    /// Alarms of the line before.
    private(set) var lasting: Set<RefreshAlarm.Kind>

    /// - Parameter lasting: alarms of the line that an earlier attempt wrote last.
    init(
        attempt: RunAttempt, settings: PolicyRefreshSettings, promptTexts: [String: String],
        lasting: Set<RefreshAlarm.Kind>
    ) throws {
        self.lasting = lasting
        self.attempt = attempt
        self.settings = settings
        self.promptTexts = promptTexts
        samples = try SamplesFile(attempt)
    }

    func report(
        _ step: PolicyRefresh.Step, number: Int, phase: String, extra: [String: JSONValue] = [:]
    ) throws {
        let line = RefreshMetrics.line(step, number: number, phase: phase, settings: settings)
        try attempt.metrics.write(line.merging(extra) { own, _ in own })
        for event in RefreshMetrics.events(step.alarms, after: &lasting, number: number) {
            try attempt.metrics.write(event)
        }
        try samples.write(
            RefreshMetrics.samples(
                step.rollout, number: number, count: settings.samplesPerIteration, promptTexts: promptTexts))
    }

    /// Prompts that are answered anew with the same seeds as a run goes on.
    static let probedPrompts = 6
    /// Looks during training, besides the one before it and the one at the policy that is handed out.
    private static let probesOnTheWay = 4

    static func isProbeDue(after iteration: Int, of iterations: Int) -> Bool {
        let passed = { iteration in iteration * (probesOnTheWay + 1) / max(1, iterations) }
        return passed(iteration) > passed(iteration - 1)
    }

    /// Answers the same prompts with the same seeds as every other probe of the run, so that people see what changed.
    /// - Parameter phase: `probe`, or `handed_out` for the policy that the run makes.
    func reportProbe(of refresh: PolicyRefresh, step: Int, phase: String) throws {
        let rollout = try refresh.probe(prompts: Self.probedPrompts)
        try samples.write(
            RefreshMetrics.samples(rollout, number: step, count: Self.probedPrompts, promptTexts: promptTexts).map {
                $0.merging(["phase": .string(phase)]) { _, phase in phase }
            })
    }
}
