import Foundation
import Preferences

/// One submission in our own lossless form: a line of the native export. Names are snake_case; times are ISO 8601 in UTC
/// with milliseconds.
struct NativeLine: Codable, Equatable {
    static let currentSchema = "plumb/1"
    static let human = "human"
    /// A lead's answer that decides what others answered.
    static let adjudicated = "adjudicated"

    var schema = NativeLine.currentSchema
    var project: String
    var groupID: String
    var mode: TaskMode
    /// How often the policy had changed when the task was made.
    var round: Int
    var overlap: Int
    var samplingProbability: Double?
    var prompt: Prompt
    var promptUse: PromptUse
    /// Whether the prompt is tagged as being about safety; left out where it is not.
    var promptIsAboutSafety: Bool?
    var origin: String
    var responses: [GroupResponse]
    /// Ids of the responses in the order in which the annotator saw them.
    var displayOrder: [String]
    /// Rows of tied ids, best first; rankings only.
    var ranking: [[String]]?
    var unacceptable: [String]?
    /// Rankings only; a comparison has its own.
    var ratings: [String: ResponseRating]?
    /// Rankings only: the names of the flags that were offered.
    var askedFlags: [String]?
    /// Comparisons only.
    var comparison: Comparison?
    /// The other kinds of feedback.
    var feedback: Feedback?
    /// Of a comparison that decides between two policies: what else the label may be used for.
    var labelUse: String?
    /// Why the task was handed out, where it asked for nothing new: repeat or gold.
    var qualityCheck: String?
    /// Style of the prompt that a task asked for.
    var promptStyle: String?
    /// Id of the label that this one follows from: the correction whose text it prefers.
    var derivedFrom: String?
    var annotator: String
    var labelID: String
    var revision: Int
    /// counted, extra, retraction or duplicate.
    var status: String
    var source = NativeLine.human
    var issuedAt: String
    var submittedAt: String
    var activeMilliseconds: Int?
    var firstActionMilliseconds: Int?
    var operations: Int?
    /// Where the time went, by response.
    var effort: Effort?
    /// Names of models in the responses' texts, by which they give themselves away; left out where there are none.
    var identityLeak: [String]?

    enum CodingKeys: String, CodingKey {
        case schema, project, mode, round, overlap, prompt, origin, responses, ranking, unacceptable, ratings,
            comparison, feedback, annotator, revision, status, source, operations, effort
        case groupID = "group_id"
        case samplingProbability = "sampling_probability"
        case promptUse = "prompt_use"
        case promptIsAboutSafety = "prompt_about_safety"
        case labelUse = "label_use"
        case qualityCheck = "quality_check"
        case promptStyle = "prompt_style"
        case derivedFrom = "derived_from"
        case askedFlags = "asked_flags"
        case displayOrder = "display_order"
        case labelID = "label_id"
        case issuedAt = "issued_at"
        case submittedAt = "submitted_at"
        case activeMilliseconds = "active_ms"
        case firstActionMilliseconds = "first_action_ms"
        case identityLeak = "identity_leak"
    }

    var timing: Timing {
        Timing(
            activeMilliseconds: activeMilliseconds, firstActionMilliseconds: firstActionMilliseconds,
            operations: operations, effort: effort)
    }

    var group: ResponseGroup { ResponseGroup(id: groupID, prompt: prompt, responses: responses) }

    /// - Throws: `NativeLineError`, `RankingError`.
    func content() throws -> LabelContent {
        switch (ranking, comparison, feedback) {
        case (let rows?, nil, nil):
            .judgement(
                .ranking(
                    try Ranking(
                        rows: rows, unacceptable: unacceptable.map(Set.init), ratings: ratings ?? [:],
                        askedFlags: Set(askedFlags ?? []))))
        case (nil, let comparison?, nil): .judgement(.comparison(comparison))
        case (nil, nil, let feedback?): .feedback(feedback)
        default: throw NativeLineError.notOneJudgement
        }
    }

    mutating func set(_ content: LabelContent) {
        switch content {
        case .judgement(.ranking(let ranking)):
            self.ranking = ranking.rows
            unacceptable = ranking.hasLine ? ranking.unacceptable.sorted() : nil
            ratings = ranking.ratings.isEmpty ? nil : ranking.ratings
            askedFlags = ranking.askedFlags.isEmpty ? nil : ranking.askedFlags.sorted()
        case .judgement(.comparison(let comparison)): self.comparison = comparison
        case .feedback(let feedback): self.feedback = feedback
        }
    }

    /// Everything that can be wrong in a line by itself.
    func validate() throws {
        guard schema == NativeLine.currentSchema else { throw NativeLineError.schema(schema) }
        let content = try content()
        switch content {
        case .judgement(let judgement):
            try group.validate()
            try judgement.validate(against: group.responseIDs)
        case .feedback(let feedback):
            try prompt.validate()
            try feedback.validate()
            let wanted = FeedbackKind(rawValue: mode.rawValue)?.responseCount
            guard wanted == nil || wanted == responses.count else {
                throw NativeLineError.field(
                    "responses", "such a label is about \(wanted ?? 0) responses; found \(responses.count)")
            }
        }
        try NativeLineError.check(temperatures: responses.map(\.temperature))
        if comparison != nil, ratings != nil {
            throw NativeLineError.field("ratings", "those of a comparison stand inside 'comparison'")
        }
        if let promptStyle, PromptStyle(rawValue: promptStyle) == nil {
            throw NativeLineError.field("prompt_style", "'\(promptStyle)' is not one of plain, few_shot, use_case")
        }
        if let labelUse, LabelUse(rawValue: labelUse) == nil {
            throw NativeLineError.field("label_use", "'\(labelUse)' is not one of none, measure, learn")
        }
        if let qualityCheck, QualityCheck(rawValue: qualityCheck) == nil {
            throw NativeLineError.field("quality_check", "'\(qualityCheck)' is not one of repeat, gold")
        }
        guard [NativeLine.human, NativeLine.adjudicated].contains(source) else {
            throw NativeLineError.field("source", "'\(source)' is not one of human, adjudicated")
        }
        guard content.kind == mode.rawValue else { throw NativeLineError.otherMode(mode.rawValue) }
        guard displayOrder.sorted() == group.responseIDs.sorted() else { throw NativeLineError.displayOrder }
        guard ["counted", "extra", "retraction", "duplicate"].contains(status) else {
            throw NativeLineError.field("status", "'\(status)' is not one of counted, extra, retraction, duplicate")
        }
        guard ["sampled", "imported", "written"].contains(origin) else {
            throw NativeLineError.field("origin", "'\(origin)' is not one of sampled, imported, written")
        }
        for (field, value) in [("revision", revision), ("overlap", overlap)] where value < 1 {
            throw NativeLineError.field(field, "at least 1; found \(value)")
        }
        if round < 0 { throw NativeLineError.field("round", "at least 0; found \(round)") }
        if let share = samplingProbability, !(share > 0 && share <= 1) {
            throw NativeLineError.field("sampling_probability", "above 0 and at most 1; found \(share)")
        }
        for (field, text) in [("label_id", labelID), ("annotator", annotator)] where text.isEmpty {
            throw NativeLineError.field(field, "it is empty")
        }
        _ = try Timestamp.date(issuedAt, field: "issued_at")
        _ = try Timestamp.date(submittedAt, field: "submitted_at")
    }
}

enum NativeLineError: Error, CustomStringConvertible {
    case schema(String)
    case notOneJudgement
    case otherMode(String)
    case displayOrder
    case field(String, String)

    /// - Throws: `.field` for one that no sampler can have had.
    static func check(temperatures: [Double?]) throws {
        for (index, temperature) in temperatures.enumerated() {
            guard let temperature else { continue }
            guard temperature >= 0, temperature.isFinite else {
                throw NativeLineError.field("responses.[\(index)].temperature", "at least 0; found \(temperature)")
            }
        }
    }

    var description: String {
        switch self {
        case .schema(let found):
            "field 'schema': '\(found)' is not '\(NativeLine.currentSchema)'; export it from Plumb again"
        case .notOneJudgement: "a line has one of 'ranking', 'comparison' and 'feedback', and this one does not"
        case .otherMode(let mode): "field 'mode' says \(mode), but the answer is of the other kind"
        case .displayOrder: "field 'display_order': it must hold exactly the ids of the responses"
        case .field(let name, let problem): "field '\(name)': \(problem)"
        }
    }
}

enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(style) }

    /// With or without fractions of a second.
    static func date(_ text: String, field: String) throws -> Date {
        if let date = try? style.parse(text) { return Date(milliseconds: date.milliseconds) }
        if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
        throw NativeLineError.field(field, "'\(text)' is not a time such as 2026-01-31T12:00:00.000Z")
    }
}
