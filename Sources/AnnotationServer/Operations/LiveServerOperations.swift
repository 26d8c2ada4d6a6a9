import Foundation
import Labels
import Logging
import Preferences
import RewardModel
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
    let conversations: ConversationAnswers
    let logger: Logger
    let tryOuts = PolicyTryOuts()

    // MARK: Runs

    func startRewardModelRun(_ request: RewardModelRunRequest) async throws -> RunID {
        try await translated {
            let project = try await self.store.project(request.project)
            let actor = Actor.user(request.user)
            guard let base = project.referencePolicy ?? project.currentPolicy else {
                throw OperationError(
                    .conflict,
                    "Project \(project.name) has no supervised policy to start a reward model from. Choose one on its policies page."
                )
            }
            if request.onHalves, let labels = request.settings["labels"] {
                throw OperationError(
                    .invalid,
                    "Two reward models on the two halves of the labels are asked for, and labels = \(labels) besides. "
                        + "Leave one of them out.", field: "settings")
            }
            let newest = try await RunSettings.newestPolicy(of: project, in: self.store)
            let settings = RunSettings.merged(
                project: newest.merging(project.settings.rewardModel) { $1 }, request: request.settings)
            try RunSettings.check(settings, of: RunKind.rewardModel)
            try await self.requireRoom(for: [.policy(base, role: "base")])
            let heads = ["rating_weight", "safety_weight"]
            let includesRatings = heads.contains { Double(settings[$0] ?? "0") ?? 0 > 0 }
            let snapshot = try await self.store.takeSnapshot(
                project.id, SnapshotOptions(includeRatings: includesRatings), by: actor)
            let written =
                settings["normalisation"] == "demonstrations"
                ? [try await self.demonstrations(of: project, includeSets: false, by: actor)] : []
            var new = NewRun(
                kind: RunKind.rewardModel, project: project.id, snapshot: snapshot.id,
                parents: [.policy(base, role: "base")] + written, seed: request.seed ?? Self.drawnSeed(),
                settings: settings)
            guard request.onHalves else { return try await self.store.createRun(new, alone: true, by: actor).id }
            new.settings["labels"] = LabelHalf.firstHalf.rawValue
            var second = new
            second.settings["labels"] = LabelHalf.secondHalf.rawValue
            return try await self.store.createRuns(new, second, alone: true, by: actor).first.id
        }
    }

    func startPolicyRefresh(_ request: PolicyRefreshRequest) async throws -> RunID {
        try await translated {
            let project = try await self.store.project(request.project)
            let actor = Actor.user(request.user)
            guard let current = project.currentPolicy else {
                throw OperationError(
                    .conflict,
                    "Project \(project.name) has no current policy to refresh. Choose one on its policies page.")
            }
            let rewardModel = try await self.rewardModel(request.rewardModel, in: project)
            let parents: [Parent] =
                try await [
                    .policy(current, role: "base"), .policy(project.referencePolicy ?? current, role: "reference"),
                    .rewardModel(rewardModel.id, role: "reward-model"),
                ]
                + self.watcher(
                    request.watcher, of: rewardModel, isChosen: request.rewardModel != nil, in: project)
            guard try await self.store.promptCounts(project.id)[.ppo] ?? 0 > 0 else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no prompts for PPO. Import some with the use 'ppo' first.")
            }
            // Responses in training are cut where those that people rank are cut, unless somebody says otherwise.
            let lengths = ["maximum_tokens": "\(project.settings.maxTokens)"]
            let settings = RunSettings.merged(
                project: lengths.merging(project.settings.policyRefresh) { $1 }, request: request.settings)
            try RunSettings.check(settings, of: RunKind.policyRefresh)
            try await self.requireRoom(for: parents)
            let mixesTexts = Double(settings["pretraining_coefficient"] ?? "0") ?? 0 > 0
            let texts = mixesTexts ? [try await self.demonstrations(of: project, by: actor)] : []
            let run = try await self.store.createRun(
                NewRun(
                    kind: RunKind.policyRefresh, project: project.id, snapshot: rewardModel.snapshot,
                    parents: parents + texts, seed: request.seed ?? Self.drawnSeed(), settings: settings), alone: true,
                by: actor)
            return run.id
        }
    }

    func startPreferenceTuning(_ request: TuningRequest) async throws -> RunID {
        try await translated {
            let project = try await self.store.project(request.project)
            let actor = Actor.user(request.user)
            let base = try await self.tunedPolicy(request.base, in: project)
            let parents: [Parent] = [
                .policy(base.id, role: "base"), .policy(project.referencePolicy ?? base.id, role: "reference"),
            ]
            let lengths = ["maximum_tokens": "\(project.settings.maxTokens)"]
            let settings = RunSettings.merged(
                project: lengths.merging(project.settings.preferenceTuning) { $1 }, request: request.settings)
            try RunSettings.check(settings, of: RunKind.preferenceTuning)
            try await self.requireRoom(for: parents)
            let snapshot = try await self.store.takeSnapshot(project.id, SnapshotOptions(), by: actor)
            let run = try await self.store.createRun(
                NewRun(
                    kind: RunKind.preferenceTuning, project: project.id, snapshot: snapshot.id, parents: parents,
                    seed: request.seed ?? Self.drawnSeed(), settings: settings), alone: true, by: actor)
            return run.id
        }
    }

    func startSupervisedRun(_ request: TuningRequest) async throws -> RunID {
        try await translated {
            let project = try await self.store.project(request.project)
            let actor = Actor.user(request.user)
            let base = try await self.tunedPolicy(request.base, in: project)
            // One answer that is too long for the model keeps the others from nothing; the run says how many there were.
            let settings = RunSettings.merged(
                project: ["skip_too_long": "true"].merging(project.settings.supervised) { $1 },
                request: request.settings)
            try RunSettings.check(settings, of: RunKind.supervised)
            try await self.requireRoom(for: [.policy(base.id, role: "base")])
            let snapshot = try await self.store.takeDemonstrationSnapshot(project.id, by: actor)
            let run = try await self.store.createRun(
                NewRun(
                    kind: RunKind.supervised, project: project.id, snapshot: snapshot.id,
                    parents: [.policy(base.id, role: "base")], seed: request.seed ?? Self.drawnSeed(),
                    settings: settings), alone: true, by: actor)
            return run.id
        }
    }

    func cancelRun(_ run: RunID, by user: UserID) async throws {
        try await translated {
            try await self.supervisor.stop(run, by: .user(user))
        }
    }

    func resumeRun(_ run: RunID, by user: UserID) async throws {
        try await translated {
            try await self.requireRoom(for: self.store.run(run).parents)
            // The supervisor starts it when its turn has come.
            _ = try await self.store.resumeRun(run, by: .user(user))
        }
    }

    // MARK: Policies and sampling

    func makePolicyCurrent(project: ProjectID, policy: PolicyID, by user: UserID) async throws -> WithdrawnTasks {
        try await translated {
            try self.requireFiles(of: await self.store.policy(policy))
            let withdrawn = try await self.store.makeCurrent(policy, in: project, by: .user(user))
            await self.sampler.wake(project)
            let leases = try await self.store.progress(project).liveLeases
            return WithdrawnTasks(withdrawn: withdrawn, finishing: leases)
        }
    }

    func promote(_ promotion: PromotionID, by user: UserID) async throws {
        try await translated {
            try self.requireFiles(of: await self.store.promotion(promotion).promotion.candidate)
            let decided = try await self.store.decidePromotion(promotion, .promote, by: .user(user))
            await self.sampler.wake(decided.promotion.project)
        }
    }

    private func requireFiles(of policy: Policy) throws {
        guard policy.kind != .foreign else { return }
        let folder = data.url.appending(path: policy.path)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw OperationError(
                .conflict, "The files of policy \(policy.name) are not there any more (\(folder.path)).")
        }
    }

    func requestSampling(project: ProjectID) async throws {
        try await translated {
            let project = try await self.store.project(project)
            guard try await self.store.promptCounts(project.id)[.ranking] ?? 0 > 0 else {
                throw OperationError(
                    .conflict,
                    "Project \(project.name) has no prompts for ranking. Import some with the use 'ranking' first.")
            }
            guard project.currentPolicy != nil else {
                throw OperationError(.conflict, "Project \(project.name) has no current policy to sample from.")
            }
            try await self.store.forgetRefusals(in: project.id)
            await self.sampler.wake(project.id)
        }
    }

    func answer(_ turn: ConversationTurnID) async { await conversations.begin(turn) }

    func samplingStatus(project: ProjectID) async throws -> SamplingStatus {
        try await translated { try await self.sampler.status(of: project) }
    }

    func modelServerStatus() async -> ModelServerStatus { await models.status }

    func diskUsage() async throws -> DiskUsage {
        try await translated {
            let used = try self.data.storage()
            return DiskUsage(
                database: FolderSize.bytes(ofFiles: self.data.databaseFiles), policies: used.policies,
                rewardModels: used.rewardModels, runs: used.runs, quota: self.retention.quotaBytes,
                free: try FolderSize.freeBytes(at: self.data.url))
        }
    }

    // MARK: Shared parts

    private func requireRoom(for parents: [Parent]) async throws {
        try await retention.requireRoom(for: parents, in: store, data: data, logger: logger)
    }

    /// The policy that a run tunes: the one asked for, else the reference, else the current one.
    private func tunedPolicy(_ id: PolicyID?, in project: Project) async throws -> Labels.Policy {
        guard let id = id ?? project.referencePolicy ?? project.currentPolicy else {
            throw OperationError(
                .conflict, "Project \(project.name) has no policy to tune. Choose one on its policies page.")
        }
        let base = try await store.policy(id)
        guard base.kind != .foreign, base.prunedAt == nil else {
            throw OperationError(
                .conflict, "Policy \(base.name) cannot be tuned: its files are not here. Choose another one.",
                field: "base")
        }
        return base
    }

    /// The project's demonstrations as they are now, for a run that reads them besides what it is about.
    /// - Parameter includeSets: with instruction sets; else people's alone.
    private func demonstrations(
        of project: Project, includeSets: Bool = true, by actor: Actor
    ) async throws -> Parent {
        let snapshot = try await store.takeDemonstrationSnapshot(project.id, includeSets: includeSets, by: actor)
        return .snapshot(snapshot.id, role: RunPreparation.demonstrationsRole)
    }

    private func watcher(
        _ id: RewardModelID?, of rewardModel: RewardModelRecord, isChosen: Bool, in project: Project
    ) async throws -> [Parent] {
        guard let id else { return [] }
        let watcher = try await self.rewardModel(id, in: project, field: "watcher")
        try await WatcherChoice(store: store).require(watcher, watches: rewardModel, isChosen: isChosen)
        return [.rewardModel(watcher.id, role: "watcher")]
    }

    private func rewardModel(
        _ id: RewardModelID?, in project: Project, field: String = "reward_model"
    ) async throws -> RewardModelRecord {
        let models = try await store.rewardModels(project.id).filter { $0.prunedAt == nil }
        guard let id else {
            guard let newest = models.max(by: { $0.id < $1.id }) else {
                throw OperationError(
                    .conflict, "Project \(project.name) has no reward model yet. Retrain the reward model first.")
            }
            return newest
        }
        guard let chosen = models.first(where: { $0.id == id }) else {
            throw OperationError(
                .notFound, "Project \(project.name) has no reward model \(id).", field: field)
        }
        return chosen
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
