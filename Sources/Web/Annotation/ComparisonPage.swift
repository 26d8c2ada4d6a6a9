import HTTPTypes
import Labels
import Preferences

/// The comparison page: two responses and one decision out of eight, none chosen at first.
struct ComparisonPage: PageModel {
    static let template = "annotation-comparison"
    let title = "Compare the responses"
    let task: TaskFrame
    let responses: [ComparedResponse]
    let sides: [Side]
    /// Both ids of the lease, for the form.
    let responseIDs: String

    struct ComparedResponse: Sendable {
        let id: String
        let letter: String
        let text: ShownText
    }

    /// One half of the bar.
    struct Side: Sendable {
        let letter: String
        let className: String
        let choices: [Choice]
    }

    /// One of the eight answers.
    struct Choice: Sendable {
        let value: String
        let letter: String
        let words: String
        let key: String
        let grade: String
        let isChosen: Bool
    }

    /// Keys of the eight answers from left to right.
    static let keys = ["q", "w", "e", "r", "u", "i", "o", "p"]

    /// - Throws: `Problem` where a comparison task does not have exactly two responses.
    init(_ assignment: Assignment, in project: Project, problem: String?) throws {
        let shown = assignment.responses
        guard shown.count == 2 else {
            throw Problem(
                status: .internalServerError, title: "This task is broken",
                explanation: "A comparison needs two responses and this one has \(shown.count). Skip it and tell a "
                    + "project lead.")
        }
        responses = shown.map {
            ComparedResponse(
                id: $0.id, letter: $0.letter, text: ShownText($0.text, as: project.settings.rendering))
        }
        responseIDs = shown.map(\.id).joined(separator: " ")
        let before = assignment.draft?.comparison
        sides = [
            Self.side(shown[0], grades: Grade.strongestFirst, keys: Self.keys.prefix(4), className: "left", before),
            Self.side(
                shown[1], grades: Grade.strongestFirst.reversed(), keys: Self.keys.suffix(4), className: "right",
                before),
        ]
        task = TaskFrame(
            assignment, in: project, action: Path.comparison(assignment.token), problem: problem)
    }

    private static func side(
        _ response: ShownResponse, grades: [Grade], keys: ArraySlice<String>, className: String, _ before: Comparison?
    ) -> Side {
        let choices = zip(grades, keys).map { grade, key in
            Choice(
                value: "\(response.id).\(grade.rawValue)", letter: response.letter, words: grade.words, key: key,
                grade: grade.rawValue, isChosen: before?.winner == response.id && before?.grade == grade)
        }
        return Side(letter: response.letter, className: className, choices: choices)
    }
}

extension Grade {
    /// From *significantly better* to *negligibly better or unsure*.
    static let strongestFirst: [Grade] = [.significantly, .better, .slightly, .negligibly]
}
