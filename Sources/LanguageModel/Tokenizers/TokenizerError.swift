public import Foundation

/// What can be wrong with the files a tokenizer or a prompt template is read from, and with what is asked of them.
public enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// The file cannot be opened or read.
    case unreadable(file: String, reason: String)
    /// The file is not JSON; `line` counts from 1.
    case notJSON(file: String, line: Int, reason: String)
    /// A field is missing or holds something that cannot be right.
    case badField(file: String, field: String, problem: String)
    /// A field asks for something that Plumb does not do; doing something else instead would give other ids.
    case unsupported(file: String, field: String, value: String)
    /// No end token is named, so a response could never end.
    case noEndToken(folder: String)
    /// A token that is needed is not in the vocabulary.
    case noSuchToken(token: String, neededBy: String)
    /// The model folder has no chat template, so chat messages have no form.
    case noChatTemplate(folder: String)
    /// The chat template has something that Plumb does not do; `line` of the template counts from 1.
    case unknownChatTemplate(file: String, line: Int, reason: String)
    /// A conversation cannot be cut into prompts and replies, because the template changes what it wrote before.
    case rewritingChatTemplate(file: String, message: Int)
    /// A list of messages that the chat template cannot render.
    case badMessages(problem: String)
    /// Training a tokenizer was asked for something impossible.
    case cannotTrain(problem: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .notJSON(let file, let line, let reason): "\(file), line \(line): not valid JSON: \(reason)"
        case .badField(let file, let field, let problem): "\(file), field \(field): \(problem)"
        case .unsupported(let file, let field, let value):
            "\(file), field \(field): \(value) is not supported, and anything else would give other token ids"
        case .noEndToken(let folder):
            "\(folder): no end token is named; give eos_token in tokenizer_config.json, or eos_token_id in "
                + "generation_config.json or config.json"
        case .noSuchToken(let token, let neededBy):
            "the token \(token), needed by \(neededBy), is not in the vocabulary"
        case .noChatTemplate(let folder):
            "\(folder): this model has no chat template, so it cannot be given chat messages; prompt it with plain text"
        case .unknownChatTemplate(let file, let line, let reason):
            "\(file), line \(line) of the chat template: it has \(reason) which Plumb does not understand, and guessing "
                + "would prompt the model wrongly"
        case .rewritingChatTemplate(let file, let message):
            "\(file): the chat template writes what comes before message \(message) otherwise once that message is "
                + "there, so a conversation cannot be told apart into prompts and replies"
        case .badMessages(let problem): "messages: \(problem)"
        case .cannotTrain(let problem): "the tokenizer cannot be trained: \(problem)"
        }
    }

    public var errorDescription: String? { description }
}
