import Labels
import Preferences

/// The ranking page: a prompt, K responses under letters, and for each a rank, a rating and flags, none chosen at first.
struct RankingPage: PageModel {
    static let template = "annotation-ranking"
    let title = "Rank the responses"
    let task: TaskFrame
    let responses: [RankedResponse]
    let identical: [IdenticalResponses]
    let count: Int
    let hasAcceptabilityLine: Bool
    let asksRating: Bool
    let asksFlags: Bool
    let hasFoot: Bool
    /// off, optional or required.
    let ratings: String

    /// One response with what its fields show.
    struct RankedResponse: Sendable {
        let id: String
        let letter: String
        let text: ShownText
        let controls: ResponseControls
        let isUnacceptable: Bool
    }

    /// - Parameters:
    ///   - problem: why the form came back, in words.
    ///   - fields: the form that came back; else the answer taken back, else nothing is ranked.
    init(_ assignment: Assignment, in project: Project, problem: String?, fields: [String: String]?) {
        let standing = RankingStanding(assignment, fields: fields)
        let questions = assignment.questions
        let count = assignment.responses.count
        self.count = count
        hasAcceptabilityLine = questions.acceptabilityLine
        asksRating = questions.ratings != .off
        asksFlags = !questions.flags.isEmpty
        hasFoot = asksRating || asksFlags
        ratings = questions.ratings.rawValue
        identical = IdenticalResponses.groups(of: assignment.responses)
        responses = assignment.responses.map { response in
            RankedResponse(
                id: response.id, letter: response.letter,
                text: ShownText(response.text, as: project.settings.rendering),
                controls: ResponseControls(
                    of: response.id, rank: standing.ranks[response.id], count: count,
                    rating: standing.ratings[response.id] ?? .empty, offered: questions.flags),
                isUnacceptable: standing.unacceptable.contains(response.id))
        }
        task = TaskFrame(
            assignment, in: project, action: Path.ranking(assignment.token), problem: problem)
    }
}

/// What a ranking page shows at first: the form that came back, the answer taken back, or nothing.
struct RankingStanding {
    var ranks: [String: Int] = [:]
    var unacceptable: Set<String> = []
    var ratings: [String: ResponseRating] = [:]

    init(_ assignment: Assignment, fields: [String: String]?) {
        if let fields {
            ranks = FormFields.values(fields, prefix: RankingForm.rankPrefix).compactMapValues(Int.init)
            unacceptable = Set(FormFields.values(fields, prefix: RankingForm.unacceptablePrefix).keys)
            // A rating that is none was refused by name; the others of its form come back with the page.
            ratings = (try? RankingForm.ratings(fields)) ?? [:]
        } else if case .ranking(let former) = assignment.formerAnswer {
            for (row, ids) in former.rows.enumerated() {
                for id in ids { ranks[id] = row + 1 }
            }
            unacceptable = former.unacceptable
            ratings = former.ratings
        }
    }
}

/// Responses of a task whose texts are the same.
struct IdenticalResponses: Sendable {
    /// With spaces between.
    let ids: String
    /// “A and C”
    let letters: String

    static func groups(of responses: [ShownResponse]) -> [IdenticalResponses] {
        // By code units: two ways to write one letter are two texts, as they are to a model.
        Dictionary(grouping: responses, by: { Array($0.text.utf8) }).values.filter { $0.count > 1 }
            .map { group in
                IdenticalResponses(
                    ids: group.map(\.id).joined(separator: " "), letters: Wording.list(group.map(\.letter)))
            }.sorted { $0.letters < $1.letters }
    }
}

/// What both kinds of task show around the responses.
struct TaskFrame: Sendable {
    let action: String
    let skipPath: String
    let heartbeatPath: String
    let project: String
    /// The task that a lead decides here.
    let decides: String?
    let projectName: String
    let instructions: ShownText?
    let prompt: PromptView
    let problem: String?
    let allowsSkip: Bool
    let isTakenBack: Bool
    /// That this is practice, where it is.
    let practice: String?
    /// How far the person is today; the page counts on while it lasts.
    let today: Today?
    let skipReasons = SkipReasonView.all
    let keeping: TaskKeeping

    struct Today: Sendable {
        let count: Int
        let words: String
        let isNone: Bool

        init(count: Int) {
            self.count = count
            words = "\(Wording.count(count, "answer", "answers")) today"
            isNone = count == 0
        }
    }

    init(_ assignment: Assignment, in project: Project, action: String, problem: String?) {
        self.action = action
        skipPath = Path.skip(assignment.token)
        heartbeatPath = Path.heartbeat(assignment.token)
        self.project = project.id.description
        decides = assignment.decides?.description
        projectName = project.name
        instructions =
            project.settings.instructions.isEmpty
            ? nil : ShownText(project.settings.instructions, as: project.settings.rendering)
        prompt = PromptView(assignment.prompt, as: project.settings.rendering)
        self.problem = problem
        allowsSkip = assignment.allowSkip
        keeping = TaskKeeping(assignment)
        practice = assignment.practice.map {
            "Practice \(min($0.answered + 1, $0.items)) of \($0.items): you see the expected answer afterwards"
        }
        today = assignment.isPractice ? nil : Today(count: assignment.answersToday)
        isTakenBack = (assignment.formerAnswer != nil || assignment.former != nil) && problem == nil
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

    static func speaker(_ role: PromptMessage.Role) -> String {
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
