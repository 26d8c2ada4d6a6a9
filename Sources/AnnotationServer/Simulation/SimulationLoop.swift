import DemoWorld
import Foundation
import Labels
import LanguageModel
import Logging
import Policy
import Preferences
import RewardModel
import Runs
import SeededRandom
import Web

/// What a simulation is asked to do.
struct SimulationPlan: Sendable {
    /// Folder that is made: a data folder like a server's, and report.json.
    var folder: URL
    /// Folder of the supervised policy that it starts from.
    var policy: URL
    var goldName: String
    var gold: any GoldPreference
    var rounds: Int
    var rankingsPerRound: Int
    /// K.
    var responsesPerPrompt: Int
    var noise: Double
    var seed: UInt64
    /// Fresh samples that each round is judged by, over all evaluation prompts.
    var evaluationSamples: Int
    var maximumTokens: Int
    var method = SimulationMethod.refresh(.ppo)
    /// Two reward models on the two halves of the labels: the policy is refreshed against one, and the other watches.
    var isWatched = false
    var rewardModelSettings: [String: String] = [:]
    var preferenceTuningSettings: [String: String] = [:]
    var policyRefreshSettings: [String: String] = [:]
    /// Prompts by use; evaluation prompts are in none of the others.
    var rankingPrompts: [Prompt]
    var ppoPrompts: [Prompt]
    var evaluationPrompts: [Prompt]
}

/// How a simulation learns from rankings.
enum SimulationMethod: Sendable, Equatable {
    /// A reward model, and a refresh against it.
    case refresh(PolicyMethod)
    /// The rankings themselves.
    case preferences(PreferenceObjective.Method)

    static let names = PolicyMethod.allCases.map(\.rawValue) + PreferenceObjective.Method.allCases.map(\.rawValue)

    init?(name: String) {
        if let method = PolicyMethod(rawValue: name) {
            self = .refresh(method)
        } else if let method = PreferenceObjective.Method(rawValue: name) {
            self = .preferences(method)
        } else {
            return nil
        }
    }

    /// As it is called in settings.
    var name: String {
        switch self {
        case .refresh(let method): method.rawValue
        case .preferences(let method): method.rawValue
        }
    }
}

/// The whole loop without people: sample, rank by a gold, retrain, refresh, judge. It uses the store, the run
/// directories and the jobs that a server uses; only the annotators are simulated.
actor SimulationLoop {
    private let plan: SimulationPlan
    private let data: DataFolder
    private let store: Store
    private let supervisor: RunSupervisor
    private let judge: SimulationJudge
    private let annotator: SimulatedAnnotator
    private let print: @Sendable (String) -> Void

    enum Problem: Error, CustomStringConvertible {
        case tooFewPrompts(use: String, needed: Int, found: Int)
        case runFailed(run: String, message: String)

        var description: String {
            switch self {
            case .tooFewPrompts(let use, let needed, let found):
                "The simulation needs \(needed) prompts for \(use) and has \(found)."
            case .runFailed(let run, let message): "Run \(run) failed: \(message)"
            }
        }
    }

    init(_ plan: SimulationPlan, logger: Logger, print: @escaping @Sendable (String) -> Void) throws {
        let needed = plan.rounds * plan.rankingsPerRound
        guard plan.rankingPrompts.count >= needed else {
            throw Problem.tooFewPrompts(use: "ranking", needed: needed, found: plan.rankingPrompts.count)
        }
        self.plan = plan
        self.print = print
        data = DataFolder(plan.folder.appending(path: "data"))
        try data.create()
        store = try Store(folder: data.url)
        supervisor = RunSupervisor(
            store: store, data: data, runner: ChildProcessRunner(), retention: RetentionRule(keepLast: 1_000),
            logger: logger)
        annotator = SimulatedAnnotator(gold: plan.gold, noise: plan.noise)
        judge = SimulationJudge(plan: plan)
    }

    /// Runs all rounds; report.json grows by one with each.
    func run() async throws -> SimulationReport {
        defer { try? store.close() }
        var report = SimulationReport(
            gold: plan.goldName, method: plan.method.name, seed: plan.seed, noise: plan.noise,
            rankingsPerRound: plan.rankingsPerRound, responsesPerPrompt: plan.responsesPerPrompt, rounds: [])
        let (project, person) = try await prepareStore()
        print(SimulationRound.header)
        let supervised = try await onOwnThread { [judge, plan] in try judge.samples(of: plan.policy) }
        try add(
            try judge.round(
                0, policy: "supervised", labels: 0, samples: supervised, against: supervised, accuracy: nil, seconds: 0),
            to: &report)
        for round in 1...plan.rounds {
            let started = ContinuousClock.now
            try await rank(round: round, project: project, person: person)
            let (policy, rewardModel) = try await learn(round: round, project: project)
            let folder = data.url.appending(path: policy.path, directoryHint: .isDirectory)
            let samples = try await onOwnThread { [judge] in try judge.samples(of: folder) }
            let elapsed = started.duration(to: .now)
            try add(
                try judge.round(
                    round, policy: policy.name, labels: try await store.progress(project).labels, samples: samples,
                    against: supervised, accuracy: rewardModel?.metrics["held_out_accuracy"],
                    seconds: Double(elapsed.components.seconds)), to: &report)
            _ = try await store.makeCurrent(policy.id, in: project, by: .commandLine)
        }
        return report
    }

    /// From all labels so far to the round's policy, and the reward model where the method has one.
    private func learn(round: Int, project: ProjectID) async throws -> (Labels.Policy, RewardModelRecord?) {
        switch plan.method {
        case .preferences: return (try await tune(round: round, project: project), nil)
        case .refresh:
            guard plan.isWatched else {
                let rewardModel = try await retrain(round: round, project: project)
                return (try await refresh(round: round, project: project, rewardModel: rewardModel), rewardModel)
            }
            let rewardModel = try await retrain(round: round, project: project, labels: .firstHalf)
            let watcher = try await retrain(round: round, project: project, labels: .secondHalf)
            let policy = try await refresh(
                round: round, project: project, rewardModel: rewardModel, watcher: watcher)
            return (policy, rewardModel)
        }
    }

    /// Responses in training are cut where those that are ranked are cut, as a server does it.
    private var refreshSettings: [String: String] {
        ["maximum_tokens": "\(plan.maximumTokens)", "method": plan.method.name]
            .merging(plan.policyRefreshSettings) { $1 }
    }

    private var tuningSettings: [String: String] {
        ["maximum_tokens": "\(plan.maximumTokens)", "method": plan.method.name]
            .merging(plan.preferenceTuningSettings) { $1 }
    }

    private func add(_ round: SimulationRound, to report: inout SimulationReport) throws {
        report.rounds.append(round)
        print(round.row)
        try DurableFile.writeJSON(report, to: plan.folder.appending(path: "report.json"))
    }

    private func prepareStore() async throws -> (ProjectID, UserID) {
        let incoming = IncomingPolicies(data: data)
        let policy = try await store.addPolicy(
            await incoming.enter(
                incoming.copy(plan.policy, for: "supervised"), as: "supervised", kind: .supervised, isTriedOut: false),
            by: .commandLine)
        var settings = ProjectSettings()
        settings.responseCount = .fixed(plan.responsesPerPrompt)
        settings.maxTokens = plan.maximumTokens
        settings.rewardModel = plan.rewardModelSettings
        settings.policyRefresh = refreshSettings
        let project = try await store.createProject(name: "Simulation", settings: settings, by: .commandLine)
        try await store.setReference(policy.id, in: project.id, by: .commandLine)
        _ = try await store.makeCurrent(policy.id, in: project.id, by: .commandLine)
        _ = try await store.addPrompts(project.id, use: .ranking, plan.rankingPrompts, by: .commandLine)
        _ = try await store.addPrompts(project.id, use: .ppo, plan.ppoPrompts, by: .commandLine)
        let person = try await store.addUser(name: "simulated annotator", role: .annotator, by: .commandLine)
        return (project.id, person.id)
    }

    /// Samples the round's groups from the current policy and ranks them, each through its own lease.
    private func rank(round: Int, project: ProjectID, person: UserID) async throws {
        let plans = try await store.planSampling(
            project, groups: plan.rankingsPerRound, seed: plan.seed &+ UInt64(round))
        let groups = try await sample(plans)
        _ = try await store.enqueue(groups, in: project, by: .commandLine)
        var random = SplitMix64(seed: plan.seed, stream: UInt64(round))
        while case .task(let assignment) = try await store.nextTask(for: person, in: project) {
            let judgement = try annotator.judge(assignment, random: &random)
            _ = try await store.submit(judgement, token: assignment.token, user: person)
        }
    }

    /// All groups of a policy decode as one batch.
    private func sample(_ plans: [GroupPlan]) async throws -> [NewGroup] {
        let data = data
        let options = SamplingOptions(temperature: 1, maximumTokens: plan.maximumTokens)
        return try await onOwnThread {
            let pool = WorkerPool()
            var responses = [[NewResponse]](repeating: [], count: plans.count)
            let parts = plans.enumerated().flatMap { index, plan in plan.parts.map { (plan: index, part: $0) } }
            let byPolicy = Dictionary(grouping: parts) { $0.part.policy.id }
            for (_, parts) in byPolicy.sorted(by: { $0.key < $1.key }) {
                let sampler = try PolicySampler(folder: data.url.appending(path: parts[0].part.policy.path), pool: pool)
                let requests = parts.map { entry in
                    PolicyRequest(
                        prompt: plans[entry.plan].prompt.prompt, count: entry.part.count,
                        seed: UInt64(bitPattern: entry.part.seed), options: options)
                }
                for (entry, sampled) in zip(parts, try sampler.sample(requests)) {
                    responses[entry.plan] += sampled.map { NewResponse($0, policy: entry.part.policy.id) }
                }
            }
            return zip(plans, responses).map { NewGroup($0, responses: $1) }
        }
    }

    private func retrain(
        round: Int, project: ProjectID, labels: LabelHalf = .all
    ) async throws -> RewardModelRecord {
        let half = labels == .all ? [:] : ["labels": labels.rawValue]
        let snapshot = try await store.takeSnapshot(project, SnapshotOptions(), by: .commandLine)
        let standing = try await store.project(project)
        guard let reference = standing.referencePolicy else {
            throw Problem.runFailed(run: "reward-model", message: "The project has no supervised policy.")
        }
        let newest = try await RunSettings.newestPolicy(of: standing, in: store)
        let run = try await store.createRun(
            NewRun(
                kind: RunKind.rewardModel, project: project, snapshot: snapshot.id,
                parents: [.policy(reference, role: "base")], seed: plan.seed &+ UInt64(round),
                settings: newest.merging(plan.rewardModelSettings) { $1 }.merging(half) { $1 }), by: .commandLine)
        let finished = try await finish(run.id)
        guard let id = finished.resultRewardModel else {
            throw Problem.runFailed(run: run.id.description, message: "It made no reward model.")
        }
        return try await store.rewardModel(id)
    }

    /// Each round starts from the supervised policy with all labels, as a reward model does.
    private func tune(round: Int, project: ProjectID) async throws -> Labels.Policy {
        let snapshot = try await store.takeSnapshot(project, SnapshotOptions(), by: .commandLine)
        guard let reference = try await store.project(project).referencePolicy else {
            throw Problem.runFailed(run: RunKind.preferenceTuning, message: "The project has no supervised policy.")
        }
        let run = try await store.createRun(
            NewRun(
                kind: RunKind.preferenceTuning, project: project, snapshot: snapshot.id,
                parents: [.policy(reference, role: "base"), .policy(reference, role: "reference")],
                seed: plan.seed &+ UInt64(round), settings: tuningSettings), by: .commandLine)
        return try await policy(madeBy: try await finish(run.id))
    }

    private func policy(madeBy run: RunRecord) async throws -> Labels.Policy {
        guard let id = run.resultPolicy else {
            throw Problem.runFailed(run: run.id.description, message: "It made no policy.")
        }
        return try await store.policy(id)
    }

    private func refresh(
        round: Int, project: ProjectID, rewardModel: RewardModelRecord, watcher: RewardModelRecord? = nil
    ) async throws -> Labels.Policy {
        let standing = try await store.project(project)
        guard let current = standing.currentPolicy, let reference = standing.referencePolicy else {
            throw Problem.runFailed(run: "policy-refresh", message: "The project has no current policy.")
        }
        let run = try await store.createRun(
            NewRun(
                kind: RunKind.policyRefresh, project: project, snapshot: rewardModel.snapshot,
                parents: [
                    .policy(current, role: "base"), .policy(reference, role: "reference"),
                    .rewardModel(rewardModel.id, role: "reward-model"),
                ] + (watcher.map { [.rewardModel($0.id, role: "watcher")] } ?? []), seed: plan.seed &+ UInt64(round),
                settings: refreshSettings), by: .commandLine)
        return try await policy(madeBy: try await finish(run.id))
    }

    private func finish(_ id: RunID) async throws -> RunRecord {
        while true {
            await supervisor.look()
            let run = try await store.run(id)
            if run.state == .succeeded { return run }
            if run.isOver {
                throw Problem.runFailed(
                    run: id.description, message: run.message ?? "It ended as \(run.state.rawValue).")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

extension NewResponse {
    /// A response that a policy of the store sampled in this process.
    fileprivate init(_ response: PolicyResponse, policy: PolicyID) {
        self.init(
            text: response.text, tokenIDs: response.tokenIDs, tokenIDsSource: .own, policy: policy,
            seed: Int64(bitPattern: response.seed), temperature: response.temperature,
            logProbability: response.logProbability, finished: response.finished)
    }
}
