import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels

/// Reward models and how well each one predicts people.
enum RewardModelEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/reward-models", operation: "listRewardModels",
            summary: "A project's reward models.", access: .lead,
            answers: [.json(.ok, .array(.reference("RewardModel")))]
        ) { call in
            let id: ProjectID = try call.id("project")
            let models = try await call.store.rewardModels(try await call.store.project(id).id)
            return try .json(.array(models.map(json)))
        },
        APIEndpoint(
            method: .get, path: Path.api + "/reward-models/{model}/card", operation: "getRewardModelCard",
            summary: "How well, and on what, a reward model agrees with people.", access: .lead,
            answers: [.json(.ok, .map(.any("The fields of card.json; docs/formats.md says what each is.")))]
        ) { call in
            let id: RewardModelID = try call.id("model")
            let model = try await call.store.rewardModel(id)
            guard let files = try await call.operations.rewardCard(id) else {
                throw APIFailure.notFound("The reward model \(model.name) has no card.")
            }
            return try .json(JSONValue(json: Data(files.json.utf8)))
        },
    ]

    private static func json(_ model: RewardModelRecord) -> JSONValue {
        [
            "id": APIEncoding.id(model.id), "name": .string(model.name), "path": .string(model.path),
            "sha256": APIEncoding.text(model.sha256), "parents": APIEncoding.parents(model.parents),
            "metrics": APIEncoding.numbers(model.metrics), "bytes": .integer(Int(model.bytes)),
            "project": APIEncoding.id(model.project), "snapshot": APIEncoding.id(model.snapshot),
            "run": APIEncoding.id(model.run), "created_at": APIEncoding.time(model.createdAt),
            "pruned_at": APIEncoding.time(model.prunedAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "RewardModel",
            .object([
                .required("id", .integer()), .required("name", .string()), .required("path", .string()),
                .required("sha256", .string().orNull), .required("parents", .array(APIEncoding.parentSchema)),
                .required("metrics", .map(.number().orNull, "Held-out accuracy, log-loss and baselines by name.")),
                .required("bytes", .integer()), .required("project", .integer().orNull),
                .required("snapshot", .integer("The labels it was trained on.").orNull),
                .required("run", .integer().orNull), .required("created_at", .time()),
                .required("pruned_at", .time().orNull),
            ])
        )
    ]
}
