/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable, Hashable, Codable {
    /// Who speaks, in the words of the model's template: `user`, `assistant`, …
    public var role: String
    public var content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// The chat form of Plumb's own models: `<|user|>text<|assistant|>reply<|end|>`, without line breaks between.
public enum PlumbChat {
    public static let padToken = "<|pad|>"
    public static let endToken = "<|end|>"
    public static let userToken = "<|user|>"
    public static let assistantToken = "<|assistant|>"

    /// In the order of their ids.
    public static let specialTokens = [padToken, endToken, userToken, assistantToken]

    /// The Jinja text in `tokenizer_config.json`, for libraries that render templates.
    public static let chatTemplate =
        "{% for message in messages %}"
        + "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}"
        + "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] + '<|end|>' }}"
        + "{% else %}{{ raise_exception('The roles are user and assistant.') }}{% endif %}"
        + "{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
}
