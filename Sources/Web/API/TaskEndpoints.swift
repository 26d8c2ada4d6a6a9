import Foundation
import HTTPTypes
import Hummingbird
import JSON
import Labels
import Preferences

/// The annotator's work: the next task, an answer, a skip. Responses have random ids that live as long as the lease.
enum TaskEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/tasks/next", operation: "nextTask",
            summary: "Leases the next task to the token's owner; the open one again where there is one.",
            access: .annotator,
            body: .json(
                .object([
                    .optional("besides", .array(.string(), "Lease tokens of open tasks to leave aside."))
                ])), answers: [.json(.ok, .reference("NextTask"))], handle: next),
        APIEndpoint(
            method: .get, path: Path.api + "/tasks/{lease}", operation: "getTask",
            summary: "A leased task again: the same order, the same ids.", access: .annotator,
            answers: [.json(.ok, .reference("Task"))]
        ) { call in
            try .json(
                try json(
                    try await call.store.assignment(token: try call.parameter("lease"), user: try call.user.id)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/tasks/{lease}/submit", operation: "submit",
            summary: "Submits an answer; once stored, the same answer again changes nothing.", access: .annotator,
            body: .json(
                .object([
                    .optional("ranking", .reference("Ranking")), .optional("comparison", .reference("Comparison")),
                    .optional("feedback", .reference("Feedback")), .optional("timing", .reference("Timing")),
                ])), answers: [.json(.ok, .reference("Submission"))], handle: submit),
        APIEndpoint(
            method: .post, path: Path.api + "/tasks/{lease}/skip", operation: "skip",
            summary: "Gives the task back for others; it is never served to this person again.", access: .annotator,
            body: .json(
                .object([
                    .optional("reason", .choice(SkipReason.allCases.map(\.rawValue))), .optional("note", .string()),
                ])), answers: [.nothing], handle: skip),
        APIEndpoint(
            method: .post, path: Path.api + "/tasks/{lease}/renew", operation: "renewLease",
            summary: "Keeps the lease alive.", access: .annotator,
            answers: [.json(.ok, .object([.required("expires_at", .time())]))]
        ) { call in
            let renewed = try await call.store.renewLease(
                token: try call.parameter("lease"), user: try call.user.id)
            return try .json(["expires_at": APIEncoding.time(renewed.expiresAt)])
        },
        APIEndpoint(
            method: .post, path: Path.api + "/tasks/{lease}/release", operation: "releaseLease",
            summary: "Frees the task; a later submit still counts as a late one.", access: .annotator,
            answers: [.nothing]
        ) { call in
            try await call.store.releaseLease(token: try call.parameter("lease"), user: try call.user.id)
            return Response(status: .noContent)
        },
        APIEndpoint(
            method: .put, path: Path.api + "/tasks/{lease}/draft", operation: "saveDraft",
            summary: "Keeps unfinished work; refused where a newer draft is stored.", access: .annotator,
            body: .json(.reference("Draft")), answers: [.nothing]
        ) { call in
            let content = call.body["draft"] ?? .null
            let draft = try Draft(
                json: Data(try content.json().utf8), version: call.body["version"]?.integerValue ?? 0)
            try await call.store.saveDraft(draft, token: try call.parameter("lease"), user: try call.user.id)
            return Response(status: .noContent)
        },
    ]

    private static func next(_ call: APICall) async throws -> Response {
        let besides = call.body["besides"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let next = try await call.store.nextTask(
            for: try call.user.id, in: try call.id("project"), besides: besides)
        switch next {
        case .task(let assignment): return try .json(["task": try json(assignment), "reason": .null])
        case .nothing(let reason): return try .json(["task": .null, "reason": .string(reason.description)])
        }
    }

    /// The answer that the body holds.
    static func content(_ call: APICall) throws -> LabelContent {
        switch (call.body["ranking"], call.body["comparison"], call.body["feedback"]) {
        case (let ranking?, nil, nil):
            return .judgement(.ranking(try part(ranking, as: Ranking.self, field: "ranking")))
        case (nil, let comparison?, nil):
            return .judgement(.comparison(try part(comparison, as: Comparison.self, field: "comparison")))
        case (nil, nil, let feedback?): return .feedback(try part(feedback, as: Feedback.self, field: "feedback"))
        default:
            throw APIFailure.invalid("Give one of “ranking”, “comparison” and “feedback”, as the task's mode asks.")
        }
    }

    private static func submit(_ call: APICall) async throws -> Response {
        let content = try content(call)
        let timing = try part(call.body["timing"] ?? [:], as: Timing.self, field: "timing")
        let submission = try await call.store.submit(
            content, token: try call.parameter("lease"), user: try call.user.id, timing: timing)
        return try .json([
            "submission": APIEncoding.id(submission.labelID), "revision": .integer(submission.revision),
            "kept": .string(submission.kept.rawValue), "repeated": .bool(submission.repeated),
            "submitted_at": APIEncoding.time(submission.submittedAt),
        ])
    }

    /// One part of the body.
    /// - Throws: `APIFailure` that names the part and says what is wrong in it.
    private static func part<Value: Decodable>(
        _ value: JSONValue, as type: Value.Type, field: String
    ) throws -> Value {
        do {
            return try APIEncoding.decoded(value, as: type)
        } catch let error as DecodingError {
            throw APIFailure.invalid(
                Wording.sentence("the \(field) cannot be taken: \(JSONLines.explained(error))"), field: field)
        }
    }

    private static func skip(_ call: APICall) async throws -> Response {
        try await call.store.skip(
            token: try call.parameter("lease"), user: try call.user.id,
            reason: call.body["reason"]?.stringValue.flatMap(SkipReason.init(rawValue:)),
            note: call.body["note"]?.stringValue)
        return Response(status: .noContent)
    }

    /// What an annotator may know of a task: no task id, no source, no seed.
    static func json(_ assignment: Assignment) throws -> JSONValue {
        let responses = assignment.responses.map { response -> JSONValue in
            ["id": .string(response.id), "letter": .string(response.letter), "text": .string(response.text)]
        }
        return [
            "lease": .string(assignment.token), "project": APIEncoding.id(assignment.projectID),
            "mode": .string(assignment.mode.rawValue), "prompt": try APIEncoding.coded(assignment.prompt),
            "responses": .array(responses), "acceptability_line": .bool(assignment.questions.acceptabilityLine),
            "questions": try json(assignment.questions), "allow_skip": .bool(assignment.allowSkip),
            "draft": try assignment.draft.map {
                ["draft": try JSONValue(json: Data($0.json.utf8)), "version": .integer($0.version)]
            } ?? .null, "former_answer": try assignment.formerAnswer.map { try APIEncoding.coded($0) } ?? .null,
            "practice": .bool(assignment.isPractice),
            "prompt_style": APIEncoding.text(assignment.promptStyle?.rawValue),
            "former": try assignment.former.map { try APIEncoding.coded($0) } ?? .null,
            "issued_at": APIEncoding.time(assignment.issuedAt), "expires_at": APIEncoding.time(assignment.expiresAt),
        ]
    }

    private static func json(_ questions: Questions) throws -> JSONValue {
        [
            "ratings": .string(questions.ratings.rawValue),
            "flags": .array(try questions.flags.map { try APIEncoding.coded($0) }), "tie": .bool(questions.tie),
            "both_unacceptable": .bool(questions.bothUnacceptable), "safety": .bool(questions.safety),
            "aspects": .array(questions.aspects.map { .string($0.rawValue) }),
            "reason": .string(questions.reason.rawValue),
        ]
    }
}
