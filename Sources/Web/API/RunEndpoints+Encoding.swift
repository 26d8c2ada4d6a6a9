import JSON
import Labels

extension RunEndpoints {
    /// A run's row together with where it stands now.
    static func json(_ id: RunID, _ call: APICall) async throws -> JSONValue {
        let record = try await call.store.run(id)
        let status = try await call.operations.runStatus(id)
        return ["record": json(record), "status": APIEncoding.run(status)]
    }

    static func json(_ run: RunRecord) -> JSONValue {
        [
            "id": APIEncoding.id(run.id), "kind": .string(run.kind), "project": APIEncoding.id(run.project),
            "snapshot": APIEncoding.id(run.snapshot), "parents": APIEncoding.parents(run.parents),
            "seed": .string(String(run.seed)), "settings": APIEncoding.texts(run.settings),
            "state": .string(run.state.rawValue), "attempt": .integer(run.attempt),
            "directory": .string(run.directory), "message": APIEncoding.text(run.message),
            "created_at": APIEncoding.time(run.createdAt), "started_at": APIEncoding.time(run.startedAt),
            "finished_at": APIEncoding.time(run.finishedAt), "result_policy": APIEncoding.id(run.resultPolicy),
            "result_reward_model": APIEncoding.id(run.resultRewardModel),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "Run",
            .object([.required("record", .reference("RunRecord")), .required("status", .reference("RunStatus"))])
        ),
        (
            "RunRecord",
            .object([
                .required("id", .integer()), .required("kind", .string()), .required("project", .integer().orNull),
                .required("snapshot", .integer().orNull), .required("parents", .array(APIEncoding.parentSchema)),
                .required("seed", .string("A whole number up to 2^64 − 1, as a text, so that no client rounds it.")),
                .required("settings", .map(.string())), .required("state", state), .required("attempt", .integer()),
                .required("directory", .string("Relative to the data folder.")),
                .required("message", .string().orNull), .required("created_at", .time()),
                .required("started_at", .time().orNull), .required("finished_at", .time().orNull),
                .required("result_policy", .integer().orNull), .required("result_reward_model", .integer().orNull),
            ])
        ),
        (
            "RunStatus",
            .object([
                .required("run", .integer()), .required("state", state), .required("is_stopping", .boolean()),
                .required("attempt", .integer()), .required("progress", .number("0…1.", from: 0, to: 1).orNull),
                .required("message", .string("What it is doing, or why it failed and what to do.").orNull),
            ])
        ),
        (
            "MetricsLine",
            .object([
                .required("index", .integer("Its place among all lines of the run, from 0.", from: 0)),
                .required("attempt", .integer(from: 1)),
                .required("values", .map(.any(), "What the job wrote: `step` and numbers by name.")),
            ])
        ),
        (
            "RunSample",
            .object([
                .required("step", .integer("Steps of learning before it was sampled.", from: 0)),
                .required("prompt_id", .string()), .required("prompt", .string()), .required("response", .string()),
                .required("score", .number("The reward model's, normalised.").orNull),
                .required("kl", .number("Nats a response, to the reference.").orNull),
                .required("tokens", .integer(from: 0).orNull),
                .required("finished", .boolean("Whether it ended by itself.").orNull),
                .required(
                    "phase",
                    .string(
                        "`probe` for the prompts that are answered anew with the same seeds as the run goes on; "
                            + "`handed_out` for those of the policy that the run made."
                    ).orNull),
            ])
        ),
    ]

    private static let state = Schema.choice(RunState.allCases.map(\.rawValue))
}

extension APIEncoding {
    static func run(_ status: RunStatus) -> JSONValue {
        [
            "run": id(status.run), "state": .string(status.state.rawValue), "is_stopping": .bool(status.isStopping),
            "attempt": .integer(status.attempt), "progress": number(status.progress), "message": text(status.message),
        ]
    }

    static func metrics(_ line: MetricsLine) -> JSONValue {
        ["index": .integer(line.index), "attempt": .integer(line.attempt), "values": line.values]
    }

    static func sample(_ sample: RunSample) -> JSONValue {
        [
            "step": .integer(sample.step), "prompt_id": .string(sample.promptID), "prompt": .string(sample.prompt),
            "response": .string(sample.response), "score": number(sample.score), "kl": number(sample.kl),
            "tokens": sample.tokens.map { .integer($0) } ?? .null,
            "finished": sample.finished.map { .bool($0) } ?? .null, "phase": text(sample.phase),
        ]
    }
}
