import Labels
import Preferences

/// A policy cannot answer a prompt, however often it is asked.
struct UnanswerablePrompt: Error, CustomStringConvertible {
    let policy: Labels.Policy
    /// In the words of the model server.
    let reason: String

    var description: String { "Policy \(policy.name) cannot answer this prompt: \(reason)" }
}

extension CompletionClient {
    /// Statuses of refusals that pass by themselves.
    private static let passing: Set<Int> = [408, 425, 429]

    /// Why a refused request cannot be answered, where that lies in its prompt; nil where it lies in anything else, such as
    /// the other settings, the key, the model's files or a server that is down.
    func fault(
        ofPromptIn request: CompletionRequest, conversational: Bool, refusedWith error: CompletionError
    ) async -> String? {
        guard case .refused(_, let status, let message, let blamesPrompt) = error, (400..<500).contains(status),
            !Self.passing.contains(status)
        else { return nil }
        let reason = message.isEmpty ? "the model server answered \(status)" : String(message.prefix(500))
        if blamesPrompt { return reason }
        // The server does not say what it minds: it is the prompt where the same request with a short one is answered.
        var control = request
        control.prompt = .text("Hello.")
        do {
            _ = try await complete(control, conversational: conversational)
            return reason
        } catch { return nil }
    }
}
