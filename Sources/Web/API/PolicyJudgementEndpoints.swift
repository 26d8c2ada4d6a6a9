import HTTPTypes
import Hummingbird
import JSON
import Labels

/// How policies fare: against each other by what people prefer, and in standard evaluations.
enum PolicyJudgementEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/policy-strengths", operation: "listPolicyStrengths",
            summary: "The Bradley–Terry table of all policies that people compared, the strongest first.",
            access: .lead, answers: [.json(.ok, .array(.reference("PolicyStrength")))]
        ) { call in
            let strengths = try await call.store.policyStrengths(try call.id("project"))
            return try .json(.array(strengths.map(json)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/policies/{policy}/evaluations", operation: "listEvaluations",
            summary: "The newest standard evaluation of a policy for each task file and figure.", access: .lead,
            answers: [.json(.ok, .array(.reference("Evaluation")))]
        ) { call in
            let found = try await call.store.evaluations(of: try call.id("policy"))
            return try .json(.array(found.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/policies/{policy}/evaluations", operation: "addEvaluations",
            summary: "Keeps what standard evaluations of a policy found, as `plumb evaluate` sends them.",
            access: .lead,
            body: .json(
                .object([
                    .required(
                        "evaluations",
                        .array(
                            .object([
                                .required("task", .string("As a rule the file's name.")),
                                .required("task_sha256", .string("Of the task file.")),
                                .required("figure", .string("For example accuracy or exact_match.")),
                                .required("scores", .array(.integer(from: 0, to: 1), atLeast: 1)),
                            ]), atLeast: 1))
                ])), answers: [.nothing]
        ) { call in
            let found = try APIEncoding.decoded(
                call.body["evaluations"] ?? .array([]), as: [NewEvaluation].self)
            try await call.store.addEvaluations(found, of: try call.id("policy"), by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static func json(_ strength: PolicyStrength) -> JSONValue {
        [
            "policy": APIEncoding.id(strength.policy.id), "name": .string(strength.policy.name),
            "strength": APIEncoding.number(strength.strength),
            "strength_low": APIEncoding.number(strength.interval.lowerBound),
            "strength_high": APIEncoding.number(strength.interval.upperBound),
            "win_rate": APIEncoding.number(strength.winRate),
            "win_rate_low": APIEncoding.number(strength.winInterval.lowerBound),
            "win_rate_high": APIEncoding.number(strength.winInterval.upperBound),
            "prompts": .integer(strength.prompts), "pairs": .integer(strength.pairs),
            "is_anchor": .bool(strength.isAnchor),
        ]
    }

    private static func json(_ evaluation: Evaluation) -> JSONValue {
        [
            "policy": APIEncoding.id(evaluation.policy), "task": .string(evaluation.found.task),
            "task_sha256": .string(evaluation.found.taskSHA256), "figure": .string(evaluation.found.figure),
            "value": .number(evaluation.value), "value_low": .number(evaluation.interval.lowerBound),
            "value_high": .number(evaluation.interval.upperBound),
            "scores": .array(evaluation.found.scores.map { .integer($0) }),
            "measured_by": .string(evaluation.measuredBy), "measured_at": APIEncoding.time(evaluation.measuredAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "PolicyStrength",
            .object([
                .required("policy", .integer()), .required("name", .string()),
                .required("strength", .number("Natural log-odds against the anchor.").orNull),
                .required("strength_low", .number("Of its 95% interval, by drawing the prompts anew.").orNull),
                .required("strength_high", .number().orNull),
                .required("win_rate", .number("Expected against the anchor.").orNull),
                .required("win_rate_low", .number().orNull), .required("win_rate_high", .number().orNull),
                .required("prompts", .integer()), .required("pairs", .integer()),
                .required("is_anchor", .boolean("Whether the others are measured against it.")),
            ])
        ),
        (
            "Evaluation",
            .object([
                .required("policy", .integer()), .required("task", .string()), .required("task_sha256", .string()),
                .required("figure", .string()), .required("value", .number("Share of the items that were right.")),
                .required("value_low", .number("Of its 95% interval, by Wilson's score.")),
                .required("value_high", .number()), .required("scores", .array(.integer())),
                .required("measured_by", .string()), .required("measured_at", .time()),
            ])
        ),
    ]
}
