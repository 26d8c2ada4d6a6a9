public import Labels

/// What a lead can start, stop and watch: the one door from the pages and the API to jobs and model processes.
///
/// The web process never runs a model; the program that wires the server together implements this over run
/// directories and child processes. Whatever it throws should be an `OperationError`, whose text is shown to people.
public protocol ServerOperations: Sendable {
    /// Takes a snapshot of all labels so far of a project and starts a `reward-model` run on it.
    /// - Returns: the id of the run, whose row is in the store; of two on halves the first one's, which the second follows.
    /// - Throws: `OperationError` where there are no labels yet, such a run is already going, or the disk is full.
    func startRewardModelRun(_ request: RewardModelRunRequest) async throws -> RunID

    /// Starts a `policy-refresh` run from the project's current policy and a reward model.
    /// - Returns: the id of the run.
    /// - Throws: `OperationError` where there is no reward model yet, no prompt for PPO, or such a run is going.
    func startPolicyRefresh(_ request: PolicyRefreshRequest) async throws -> RunID

    /// Takes a snapshot of a project's written answers and starts a `supervised` run that tunes a policy on them.
    /// - Returns: the id of the run.
    /// - Throws: `OperationError` where there are none yet, there is no policy to tune, or such a run is going.
    func startSupervisedRun(_ request: TuningRequest) async throws -> RunID

    /// Takes a snapshot of all labels so far of a project and starts a `preference-tuning` run on it.
    /// - Returns: the id of the run.
    /// - Throws: `OperationError` where there are no labels yet, there is no policy to tune, or such a run is going.
    func startPreferenceTuning(_ request: TuningRequest) async throws -> RunID

    /// Asks a running job to write a checkpoint and stop. Returns once the request is recorded, not once it ended.
    /// - Throws: `OperationError` for an unknown run or one that has ended.
    func cancelRun(_ run: RunID, by user: UserID) async throws

    /// Starts a new attempt of a stopped or failed run, which goes on from its newest complete checkpoint.
    /// - Throws: `OperationError` for an unknown run, one that is going, or one that has finished.
    func resumeRun(_ run: RunID, by user: UserID) async throws

    /// Where a run stands now.
    /// - Throws: `OperationError` for an unknown run.
    func runStatus(_ run: RunID) async throws -> RunStatus

    /// Every metrics line of a run so far: all its attempts, oldest first.
    /// - Throws: `OperationError` for an unknown run.
    func metricsHistory(_ run: RunID) async throws -> [MetricsLine]

    /// What happens to a run from now on. The first element is `.status` with where it stands; then each metrics
    /// line whose index is at least `fromMetricsIndex` (also those already written) and each change of state. The
    /// stream ends after the `.status` of a state that has ended; a reader that stops listening costs nothing more.
    /// - Throws: `OperationError` for an unknown run.
    func runEvents(_ run: RunID, fromMetricsIndex: Int) async throws -> AsyncStream<RunEvent>

    /// The last lines of a run's log, oldest first.
    /// - Throws: `OperationError` for an unknown run.
    func runLog(_ run: RunID, lines: Int) async throws -> [String]

    /// What a run sampled for people to read: all its attempts, in the order in which it was sampled. Empty for kinds of
    /// run that sample nothing.
    /// - Throws: `OperationError` for an unknown run.
    func runSamples(_ run: RunID) async throws -> [RunSample]

    /// Names of model folders in the data folder that are no policy yet.
    /// - Throws: `OperationError` where the folder cannot be read.
    func policyFolders() async throws -> [String]

    /// Enters a policy from outside: one whose folder lies in the data folder, which a process of its own tries out first, or
    /// another server's model.
    /// - Throws: `OperationError` for a name that is taken or none, no folder of that name, an address that is none, and a
    ///   model that Plumb cannot run.
    func addPolicy(_ request: AddPolicyRequest) async throws -> Policy

    /// Makes a policy the one that new tasks of its project are sampled from, withdraws the tasks of older policies
    /// that nobody has opened (open leases finish), and wakes sampling.
    /// - Throws: `OperationError` for an unknown policy, or one whose files are missing.
    func makePolicyCurrent(project: ProjectID, policy: PolicyID, by user: UserID) async throws -> WithdrawnTasks

    /// Decides a comparison of policies for the new one, makes that one current, and wakes sampling.
    /// - Throws: `OperationError` for one that is unknown or decided, or where the policy's files are missing.
    func promote(_ promotion: PromotionID, by user: UserID) async throws

    /// Wakes sampling ahead of need for a project, also where the last try failed.
    /// - Throws: `OperationError` where nothing can be sampled: no prompts for ranking, no policy in the mix.
    func requestSampling(project: ProjectID) async throws

    /// Begins to sample the two answers to a message of a conversation, unless that is under way already. Returns at once;
    /// both answers, or why there are none, are stored with the turn.
    func answer(_ turn: ConversationTurnID) async

    /// How far sampling ahead of need has come for a project.
    /// - Throws: `OperationError` for an unknown project.
    func samplingStatus(project: ProjectID) async throws -> SamplingStatus

    /// How the model process is doing.
    func modelServerStatus() async -> ModelServerStatus

    /// What the data folder holds, in bytes.
    /// - Throws: `OperationError` where the folder cannot be read.
    func diskUsage() async throws -> DiskUsage

    /// The card that a reward model's run left in its folder; nil where there is none.
    /// - Throws: `OperationError` for an unknown reward model, or a card that cannot be read.
    func rewardCard(_ model: RewardModelID) async throws -> RewardCardFiles?
}
