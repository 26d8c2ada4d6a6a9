import Foundation
import LanguageModel
import Preferences
import Runs
import SeededRandom

/// A folder that is gone when the test is.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // Inputs of a run are read-only; folders need the write bit before their files can go.
        let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        try? FileManager.default.removeItem(at: url)
    }
}

/// A tiny random policy in Plumb's chat form, in memory and as a folder.
struct TinyPolicy {
    static let texts = [
        "tell me about the cat", "the cat sat on the mat and slept", "a dog ran after the red ball",
        "please tell a story about the moon", "the moon is round and the night is long",
    ]

    let tokenizer: Tokenizer
    let template: PromptTemplate
    let model: Transformer

    init(seed: UInt64 = 1, width: Int = 32, layers: Int = 2, contextLength: Int = 64) throws {
        tokenizer = try TokenizerTrainer(vocabularySize: 300, minimumFrequency: 1).train(on: Self.texts)
        template = try PromptTemplate(form: .chat, tokenizer: tokenizer)
        let configuration = ModelConfiguration.llama(
            vocabularySize: tokenizer.vocabularySize, width: width, layers: layers, heads: 4, keyValueHeads: 2,
            feedForward: 2 * width + 4, contextLength: contextLength, endTokenIDs: template.endTokenIDs,
            padTokenID: template.padTokenID)
        model = try Transformer(configuration: configuration, seed: seed)
    }

    /// Sharper than initial weights are, so that samples are not uniform.
    func sharpened(by factor: Float = 8) -> TinyPolicy {
        let parameters = model.parameters
        parameters.store(parameters.array(0..<parameters.count).map { $0 * factor }, at: 0)
        return self
    }

    func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder, as: .float32)
        try TokenizerFiles.write(
            tokenizer, form: .chat, contextLength: model.configuration.contextLength, to: folder)
    }
}

/// The bytes of every file below a folder by relative path.
func contents(of folder: URL) throws -> [String: Data] {
    var found: [String: Data] = [:]
    let base = folder.resolvingSymlinksInPath().path + "/"
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
    while let file = files?.nextObject() as? URL {
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
        found[file.resolvingSymlinksInPath().path.replacingOccurrences(of: base, with: "")] = try Data(contentsOf: file)
    }
    return found
}
