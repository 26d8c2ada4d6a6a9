import Labels
import Web

/// A server without jobs or models: whatever a page asks it to start is not available.
struct NoOperations: ServerOperations {
    private let refusal = OperationError(.unavailable, "This test has no jobs.")

    func startRewardModelRun(_ request: RewardModelRunRequest) async throws -> RunID { throw refusal }
    func startPolicyRefresh(_ request: PolicyRefreshRequest) async throws -> RunID { throw refusal }
    func startSupervisedRun(_ request: TuningRequest) async throws -> RunID { throw refusal }
    func startPreferenceTuning(_ request: TuningRequest) async throws -> RunID { throw refusal }
    func cancelRun(_ run: RunID, by user: UserID) async throws { throw refusal }
    func resumeRun(_ run: RunID, by user: UserID) async throws { throw refusal }
    func runStatus(_ run: RunID) async throws -> RunStatus { throw refusal }
    func metricsHistory(_ run: RunID) async throws -> [MetricsLine] { throw refusal }
    func runEvents(_ run: RunID, fromMetricsIndex: Int) async throws -> AsyncStream<RunEvent> { throw refusal }
    func runLog(_ run: RunID, lines: Int) async throws -> [String] { throw refusal }
    func runSamples(_ run: RunID) async throws -> [RunSample] { throw refusal }
    func policyFolders() async throws -> [String] { [] }
    func addPolicy(_ request: AddPolicyRequest) async throws -> Policy { throw refusal }
    func makePolicyCurrent(project: ProjectID, policy: PolicyID, by user: UserID) async throws -> WithdrawnTasks {
        throw refusal
    }
    func promote(_ promotion: PromotionID, by user: UserID) async throws { throw refusal }
    func requestSampling(project: ProjectID) async throws { throw refusal }
    func answer(_ turn: ConversationTurnID) async {}
    func samplingStatus(project: ProjectID) async throws -> SamplingStatus { throw refusal }
    func modelServerStatus() async -> ModelServerStatus { ModelServerStatus(state: .stopped) }
    func rewardCard(_ model: RewardModelID) async throws -> RewardCardFiles? { throw refusal }
    func diskUsage() async throws -> DiskUsage { throw refusal }
}
