public import Foundation
public import LanguageModel
public import Preferences
import RewardModel

/// Model, tokenizer and prompt template of one policy folder.
public struct LoadedPolicy: Sendable {
    public let folder: URL
    public let model: Transformer
    public let template: PromptTemplate

    /// Loads and checks a Hugging Face folder.
    /// - Throws: an error that names the file, tensor or field that is wrong.
    public init(folder: URL) throws { try self.init(folder: folder, model: try Checkpoint.load(folder)) }

    /// The same with the layers' matrices rounded, for tuning beside them; nil keeps them as they are.
    /// - Throws: an error that names the file, tensor or field that is wrong.
    public init(folder: URL, frozen: FrozenWeights?, pool: WorkerPool) throws {
        let model = try frozen.map { try Checkpoint.load(folder, frozen: $0, pool: pool) } ?? Checkpoint.load(folder)
        try self.init(folder: folder, model: model)
    }

    private init(folder: URL, model: Transformer) throws {
        guard model.configuration.head == .languageModel else {
            throw PolicyError.unsuitableModel(
                folder: folder.path, reason: "it is a sequence classifier (a reward model), not a language model")
        }
        self.init(folder: folder, model: model, template: try PromptTemplate(folder: folder, fitting: model))
    }

    /// Parts that are already in memory.
    public init(folder: URL, model: Transformer, template: PromptTemplate) {
        self.folder = folder
        self.model = model
        self.template = template
    }

    /// Most tokens of a prompt and its response together.
    public var contextLength: Int { model.usableContextLength }

    /// That a run may change the weights: adapters and prompt vectors that stand beside them would be lost.
    /// - Throws: `PolicyError.unsuitableModel`.
    func requireNoTuning() throws(PolicyError) {
        guard model.tuning != nil else { return }
        throw .unsuitableModel(
            folder: folder.path,
            reason:
                "it has adapters or prompt vectors of its own, and a run does not train over them; start from the model "
                + "that they belong to")
    }

    /// The tokens a prompt is given to the model as.
    /// - Parameter name: what an error calls the prompt.
    /// - Throws: `PolicyError.emptyPrompt`, or `.promptTooLong` where not even one token of a response fits.
    public func tokens(of prompt: Prompt, named name: String = "given") throws -> [Int32] {
        let tokens = try template.tokens(of: prompt)
        try requireUsable(tokens, named: name)
        return tokens
    }

    /// That another model reads this policy's tokens: what it says of them, it says of the same text.
    /// - Throws: `PolicyError.unsuitableModel` with the folder for another tokenizer, other end tokens or a shorter context.
    func requireFit(folder: String, template other: PromptTemplate, contextLength context: Int) throws(PolicyError) {
        guard other.tokenizer.json == template.tokenizer.json else {
            throw .unsuitableModel(
                folder: folder, reason: "its tokenizer is not the one of the policy in \(self.folder.path)")
        }
        guard other.endTokenIDs == template.endTokenIDs else {
            throw .unsuitableModel(
                folder: folder,
                reason: "its responses end with tokens \(other.endTokenIDs), the policy's with \(template.endTokenIDs)")
        }
        guard context >= contextLength else {
            throw .unsuitableModel(
                folder: folder, reason: "its context of \(context) is shorter than the policy's \(contextLength)")
        }
    }

    /// - Throws: `PolicyError.emptyPrompt` or `.promptTooLong`.
    func requireUsable(_ tokens: [Int32], named name: String) throws(PolicyError) {
        if tokens.isEmpty { throw .emptyPrompt(prompt: name) }
        if tokens.count >= contextLength {
            throw .promptTooLong(prompt: name, tokens: tokens.count, contextLength: contextLength)
        }
    }
}

extension Transformer {
    /// - Throws: `PolicyError.nonFiniteWeight` that names the first tensor with a NaN or an infinity.
    func requireFiniteWeights(folder: String) throws(PolicyError) {
        if let place = trainedParameters.firstNotFinite {
            let tensor = trainedTable.entries.first { $0.range.contains(place) }?.name ?? "an unnamed tensor"
            throw .nonFiniteWeight(folder: folder, tensor: tensor)
        }
        guard let place = parameters.firstNotFinite else { return }
        let tensor = table.entries.first { $0.range.contains(place) }?.name ?? "an unnamed tensor"
        throw .nonFiniteWeight(folder: folder, tensor: tensor)
    }
}
