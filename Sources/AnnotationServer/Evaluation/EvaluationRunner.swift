package import AsyncHTTPClient
import Foundation
import Labels
import Preferences

/// Puts the items of a task to a model over OpenAI-compatible HTTP.
package struct EvaluationRunner: Sendable {
    private let locate: @Sendable () async throws -> String
    private let http: HTTPClient
    private let key: String?
    private let model: String
    private let conversational: Bool
    let patience: Patience

    /// - Parameters:
    ///   - locate: finds the model server's address; asked again after a request that failed, since a server that was
    ///     started again has another one.
    ///   - conversational: whether a plain text to be answered goes through the model's chat template. Continuations are
    ///     always scored raw.
    package init(
        locate: @escaping @Sendable () async throws -> String, http: HTTPClient, key: String?, model: String,
        conversational: Bool, patience: Patience = Patience()
    ) {
        self.locate = locate
        self.http = http
        self.key = key
        self.model = model
        self.conversational = conversational
        self.patience = patience
    }

    /// One item's outcome; a multiple choice has a second figure that forgives long choices.
    struct Outcome: Sendable, Equatable {
        var isRight: Bool
        /// By the mean log-likelihood a byte instead of the sum.
        var isRightByLength: Bool?
        /// The choice's number or the text that the model wrote.
        var answer: String
    }

    /// Evaluates items in order; a request that fails is put again a few times.
    /// - Parameter note: called after each item with how many are done.
    /// - Throws: `EvaluationProblem.item`.
    func run(_ task: EvaluationTask, note: (Int) -> Void) async throws -> [Outcome] {
        var outcomes: [Outcome] = []
        var known: CompletionClient?
        for (index, item) in task.items.enumerated() {
            do {
                let outcome = try await patience.ask("Task \(task.name), item \(index),") {
                    try await self.outcome(of: item, reusing: &known)
                }
                outcomes.append(outcome)
            } catch {
                throw EvaluationProblem.item(task: task.name, index: index, reason: "\(error)")
            }
            note(outcomes.count)
        }
        return outcomes
    }

    /// - Parameter known: the client that answered last; nil after a failure, so that the server is looked for again.
    private func outcome(
        of item: EvaluationTask.Item, reusing known: inout CompletionClient?
    ) async throws -> Outcome {
        let client: CompletionClient
        if let known {
            client = known
        } else {
            client = CompletionClient(address: try await locate(), http: http, key: key)
        }
        known = nil
        let found = try await outcome(of: item, from: client)
        known = client
        return found
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

    private func outcome(of item: EvaluationTask.Item, from client: CompletionClient) async throws -> Outcome {
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
