import Foundation
import Preferences

/// Reads the form of a task that asks for other feedback than an order: `kind` says which.
enum FeedbackForm {
    static let textField = "text"
    static let unchangedField = "unchanged"
    static let scoreField = "score"
    static let flagPrefix = "flag."
    static let criticismField = "criticism"
    static let instructionField = "instruction"
    static let inputField = "input"
    static let moreField = "more_examples"
    static func exampleInput(_ number: Int) -> String { "example_input.\(number)" }
    static func exampleOutput(_ number: Int) -> String { "example_output.\(number)" }
    /// More than anybody writes by hand.
    static let mostExamples = 50

    /// Whether the form only asks for another pair of fields, which works without a script too.
    static func changesOnly(_ fields: [String: String]) -> Bool { fields[moreField] != nil }

    /// - Parameter original: the response that a correction is of.
    /// - Throws: `FormRefusal`.
    static func feedback(_ fields: [String: String], original: String?) throws -> Feedback {
        guard let kind = Feedback.Kind(rawValue: fields["kind"] ?? "") else { throw FormRefusal.empty }
        let feedback: Feedback =
            switch kind {
            case .demonstration: .demonstration(typed(fields, textField))
            case .correction: .correction(try correction(fields, original: original))
            case .criticism: .criticism(typed(fields, textField))
            case .rating: .rating(try rating(fields))
            case .prompt: .prompt(prompt(fields))
            }
        do { try feedback.validate() } catch { throw FormRefusal.feedback(error) }
        return feedback
    }

    /// A text as it was typed: forms send line ends of their own.
    static func typed(_ fields: [String: String], _ name: String) -> String {
        (fields[name] ?? "").replacing("\r\n", with: "\n")
    }

    /// A text as an untouched field of a form gives it back: HTML has one kind of line end, and no NUL.
    static func asInField(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\0", with: "")
    }

    /// A correction that leaves the response as it is says so by a mark, so that a forgotten edit is not taken for one.
    private static func correction(_ fields: [String: String], original: String?) throws -> String {
        let text = typed(fields, textField)
        guard let original else { return text }
        let isUntouched = text == asInField(original)
        if fields[unchangedField] != nil {
            guard isUntouched else { throw FormRefusal.changedAndRight }
            return original
        }
        guard !isUntouched else { throw FormRefusal.unchanged }
        return text
    }

    private static func rating(_ fields: [String: String]) throws -> ResponseReview {
        guard let score = Int(fields[scoreField] ?? ""), ResponseRating.scale.contains(score) else {
            throw FormRefusal.feedback(.empty(.rating))
        }
        let criticism = typed(fields, criticismField)
        return ResponseReview(
            rating: try ResponseRating(
                overall: score, flags: Set(FormFields.values(fields, prefix: flagPrefix).keys)),
            criticism: criticism.allSatisfy(\.isWhitespace) ? nil : criticism)
    }

    private static func prompt(_ fields: [String: String]) -> WrittenPrompt {
        guard fields["style"] == PromptStyle.fewShot.rawValue else {
            return WrittenPrompt(
                typed(fields, textField), forUseCase: fields["style"] == PromptStyle.useCase.rawValue)
        }
        let examples = examples(fields).filter { !$0.input.isEmpty || !$0.output.isEmpty }
        return WrittenPrompt(
            instruction: typed(fields, instructionField), examples: examples, input: typed(fields, inputField))
    }

    /// Every pair of the form in order, empty ones too.
    static func examples(_ fields: [String: String]) -> [WrittenPrompt.Example] {
        (1...mostExamples).prefix { fields[exampleInput($0)] != nil || fields[exampleOutput($0)] != nil }.map {
            .init(input: typed(fields, exampleInput($0)), output: typed(fields, exampleOutput($0)))
        }
    }
}
