import Labels
import Preferences

struct PromptsPage: PageModel {
    static let template = "lead-prompts"
    let title: String

    /// What was typed into the import form.
    struct Draft: Sendable {
        var use = PromptUse.ranking.rawValue
        var format = PromptFormat.text.rawValue
        var text = ""
    }
    struct Choice: Sendable {
        var value: String
        var label: String
        var count: Int
        var path: String
        var isShown: Bool
        var isChosen: Bool
    }
    struct Row: Sendable {
        var id: String
        var use: String
        var kind: String
        var text: String
        var added: LeadWords.Moment
    }

    var nav: ProjectNav
    var importPath: String
    var filePath: String
    var uses: [Choice]
    var formats: [Choice]
    var text: String
    var allPath: String
    var rows: [Row]
    var nextPath: String?
    var problem: String?

    /// Ready-made groups go through the same form as prompts.
    static let groupsFormat = "groups"

    static let formats = [
        (PromptFormat.text.rawValue, "Plain text: a prompt a line"),
        (PromptFormat.jsonl.rawValue, "JSON Lines: {\"prompt\": …} or {\"text\": …} a line"),
        (PromptFormat.messages.rawValue, "Chat messages: {\"messages\": […]} a line"),
        (groupsFormat, "Prompts with ready responses: {\"prompt\": …, \"responses\": […]} a line"),
    ]

    static func words(_ use: PromptUse) -> String {
        switch use {
        case .supervised: "Supervised fine-tuning"
        case .ranking: "Ranking"
        case .ppo: "PPO"
        case .heldOut: "Held out"
        case .writing: "Writing prompts (use cases)"
        }
    }

    static func words(_ kind: Prompt.Kind) -> String {
        switch kind {
        case .text: "text"
        case .fewShot: "few-shot"
        case .messages: "messages"
        }
    }
}
