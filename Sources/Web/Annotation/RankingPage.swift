import Labels
import Preferences

/// The ranking page: a prompt, K responses under letters, and a rank for each, none chosen at first.
struct RankingPage: PageModel {
    static let template = "annotation-ranking"
    let title = "Rank the responses"
    let task: TaskFrame
    let responses: [RankedResponse]
    let count: Int
    let hasAcceptabilityLine: Bool

    /// One response with the rank that its select shows.
    struct RankedResponse: Sendable {
        let id: String
        let letter: String
        let text: ShownText
        let options: [RankOption]
        let isUnranked: Bool
        let isUnacceptable: Bool
    }

    struct RankOption: Sendable {
        let rank: Int
        let isSelected: Bool
    }

    /// - Parameters:
    ///   - problem: why the form came back, in words.
    ///   - fields: the form that came back; else the draft, else nothing is ranked.
    init(_ assignment: Assignment, in project: Project, problem: String?, fields: [String: String]?) {
        let (ranks, unacceptable) = Self.standing(assignment, fields: fields)
        let count = assignment.responses.count
        self.count = count
        hasAcceptabilityLine = assignment.questions.acceptabilityLine
        responses = assignment.responses.map { response in
            RankedResponse(
                id: response.id, letter: response.letter,
                text: ShownText(response.text, as: project.settings.rendering),
                options: (1...count).map { RankOption(rank: $0, isSelected: ranks[response.id] == $0) },
                isUnranked: ranks[response.id] == nil, isUnacceptable: unacceptable.contains(response.id))
        }
        task = TaskFrame(
            assignment, in: project, action: Path.ranking(assignment.token), problem: problem)
    }

    /// Ranks and marks to begin with: those of the form that came back, of the answer taken back, or none.
    private static func standing(
        _ assignment: Assignment, fields: [String: String]?
    ) -> (ranks: [String: Int], unacceptable: Set<String>) {
        if let fields {
            let ranks = RankingForm.values(fields, prefix: RankingForm.rankPrefix).compactMapValues(Int.init)
            return (ranks, Set(RankingForm.values(fields, prefix: RankingForm.unacceptablePrefix).keys))
        }
        guard let draft = assignment.draft else { return ([:], []) }
        var ranks: [String: Int] = [:]
        for (row, ids) in draft.rows.enumerated() {
            for id in ids { ranks[id] = row + 1 }
        }
        return (ranks, Set(draft.unacceptable))
    }
}

/// What both kinds of task show around the responses.
struct TaskFrame: Sendable {
    let action: String
    let skipPath: String
    let heartbeatPath: String
    let project: String
    let projectName: String
    let instructions: ShownText?
    let prompt: PromptView
    let problem: String?
    let allowsSkip: Bool
    let isTakenBack: Bool
    let skipReasons = SkipReasonView.all

    init(_ assignment: Assignment, in project: Project, action: String, problem: String?) {
        self.action = action
        skipPath = Path.skip(assignment.token)
        heartbeatPath = Path.heartbeat(assignment.token)
        self.project = project.id.description
        projectName = project.name
        instructions =
            project.settings.instructions.isEmpty
            ? nil : ShownText(project.settings.instructions, as: project.settings.rendering)
        prompt = PromptView(assignment.prompt, as: project.settings.rendering)
        self.problem = problem
        allowsSkip = assignment.allowSkip
        isTakenBack = assignment.draft != nil && problem == nil
    }
}

/// A prompt as people read it: a text, or the turns of a conversation.
struct PromptView: Sendable {
    let heading: String
    let turns: [Turn]

    struct Turn: Sendable {
        /// Who speaks; nil for a plain text.
        let speaker: String?
        let role: String
        let text: ShownText
    }

    init(_ prompt: Prompt, as rendering: TextRendering) {
        switch prompt {
        case .text(let text):
            heading = "Prompt"
            turns = [Turn(speaker: nil, role: "text", text: ShownText(text, as: rendering))]
        case .fewShot(let text):
            heading = "Prompt with examples"
            turns = [Turn(speaker: nil, role: "text", text: ShownText(text, as: rendering))]
        case .messages(let messages):
            heading = messages.count == 1 ? "Prompt" : "Conversation"
            turns = messages.map { message in
                let isAlone = messages.count == 1 && message.role == .user
                return Turn(
                    speaker: isAlone ? nil : Self.speaker(message.role), role: message.role.rawValue,
                    text: ShownText(message.content, as: rendering))
            }
        }
    }

    private static func speaker(_ role: PromptMessage.Role) -> String {
        switch role {
        case .system: "System"
        case .user: "User"
        case .assistant: "Assistant"
        }
    }
}

/// A reason for skipping with its words.
struct SkipReasonView: Sendable {
    let value: String
    let words: String

    static var all: [SkipReasonView] {
        SkipReason.allCases.map {
            SkipReasonView(value: $0.rawValue, words: $0.words.prefix(1).uppercased() + $0.words.dropFirst())
        }
    }
}
