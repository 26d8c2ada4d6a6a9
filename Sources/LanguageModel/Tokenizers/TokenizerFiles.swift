public import Foundation
internal import JSON

/// The tokenizer files of a model folder, in the form that transformers' `AutoTokenizer` loads.
public enum TokenizerFiles {
    /// Every file that says how a model reads and writes text.
    public static let names = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
        "chat_template.jinja", "chat_template.json", "added_tokens.json", "vocab.json", "merges.txt",
    ]

    /// Writes `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json` and `generation_config.json` for a
    /// model with Plumb's special tokens.
    /// - Parameter contextLength: the longest sequence the model takes, in tokens.
    /// - Throws: `TokenizerError.noSuchToken`, or the file system's error.
    public static func write(
        _ tokenizer: Tokenizer, form: PromptTemplate.Form, contextLength: Int, to folder: URL
    ) throws {
        let template = try PromptTemplate(form: form, tokenizer: tokenizer)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(tokenizer.json).write(to: folder.appendingPathComponent("tokenizer.json"), options: .atomic)
        let config = TokenizerConfig(
            chatTemplate: form == .chat ? PlumbChat.chatTemplate : nil, modelMaxLength: contextLength)
        try write(config, to: folder.appendingPathComponent("tokenizer_config.json"))
        try write(SpecialTokensMap(), to: folder.appendingPathComponent("special_tokens_map.json"))
        let generation = GenerationConfig(eosTokenID: template.endTokenID, padTokenID: template.padTokenID)
        try write(generation, to: folder.appendingPathComponent("generation_config.json"))
    }

    /// Copies the files that exist, unchanged: a model trained from another keeps its way with text.
    /// - Throws: `TokenizerError.unreadable` where the parent has no tokenizer, or the file system's error.
    public static func copy(from parent: URL, to child: URL) throws {
        try FileManager.default.createDirectory(at: child, withIntermediateDirectories: true)
        var copied: [String] = []
        for name in names {
            let source = parent.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try Data(try Tokenizer.read(source)).write(to: child.appendingPathComponent(name), options: .atomic)
            copied.append(name)
        }
        guard copied.contains("tokenizer.json") || copied.contains("vocab.json") else {
            throw TokenizerError.unreadable(
                file: parent.appendingPathComponent("tokenizer.json").path, reason: "there is no such file")
        }
    }

    private static func write(_ value: some Encodable, to file: URL) throws {
        try (JSONEncoder.sorted(pretty: true).encode(value) + Data("\n".utf8)).write(to: file, options: .atomic)
    }

    private struct TokenizerConfig: Encodable {
        var addBOSToken = false
        var addPrefixSpace = false
        var chatTemplate: String?
        var cleanUpTokenizationSpaces = false
        var eosToken = PlumbChat.endToken
        var modelInputNames = ["input_ids", "attention_mask"]
        var modelMaxLength: Int
        var padToken = PlumbChat.padToken
        var tokenizerClass = "PreTrainedTokenizerFast"

        enum CodingKeys: String, CodingKey {
            case addBOSToken = "add_bos_token"
            case addPrefixSpace = "add_prefix_space"
            case chatTemplate = "chat_template"
            case cleanUpTokenizationSpaces = "clean_up_tokenization_spaces"
            case eosToken = "eos_token"
            case modelInputNames = "model_input_names"
            case modelMaxLength = "model_max_length"
            case padToken = "pad_token"
            case tokenizerClass = "tokenizer_class"
        }
    }

    private struct SpecialTokensMap: Encodable {
        var eosToken = PlumbChat.endToken
        var padToken = PlumbChat.padToken

        enum CodingKeys: String, CodingKey {
            case eosToken = "eos_token"
            case padToken = "pad_token"
        }
    }

    /// Plain sampling from the policy itself, which other programs would otherwise cut to the top 50 tokens.
    private struct GenerationConfig: Encodable {
        var doSample = true
        var eosTokenID: Int32
        var padTokenID: Int32?
        var temperature = 1.0
        var topK = 0
        var topP = 1.0

        enum CodingKeys: String, CodingKey {
            case doSample = "do_sample"
            case eosTokenID = "eos_token_id"
            case padTokenID = "pad_token_id"
            case temperature
            case topK = "top_k"
            case topP = "top_p"
        }
    }
}
