import HTTPTypes
import Labels
import Preferences

/// The comparison page: two responses and one decision, none chosen at first; and what else the project asks.
struct ComparisonPage: PageModel {
    static let template = "annotation-comparison"
    let title = "Compare the responses"
    let task: TaskFrame
    let responses: [ComparedResponse]
    let areIdentical: Bool
    let sides: [Side]
    /// A tie and "both unacceptable", where the project has them.
    let neither: [Choice]
    let hasNeither: Bool
    let safety: [SafetyChoice]
    let asksSafety: Bool
    let aspects: [AspectRow]
    let asksAspects: Bool
    let reason: ReasonField?
    /// Both ids of the lease, for the form.
    let responseIDs: String
    /// The sentence of the refusal, for the script; each `#` is a letter.
    let unsafePreferred = FormRefusal.unsafePreferredWords

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

    /// One of the answers.
    struct Choice: Sendable {
        let value: String
        /// Nil where none is preferred.
        let winner: String?
        let letter: String?
        /// As a sentence: "A is slightly better".
        let sentence: String
        let words: String
        let key: String
        let grade: String?
        let isChosen: Bool
    }

    struct SafetyChoice: Sendable {
        let value: String
        /// The id of the only safe one; nil where both are alike.
        let safe: String?
        let words: String
        let isChosen: Bool
    }

    struct AspectRow: Sendable {
        let words: String
        let cells: [AspectCell]
    }

    struct AspectCell: Sendable {
        let name: String
        let label: String
        let isOpen: Bool
        let options: [AspectOption]
    }

    struct AspectOption: Sendable {
        let value: Int
        let isSelected: Bool
    }

    struct ReasonField: Sendable {
        let rule: String
        let isRequiredForSignificantly: Bool
        let longest = Comparison.longestReason
        let text: String
    }

    /// Keys of the eight grades from left to right.
    static let keys = ["q", "w", "e", "r", "u", "i", "o", "p"]

    /// - Parameter fields: the form that came back; else the answer taken back, else nothing is chosen.
    /// - Throws: `Problem` where a comparison task does not have exactly two responses.
    init(_ assignment: Assignment, in project: Project, problem: String?, fields: [String: String]? = nil) throws {
        let shown = assignment.responses
        guard shown.count == 2 else {
            throw Problem(
                status: .internalServerError, title: "This task is broken",
                explanation: "A comparison needs two responses and this one has \(shown.count). Skip it and tell a "
                    + "project lead.")
        }
        let standing = ComparisonStanding(assignment, fields: fields)
        let questions = assignment.questions
        responses = shown.map {
            ComparedResponse(id: $0.id, letter: $0.letter, text: ShownText($0.text, as: project.settings.rendering))
        }
        areIdentical = !IdenticalResponses.groups(of: shown).isEmpty
        responseIDs = shown.map(\.id).joined(separator: " ")
        sides = [
            Self.side(
                shown[0], grades: Grade.strongestFirst, keys: Self.keys.prefix(4), className: "left", standing),
            Self.side(
                shown[1], grades: Grade.strongestFirst.reversed(), keys: Self.keys.suffix(4), className: "right",
                standing),
        ]
        neither = Self.neither(questions, standing)
        hasNeither = questions.tie || questions.bothUnacceptable
        safety = questions.safety ? Self.safety(shown, standing) : []
        asksSafety = questions.safety
        aspects = questions.aspects.map { Self.row($0, shown, standing) }
        asksAspects = !questions.aspects.isEmpty
        reason =
            questions.reason == .off
            ? nil
            : ReasonField(
                rule: questions.reason.rawValue,
                isRequiredForSignificantly: questions.reason == .requiredForSignificantly, text: standing.reason)
        task = TaskFrame(
            assignment, in: project, action: Path.comparison(assignment.token), problem: problem)
    }

    private static func side(
        _ response: ShownResponse, grades: [Grade], keys: ArraySlice<String>, className: String,
        _ standing: ComparisonStanding
    ) -> Side {
        let choices = zip(grades, keys).map { grade, key in
            let value = "\(response.id).\(grade.rawValue)"
            return Choice(
                value: value, winner: response.id, letter: response.letter,
                sentence: "\(response.letter) is \(grade.words)", words: grade.words, key: key, grade: grade.rawValue,
                isChosen: standing.choice == value)
        }
        return Side(letter: response.letter, className: className, choices: choices)
    }

    private static func neither(_ questions: Questions, _ standing: ComparisonStanding) -> [Choice] {
        func choice(_ value: String, _ words: String, key: String) -> Choice {
            Choice(
                value: value, winner: nil, letter: nil, sentence: words, words: words, key: key, grade: nil,
                isChosen: standing.choice == value)
        }
        var choices: [Choice] = []
        if questions.tie { choices.append(choice(ComparisonForm.tie, "Equally good: a tie", key: "t")) }
        if questions.bothUnacceptable {
            choices.append(choice(ComparisonForm.bothUnacceptable, "Both unacceptable", key: "b"))
        }
        return choices
    }

    private static func safety(_ shown: [ShownResponse], _ standing: ComparisonStanding) -> [SafetyChoice] {
        func choice(_ value: String, safe: String?, _ words: String) -> SafetyChoice {
            SafetyChoice(value: value, safe: safe, words: words, isChosen: standing.safety == value)
        }
        let (first, second) = (shown[0], shown[1])
        return [
            choice(ComparisonForm.bothSafe, safe: nil, "Both are safe"),
            choice(first.id, safe: first.id, "\(first.letter) is safe, \(second.letter) is not"),
            choice(second.id, safe: second.id, "\(second.letter) is safe, \(first.letter) is not"),
            choice(ComparisonForm.bothUnsafe, safe: nil, "Neither is safe"),
        ]
    }

    private static func row(
        _ aspect: Aspect, _ shown: [ShownResponse], _ standing: ComparisonStanding
    ) -> AspectRow {
        let words = aspect.rawValue.prefix(1).uppercased() + aspect.rawValue.dropFirst()
        return AspectRow(
            words: words,
            cells: shown.map { response in
                let given = standing.aspects[response.id]?.aspects[aspect]
                return AspectCell(
                    name: "\(ComparisonForm.aspectPrefix)\(response.id).\(aspect.rawValue)",
                    label: "\(words) of \(response.letter), 0 to 4", isOpen: given == nil,
                    options: ResponseRating.aspectScale.map { AspectOption(value: $0, isSelected: $0 == given) })
            })
    }
}

/// What a comparison page shows at first: the form that came back, the answer taken back, or nothing.
struct ComparisonStanding {
    var choice: String?
    var safety: String?
    var aspects: [String: ResponseRating] = [:]
    var reason = ""

    init(_ assignment: Assignment, fields: [String: String]?) {
        if let fields {
            choice = fields["choice"]
            safety = fields["safety"]
            // An aspect that is none was refused by name; the others of its form come back with the page.
            aspects = (try? ComparisonForm.aspects(fields)) ?? [:]
            reason = fields["reason"] ?? ""
        } else if case .comparison(let former) = assignment.formerAnswer {
            choice =
                switch former.verdict {
                case .preference(let winner, _, let grade): "\(winner).\(grade.rawValue)"
                case .tie: ComparisonForm.tie
                case .bothUnacceptable: ComparisonForm.bothUnacceptable
                }
            safety = former.unsafe.map { unsafe in
                switch unsafe.count {
                case 0: ComparisonForm.bothSafe
                case 2: ComparisonForm.bothUnsafe
                default: former.responseIDs.first { !unsafe.contains($0) } ?? ComparisonForm.bothSafe
                }
            }
            aspects = former.ratings
            reason = former.reason ?? ""
        }
    }
}

extension Grade {
    /// From *significantly better* to *negligibly better or unsure*.
    static let strongestFirst: [Grade] = [.significantly, .better, .slightly, .negligibly]
}
