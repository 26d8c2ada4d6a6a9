import Foundation
import Labels
import Preferences

/// Puts the items of a task to a model over OpenAI-compatible HTTP.
struct EvaluationRunner: Sendable {
    let client: CompletionClient
    let model: String
    /// Whether a plain text to be answered goes through the model's chat template. Continuations are always scored raw.
    let conversational: Bool

    /// One item's outcome; a multiple choice has a second figure that forgives long choices.
    struct Outcome: Sendable, Equatable {
        var isRight: Bool
        /// By the mean log-likelihood a byte instead of the sum.
        var isRightByLength: Bool?
        /// The choice's number or the text that the model wrote.
        var answer: String
    }

    /// Evaluates items in order.
    /// - Parameter note: called after each item with how many are done.
    func run(_ task: EvaluationTask, note: (Int) -> Void) async throws -> [Outcome] {
        var outcomes: [Outcome] = []
        for item in task.items {
            outcomes.append(try await outcome(of: item))
            note(outcomes.count)
        }
        return outcomes
    }

    /// As the store keeps them: `accuracy` and `accuracy_by_length`, or `exact_match`.
    static func found(_ outcomes: [Outcome], in task: EvaluationTask) -> [NewEvaluation] {
        func evaluation(_ figure: String, _ isRight: (Outcome) -> Bool) -> NewEvaluation {
            NewEvaluation(
                task: task.name, taskSHA256: task.sha256, figure: figure, scores: outcomes.map { isRight($0) ? 1 : 0 })
        }
        var found = [evaluation(task.items[0].figure) { $0.isRight }]
        if outcomes.contains(where: { $0.isRightByLength != nil }) {
            found.append(evaluation("accuracy_by_length") { $0.isRightByLength ?? false })
        }
        return found
    }

    private func outcome(of item: EvaluationTask.Item) async throws -> Outcome {
        switch item {
        case .choice(let prompt, let choices, let answer):
            let sums = try await client.logLikelihoods(of: choices, after: prompt, model: model)
            let means = zip(sums, choices).map { $0 / Double($1.utf8.count) }
            let chosen = Self.largest(sums)
            return Outcome(
                isRight: chosen == answer, isRightByLength: Self.largest(means) == answer, answer: "\(chosen)")
        case .generation(let prompt, let answers, let stop, let maximumTokens):
            // Greedy, so that the seed is of no consequence.
            let request = CompletionRequest(
                model: model, prompt: prompt, count: 1, seed: 0, temperature: 0, stop: stop,
                maximumTokens: maximumTokens)
            let text = try await client.complete(request, conversational: conversational)[0].text
            let written = Self.trimmed(text)
            return Outcome(
                isRight: answers.contains { Self.trimmed($0) == written }, isRightByLength: nil, answer: text)
        }
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

    /// The first of equal ones.
    private static func largest(_ values: [Double]) -> Int {
        values.indices.dropFirst().reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }
}
