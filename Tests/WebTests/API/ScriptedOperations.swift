import Foundation
import JSON
import Labels
import Testing
import Web

/// Operations without processes: runs are rows of the store, and their events are what the test says.
actor ScriptedOperations: ServerOperations {
    private let store: Store
    private var lines: [RunID: [MetricsLine]] = [:]
    private var stopping: Set<RunID> = []
    private var listeners: [RunID: [UUID: AsyncStream<RunEvent>.Continuation]] = [:]
    private(set) var sampled: [ProjectID] = []
    private(set) var requests: [RewardModelRunRequest] = []
    private(set) var refreshRequests: [PolicyRefreshRequest] = []
    private(set) var supervisedRequests: [TuningRequest] = []
    private(set) var preferenceRequests: [TuningRequest] = []
    private var refusal: OperationError?
    private var cards: [RewardModelID: RewardCardFiles] = [:]
    private var conversationProblem: String?
    private var isSlow = false

    init(store: Store) { self.store = store }

    /// Every operation that starts something throws this until it is set to nil.
    func refuse(with error: OperationError?) { refusal = error }

    /// The job writes a line.
    func report(_ values: JSONValue, of run: RunID) async throws {
        let attempt = try await store.run(run).attempt
        let line = MetricsLine(index: lines[run, default: []].count, attempt: max(attempt, 1), values: values)
        lines[run, default: []].append(line)
        for listener in listeners[run, default: [:]].values { listener.yield(.metrics(line)) }
    }

    /// The run ends.
    func end(_ run: RunID, _ state: RunState, message: String) async throws {
        let attempt = try await store.run(run).attempt
        _ = try await store.finishRun(run, attempt: attempt, state: state, message: message)
        stopping.remove(run)
        let status = try await runStatus(run)
        for listener in (listeners.removeValue(forKey: run) ?? [:]).values {
            listener.yield(.status(status))
            listener.finish()
        }
    }

    private func start(_ new: NewRun, by user: UserID) async throws -> RunID {
        let run = try await store.createRun(new, by: .user(user))
        _ = try await store.startAttempt(run)
        return run.id
    }

    func startRewardModelRun(_ request: RewardModelRunRequest) async throws -> RunID {
        if let refusal { throw refusal }
        requests.append(request)
        let snapshot = try await store.takeSnapshot(request.project, SnapshotOptions(), by: .user(request.user))
        return try await start(
            NewRun(
                kind: "reward-model", project: request.project, snapshot: snapshot.id, seed: request.seed ?? 7,
                settings: request.settings), by: request.user)
    }

    func startPolicyRefresh(_ request: PolicyRefreshRequest) async throws -> RunID {
        if let refusal { throw refusal }
        refreshRequests.append(request)
        return try await start(
            NewRun(
                kind: "policy-refresh", project: request.project, seed: request.seed ?? 7,
                settings: request.settings), by: request.user)
    }

    func startSupervisedRun(_ request: TuningRequest) async throws -> RunID {
        if let refusal { throw refusal }
        supervisedRequests.append(request)
        let snapshot = try await store.takeDemonstrationSnapshot(request.project, by: .user(request.user))
        return try await start(
            NewRun(
                kind: "supervised", project: request.project, snapshot: snapshot.id, seed: request.seed ?? 7,
                settings: request.settings), by: request.user)
    }

    func startPreferenceTuning(_ request: TuningRequest) async throws -> RunID {
        if let refusal { throw refusal }
        preferenceRequests.append(request)
        let snapshot = try await store.takeSnapshot(request.project, SnapshotOptions(), by: .user(request.user))
        return try await start(
            NewRun(
                kind: "preference-tuning", project: request.project, snapshot: snapshot.id, seed: request.seed ?? 7,
                settings: request.settings), by: request.user)
    }

    /// Answers at once, or not at all while `problem` says why.
    func answer(_ turn: ConversationTurnID) async {
        do {
            if let problem = conversationProblem {
                try await store.setProblem(problem, of: turn)
            } else if !isSlow, let plan = try await store.planConversation(turn, seed: 1) {
                let texts = ["A first answer.", "A second answer."]
                try await store.answer(
                    turn, by: plan,
                    responses: texts.map { NewResponse(text: $0, policy: plan.parts[0].policy.id, temperature: 0.8125) }
                )
            }
        } catch { Issue.record("no answers: \(error)") }
    }

    func setConversation(problem: String? = nil, isSlow: Bool = false) {
        conversationProblem = problem
        self.isSlow = isSlow
    }

    func cancelRun(_ run: RunID, by user: UserID) async throws {
        guard try await !store.run(run).isOver else {
            throw OperationError(.conflict, "Run \(run) has ended already, so there is nothing to stop.")
        }
        stopping.insert(run)
    }

    func resumeRun(_ run: RunID, by user: UserID) async throws {
        guard try await store.run(run).isOver else {
            throw OperationError(.conflict, "Run \(run) is going already.")
        }
        _ = try await store.startAttempt(try await store.resumeRun(run, by: .user(user)))
    }

    func runStatus(_ run: RunID) async throws -> RunStatus {
        let record = try await store.run(run)
        return RunStatus(
            run: run, state: record.state, isStopping: stopping.contains(run), attempt: record.attempt,
            progress: record.state == .succeeded ? 1 : record.isOver ? nil : 0.25, message: record.message)
    }

    func metricsHistory(_ run: RunID) async throws -> [MetricsLine] {
        _ = try await store.run(run)
        return lines[run] ?? []
    }

    func runEvents(_ run: RunID, fromMetricsIndex first: Int) async throws -> AsyncStream<RunEvent> {
        let status = try await runStatus(run)
        let (stream, continuation) = AsyncStream<RunEvent>.makeStream()
        continuation.yield(.status(status))
        for line in (lines[run] ?? []).dropFirst(first) { continuation.yield(.metrics(line)) }
        if status.hasEnded {
            continuation.finish()
        } else {
            let id = UUID()
            continuation.onTermination = { [weak self] _ in Task { await self?.forget(id, of: run) } }
            listeners[run, default: [:]][id] = continuation
        }
        return stream
    }

    private func forget(_ listener: UUID, of run: RunID) { listeners[run]?[listener] = nil }

    /// How many streams of a run's events are open.
    func listening(to run: RunID) -> Int { listeners[run]?.count ?? 0 }

    func runLog(_ run: RunID, lines count: Int) async throws -> [String] {
        _ = try await store.run(run)
        return Array(["starting", "step 1 <done>"].suffix(count))
    }

    private var samples: [RunID: [RunSample]] = [:]

    /// The job samples something for people to read.
    func sample(_ sample: RunSample, of run: RunID) { samples[run, default: []].append(sample) }

    func runSamples(_ run: RunID) async throws -> [RunSample] {
        _ = try await store.run(run)
        return samples[run] ?? []
    }

    func policyFolders() async throws -> [String] { ["a-model"] }

    func addPolicy(_ request: AddPolicyRequest) async throws -> Policy {
        if let refusal { throw refusal }
        let new =
            switch request.origin {
            case .server(let address): NewPolicy(name: request.name, kind: .foreign, path: address)
            case .folder(_, let kind):
                NewPolicy(
                    name: request.name, kind: kind == .base ? .base : .supervised, path: "policies/\(request.name)",
                    sha256: String(repeating: "ab", count: 32))
            }
        return try await store.addPolicy(new, by: .user(request.user))
    }

    func makePolicyCurrent(project: ProjectID, policy: PolicyID, by user: UserID) async throws -> WithdrawnTasks {
        if let refusal { throw refusal }
        let finishing = try await store.progress(project).liveLeases
        let withdrawn = try await store.makeCurrent(policy, in: project, by: .user(user))
        return WithdrawnTasks(withdrawn: withdrawn, finishing: finishing)
    }

    func promote(_ promotion: PromotionID, by user: UserID) async throws {
        if let refusal { throw refusal }
        _ = try await store.decidePromotion(promotion, .promote, by: .user(user))
    }

    func requestSampling(project: ProjectID) async throws {
        if let refusal { throw refusal }
        sampled.append(project)
    }

    func samplingStatus(project: ProjectID) async throws -> SamplingStatus {
        let need = try await store.samplingNeed(project)
        return SamplingStatus(
            ready: need.ready, target: need.wanted, isSampling: false, promptsLeft: 3,
            unanswerable: try await store.unanswerablePromptCount(project))
    }

    func modelServerStatus() async -> ModelServerStatus {
        ModelServerStatus(state: .ready, address: "http://127.0.0.1:1", loadedPolicies: ["supervised"])
    }

    func rewardCard(_ model: RewardModelID) async throws -> RewardCardFiles? { cards[model] }

    /// A finished run left a card.
    func leave(_ card: RewardCardFiles, for model: RewardModelID) { cards[model] = card }

    func diskUsage() async throws -> DiskUsage {
        DiskUsage(database: 4096, policies: 5_000_000, rewardModels: 0, runs: 12, quota: 1 << 30, free: 1 << 33)
    }
}
