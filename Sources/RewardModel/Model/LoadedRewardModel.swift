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
    /// Further heads with their normalisations; nil for a plain classifier.
    public let heads: NormalisedHeads?

    /// Loads a Hugging Face sequence classifier with one label, and what its `plumb.json` says of normalisation and
    /// further heads, if anything.
    /// - Throws: an error that names the file, tensor or field that is wrong.
    public init(folder: URL) throws {
        let model = try Checkpoint.load(folder)
        guard model.configuration.head == .scalar else { throw RewardModelError.notARewardModel(folder: folder.path) }
        let template = try PromptTemplate(folder: folder, fitting: model)
        let details = try Self.details(in: folder)
        let file = folder.appending(path: Lineage.fileName).path
        let normalisation = try details?["normalisation"].map { try Normalisation($0, file: file) }
        self.init(
            model: model, template: template, normalisation: normalisation,
            heads: try details.flatMap { try NormalisedHeads(details: $0, folder: folder, model: model) })
    }

    /// Parts that are already in memory.
    public init(
        model: Transformer, template: PromptTemplate, normalisation: Normalisation?, heads: NormalisedHeads? = nil
    ) {
        precondition(model.configuration.head == .scalar, "a reward model has a scalar head")
        self.model = model
        self.template = template
        self.normalisation = normalisation ?? .identity
        self.heads = heads
    }

    /// The tokens by which a group is judged.
    /// - Throws: `TokenizerError` where the prompt cannot be rendered.
    public func tokens(of group: ResponseGroup) throws -> TokenGroup {
        TokenGroup(
            prompt: try template.tokens(of: group.prompt),
            responses: group.responses.map { template.judgedTokens(of: $0).tokens })
    }

    private static func details(in folder: URL) throws -> JSONValue? {
        let file = folder.appending(path: Lineage.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try Lineage.read(from: folder).details
    }
}

extension Normalisation {
    /// As `plumb.json` has it.
    /// - Throws: `RewardModelError.badNormalisation`
    init(_ stored: JSONValue, file: String) throws(RewardModelError) {
        do {
            self = try stored.decoded(as: Normalisation.self)
        } catch {
            throw .badNormalisation(file: file, reason: "is not {gain, bias, samples}")
        }
        guard gain.isFinite, bias.isFinite, gain > 0 else {
            throw .badNormalisation(file: file, reason: "needs a positive gain and a finite bias")
        }
    }
}
