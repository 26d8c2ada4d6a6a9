public import Foundation

/// What can be wrong with a policy, its inputs or its training, said so that a person can act on it.
public enum PolicyError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// A setting or an option has a value that cannot be.
    case badOption(field: String, reason: String)
    /// A model folder is not what the task needs.
    case unsuitableModel(folder: String, reason: String)
    /// A weight is not a finite number.
    case nonFiniteWeight(folder: String, tensor: String)
    /// A prompt and at least one token of a response do not fit the context.
    case promptTooLong(prompt: String, tokens: Int, contextLength: Int)
    /// A prompt gives no token at all.
    case emptyPrompt(prompt: String)
    /// A line of an input file cannot be used.
    case badLine(file: String, line: Int, reason: String)
    /// An input file holds nothing to learn from.
    case nothingToLearn(file: String, reason: String)
    /// A number that must be finite is not, so training cannot go on.
    case diverged(step: Int, what: String)
    /// The start-up check of reinforcement learning found what must not be; nothing was trained.
    case startUpCheckFailed([String])

    public var description: String {
        switch self {
        case .badOption(let field, let reason):
            "\(field): \(reason)"
        case .unsuitableModel(let folder, let reason):
            "the model in \(folder) cannot be used: \(reason)"
        case .nonFiniteWeight(let folder, let tensor):
            "the model in \(folder) has a weight that is not a number, in \(tensor); the file is damaged or its training "
                + "diverged: take an earlier checkpoint"
        case .promptTooLong(let prompt, let tokens, let contextLength):
            "prompt \(prompt) has \(tokens) tokens, which leaves no room for a response in the model's context of "
                + "\(contextLength): shorten the prompt"
        case .emptyPrompt(let prompt):
            "prompt \(prompt) gives no token; a model needs at least one to answer to"
        case .badLine(let file, let line, let reason):
            "\(file), line \(line): \(reason)"
        case .nothingToLearn(let file, let reason):
            "\(file): \(reason)"
        case .diverged(let step, let what):
            "training diverged at step \(step): \(what); take a lower learning rate"
        case .startUpCheckFailed(let findings):
            "the start-up check refuses to train, because what must hold before the first update does not: "
                + findings.joined(separator: "; ")
        }
    }

    public var errorDescription: String? { description }
}
