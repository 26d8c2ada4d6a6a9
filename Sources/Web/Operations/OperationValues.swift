public import Foundation
public import JSON
public import Labels

/// What a reward-model run is asked to do.
public struct RewardModelRunRequest: Sendable, Equatable {
    /// The project whose labels it reads.
    public var project: ProjectID
    /// Settings that differ from the project's and the defaults, as texts by their names in `run.json`; the
    /// implementation checks them.
    public var settings: [String: String]
    /// The seed; nil lets the server draw one and record it.
    public var seed: UInt64?
    /// Trains two, each on the labels of one half of the prompts, so that one can watch a policy that learns from the other.
    public var onHalves: Bool
    /// The lead (or token's owner) who asked.
    public var user: UserID

    public init(
        project: ProjectID, settings: [String: String] = [:], seed: UInt64? = nil, onHalves: Bool = false, user: UserID
    ) {
        self.project = project
        self.settings = settings
        self.seed = seed
        self.onHalves = onHalves
        self.user = user
    }
}

/// What a policy refresh is asked to do.
public struct PolicyRefreshRequest: Sendable, Equatable {
    /// The project whose current policy is refreshed.
    public var project: ProjectID
    /// The reward model to optimise; nil takes the project's newest.
    public var rewardModel: RewardModelID?
    /// A reward model that learnt from other labels and watches the run; nil for none.
    public var watcher: RewardModelID?
    /// Settings that differ from the project's and the defaults, as texts by their names in `run.json`; the
    /// implementation checks them.
    public var settings: [String: String]
    /// The seed; nil lets the server draw one and record it.
    public var seed: UInt64?
    /// The lead (or token's owner) who asked.
    public var user: UserID

    public init(
        project: ProjectID, rewardModel: RewardModelID? = nil, watcher: RewardModelID? = nil,
        settings: [String: String] = [:], seed: UInt64? = nil, user: UserID
    ) {
        self.project = project
        self.rewardModel = rewardModel
        self.watcher = watcher
        self.settings = settings
        self.seed = seed
        self.user = user
    }
}

/// A policy from outside that is to be entered.
public struct AddPolicyRequest: Sendable, Equatable {
    /// What a folder's model is.
    public enum Kind: String, Sendable, CaseIterable {
        /// Tuned to answer.
        case supervised
        case base
    }

    public enum Origin: Sendable, Equatable {
        /// A folder in the data folder's `policies`: of this name, which becomes the policy's; nil for one that has the
        /// policy's name.
        case folder(String?, Kind)
        /// The address of an OpenAI-compatible server that knows a model by this name.
        case server(String)
    }

    /// Unique in the store.
    public var name: String
    public var origin: Origin
    /// The lead (or token's owner) who asked.
    public var user: UserID

    public init(name: String, origin: Origin, user: UserID) {
        self.name = name
        self.origin = origin
        self.user = user
    }
}

/// What a tuning on people's labels is asked to do: a supervised run on what they wrote, or one on their orders.
public struct TuningRequest: Sendable, Equatable {
    /// The project whose labels it learns from.
    public var project: ProjectID
    /// The policy that is tuned; nil takes the project's reference policy, else its current one.
    public var base: PolicyID?
    /// Settings that differ from the project's and the defaults, as texts by their names in `run.json`; the
    /// implementation checks them.
    public var settings: [String: String]
    /// The seed; nil lets the server draw one and record it.
    public var seed: UInt64?
    /// The lead (or token's owner) who asked.
    public var user: UserID

    public init(
        project: ProjectID, base: PolicyID? = nil, settings: [String: String] = [:], seed: UInt64? = nil, user: UserID
    ) {
        self.project = project
        self.base = base
        self.settings = settings
        self.seed = seed
        self.user = user
    }
}

/// Where a run stands at this moment; its row in the store has the rest.
public struct RunStatus: Sendable, Equatable {
    public var run: RunID
    public var state: RunState
    /// Whether it was asked to stop and its job is writing a checkpoint.
    public var isStopping: Bool
    /// The number of the newest attempt, from 1; 0 before the first.
    public var attempt: Int
    /// The share of the work that is done, 0…1, where the job says how much there is.
    public var progress: Double?
    /// One sentence for people: what it is doing, why it waits, or why it failed and what to do.
    public var message: String?

    public init(
        run: RunID, state: RunState, isStopping: Bool = false, attempt: Int, progress: Double? = nil,
        message: String? = nil
    ) {
        self.run = run
        self.state = state
        self.isStopping = isStopping
        self.attempt = attempt
        self.progress = progress
        self.message = message
    }

    /// Whether nothing more will happen unless somebody resumes the run.
    public var hasEnded: Bool { state == .succeeded || state == .failed || state == .stopped }
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

/// A response that a run sampled, for people to read: a line of its `samples.jsonl`.
public struct RunSample: Codable, Sendable, Equatable {
    /// Steps of learning before it was sampled, from 0 where it was sampled before the first.
    public var step: Int
    public var promptID: String
    public var prompt: String
    public var response: String
    /// The reward model's, normalised.
    public var score: Double?
    /// Nats a response, to the reference.
    public var kl: Double?
    public var tokens: Int?
    /// Whether it ended by itself.
    public var finished: Bool?
    /// `probe` for responses to the few prompts that are answered anew as the run goes on, always with the same seeds;
    /// `handed_out` for those of the policy that the run made.
    public var phase: String?

    public init(
        step: Int, promptID: String, prompt: String, response: String, score: Double? = nil, kl: Double? = nil,
        tokens: Int? = nil, finished: Bool? = nil, phase: String? = nil
    ) {
        self.step = step
        self.promptID = promptID
        self.prompt = prompt
        self.response = response
        self.score = score
        self.kl = kl
        self.tokens = tokens
        self.finished = finished
        self.phase = phase
    }

    /// Whether its prompt was answered before the run too, with the same seed.
    public var isProbe: Bool { phase == "probe" || phase == "handed_out" }

    private enum CodingKeys: String, CodingKey {
        case step, prompt, response, score, kl, tokens, finished, phase
        case promptID = "prompt_id"
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
    /// Prompts that are passed over because a policy in use cannot answer them.
    public var unanswerable: Int
    /// When the last task was added.
    public var lastSampledAt: Date?
    /// Why sampling stands still, in words; nil where it does not.
    public var problem: String?
    /// How tasks are chosen just now, in words; nil where the prompts simply take turns.
    public var choice: String?

    public init(
        ready: Int, target: Int, isSampling: Bool, promptsLeft: Int, unanswerable: Int = 0,
        lastSampledAt: Date? = nil, problem: String? = nil, choice: String? = nil
    ) {
        self.ready = ready
        self.target = target
        self.isSampling = isSampling
        self.promptsLeft = promptsLeft
        self.unanswerable = unanswerable
        self.lastSampledAt = lastSampledAt
        self.problem = problem
        self.choice = choice
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
