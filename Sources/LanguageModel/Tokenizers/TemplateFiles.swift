internal import Foundation

/// The files beside `tokenizer.json` that say how a model is prompted and how its responses end.
struct TemplateFiles {
    private let folder: URL
    private let tokenizerConfig: TokenizerField?
    private let specialTokensMap: TokenizerField?
    private let generationConfig: TokenizerField?
    private let config: TokenizerField?

    init(folder: URL) throws {
        self.folder = folder
        tokenizerConfig = try Self.read("tokenizer_config.json", in: folder)
        specialTokensMap = try Self.read("special_tokens_map.json", in: folder)
        generationConfig = try Self.read("generation_config.json", in: folder)
        config = try Self.read("config.json", in: folder)
    }

    /// The names under which a folder's files tell its special tokens.
    static let specialTokens = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// One JSON object of a model folder; nil where the file is not there.
    static func read(_ name: String, in folder: URL) throws -> TokenizerField? {
        let file = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let root = TokenizerField(
            file: file.path, value: try TokenizerJSON(parsing: try Tokenizer.read(file), file: file.path))
        guard case .object = root.value else { throw root.bad("should be an object") }
        return root
    }

    /// The chat template, or nil where the folder has none.
    /// - Throws: `TokenizerError.unknownChatTemplate` where it is not understood.
    func chatTemplate() throws -> ChatTemplate? {
        guard let (text, file) = try chatTemplateText() else { return nil }
        return try ChatTemplate(text, tokens: try tokenTexts(), file: file)
    }

    /// The template's text and the file that it is in; `chat_template.jinja` goes before `tokenizer_config.json`, and that
    /// before `chat_template.json`, which older folders of models for more than text have.
    func chatTemplateText() throws -> (text: String, file: String)? {
        let file = folder.appendingPathComponent("chat_template.jinja")
        if FileManager.default.fileExists(atPath: file.path) {
            guard let text = String(validating: try Tokenizer.read(file), as: UTF8.self) else {
                throw TokenizerError.unreadable(file: file.path, reason: "it is not UTF-8 text")
            }
            return (text, file.path)
        }
        let older = try Self.read("chat_template.json", in: folder)
        guard let field = tokenizerConfig?["chat_template"] ?? older?["chat_template"] else { return nil }
        if case .array = field.value {
            // Several named templates: the one called default is for conversations.
            for element in try field.elements() where try element.required("name").string() == "default" {
                return (try element.required("template").string(), field.file)
            }
            throw field.bad("has no template with the name default")
        }
        return (try field.string(), field.file)
    }

    /// The texts of the special tokens that the folder names, as a template gets them.
    private func tokenTexts() throws -> [String: String] {
        var texts: [String: String] = [:]
        for source in [specialTokensMap, tokenizerConfig] {
            for name in Self.specialTokens {
                guard let field = source?[name] else { continue }
                texts[name] = String(decoding: try Self.content(of: field), as: UTF8.self)
            }
        }
        return texts
    }

    /// A token that is written as a text or as `{"content": text}`.
    static func content(of field: TokenizerField) throws -> [UInt8] {
        if case .object = field.value { return try field.required("content").bytes() }
        return try field.bytes()
    }

    /// Every id that ends a response, the tokenizer's own `eos_token` first.
    func endTokens(_ tokenizer: Tokenizer) throws -> [Int32] {
        var ids: [Int32] = []
        if let (id, field, content) = try token("eos_token", tokenizer) {
            guard let id else { throw field.bad("\(content) is not in the vocabulary of tokenizer.json") }
            ids.append(id)
        }
        // A model's vocabulary may be larger than its tokenizer's. What is in neither ends nothing: -1 is none, and
        // transformers leaves its own 50256 beside the smaller vocabularies that people train.
        let size = try config?["vocab_size"]?.integer(in: 0...Int(Int32.max)) ?? 0
        for source in [generationConfig, config] {
            guard let field = source?["eos_token_id"] else { continue }
            let fields = if case .array = field.value { try field.elements() } else { [field] }
            for field in fields {
                let id = Int32(try field.integer(in: -1...Int(Int32.max)))
                if id >= 0, id < max(size, tokenizer.vocabularySize), !ids.contains(id) { ids.append(id) }
            }
        }
        return ids
    }

    func padToken(_ tokenizer: Tokenizer) throws -> Int32? {
        // Nothing is padded here, so a name that no token has does no harm.
        if let id = try token("pad_token", tokenizer)?.id { return id }
        for source in [generationConfig, config] {
            // Some configurations write -1 for none, and some pad with an id beyond the tokenizer's own.
            if let field = source?["pad_token_id"], case .number(let number) = field.value, number >= 0 {
                return Int32(try field.integer(in: 0...Int(Int32.max)))
            }
        }
        return nil
    }

    /// A token named in tokenizer_config.json or special_tokens_map.json; without an id where no token is written so.
    private func token(
        _ key: String, _ tokenizer: Tokenizer
    ) throws -> (id: Int32?, field: TokenizerField, content: String)? {
        guard let field = tokenizerConfig?[key] ?? specialTokensMap?[key] else { return nil }
        let content = String(decoding: try Self.content(of: field), as: UTF8.self)
        return (tokenizer.id(of: content), field, content)
    }
}
