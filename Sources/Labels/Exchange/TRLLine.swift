import Preferences

/// One pair in a preference format of TRL (its docs, "Dataset formats"): explicit or implicit prompt, standard (texts) or
/// conversational (messages).
struct TRLLine: Encodable {
    enum Side: Encodable {
        case text(String)
        case messages([PromptMessage])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .messages(let messages): try container.encode(messages)
            }
        }
    }

    let prompt: Side?
    let chosen: Side
    let rejected: Side
    /// By grade; 0 for pairs of a ranking.
    let margin: Double?
    let groupID: String

    enum CodingKeys: String, CodingKey {
        case prompt, chosen, rejected, margin
        case groupID = "group_id"
    }

    init(_ format: ExportFormat, prompt: Prompt, chosen: String, rejected: String, margin: Double?, groupID: String) {
        self.margin = margin
        self.groupID = groupID
        func reply(_ text: String) -> [PromptMessage] { [PromptMessage(role: .assistant, content: text)] }
        switch format {
        case .trlConversational:
            self.prompt = .messages(prompt.messages)
            self.chosen = .messages(reply(chosen))
            self.rejected = .messages(reply(rejected))
        case .trlConversationalImplicit:
            self.prompt = nil
            self.chosen = .messages(prompt.messages + reply(chosen))
            self.rejected = .messages(prompt.messages + reply(rejected))
        case .trlImplicit:
            self.prompt = nil
            let text = TRLLine.text(of: prompt)
            self.chosen = .text(text + chosen)
            self.rejected = .text(text + rejected)
        case .trlExplicit, .native, .demonstrations, .trlDemonstrations:
            self.prompt = .text(TRLLine.text(of: prompt))
            self.chosen = .text(chosen)
            self.rejected = .text(rejected)
        }
    }

    /// A conversation as one text: turns as "role: content" and the beginning of the reply's turn.
    private static func text(of prompt: Prompt) -> String {
        guard case .messages = prompt else { return prompt.plainText }
        return prompt.plainText + "\nassistant: "
    }
}
