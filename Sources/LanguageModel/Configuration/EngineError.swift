public import Foundation

/// What can be wrong with what a caller gives the engine.
public enum EngineError: Error, Equatable, CustomStringConvertible, LocalizedError {
    case badConfiguration(String)
    case emptyPass
    case emptyGroup(index: Int)
    case emptyResponse(group: Int, response: Int)
    case emptyPrompt(request: Int)
    case tokenOutsideVocabulary(token: Int32, group: Int, vocabularySize: Int)
    case tooLong(group: Int, positions: Int, contextLength: Int)
    case wrongCount(name: String, expected: Int, found: Int)
    case unknownTensor(String)
    case badSetting(String)
    case notFinite(String)
    case tooMuchMemory(request: Int, bytes: Int, most: Int)

    public var description: String {
        switch self {
        case .badConfiguration(let what): "the model's configuration cannot be used: \(what)"
        case .emptyPass: "a pass needs at least one group of tokens"
        case .emptyGroup(let index): "group \(index) has neither a prompt nor a response"
        case .emptyResponse(let group, let response): "response \(response) of group \(group) has no tokens"
        case .emptyPrompt(let request): "request \(request) has an empty prompt; give it at least one token"
        case .tokenOutsideVocabulary(let token, let group, let size):
            "token id \(token) in group \(group) is outside the model's vocabulary of \(size)"
        case .tooLong(let group, let positions, let context):
            "group \(group) needs \(positions) positions and the model's context has \(context); shorten the prompt"
        case .wrongCount(let name, let expected, let found): "\(name) has \(found) values, \(expected) are needed"
        case .unknownTensor(let name): "the model has no tensor named \(name)"
        case .badSetting(let what): what
        case .notFinite(let what): "\(what) is infinite or not a number: the weights or the learning rate are too large"
        case .tooMuchMemory(let request, let bytes, let most):
            "request \(request) could need \(bytes >> 20) MiB for its keys and values, and \(most >> 20) MiB are "
                + "allowed; ask for fewer responses or a smaller limit of tokens"
        }
    }

    public var errorDescription: String? { description }
}
