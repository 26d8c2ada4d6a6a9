import Foundation
import Labels
import Logging

/// Samples the two answers to each message of a conversation while somebody waits. Neither is stored before both are
/// there; what goes wrong is told in words that name no model, and the message is kept.
actor ConversationAnswers {
    private let store: Store
    private let sampler: TaskSampler
    private let logger: Logger
    private var underWay: Set<ConversationTurnID> = []

    /// Longer than this nobody waits for an answer.
    private static let patience = Duration.seconds(180)

    init(store: Store, sampler: TaskSampler, logger: Logger) {
        self.store = store
        self.sampler = sampler
        self.logger = logger
    }

    /// Begins, unless the turn is being answered.
    func begin(_ turn: ConversationTurnID) {
        guard underWay.insert(turn).inserted else { return }
        Task {
            await answer(turn)
            underWay.remove(turn)
        }
    }

    private func answer(_ turn: ConversationTurnID) async {
        do {
            guard let plan = try await store.planConversation(turn, seed: UInt64.random(in: 0...UInt64.max)) else {
                return
            }
            let settings = try await store.project(plan.prompt.project).settings
            let responses = try await withPatience { [sampler] in
                try await sampler.responses(for: plan, settings: settings)
            }
            try await store.answer(turn, by: plan, responses: responses)
        } catch {
            logger.warning("No answers to message \(turn) of a conversation: \(error)")
            do { try await store.setProblem(Self.words(for: error), of: turn) } catch {
                logger.error("The problem of message \(turn) of a conversation could not be stored: \(error)")
            }
        }
    }

    private func withPatience<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw Slow()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw Slow() }
            return first
        }
    }

    private struct Slow: Error, CustomStringConvertible {
        let description = "the model server did not answer within three minutes"
    }

    /// For the person who waits: nothing that tells which policies answer.
    private static func words(for error: any Error) -> String {
        switch error {
        case is Slow: "The assistant did not answer within three minutes. Try again, or do another task meanwhile."
        case SamplingProblem.modelServerStarting:
            "The assistant is just starting. Try again in a few seconds."
        case is UnanswerablePrompt:
            "The assistant cannot answer this message: the conversation may have grown too long for it. Begin a new one; if "
                + "it happens again, tell a project lead."
        case CompletionError.unreachable: "The assistant cannot be reached just now. Try again in a little while."
        case StoreError.noCurrentPolicy, StoreError.noReferencePolicy:
            "No assistant is chosen for this project yet. Tell a project lead."
        default: "The assistant could not answer. Try again; if it happens again, tell a project lead."
        }
    }
}
