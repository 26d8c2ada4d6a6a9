internal import Foundation

/// The files beside `tokenizer.json` that say how a model is prompted and how its responses end.
struct TemplateFiles {
    private let folder: URL
    private let tokenizerConfig: TokenizerField?
    private let specialTokens: TokenizerField?
    private let generationConfig: TokenizerField?
    private let config: TokenizerField?

    init(folder: URL) throws {
        self.folder = folder
        tokenizerConfig = try Self.read("tokenizer_config.json", in: folder)
        specialTokens = try Self.read("special_tokens_map.json", in: folder)
        generationConfig = try Self.read("generation_config.json", in: folder)
        config = try Self.read("config.json", in: folder)
    }

    private static func read(_ name: String, in folder: URL) throws -> TokenizerField? {
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

    /// The template's text and the file that it is in; `chat_template.jinja` goes before `tokenizer_config.json`.
    func chatTemplateText() throws -> (text: String, file: String)? {
        let file = folder.appendingPathComponent("chat_template.jinja")
        if FileManager.default.fileExists(atPath: file.path) {
            guard let text = String(validating: try Tokenizer.read(file), as: UTF8.self) else {
                throw TokenizerError.unreadable(file: file.path, reason: "it is not UTF-8 text")
            }
            return (text, file.path)
        }
        guard let field = tokenizerConfig?["chat_template"] else { return nil }
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
        for source in [specialTokens, tokenizerConfig] {
            for name in ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] {
                guard let field = source?[name] else { continue }
                texts[name] =
                    if case .object = field.value { try field.required("content").string() } else {
                        try field.string()
                    }
            }
        }
        return texts
    }

    /// Every id that ends a response, the tokenizer's own `eos_token` first.
    func endTokens(_ tokenizer: Tokenizer) throws -> [Int32] {
        var ids: [Int32] = []
        if let id = try token("eos_token", tokenizer) { ids.append(id) }
        for source in [generationConfig, config] {
            guard let field = source?["eos_token_id"] else { continue }
            let fields = if case .array = field.value { try field.elements() } else { [field] }
            for field in fields {
                let id = Int32(try field.integer(in: 0...max(0, tokenizer.vocabularySize - 1)))
                if !ids.contains(id) { ids.append(id) }
            }
        }
        return ids
    }

    func padToken(_ tokenizer: Tokenizer) throws -> Int32? {
        if let id = try token("pad_token", tokenizer) { return id }
        for source in [generationConfig, config] {
            // Some configurations write -1 for none, and some pad with an id beyond the tokenizer's own.
            if let field = source?["pad_token_id"], case .number(let number) = field.value, number >= 0 {
                return Int32(try field.integer(in: 0...Int(Int32.max)))
            }
        }
        return nil
    }

    /// A token named in tokenizer_config.json, as text or as `{"content": text}`.
    private func token(_ key: String, _ tokenizer: Tokenizer) throws -> Int32? {
        guard let field = tokenizerConfig?[key] else { return nil }
        let content = if case .object = field.value { try field.required("content") } else { field }
        guard let id = tokenizer.id(of: try content.string()) else {
            throw field.bad("\(try content.string()) is not in the vocabulary of tokenizer.json")
        }
        return id
    }
}
