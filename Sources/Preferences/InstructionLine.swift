/// A line of an instruction set, in any of the forms that such files have: what to answer, and the answer to learn.
///
/// `prompt` with `response`: Plumb's own. `prompt` with `completion`: TRL's prompt-completion form, texts or messages.
/// `instruction`, perhaps `input`, and `output`: Stanford Alpaca. `messages`: a conversation, whose last turn is learnt.
public struct InstructionLine: Sendable, Hashable, Decodable {
    public let prompt: Prompt
    public let response: String

    private enum CodingKeys: String, CodingKey {
        case prompt, response, completion, instruction, input, output, messages
    }

    public init(from decoder: any Decoder) throws {
        let line = try decoder.fields(CodingKeys.self, orElse: "must be an object")
        if line.contains(.instruction) {
            let instruction = try line.decode(String.self, forKey: .instruction)
            let input = try line.decodeIfPresent(String.self, forKey: .input) ?? ""
            prompt = .text(input.allSatisfy(\.isWhitespace) ? instruction : "\(instruction)\n\n\(input)")
            response = try line.decode(String.self, forKey: .output)
        } else if line.contains(.messages) {
            let messages = try line.decode([PromptMessage].self, forKey: .messages)
            guard let last = messages.last, last.role == .assistant, messages.count > 1 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .messages, in: line,
                    debugDescription: "must end with a message of the assistant, which is learnt, after one to answer")
            }
            prompt = .messages(messages.dropLast())
            response = last.content
        } else {
            prompt = try line.decode(Prompt.self, forKey: .prompt)
            response =
                line.contains(.completion) && !line.contains(.response)
                ? try Self.completion(line) : try line.decode(String.self, forKey: .response)
        }
    }

    /// - Throws: `PromptError` for a prompt that cannot be answered, `FeedbackError` for an answer that is empty or too long.
    public func validate() throws {
        try prompt.validate()
        try Feedback.demonstration(response).validate()
    }

    /// A text, or a list with one message of the assistant.
    private static func completion(_ line: KeyedDecodingContainer<CodingKeys>) throws -> String {
        if let text = try? line.decode(String.self, forKey: .completion) { return text }
        let messages = try line.decode([PromptMessage].self, forKey: .completion)
        guard messages.count == 1, messages[0].role == .assistant else {
            throw DecodingError.dataCorruptedError(
                forKey: .completion, in: line, debugDescription: "must be a text or one message of the assistant")
        }
        return messages[0].content
    }
}
