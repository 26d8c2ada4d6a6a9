import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Runs: starting, stopping and watching them.
enum RunEndpoints {
    static let all: [APIEndpoint] = starting + watching

    private static let settings = Schema.map(
        .oneOf([.string(), .number(), .boolean()]), "Settings that differ from the project's and the defaults.")
    private static let seed = Schema.integer("Drawn and recorded unless given.", from: 0)

    private static let starting: [APIEndpoint] = [
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/reward-model-runs", operation: "startRewardModelRun",
            summary: "Takes a snapshot of all labels so far and trains a reward model on it.", access: .lead,
            body: .json(
                .object([
                    .optional("settings", settings), .optional("seed", seed),
                    .optional(
                        "on_halves",
                        .boolean(
                            "Trains two, each on the labels of one half of the prompts, so that one can watch a refresh against "
                                + "the other. The answer is the first run; the second has the next number.")),
                ])), answers: [.json(.accepted, .reference("Run"))]
        ) { call in
            let run = try await call.operations.startRewardModelRun(
                RewardModelRunRequest(
                    project: try call.id("project"), settings: settings(of: call), seed: seed(of: call),
                    onHalves: call.body["on_halves"]?.boolValue ?? false, user: try call.user.id))
            return try .json(try await json(run, call), status: .accepted)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/policy-refreshes", operation: "startPolicyRefresh",
            summary: "Moves the current policy against a reward model, by PPO or another method.", access: .lead,
            body: .json(
                .object([
                    .optional("reward_model", .integer("The newest unless given.")),
                    .optional("watcher", .integer("A reward model that learnt from other labels and ends the run.")),
                    .optional("settings", settings), .optional("seed", seed),
                ])), answers: [.json(.accepted, .reference("Run"))]
        ) { call in
            let rewardModel = call.body["reward_model"]?.integerValue.map { RewardModelID(rawValue: Int64($0)) }
            let run = try await call.operations.startPolicyRefresh(
                PolicyRefreshRequest(
                    project: try call.id("project"), rewardModel: rewardModel,
                    watcher: call.body["watcher"]?.integerValue.map { RewardModelID(rawValue: Int64($0)) },
                    settings: settings(of: call), seed: seed(of: call), user: try call.user.id))
            return try .json(try await json(run, call), status: .accepted)
        },
        tuning(
            "supervised-runs", operation: "startSupervisedRun",
            summary: "Takes a snapshot of all demonstrations and corrections and tunes a policy on them."
        ) { try await $0.startSupervisedRun($1) },
        tuning(
            "preference-tuning-runs", operation: "startPreferenceTuning",
            summary: "Takes a snapshot of all labels so far and tunes a policy on it, without a reward model."
        ) { try await $0.startPreferenceTuning($1) },
        APIEndpoint(
            method: .post, path: Path.api + "/runs/{run}/cancel", operation: "cancelRun",
            summary: "Asks the job to write a checkpoint and stop.", access: .lead,
            answers: [.json(.accepted, .reference("Run"))]
        ) { call in
            let run: RunID = try call.id("run")
            try await call.operations.cancelRun(run, by: try call.user.id)
            return try .json(try await json(run, call), status: .accepted)
        },
        APIEndpoint(
            method: .post, path: Path.api + "/runs/{run}/resume", operation: "resumeRun",
            summary: "Starts a new attempt of a stopped or failed run from its newest checkpoint.", access: .lead,
            answers: [.json(.accepted, .reference("Run"))]
        ) { call in
            let run: RunID = try call.id("run")
            try await call.operations.resumeRun(run, by: try call.user.id)
            return try .json(try await json(run, call), status: .accepted)
        },
    ]

    private static let watching: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/runs", operation: "listRuns",
            summary: "A project's runs, the newest first.", access: .lead,
            query: [.init(name: "limit", schema: .integer("100 unless given.", from: 1, to: 1000))],
            answers: [.json(.ok, .array(.reference("RunRecord")))]
        ) { call in
            let project: ProjectID = try call.id("project")
            let runs = try await call.store.runs(
                try await call.store.project(project).id, limit: try call.limit(otherwise: 100, atMost: 1000))
            return try .json(.array(runs.map(json)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/runs/{run}", operation: "getRun",
            summary: "One run and where it stands now.", access: .lead, answers: [.json(.ok, .reference("Run"))]
        ) { call in
            try .json(try await json(try call.id("run"), call))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/runs/{run}/metrics", operation: "listMetrics",
            summary: "Every metrics line so far, over all attempts.", access: .lead,
            answers: [.json(.ok, .array(.reference("MetricsLine")))]
        ) { call in
            let lines = try await call.operations.metricsHistory(try call.id("run"))
            return try .json(.array(lines.map(APIEncoding.metrics)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/runs/{run}/samples", operation: "listRunSamples",
            summary: "Responses that the run sampled for people to read, over all attempts.", access: .lead,
            answers: [.json(.ok, .array(.reference("RunSample")))]
        ) { call in
            let samples = try await call.operations.runSamples(try call.id("run"))
            return try .json(.array(samples.map(APIEncoding.sample)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/runs/{run}/log", operation: "getLog",
            summary: "The last lines of the job's log.", access: .lead,
            query: [.init(name: "limit", schema: .integer("200 unless given.", from: 1, to: 10_000))],
            answers: [.json(.ok, .object([.required("lines", .array(.string()))]))]
        ) { call in
            let lines = try await call.operations.runLog(
                try call.id("run"), lines: try call.limit(otherwise: 200, atMost: 10_000))
            return try .json(["lines": .array(lines.map(JSONValue.string))])
        },
        APIEndpoint(
            method: .get, path: Path.api + "/runs/{run}/events", operation: "watchRun",
            summary: "Server-sent events: `status` and `metrics`, until the run has ended.", access: .lead,
            query: [
                .init(name: "from", schema: .integer("The first index of metrics wanted; 0 unless given.", from: 0))
            ],
            answers: [
                .stream(
                    mediaType: "text/event-stream",
                    description: "Each metrics event has the line's index as its id; reconnect with Last-Event-ID.")
            ]
        ) { call in
            let start = RunEventStream.firstIndex(of: call.request, otherwise: try call.query.integer("from") ?? 0)
            guard start >= 0 else { throw APIFailure.invalid("“from” must be at least 0.", field: "from") }
            let events = try await call.operations.runEvents(try call.id("run"), fromMetricsIndex: start)
            return RunEventStream().response(events, to: call.request)
        },
    ]

    /// A tuning of a policy on people's labels, below a project's path.
    private static func tuning(
        _ name: String, operation: String, summary: String,
        start: @escaping @Sendable (any ServerOperations, TuningRequest) async throws -> RunID
    ) -> APIEndpoint {
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/\(name)", operation: operation, summary: summary,
            access: .lead,
            body: .json(
                .object([
                    .optional("base", .integer("The policy to tune; the reference policy unless given.")),
                    .optional("settings", settings), .optional("seed", seed),
                ])), answers: [.json(.accepted, .reference("Run"))]
        ) { call in
            let run = try await start(
                call.operations,
                TuningRequest(
                    project: try call.id("project"),
                    base: call.body["base"]?.integerValue.map { PolicyID(rawValue: Int64($0)) },
                    settings: settings(of: call), seed: seed(of: call), user: try call.user.id))
            return try .json(try await json(run, call), status: .accepted)
        }
    }

    private static func settings(of call: APICall) -> [String: String] {
        (call.body["settings"]?.objectValue ?? [:]).compactMapValues { value in
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .unsigned(let number): String(number)
            case .number(let number): String(number)
            case .bool(let flag): String(flag)
            default: nil
            }
        }
    }

    private static func seed(of call: APICall) -> UInt64? {
        call.body["seed"]?.integerValue.map { UInt64($0) }
    }
}
