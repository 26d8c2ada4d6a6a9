public import Foundation

/// A conversation as token ids; `isReply[i]` tells whether token i is part of an assistant's reply (its end included).
public struct TokenizedConversation: Sendable, Equatable {
    public var tokens: [Int32] = []
    public var isReply: [Bool] = []
}

/// How a model is prompted: from the chat template of its folder, or with plain text where there is none.
///
/// What people write never turns into special tokens, whatever it reads like.
public struct PromptTemplate: Sendable {
    /// Plumb's own two ways of prompting.
    public enum Form: String, Sendable, Codable, CaseIterable {
        /// The text itself, as for a model that has only been pretrained.
        case plainText
        /// `<|user|>text<|assistant|>reply<|end|>`.
        case chat
    }

    private enum Kind: Sendable {
        case plainText
        case chat(ChatForm)
        case unknown(TokenizerError)
    }

    public let tokenizer: Tokenizer
    /// Ends a response in training data.
    public let endTokenID: Int32
    /// Sampling stops at any of these; the first is `endTokenID`.
    public let endTokenIDs: [Int32]
    public let padTokenID: Int32?
    private let kind: Kind
    private let source: String

    /// Reads `tokenizer_config.json`, `chat_template.jinja`, `generation_config.json` and `config.json` of a model
    /// folder, as far as they are there. A chat template that Plumb does not know is an error when it is first needed,
    /// so that the model can still be prompted verbatim.
    /// - Throws: `TokenizerError`, naming file and field; also where no end token is named.
    public init(folder: URL, tokenizer: Tokenizer) throws {
        let files = try TemplateFiles(folder: folder)
        self.tokenizer = tokenizer
        source = folder.path
        endTokenIDs = try files.endTokens(tokenizer)
        guard let first = endTokenIDs.first else { throw TokenizerError.noEndToken(folder: folder.path) }
        endTokenID = first
        padTokenID = try files.padToken(tokenizer)
        guard let (template, file) = try files.chatTemplate() else {
            kind = .plainText
            return
        }
        if let form = ChatForm.known(template: template) {
            for token in PlumbChat.specialTokens {
                guard let id = tokenizer.id(of: token), tokenizer.isSpecial(id) else {
                    throw TokenizerError.noSuchToken(token: token, neededBy: "the chat template of \(file)")
                }
            }
            kind = .chat(form)
        } else {
            kind = .unknown(.unknownChatTemplate(file: file, beginning: String(template.prefix(120))))
        }
    }

    /// One of Plumb's own forms, for a tokenizer with Plumb's special tokens.
    /// - Throws: `TokenizerError.noSuchToken`.
    public init(form: Form, tokenizer: Tokenizer) throws {
        func special(_ token: String) throws -> Int32 {
            guard let id = tokenizer.id(of: token), tokenizer.isSpecial(id) else {
                throw TokenizerError.noSuchToken(token: token, neededBy: "Plumb's own prompts")
            }
            return id
        }
        for token in PlumbChat.specialTokens { _ = try special(token) }
        self.tokenizer = tokenizer
        source = "the tokenizer"
        endTokenID = try special(PlumbChat.endToken)
        endTokenIDs = [endTokenID]
        padTokenID = try special(PlumbChat.padToken)
        kind = form == .chat ? .chat(.plumb) : .plainText
    }

    /// Whether a folder's model takes messages, found without reading its vocabulary.
    /// - Throws: `TokenizerError` where a file cannot be read.
    public static func isConversational(folder: URL) throws -> Bool {
        try TemplateFiles(folder: folder).chatTemplate().map { ChatForm.known(template: $0.text) != nil } ?? false
    }

    /// Whether messages can be rendered.
    public var hasChatForm: Bool {
        if case .chat = kind { true } else { false }
    }

    /// The ids that ask for a response to a text: one user's message in a chat form, else the text itself.
    /// - Throws: `TokenizerError.unknownChatTemplate`.
    public func prompt(text: String) throws -> [Int32] {
        switch kind {
        case .plainText: prompt(verbatim: text)
        case .chat: try prompt(messages: [ChatMessage(role: "user", content: text)])
        case .unknown(let error): throw error
        }
    }

    /// The ids of a conversation, ready for the assistant's next reply.
    /// - Throws: `TokenizerError` where the model has no chat template, or not one that Plumb knows, or where the
    ///   template cannot render the messages.
    public func prompt(messages: [ChatMessage]) throws -> [Int32] {
        tokenizer.encode(segments: try form().prompt(messages), addingSpecialTokens: false)
    }

    /// The ids of a text as it stands, e.g. a few-shot prompt, with what the tokenizer itself puts around a text.
    /// - Parameter recognisingSpecialTokens: only for text that does not come from people.
    public func prompt(verbatim text: String, recognisingSpecialTokens: Bool = false) -> [Int32] {
        tokenizer.encode(text, addingSpecialTokens: true, recognisingSpecialTokens: recognisingSpecialTokens)
    }

    /// The ids of a response that somebody wrote.
    /// - Parameter ended: with the end token, as training wants it.
    public func response(text: String, ended: Bool = true) -> [Int32] {
        tokenizer.encode(text, continuing: true) + (ended ? [endTokenID] : [])
    }

    /// The ids of a whole conversation with a mark on the assistant's replies.
    /// - Throws: as `prompt(messages:)`.
    public func conversation(_ messages: [ChatMessage]) throws -> TokenizedConversation {
        let form = try form()
        var conversation = TokenizedConversation()
        var run: [PromptSegment] = []
        var runIsReply = false
        func flush() {
            let ids = tokenizer.encode(segments: run)
            conversation.tokens += ids
            conversation.isReply += Array(repeating: runIsReply, count: ids.count)
            run.removeAll()
        }
        for (index, message) in messages.enumerated() {
            for (segment, isReply) in try form.segments(of: message, at: index) {
                if isReply != runIsReply { flush() }
                runIsReply = isReply
                run.append(segment)
            }
        }
        flush()
        return conversation
    }

    /// The text of a sampled response: special tokens left away, a space at the start kept.
    public func responseText(_ ids: [Int32]) -> String { tokenizer.decode(ids, continuing: true) }

    private func form() throws -> ChatForm {
        switch kind {
        case .chat(let form): return form
        case .plainText: throw TokenizerError.noChatTemplate(folder: source)
        case .unknown(let error): throw error
        }
    }
}
