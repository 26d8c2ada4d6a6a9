/// A model's own chat template, as its folder has it: Jinja, of which the part is read that chat templates use.
///
/// Rendered as transformers' `apply_chat_template` does it, with the same variables. What a message says keeps its mark
/// through everything that the template does to it, so that it never turns into a special token.
struct ChatTemplate: Sendable {
    /// Longer ones than any real template are refused.
    static let mostBytes = 1 << 20

    private let statements: [TemplateStatement]
    /// Names of special tokens (`bos_token`, …) and their texts.
    private let tokens: [String: String]
    private let file: String

    /// - Parameters:
    ///   - text: the template.
    ///   - tokens: special tokens by the names that templates have for them.
    ///   - file: what errors call it.
    /// - Throws: `TokenizerError.unknownChatTemplate` where it is not understood.
    init(_ text: String, tokens: [String: String], file: String) throws {
        self.tokens = tokens
        self.file = file
        guard text.utf8.count <= Self.mostBytes else {
            throw TokenizerError.unknownChatTemplate(file: file, line: 1, reason: "it is longer than any real one")
        }
        do {
            statements = try TemplateParser.statements(of: text)
        } catch let failure as TemplateFailure {
            throw Self.error(failure, file)
        }
        try rehearse()
    }

    /// Renders a first message, so that what is not understood is found before a person waits for an answer. A template
    /// may refuse the message by itself, e.g. because it wants a system message.
    private func rehearse() throws {
        do {
            _ = try render([ChatMessage(role: "user", content: "x")], asksForReply: true)
        } catch TokenizerError.badMessages {
            return
        }
    }

    /// White space that the template writes between what asks for a reply and the reply; empty where it writes none or
    /// other things too.
    var replyLead: String {
        let asked = ChatMessage(role: "user", content: "x")
        let reply = ChatMessage(role: "assistant", content: "y")
        guard let prompt = try? render([asked], asksForReply: true),
            let whole = try? render([asked, reply], asksForReply: false), whole.starts(with: prompt)
        else { return "" }
        let lead = TemplateText(whole.marks[prompt.count...].prefix { !$0.isContent })
        return lead.marks.allSatisfy { TemplateText.isSpace($0.scalar) } ? lead.string : ""
    }

    /// The conversation as the template prints it.
    /// - Parameter asksForReply: the template's `add_generation_prompt`.
    /// - Throws: `TokenizerError.badMessages` where the template refuses them, `.unknownChatTemplate`.
    func render(_ messages: [ChatMessage], asksForReply: Bool) throws -> TemplateText {
        var variables: [String: TemplateValue] = [
            "messages": .list(try messages.enumerated().map { try Self.value($1, at: $0) }),
            "add_generation_prompt": .bool(asksForReply), "tools": .none, "documents": .none,
        ]
        for (name, token) in tokens { variables[name] = .text(token) }
        do {
            return try TemplateRenderer.render(statements, variables)
        } catch let failure as TemplateFailure {
            throw Self.error(failure, file)
        }
    }

    /// A role may become part of a special token (`<|user|>`), so it must be a word.
    private static func value(_ message: ChatMessage, at index: Int) throws -> TemplateValue {
        let role = message.role.unicodeScalars
        guard !role.isEmpty, role.count <= 64,
            role.allSatisfy({ ("a"..."z").contains($0) || ("A"..."Z").contains($0) || $0 == "_" })
        else {
            throw TokenizerError.badMessages(
                problem: "message \(index + 1) has the role “\(message.role.prefix(80))”; a role is a word such as "
                    + "system, user or assistant")
        }
        return .object([
            ("role", .text(message.role)), ("content", .text(TemplateText(message.content, isContent: true))),
        ])
    }

    private static func error(_ failure: TemplateFailure, _ file: String) -> TokenizerError {
        switch failure {
        case .notUnderstood(let line, let reason): .unknownChatTemplate(file: file, line: line, reason: reason)
        case .raised(let reason):
            .badMessages(problem: "the model's chat template refuses them: \(reason.prefix(500))")
        }
    }
}
