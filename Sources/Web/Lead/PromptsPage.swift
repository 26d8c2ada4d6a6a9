import Hummingbird
import Labels
import Preferences

/// Which of a project's prompts are shown.
struct PromptsView: Sendable {
    var use: PromptUse?
    var state: PromptState?
    var after: PromptID?

    init(use: PromptUse? = nil, state: PromptState? = nil, after: PromptID? = nil) {
        self.use = use
        self.state = state
        self.after = after
    }

    /// As the query says it.
    init(_ request: Request) {
        let query = request.uri.queryParameters
        use = query.get("use").flatMap { PromptUse(rawValue: $0) }
        state = query.get("state").flatMap { PromptState(rawValue: $0) }
        after = query.get("after").flatMap { PromptID($0) }
    }

    /// `?use=ranking&after=7`; empty where everything is shown from the start.
    var query: String {
        let items = [
            use.map { "use=\($0.rawValue)" }, state.map { "state=\($0.rawValue)" }, after.map { "after=\($0)" },
        ].compactMap { $0 }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }
}

struct PromptsPage: PageModel {
    static let template = "lead-prompts"
    let title: String

    /// What was typed into the import form.
    struct Draft: Sendable {
        var use = PromptUse.ranking.rawValue
        var format = PromptFormat.text.rawValue
        var text = ""
        var areAboutSafety = false
    }
    struct Choice: Sendable {
        var value: String
        var label: String
        var count: Int
        var path: String
        var isShown: Bool
        var isChosen: Bool
    }
    struct State: Sendable {
        var path: String
        var label: String
        var isShown: Bool
    }
    struct Row: Sendable {
        var id: String
        var use: String
        var kind: String
        var text: String
        var added: LeadWords.Moment
        var retired: LeadWords.Moment?
        /// Which policies cannot answer it, and why.
        var refusals: [String]
        /// Retires it, or takes it into use again.
        var changePath: String
        var change: String
        var isAboutSafety: Bool
        /// Tags it as being about safety, or takes the tag off.
        var safetyPath: String
        /// What it is to be: `true` or `false`.
        var safetyWanted: String
        var safetyChange: String

        init(_ prompt: StoredPrompt, refusals: [PromptRefusal], of project: String, _ view: PromptsView) {
            id = prompt.id.description
            use = PromptsPage.words(prompt.use)
            kind = PromptsPage.words(prompt.prompt.kind)
            text = String(prompt.prompt.plainText.prefix(300))
            added = LeadWords.Moment(prompt.createdAt)
            retired = LeadWords.Moment(prompt.retiredAt)
            self.refusals = refusals.map { "\($0.policyName) cannot answer it. \(Wording.sentence($0.reason))" }
            let isRetired = prompt.retiredAt != nil
            change = isRetired ? "Use again" : "Retire"
            changePath =
                (isRetired ? Path.restorePrompt(project, prompt: id) : Path.retirePrompt(project, prompt: id))
                + view.query
            isAboutSafety = prompt.isAboutSafety
            safetyPath = Path.promptSafety(project, prompt: id) + view.query
            safetyWanted = prompt.isAboutSafety ? "false" : "true"
            safetyChange = prompt.isAboutSafety ? "Not about safety" : "About safety"
        }
    }

    /// A file of instructions with their answers.
    struct InstructionRow: Sendable {
        var name: String
        var answers: String
        var sha256: String
        var importedBy: String
        var imported: LeadWords.Moment
        var retired: LeadWords.Moment?
        var changePath: String
        var change: String

        init(_ set: InstructionSet, of project: String) {
            name = set.name
            answers = "\(set.instructions)"
            sha256 = "\(set.sha256.prefix(12))…"
            importedBy = set.importedBy
            imported = LeadWords.Moment(set.importedAt)
            retired = LeadWords.Moment(set.retiredAt)
            let isRetired = set.retiredAt != nil
            change = isRetired ? "Use again" : "Retire"
            changePath = Path.changeInstructionSet(
                project, set: set.id.description, isRetired ? "restore" : "retire")
        }
    }

    var nav: ProjectNav
    var importPath: String
    var filePath: String
    var uses: [Choice]
    var formats: [Choice]
    var text: String
    var areAboutSafety: Bool
    var allPath: String
    var states: [State]
    /// How many prompts are passed over; nil where none is.
    var unanswerable: String?
    var unanswerablePath: String
    var sets: [InstructionRow]
    var hasSets: Bool
    var rows: [Row]
    var nextPath: String?
    var problem: String?

    /// Ready-made groups go through the same form as prompts.
    static let groupsFormat = "groups"
    /// And so do instructions with their answers, whatever the use that is chosen.
    static let instructionsFormat = "instructions"

    static let formats = [
        (PromptFormat.text.rawValue, "Plain text: a prompt a line"),
        (PromptFormat.jsonl.rawValue, "JSON Lines: {\"prompt\": …} or {\"text\": …} a line"),
        (PromptFormat.messages.rawValue, "Chat messages: {\"messages\": […]} a line"),
        (
            instructionsFormat,
            "Instructions with answers, for supervised runs: a JSON list, or {\"instruction\": …, \"output\": …} or {\"messages\": […]} a line"
        ),
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

    static func words(_ state: PromptState) -> String {
        switch state {
        case .active: "In use"
        case .unanswerable: "Cannot be answered"
        case .retired: "Retired"
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
