public import Foundation

/// What a reward-model run is asked to do.
public struct RewardModelRunRequest: Sendable, Equatable {
    /// The project whose labels it reads.
    public var project: String
    /// Settings that differ from the defaults, by their names in `run.json`; the implementation checks them.
    public var settings: [String: JSONValue]
    /// The seed; nil lets the server draw one and record it.
    public var seed: UInt64?
    /// The lead (or token's owner) who asked.
    public var user: String

    public init(project: String, settings: [String: JSONValue] = [:], seed: UInt64? = nil, user: String) {
        self.project = project
        self.settings = settings
        self.seed = seed
        self.user = user
    }
}

/// What a policy refresh is asked to do.
public struct PolicyRefreshRequest: Sendable, Equatable {
    /// The project whose current policy is refreshed.
    public var project: String
    /// The reward model to optimise; nil takes the project's newest.
    public var rewardModel: String?
    /// Settings that differ from the defaults, by their names in `run.json`; the implementation checks them.
    public var settings: [String: JSONValue]
    /// The seed; nil lets the server draw one and record it.
    public var seed: UInt64?
    /// The lead (or token's owner) who asked.
    public var user: String

    public init(
        project: String, rewardModel: String? = nil, settings: [String: JSONValue] = [:], seed: UInt64? = nil,
        user: String
    ) {
        self.project = project
        self.rewardModel = rewardModel
        self.settings = settings
        self.seed = seed
        self.user = user
    }
}

/// Where a run stands.
public enum RunState: String, Codable, Sendable, CaseIterable {
    /// Recorded, not started yet: another run of this machine goes first, or a retry waits.
    case waiting
    /// Its job is alive.
    case running
    /// Asked to stop; the job is writing its checkpoint.
    case stopping
    /// Its result has been imported.
    case finished
    /// Stopped on request; can be resumed.
    case stopped
    /// Ended with an error; can be resumed once the reason is gone.
    case failed

    /// Whether nothing more will happen unless somebody resumes the run.
    public var hasEnded: Bool { self == .finished || self == .stopped || self == .failed }
}

/// Where a run stands, with what a page shows beside it.
public struct RunStatus: Codable, Sendable, Equatable {
    /// The run's id, also the name of its folder.
    public var id: String
    /// The project it belongs to.
    public var project: String
    /// `reward-model`, `policy-refresh`, …
    public var kind: String
    public var state: RunState
    /// The number of the newest attempt, from 1; 0 before the first.
    public var attempt: Int
    public var createdAt: Date
    public var startedAt: Date?
    public var endedAt: Date?
    /// The share of the work that is done, 0…1, where the job says how much there is.
    public var progress: Double?
    /// One sentence for people: what it is doing, or why it failed and what to do.
    public var message: String?
    /// What it made, once finished: `policy` or `reward-model` with its id.
    public var product: RunProduct?

    public init(
        id: String, project: String, kind: String, state: RunState, attempt: Int, createdAt: Date,
        startedAt: Date? = nil, endedAt: Date? = nil, progress: Double? = nil, message: String? = nil,
        product: RunProduct? = nil
    ) {
        self.id = id
        self.project = project
        self.kind = kind
        self.state = state
        self.attempt = attempt
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.progress = progress
        self.message = message
        self.product = product
    }
}

/// What a finished run left in the store.
public struct RunProduct: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case policy
        case rewardModel = "reward-model"
    }
    public var kind: Kind
    public var id: String

    public init(kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }
}

/// One line of a run's `metrics.jsonl`.
public struct MetricsLine: Codable, Sendable, Equatable {
    /// Its place among all metrics lines of the run, over all attempts, from 0.
    public var index: Int
    /// The attempt that wrote it, from 1.
    public var attempt: Int
    /// The JSON object of the line: `step`, `phase`, and numbers by name.
    public var values: JSONValue

    public init(index: Int, attempt: Int, values: JSONValue) {
        self.index = index
        self.attempt = attempt
        self.values = values
    }
}

/// One thing that happened to a run.
public enum RunEvent: Sendable, Equatable {
    case status(RunStatus)
    case metrics(MetricsLine)
}

/// What became of a project's ready tasks when another policy was made current.
public struct WithdrawnTasks: Codable, Sendable, Equatable {
    /// Tasks nobody had opened, which are not handed out any more.
    public var withdrawn: Int
    /// Tasks of older policies that somebody has open and may finish.
    public var finishing: Int

    public init(withdrawn: Int, finishing: Int) {
        self.withdrawn = withdrawn
        self.finishing = finishing
    }
}

/// How far sampling ahead of need has come for one project.
public struct SamplingStatus: Codable, Sendable, Equatable {
    /// Tasks ready to be handed out.
    public var ready: Int
    /// Tasks the project wants ready.
    public var target: Int
    /// Whether responses are being sampled at this moment.
    public var isSampling: Bool
    /// Prompts for ranking that have no task yet.
    public var promptsLeft: Int
    /// When the last task was added.
    public var lastSampledAt: Date?
    /// Why sampling stands still, in words; nil where it does not.
    public var problem: String?

    public init(
        ready: Int, target: Int, isSampling: Bool, promptsLeft: Int, lastSampledAt: Date? = nil,
        problem: String? = nil
    ) {
        self.ready = ready
        self.target = target
        self.isSampling = isSampling
        self.promptsLeft = promptsLeft
        self.lastSampledAt = lastSampledAt
        self.problem = problem
    }
}

/// How the model process is doing.
public struct ModelServerStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable, CaseIterable {
        case starting, ready, restarting, stopped
    }
    public var state: State
    /// Where it listens, for example `http://127.0.0.1:40123`.
    public var address: String?
    /// Names of the policies that are loaded, sorted.
    public var loadedPolicies: [String]
    /// How often it died and was started again.
    public var restarts: Int
    /// Why it is not ready, in words.
    public var message: String?

    public init(
        state: State, address: String? = nil, loadedPolicies: [String] = [], restarts: Int = 0,
        message: String? = nil
    ) {
        self.state = state
        self.address = address
        self.loadedPolicies = loadedPolicies
        self.restarts = restarts
        self.message = message
    }
}

/// What the data folder holds, in bytes.
public struct DiskUsage: Codable, Sendable, Equatable {
    public var database: Int64
    public var policies: Int64
    public var rewardModels: Int64
    public var runs: Int64
    /// The most that policies, reward models and runs may take together; nil where no quota is set.
    public var quota: Int64?
    /// Free space of the disk.
    public var free: Int64

    public init(
        database: Int64, policies: Int64, rewardModels: Int64, runs: Int64, quota: Int64? = nil, free: Int64
    ) {
        self.database = database
        self.policies = policies
        self.rewardModels = rewardModels
        self.runs = runs
        self.quota = quota
        self.free = free
    }
}

/// Why an operation was not done, in words that are shown to people as they are.
public struct OperationError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    public enum Reason: String, Sendable {
        /// There is no such project, run or policy.
        case notFound
        /// It cannot be done as things stand: already running, already ended, nothing to train on.
        case conflict
        /// A setting is wrong; `field` names it.
        case invalid
        /// A process or the disk is not available.
        case unavailable
    }
    public var reason: Reason
    /// A full sentence: what was wrong and what to do.
    public var message: String
    /// The setting or field that was wrong.
    public var field: String?

    public init(_ reason: Reason, _ message: String, field: String? = nil) {
        self.reason = reason
        self.message = message
        self.field = field
    }

    public var description: String { message }
    public var errorDescription: String? { message }
}
