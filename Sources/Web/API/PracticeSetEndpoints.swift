import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// The tasks of a practice set one by one: how they are answered, a new one from a label, and the end of one.
enum PracticeSetEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: items, operation: "listPracticeItems",
            summary: "The practice set with how often each task was answered right, retired ones too.", access: .lead,
            answers: [.json(.ok, .array(.reference("PracticeItem")))]
        ) { call in
            let items = try await call.store.practiceItems(try call.id("project"))
            return try .json(.array(try items.map(json)))
        },
        APIEndpoint(
            method: .post, path: items, operation: "addPracticeItem",
            summary: "Takes the answer of a label as the expected one of a new practice task or of a check.",
            access: .lead,
            body: .json(
                .object([
                    .required("label", .integer("A ranking or a comparison of this project.")),
                    .required("explanation", .string("Why that is the answer, in Markdown.")),
                    .optional("purpose", purpose),
                ])), answers: [.json(.created, .reference("PracticeItem"))], handle: add),
        APIEndpoint(
            method: .delete, path: items + "/{item}", operation: "retirePracticeItem",
            summary: "Gives a practice task to nobody any more; answers to it stay.", access: .lead,
            answers: [.nothing]
        ) { call in
            try await call.store.retirePracticeItem(
                try call.id("item"), in: try call.id("project"), by: try call.actor)
            return Response(status: .noContent)
        },
    ]

    private static let purpose = Schema.choice(
        PracticePurpose.allCases.map(\.rawValue), "Done before real tasks, or mixed into them unseen (gold).")

    private static let items = Path.api + "/projects/{project}/practice/items"

    private static func add(_ call: APICall) async throws -> Response {
        guard let label = call.body["label"]?.integerValue.map({ LabelID(rawValue: Int64($0)) }) else {
            throw APIFailure.invalid("Name a label.", field: "label")
        }
        let item = try await call.store.addPracticeItem(
            from: label, explanation: call.body["explanation"]?.stringValue ?? "",
            purpose: call.body["purpose"]?.stringValue.flatMap(PracticePurpose.init(rawValue:)) ?? .practice,
            in: try call.id("project"), by: try call.actor)
        return try .json(try json(item), status: .created)
    }

    private static func json(_ item: PracticeItem) throws -> JSONValue {
        [
            "id": APIEncoding.id(item.id), "mode": .string(item.mode.rawValue),
            "purpose": .string(item.purpose.rawValue),
            "prompt": try APIEncoding.coded(item.group.prompt),
            "responses": .array(item.group.responses.map { ["id": .string($0.id), "text": .string($0.text)] }),
            "expected": try APIEncoding.coded(item.expected), "explanation": .string(item.explanation),
            "created_at": APIEncoding.time(item.createdAt), "retired": .bool(item.isRetired),
            "answers": .integer(item.answers), "right_answers": .integer(item.rightAnswers),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "PracticeItem",
            .object([
                .required("id", .integer()), .required("mode", .choice(TaskMode.allCases.map(\.rawValue))),
                .required("purpose", purpose),
                .required("prompt", .reference("Prompt")),
                .required("responses", .array(.object([.required("id", .string()), .required("text", .string())]))),
                .required("expected", .reference("Judgement")), .required("explanation", .string("Markdown.")),
                .required("created_at", .time()),
                .required("retired", .boolean("It is given to nobody any more.")),
                .required("answers", .integer()), .required("right_answers", .integer()),
            ])
        )
    ]
}
