import Labels
import Preferences

/// A task that asks for other feedback than an order: an answer or a prompt to write, a response to correct, rate or
/// criticise.
struct FeedbackPage: PageModel {
    static let template = "annotation-feedback"
    let title: String
    let task: TaskFrame
    let kind: String
    /// What a prompt is to be written from; nil for the other kinds, which show the prompt itself.
    let brief: Brief?
    /// The response that the task is about.
    let response: ShownText?
    /// One text to write; nil where the task asks for something else.
    let writing: Writing?
    let isCorrection: Bool
    let isUnchanged: Bool
    let rating: RatingView?
    let fewShot: FewShotView?

    struct Brief: Sendable {
        let heading: String
        let text: ShownText
        let style: String
    }

    struct Writing: Sendable {
        let label: String
        let help: String?
        let value: String
        let rows: Int
        /// What the page says while nothing is written.
        let unready: String
    }

    struct RatingView: Sendable {
        let scores: [Score]
        let flags: [FlagView]
        let hasFlags: Bool
        let criticism: String
    }

    struct Score: Sendable {
        let value: Int
        /// What the ends and the middle of the scale mean; nil between them.
        let words: String?
        let label: String
        let isChosen: Bool
    }

    struct FlagView: Sendable {
        let name: String
        let words: String
        let isSet: Bool
    }

    struct FewShotView: Sendable {
        let instruction: String
        let examples: [ExampleView]
        let input: String
    }

    struct ExampleView: Sendable {
        let number: Int
        let inputName: String
        let outputName: String
        let input: String
        let output: String
    }

    /// - Parameters:
    ///   - problem: why the form came back, in words.
    ///   - fields: the form that came back; else what was taken back, else nothing.
    init(_ assignment: Assignment, in project: Project, problem: String?, fields: [String: String]?) {
        let values = fields ?? Self.fields(of: assignment.former)
        let original = assignment.responses.first?.text
        kind = assignment.mode.rawValue
        title = Self.title(assignment.mode)
        response = original.map { ShownText($0, as: project.settings.rendering) }
        isCorrection = assignment.mode == .correction
        isUnchanged =
            fields.map { $0[FeedbackForm.unchangedField] != nil }
            ?? (assignment.former?.text == original && isCorrection)
        writing = Self.writing(assignment, values: values, original: original)
        rating = assignment.mode == .rating ? Self.rating(values, project.settings) : nil
        let isFewShot = assignment.mode == .prompt && assignment.promptStyle == .fewShot
        fewShot = isFewShot ? Self.fewShot(values) : nil
        brief = assignment.mode == .prompt ? Self.brief(assignment, as: project.settings.rendering) : nil
        task = TaskFrame(
            assignment, in: project, action: Path.feedback(assignment.token), problem: problem)
    }

    private static func title(_ mode: TaskMode) -> String {
        switch mode {
        case .demonstration: "Write the answer"
        case .correction: "Correct the response"
        case .rating: "Rate the response"
        case .criticism: "Criticise the response"
        case .prompt: "Write a prompt"
        case .ranking, .comparison: mode.words
        }
    }

    private static func brief(_ assignment: Assignment, as rendering: TextRendering) -> Brief {
        let style = assignment.promptStyle ?? .plain
        let heading =
            switch style {
            case .plain: "What to write"
            case .fewShot: "What to write: an instruction with examples"
            case .useCase: "Write a prompt for this use"
            }
        return Brief(
            heading: heading, text: ShownText(assignment.prompt.plainText, as: rendering), style: style.rawValue)
    }

    private static func writing(_ assignment: Assignment, values: [String: String], original: String?) -> Writing? {
        let value = values[FeedbackForm.textField]
        switch assignment.mode {
        case .demonstration:
            return Writing(
                label: "The answer that you would like to get", help: nil, value: value ?? "", rows: 14,
                unready: "Nothing is written yet.")
        case .correction:
            return Writing(
                label: "The response as it should be",
                help: "Change what is wrong and leave what is good.",
                value: value ?? original.map(FeedbackForm.asInField) ?? "",
                rows: 14,
                unready: "The corrected text is empty.")
        case .criticism:
            return Writing(
                label: "What is good and what is bad about it?",
                help: "Say what to change, so that somebody else could improve the response.", value: value ?? "",
                rows: 8, unready: "Nothing is written yet.")
        case .prompt where assignment.promptStyle != .fewShot:
            return Writing(
                label: "Your prompt", help: nil, value: value ?? "", rows: 8, unready: "Nothing is written yet.")
        default: return nil
        }
    }

    private static func rating(_ values: [String: String], _ settings: ProjectSettings) -> RatingView {
        let chosen = values[FeedbackForm.scoreField].flatMap(Int.init)
        let words = [1: "very bad", 4: "middling", 7: "very good"]
        let scores = ResponseRating.scale.map { value in
            Score(
                value: value, words: words[value],
                label: "\(value) of 7" + (words[value].map { ", \($0)" } ?? ""), isChosen: value == chosen)
        }
        let flags = settings.flags.map { flag in
            FlagView(
                name: flag.name, words: flag.words, isSet: values[FeedbackForm.flagPrefix + flag.name] != nil)
        }
        return RatingView(
            scores: scores, flags: flags, hasFlags: !flags.isEmpty, criticism: values[FeedbackForm.criticismField] ?? ""
        )
    }

    private static func fewShot(_ values: [String: String]) -> FewShotView {
        var examples = FeedbackForm.examples(values)
        let wanted = examples.count + (FeedbackForm.changesOnly(values) ? 1 : 0)
        while examples.count < min(max(2, wanted), FeedbackForm.mostExamples) {
            examples.append(.init(input: "", output: ""))
        }
        return FewShotView(
            instruction: values[FeedbackForm.instructionField] ?? "",
            examples: examples.enumerated().map { index, example in
                ExampleView(
                    number: index + 1, inputName: FeedbackForm.exampleInput(index + 1),
                    outputName: FeedbackForm.exampleOutput(index + 1), input: example.input, output: example.output)
            },
            input: values[FeedbackForm.inputField] ?? "")
    }

    /// An answer as the form would have sent it.
    private static func fields(of former: Feedback?) -> [String: String] {
        switch former {
        case nil: return [:]
        case .demonstration(let text), .correction(let text), .criticism(let text):
            return [FeedbackForm.textField: text]
        case .rating(let review):
            var fields = [FeedbackForm.criticismField: review.criticism ?? ""]
            if let overall = review.rating.overall { fields[FeedbackForm.scoreField] = "\(overall)" }
            for flag in review.rating.flags { fields[FeedbackForm.flagPrefix + flag] = "yes" }
            return fields
        case .prompt(let written):
            guard let parts = written.fewShot else { return [FeedbackForm.textField: written.text ?? ""] }
            var fields = [
                FeedbackForm.instructionField: parts.instruction, FeedbackForm.inputField: parts.input,
            ]
            for (index, example) in parts.examples.enumerated() {
                fields[FeedbackForm.exampleInput(index + 1)] = example.input
                fields[FeedbackForm.exampleOutput(index + 1)] = example.output
            }
            return fields
        }
    }
}
