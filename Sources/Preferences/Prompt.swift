/// One message of a conversation. JSON: `role`, `content`.
public struct PromptMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant
    }

    public var role: Role
    public var content: String

    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}

/// What the policy answers.
///
/// Written as `{"kind":"text","text":"…"}`, `{"kind":"few_shot","text":"…"}` or
/// `{"kind":"messages","messages":[{"role":"user","content":"…"}]}`; a bare string (a text) and a bare list of messages
/// are read as well.
public enum Prompt: Sendable, Hashable {
    case text(String)
    /// An instruction with worked examples, in one text.
    case fewShot(String)
    case messages([PromptMessage])

    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case text
        case fewShot = "few_shot"
        case messages
    }

    public var kind: Kind {
        switch self {
        case .text: .text
        case .fewShot: .fewShot
        case .messages: .messages
        }
    }

    /// The text itself, or the messages as lines "role: content"; for search, previews and programs that read text.
    public var plainText: String {
        switch self {
        case .text(let text), .fewShot(let text): text
        case .messages(let messages):
            messages.map { "\($0.role.rawValue): \($0.content)" }.joined(separator: "\n")
        }
    }

    /// The conversation; a text is one message of the user.
    public var messages: [PromptMessage] {
        switch self {
        case .text(let text), .fewShot(let text): [PromptMessage(role: .user, content: text)]
        case .messages(let messages): messages
        }
    }

    /// What a conversation began with: its messages up to the user's first one. A lone message of the user is a text.
    ///
    /// The later turns of a conversation contain the earlier ones with the answer that was preferred. So whatever cuts prompts
    /// into parts that must not know of each other, or draws them as independent, goes by their openings.
    public var opening: Prompt {
        switch self {
        case .text(let text), .fewShot(let text): return .text(text)
        case .messages(let messages):
            guard let first = messages.firstIndex(where: { $0.role == .user }) else { return self }
            return first == 0 ? .text(messages[0].content) : .messages(Array(messages[...first]))
        }
    }

    /// - Throws: `PromptError` where there is nothing to answer.
    public func validate() throws(PromptError) {
        switch self {
        case .text(let text), .fewShot(let text):
            if text.allSatisfy(\.isWhitespace) { throw .empty }
        case .messages(let messages):
            guard let last = messages.last else { throw .noMessages }
            for (index, message) in messages.enumerated() where message.content.allSatisfy(\.isWhitespace) {
                throw .emptyMessage(number: index + 1)
            }
            for (index, message) in messages.enumerated().dropFirst() where message.role == .system {
                throw .systemNotFirst(number: index + 1)
            }
            if last.role != .user { throw .lastMessageNotByUser(role: last.role.rawValue) }
        }
    }

    /// An unambiguous byte form, equal exactly for equal prompts; what a content hash is made from.
    public var canonicalBytes: [UInt8] {
        var bytes = Array(kind.rawValue.utf8)
        func append(_ part: String) {
            let text = Array(part.utf8)
            bytes.append(0)
            bytes.append(contentsOf: String(text.count).utf8)
            bytes.append(0x3A)
            bytes.append(contentsOf: text)
        }
        switch self {
        case .text(let text), .fewShot(let text): append(text)
        case .messages(let messages):
            for message in messages {
                append(message.role.rawValue)
                append(message.content)
            }
        }
        return bytes
    }
}

extension Prompt: Codable {
    private enum CodingKeys: String, CodingKey { case kind, text, messages }

    public init(from decoder: any Decoder) throws {
        if let single = try? decoder.singleValueContainer() {
            if let text = try? single.decode(String.self) {
                self = .text(text)
                return
            }
            if (try? decoder.unkeyedContainer()) != nil {
                self = .messages(try single.decode([PromptMessage].self))
                return
            }
        }
        let container = try decoder.fields(
            CodingKeys.self, orElse: "must be a text, a list of messages, or an object with 'kind'")
        switch try container.decode(Kind.self, forKey: .kind) {
        case .text: self = .text(try container.decode(String.self, forKey: .text))
        case .fewShot: self = .fewShot(try container.decode(String.self, forKey: .text))
        case .messages: self = .messages(try container.decode([PromptMessage].self, forKey: .messages))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .text(let text), .fewShot(let text): try container.encode(text, forKey: .text)
        case .messages(let messages): try container.encode(messages, forKey: .messages)
        }
    }
}

/// Why a prompt cannot be answered.
public enum PromptError: Error, Sendable, Hashable, CustomStringConvertible {
    case empty
    case noMessages
    case emptyMessage(number: Int)
    case systemNotFirst(number: Int)
    case lastMessageNotByUser(role: String)

    public var description: String {
        switch self {
        case .empty: "the prompt is empty; write the text that the policy shall answer"
        case .noMessages: "the list of messages is empty; it needs at least one message of the user"
        case .emptyMessage(let number): "message \(number) of the prompt has no content"
        case .systemNotFirst(let number):
            "message \(number) of the prompt has the role system; only the first message may have it"
        case .lastMessageNotByUser(let role):
            "the last message of the prompt has the role \(role); it must be a message of the user, which the policy answers"
        }
    }
}
