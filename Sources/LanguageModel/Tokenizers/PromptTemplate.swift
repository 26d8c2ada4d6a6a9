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
        case chat(ChatTemplate)
        case unknown(TokenizerError)
    }

    public let tokenizer: Tokenizer
    /// Ends a response in training data.
    public let endTokenID: Int32
    /// Sampling stops at any of these; the first is `endTokenID`.
    public let endTokenIDs: [Int32]
    public let padTokenID: Int32?
    private let kind: Kind
    /// White space that the chat template puts between what asks for a reply and the reply.
    private let replyLead: String
    private let source: String

    /// Reads `tokenizer_config.json`, `chat_template.jinja`, `generation_config.json` and `config.json` of a model
    /// folder, as far as they are there. A chat template that Plumb does not understand is an error when it is first
    /// needed, so that the model can still be prompted verbatim.
    /// - Throws: `TokenizerError`, naming file and field; also where no end token is named.
    public init(folder: URL, tokenizer: Tokenizer) throws {
        let files = try TemplateFiles(folder: folder)
        self.tokenizer = tokenizer
        source = folder.path
        endTokenIDs = try files.endTokens(tokenizer)
        guard let first = endTokenIDs.first else { throw TokenizerError.noEndToken(folder: folder.path) }
        endTokenID = first
        padTokenID = try files.padToken(tokenizer)
        do {
            let template = try files.chatTemplate()
            kind = template.map { .chat($0) } ?? .plainText
            replyLead = template?.replyLead ?? ""
        } catch let error as TokenizerError {
            guard case .unknownChatTemplate = error else { throw error }
            (kind, replyLead) = (.unknown(error), "")
        }
        guard try files.chatTemplateText()?.text == PlumbChat.chatTemplate else { return }
        for token in PlumbChat.specialTokens {
            guard let id = tokenizer.id(of: token), tokenizer.isSpecial(id) else {
                throw TokenizerError.noSuchToken(token: token, neededBy: "the chat template of \(folder.path)")
            }
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
        replyLead = ""
        kind =
            form == .chat ? .chat(try ChatTemplate(PlumbChat.chatTemplate, tokens: [:], file: source)) : .plainText
    }

    /// Whether a folder's model takes messages, found without reading its vocabulary.
    /// - Throws: `TokenizerError` where a file cannot be read.
    public static func isConversational(folder: URL) throws -> Bool {
        do {
            return try TemplateFiles(folder: folder).chatTemplate() != nil
        } catch TokenizerError.unknownChatTemplate {
            return false
        }
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
        guard let last = messages.last else { throw TokenizerError.badMessages(problem: "there are none") }
        guard last.role != Self.replyRole else {
            throw TokenizerError.badMessages(
                problem: "the last one is the assistant's own; a prompt ends with a message to reply to")
        }
        return tokenizer.encode(segments: try template().render(messages, asksForReply: true).segments)
    }

    /// A conversation as the model's chat template prints it, before it is cut into tokens.
    /// - Parameter asksForReply: with what asks for the assistant's next reply (`add_generation_prompt`).
    /// - Throws: as `prompt(messages:)`.
    public func rendered(_ messages: [ChatMessage], asksForReply: Bool = true) throws -> String {
        try template().render(messages, asksForReply: asksForReply).string
    }

    /// The ids of a text as it stands, e.g. a few-shot prompt, with what the tokenizer itself puts around a text.
    /// - Parameter recognisingSpecialTokens: only for text that does not come from people.
    public func prompt(verbatim text: String, recognisingSpecialTokens: Bool = false) -> [Int32] {
        tokenizer.encode(text, addingSpecialTokens: true, recognisingSpecialTokens: recognisingSpecialTokens)
    }

    /// The ids of a response that somebody wrote, as it follows a prompt: where the chat template puts a blank before a
    /// reply (Llama 2, Mistral), so does this, unless the text begins with one.
    /// - Parameter ended: with the end token, as training wants it.
    public func response(text: String, ended: Bool = true) -> [Int32] {
        let startsBlank = text.unicodeScalars.first?.properties.isWhitespace ?? true
        return tokenizer.encode((startsBlank ? "" : replyLead) + text, continuing: true) + (ended ? [endTokenID] : [])
    }

    /// The ids of a whole conversation with a mark on the assistant's replies: each as it would be sampled, after the
    /// prompt that asks for it, up to the end token that the template writes (or to the next message, where it writes
    /// none).
    /// - Throws: as `prompt(messages:)`; `TokenizerError.rewritingChatTemplate`.
    public func conversation(_ messages: [ChatMessage]) throws -> TokenizedConversation {
        let template = try template()
        guard !messages.isEmpty else { throw TokenizerError.badMessages(problem: "there are none") }
        var conversation = TokenizedConversation()
        /// What is in `conversation` already.
        var done = 0
        func add(_ text: TemplateText, to end: Int, isReply: Bool) {
            let segments = TemplateText(text.marks[done..<end]).segments
            let ids = tokenizer.encode(segments: segments, continuing: done > 0)
            conversation.tokens += ids
            conversation.isReply += Array(repeating: isReply, count: ids.count)
            done = end
        }
        var text = TemplateText([])
        func render(_ count: Int, asksForReply: Bool) throws {
            let longer = try template.render(Array(messages.prefix(count)), asksForReply: asksForReply)
            guard longer.starts(with: text) else {
                throw TokenizerError.rewritingChatTemplate(file: source, message: count)
            }
            text = longer
        }
        for (index, message) in messages.enumerated() where message.role == Self.replyRole {
            if index > 0 {
                try render(index, asksForReply: true)
                add(text, to: text.count, isReply: false)
            }
            try render(index + 1, asksForReply: false)
            add(text, to: replyEnd(in: text, from: done), isReply: true)
        }
        try render(messages.count, asksForReply: false)
        if done < text.count { add(text, to: text.count, isReply: false) }
        return conversation
    }

    /// Behind the first end token that the template wrote itself, or the end of the text.
    private func replyEnd(in text: TemplateText, from start: Int) -> Int {
        let ends = endTokenIDs.compactMap { tokenizer.token($0) }.map { TemplateText($0) }
        let places = ends.compactMap { end -> Int? in
            var place = text.place(of: end, from: start)
            while let found = place, text.marks[found].isContent { place = text.place(of: end, from: found + 1) }
            return place.map { $0 + end.count }
        }
        return places.min() ?? text.count
    }

    /// The text of a sampled response: special tokens and the one that ends it left away, a space at the start kept.
    public func responseText(_ ids: [Int32]) -> String {
        let isEnded = ids.last.map(endTokenIDs.contains) ?? false
        return tokenizer.decode(isEnded ? ids.dropLast() : ids, continuing: true)
    }

    private static let replyRole = "assistant"

    private func template() throws -> ChatTemplate {
        switch kind {
        case .chat(let template): return template
        case .plainText: throw TokenizerError.noChatTemplate(folder: source)
        case .unknown(let error): throw error
        }
    }
}
