public import LanguageModel
public import Preferences

extension PromptTemplate {
    /// The tokens that ask a model for a response to a prompt: a text becomes one user's message in a chat form, a few-shot
    /// text stands as it is, messages go through the chat template.
    /// - Throws: `TokenizerError`.
    public func tokens(of prompt: Prompt) throws -> [Int32] {
        switch prompt {
        case .text(let text): try self.prompt(text: text)
        case .fewShot(let text): self.prompt(verbatim: text)
        case .messages(let messages):
            try self.prompt(messages: messages.map { ChatMessage(role: $0.role.rawValue, content: $0.content) })
        }
    }
}
