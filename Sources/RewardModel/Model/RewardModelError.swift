public import Foundation

/// What can go wrong with reward models and their training, said for people.
public enum RewardModelError: Error, Sendable, Equatable {
    case noLabels
    case nothingOrdered(notes: [String])
    case everythingHeldOut
    case badGroup(file: String, line: Int, reason: String)
    case badSetting(field: String, reason: String)
    case notAPolicy(folder: String)
    case notARewardModel(folder: String)
    case foreignTokenizer(folder: String, tokens: Int, vocabularySize: Int)
    case badNormalisation(file: String, reason: String)
    case badHeads(file: String)
    case oneScoreForAll(samples: Int)
    case nothingToRead(setting: String, missing: String)
    case noDemonstrations
    case diverged(step: Int, what: String)
    case olderCheckpoint(folder: String)
    case emptyResponse(group: Int, response: Int)
}

extension RewardModelError: CustomStringConvertible, LocalizedError {
    public var errorDescription: String? { description }

    public var description: String {
        switch self {
        case .noLabels:
            "There are no labels to learn from yet. Rank or compare some responses first, then train again."
        case .nothingOrdered(let notes):
            (["No label puts one response above another, so there is nothing to learn."] + notes)
                .joined(separator: " ")
        case .everythingHeldOut:
            "Every labelled prompt is held out, so there is nothing to learn from. Hold out fewer."
        case .badGroup(let file, let line, let reason):
            "\(file), line \(line): \(reason)"
        case .badSetting(let field, let reason):
            "The reward model's setting “\(field)” \(reason)."
        case .notAPolicy(let folder):
            "\(folder) holds a sequence classifier; a reward model starts from a policy (a causal language model)."
        case .notARewardModel(let folder):
            "\(folder) holds a language model; a reward model is a sequence classifier with one label."
        case .foreignTokenizer(let folder, let tokens, let vocabularySize):
            "\(folder): the tokenizer has \(tokens) tokens and the model only \(vocabularySize)."
        case .badNormalisation(let file, let reason):
            "\(file): the normalisation \(reason)."
        case .badHeads(let file):
            "\(file): what it says of the model's heads is incomplete; it needs heads, and a normalisation for each member."
        case .nothingToRead(let setting, let missing):
            "The setting “\(setting)” asks to learn from \(missing), but no label to learn from has any. Leave it at its "
                + "default, or collect such labels first."
        case .noDemonstrations:
            "The scores are to be normalised on demonstrations, but there is none that fits the model. Have some written, "
                + "or choose another normalisation."
        case .oneScoreForAll(let samples):
            "The reward model gives (nearly) the same score to all \(samples) samples of the reference policy, so its scores "
                + "cannot be normalised. More labels, or more steps, are needed."
        case .diverged(let step, let what):
            "Training broke off at step \(step): \(what) is not a finite number. Lower the learning rate."
        case .olderCheckpoint(let folder):
            "The checkpoint \(folder) is of an older version, which learnt ties and acceptability in another way, so the "
                + "run cannot go on from it. Start a new run."
        case .emptyResponse(let group, let response):
            "Response \(response + 1) of group \(group + 1) has no token, so there is nothing to read a score at."
        }
    }
}
