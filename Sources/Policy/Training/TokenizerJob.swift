import Foundation
import JSON
import LanguageModel
import Runs

/// Settings of a `tokenizer` run.
public struct TokenizerSettings: Sendable, Codable, Equatable {
    /// Ids in all: special tokens, 256 bytes, merges.
    public var vocabularySize: Int
    /// A pair that occurs less often is never merged.
    public var minimumFrequency: Int
    /// The model context that is written into tokenizer_config.json.
    public var contextLength: Int

    public init(vocabularySize: Int = 2048, minimumFrequency: Int = 2, contextLength: Int = 256) {
        self.vocabularySize = vocabularySize
        self.minimumFrequency = minimumFrequency
        self.contextLength = contextLength
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case vocabularySize = "vocabulary_size"
        case minimumFrequency = "minimum_frequency"
        case contextLength = "context_length"
    }

    public init(from decoder: any Decoder) throws {
        let reader = try SettingsReader(decoder, keys: CodingKeys.self)
        let standard = TokenizerSettings()
        vocabularySize = try reader.value(.vocabularySize, default: standard.vocabularySize)
        minimumFrequency = try reader.value(.minimumFrequency, default: standard.minimumFrequency)
        contextLength = try reader.value(.contextLength, default: standard.contextLength)
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        let smallest = 256 + PlumbChat.specialTokens.count
        try require(
            vocabularySize >= smallest, "vocabulary_size",
            "\(vocabularySize) is less than the \(smallest) of the bytes and special tokens")
        try require(minimumFrequency > 0, "minimum_frequency", "\(minimumFrequency) is not a positive number")
        try require(contextLength > 0, "context_length", "\(contextLength) is not a positive number")
    }
}

/// The `tokenizer` job: byte-pair merges from a corpus, as a folder that transformers loads.
struct TokenizerJob {
    let attempt: RunAttempt

    static let folderName = "tokenizer"

    func run() throws -> JobOutcome {
        let settings = try attempt.specification.settings(as: TokenizerSettings.self)
        try settings.validate()
        let file = try attempt.run.inputFile(CorpusReader.textName)
        // Special tokens are ids of their own and never part of a merge, so the trainer must not see their names.
        let texts = try CorpusReader.documents(in: file).flatMap { document -> [String] in
            guard case .text(let text) = document.document else { return [] }
            return PlumbChat.specialTokens.reduce([text]) { parts, special in
                parts.flatMap { $0.components(separatedBy: special) }
            }
        }
        let trainer = try TokenizerTrainer(
            vocabularySize: settings.vocabularySize, minimumFrequency: settings.minimumFrequency)
        let every = max(1, settings.vocabularySize / 64)
        let tokenizer = try trainer.train(on: texts) { merges, of in
            guard merges % every == 0 else { return }
            // A line that a full disk refuses is reported when the tokenizer itself is written.
            try? attempt.metrics.write([
                "step": .integer(merges), "steps": .integer(of), "phase": "merge",
            ])
        }
        let folder = attempt.outputURL.appending(path: Self.folderName)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try TokenizerFiles.write(tokenizer, form: .chat, contextLength: settings.contextLength, to: folder)
        let metrics: [String: JSONValue] = ["vocabulary": .integer(tokenizer.vocabularySize)]
        var lineage = Lineage(
            specification: attempt.specification, snapshot: try Digest.file(file), metrics: metrics,
            processor: Machine.processor, blas: Machine.blas)
        lineage.settings = try JSONValue(encoding: settings)
        try lineage.write(to: folder)
        return JobOutcome(folders: [Self.folderName: Self.folderName], metrics: metrics)
    }
}
