public import Foundation
import JSON
public import LanguageModel
public import Preferences
import Runs

/// A reward model with its tokenizer, prompt template and normalisation.
public struct LoadedRewardModel: Sendable {
    /// Trunk and scalar head; copy it where it is to be trained, as a value network is.
    public let model: Transformer
    public let template: PromptTemplate
    public let normalisation: Normalisation

    /// Loads a Hugging Face sequence classifier with one label, and the normalisation in its `plumb.json`, if any.
    /// - Throws: an error that names the file, tensor or field that is wrong.
    public init(folder: URL) throws {
        let model = try Checkpoint.load(folder)
        guard model.configuration.head == .scalar else { throw RewardModelError.notARewardModel(folder: folder.path) }
        let template = try PromptTemplate(folder: folder, fitting: model)
        self.init(model: model, template: template, normalisation: try Self.normalisation(in: folder))
    }

    /// Parts that are already in memory.
    public init(model: Transformer, template: PromptTemplate, normalisation: Normalisation?) {
        precondition(model.configuration.head == .scalar, "a reward model has a scalar head")
        self.model = model
        self.template = template
        self.normalisation = normalisation ?? .identity
    }

    /// The tokens by which a group is judged.
    /// - Throws: `TokenizerError` where the prompt cannot be rendered.
    public func tokens(of group: ResponseGroup) throws -> TokenGroup {
        TokenGroup(
            prompt: try template.tokens(of: group.prompt),
            responses: group.responses.map { template.judgedTokens(of: $0).tokens })
    }

    private static func normalisation(in folder: URL) throws -> Normalisation? {
        let file = folder.appending(path: Lineage.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        guard let stored = try Lineage.read(from: folder).details["normalisation"] else { return nil }
        let found: Normalisation
        do {
            found = try stored.decoded(as: Normalisation.self)
        } catch {
            throw RewardModelError.badNormalisation(file: file.path, reason: "is not {gain, bias, samples}")
        }
        guard found.gain.isFinite, found.bias.isFinite, found.gain > 0 else {
            throw RewardModelError.badNormalisation(file: file.path, reason: "needs a positive gain and a finite bias")
        }
        return found
    }
}
