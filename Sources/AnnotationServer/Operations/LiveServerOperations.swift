import Foundation
import Labels
import Preferences
import Runs
import Web

/// What the pages and the API can start, stop and watch, over the store, the run directories and the model process.
struct LiveServerOperations: ServerOperations {
    let store: Store
    let data: DataFolder
    let supervisor: RunSupervisor
    let sampler: TaskSampler
    let models: ModelServerSupervisor
    let retention: RetentionRule

    // MARK: Runs

    func startRewardModelRun(_ request: RewardModelRunRequest) async throws -> String {
        try await translated {
            let project = try await self.project(request.project)
            let actor = try await self.actor(request.user)
            try await self.requireNoLiveRun(of: RunKind.rewardModel, in: project)
            guard let base = project.referencePolicy ?? project.currentPolicy else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no supervised policy to start a reward model from. Choose one on its policies page.")
            }
            let settings = try RunSettings.merged(project: project.settings.rewardModel, request: request.settings)
            try self.retention.requireRoom(in: self.data)
            let snapshot = try await self.store.takeSnapshot(project.id, SnapshotOptions(), by: actor)
            let run = try await self.store.createRun(
                NewRun(
                    kind: RunKind.rewardModel, project: project.id, snapshot: snapshot.id,
                    parents: [.policy(base, role: "base")], seed: request.seed ?? Self.drawnSeed(),
                    settings: settings), by: actor)
            return run.id.description
        }
    }

    func startPolicyRefresh(_ request: PolicyRefreshRequest) async throws -> String {
        try await translated {
            let project = try await self.project(request.project)
            let actor = try await self.actor(request.user)
            try await self.requireNoLiveRun(of: RunKind.policyRefresh, in: project)
            guard let current = project.currentPolicy else {
                throw OperationError(.conflict, "Project \(project.name) has no current policy to refresh. Choose one on its policies page.")
            }
            let rewardModel = try await self.rewardModel(request.rewardModel, in: project)
            guard try await self.store.promptCounts(project.id)[.ppo] ?? 0 > 0 else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no prompts for PPO. Import some with the use 'ppo' first.")
            }
            let settings = try RunSettings.merged(project: project.settings.policyRefresh, request: request.settings)
            try self.retention.requireRoom(in: self.data)
            let run = try await self.store.createRun(
                NewRun(
                    kind: RunKind.policyRefresh, project: project.id, snapshot: rewardModel.snapshot,
                    parents: [
                        .policy(current, role: "base"),
                        .policy(project.referencePolicy ?? current, role: "reference"),
                        .rewardModel(rewardModel.id, role: "reward-model"),
                    ], seed: request.seed ?? Self.drawnSeed(), settings: settings), by: actor)
            return run.id.description
        }
    }

    func cancelRun(_ run: String, by user: String) async throws {
        try await translated {
            let record = try await self.record(run)
            guard !record.isOver else {
                throw OperationError(.conflict, "Run \(run) has ended already (\(record.state.rawValue)).")
            }
            try await self.supervisor.stop(record)
            try await self.store.record("run.cancel", subject: "run \(run)", details: "", by: self.actor(user))
        }
    }

    func resumeRun(_ run: String, by user: String) async throws {
        try await translated {
            let record = try await self.record(run)
            guard record.state == .failed || record.state == .stopped else {
                throw OperationError(
                    .conflict, "Run \(run) cannot be resumed: it is \(record.state == .succeeded ? "finished" : "going on").")
            }
            try self.retention.requireRoom(in: self.data)
            try await self.supervisor.resume(record)
            try await self.store.record("run.resume", subject: "run \(run)", details: "", by: self.actor(user))
        }
    }

    // MARK: Policies and sampling

    func makePolicyCurrent(project: String, policy: String, by user: String) async throws -> WithdrawnTasks {
        try await translated {
            let project = try await self.project(project)
            guard let id = PolicyID(policy) else { throw OperationError(.notFound, "There is no policy '\(policy)'.") }
            let chosen = try await self.store.policy(id)
            if chosen.kind != .foreign {
                let folder = self.data.url.appending(path: chosen.path)
                guard FileManager.default.fileExists(atPath: folder.path) else {
                    throw OperationError(
                        .conflict, "The files of policy \(chosen.name) are not there any more (\(folder.path)).")
                }
            }
            let withdrawn = try await self.store.makeCurrent(id, in: project.id, by: self.actor(user))
            await self.sampler.wake(project.id)
            let leases = try await self.store.progress(project.id).liveLeases
            return WithdrawnTasks(withdrawn: withdrawn, finishing: leases)
        }
    }

    func requestSampling(project: String) async throws {
        try await translated {
            let project = try await self.project(project)
            guard try await self.store.promptCounts(project.id)[.ranking] ?? 0 > 0 else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no prompts for ranking. Import some with the use 'ranking' first.")
            }
            guard project.currentPolicy != nil else {
                throw OperationError(.conflict, "Project \(project.name) has no current policy to sample from.")
            }
            await self.sampler.wake(project.id)
        }
    }

    func samplingStatus(project: String) async throws -> SamplingStatus {
        try await translated { try await self.sampler.status(of: self.project(project).id) }
    }

    func modelServerStatus() async -> ModelServerStatus { await models.status }

    func diskUsage() async throws -> DiskUsage {
        try await translated {
            DiskUsage(
                database: try FolderSize.bytes(ofFile: self.data.database),
                policies: try FolderSize.bytes(of: self.data.policies),
                rewardModels: try FolderSize.bytes(of: self.data.rewardModels),
                runs: try FolderSize.bytes(of: self.data.runs), quota: self.retention.quotaBytes,
                free: try FolderSize.freeBytes(at: self.data.url))
        }
    }

    // MARK: Shared parts

    func record(_ run: String) async throws -> RunRecord {
        guard let id = RunID(run) else { throw OperationError(.notFound, "There is no run '\(run)'.") }
        return try await store.run(id)
    }

    private func project(_ id: String) async throws -> Project {
        guard let number = ProjectID(id) else { throw OperationError(.notFound, "There is no project '\(id)'.") }
        return try await store.project(number)
    }

    private func actor(_ user: String) async throws -> Actor {
        guard let id = UserID(user) else { throw OperationError(.notFound, "There is no user '\(user)'.") }
        return .user(try await store.user(id).id)
    }

    private func rewardModel(_ id: String?, in project: Project) async throws -> RewardModelRecord {
        let models = try await store.rewardModels(project.id).filter { $0.prunedAt == nil }
        guard let id else {
            guard let newest = models.max(by: { $0.id < $1.id }) else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no reward model yet. Retrain the reward model first.")
            }
            return newest
        }
        guard let chosen = models.first(where: { $0.id.description == id }) else {
            throw OperationError(
                .notFound, "Project \(project.name) has no reward model '\(id)'.", field: "reward_model")
        }
        return chosen
    }

    private func requireNoLiveRun(of kind: String, in project: Project) async throws {
        let live = try await store.runs(project.id, states: [.queued, .running], limit: 100)
        if let going = live.first(where: { $0.kind == kind }) {
            throw OperationError(
                .conflict, "Run \(going.id) of this kind is going on for project \(project.name). Wait for it, or cancel it.")
        }
    }

    /// JSON numbers are safe up to 2^53 in every reader, so seeds that people copy around stay below.
    private static func drawnSeed() -> UInt64 { UInt64.random(in: 0..<(1 << 53)) }

    /// Gives every error the form that pages and API show.
    func translated<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as OperationError { throw error } catch let error as StoreError {
            throw OperationError(error.reason, error.description)
        } catch is CancellationError { throw CancellationError() } catch {
            throw OperationError(.unavailable, "\(error)")
        }
    }
}

extension StoreError {
    /// The same kind of problem in the words of `OperationError`.
    fileprivate var reason: OperationError.Reason {
        switch kind {
        case .notFound, .gone: .notFound
        case .invalid: .invalid
        case .conflict, .forbidden, .locked: .conflict
        case .storage: .unavailable
        }
    }
}
