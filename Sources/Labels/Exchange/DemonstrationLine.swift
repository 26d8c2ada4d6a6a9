import Preferences

/// A written answer as a supervised run reads it: a line of `demonstrations.jsonl`.
struct DemonstrationLine: Encodable {
    let id: String
    let prompt: Prompt
    let response: String
}

/// The same in TRL's conversational prompt-completion form (its docs, "Dataset formats").
struct TRLDemonstration: Encodable {
    let prompt: [PromptMessage]
    let completion: [PromptMessage]

    init(_ line: DemonstrationLine) {
        prompt = line.prompt.messages
        completion = [PromptMessage(role: .assistant, content: line.response)]
    }
}
