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

/// What a chat template writes around each message. Templates are recognised by their exact text, never interpreted.
struct ChatForm: Sendable, Equatable {
    struct Turn: Sendable, Equatable {
        var before: String
        var after: String
    }

    /// By role.
    var turns: [String: Turn]

    static let replyRole = "assistant"

    static let plumb = ChatForm(turns: [
        "user": Turn(before: PlumbChat.userToken, after: ""),
        replyRole: Turn(before: PlumbChat.assistantToken, after: PlumbChat.endToken),
    ])

    /// The form that a template renders, or nil where the template is not known.
    static func known(template: String) -> ChatForm? {
        template.unicodeScalars.elementsEqual(PlumbChat.chatTemplate.unicodeScalars) ? .plumb : nil
    }

    /// One message's segments; `isReply` marks what an assistant writes, its end included.
    func segments(of message: ChatMessage, at index: Int) throws -> [(segment: PromptSegment, isReply: Bool)] {
        guard let turn = turns[message.role] else {
            throw TokenizerError.badMessages(
                problem: "message \(index + 1) has the role “\(message.role)”; this model's template knows "
                    + turns.keys.sorted().joined(separator: " and "))
        }
        let isReply = message.role == Self.replyRole
        return [
            (.control(turn.before), false), (.content(message.content), isReply), (.control(turn.after), isReply),
        ]
    }

    /// The segments that ask for the assistant's next reply.
    func prompt(_ messages: [ChatMessage]) throws -> [PromptSegment] {
        guard let last = messages.last else { throw TokenizerError.badMessages(problem: "there are none") }
        guard last.role != Self.replyRole else {
            throw TokenizerError.badMessages(
                problem: "the last one is the assistant's own; a prompt ends with a message to reply to")
        }
        let conversation = try messages.enumerated().flatMap { try segments(of: $0.element, at: $0.offset) }
        return conversation.map(\.segment) + [.control(turns[Self.replyRole]?.before ?? "")]
    }
}
