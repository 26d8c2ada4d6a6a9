import Foundation
import Labels
import Preferences

/// A conversation between two comparisons: what was said, and the next message, or the wait for its answers.
struct ConversationPage: PageModel {
    static let template = "annotation-conversation"
    let title: String
    let projectName: String
    let instructions: ShownText?
    let turns: [PromptView.Turn]
    let hasTurns: Bool
    let problem: String?
    /// The message form; nil while there is nothing to write.
    let message: Message?
    let isWaiting: Bool
    /// Seconds since the message was sent.
    let waited: Int
    /// Why the answers are not there.
    let failure: String?
    /// Why the conversation cannot go on.
    let ending: String?
    let writePath: String
    let stepPath: String
    let retryPath: String
    let finishPath: String
    let otherTasksPath: String?

    struct Message: Sendable {
        let label: String
        let button: String
        let typed: String
        let draftPath: String
        /// JSON; nil where there is none.
        let draft: String?
        let version: Int
    }

    init(_ conversation: Conversation?, in project: Project, problem: String?, typed: String, draft: Draft?) {
        let id = project.id.description
        projectName = project.name
        let rendering = project.settings.rendering
        instructions =
            project.settings.instructions.isEmpty ? nil : ShownText(project.settings.instructions, as: rendering)
        turns = PromptView.turns(conversation?.messages ?? [], as: rendering)
        hasTurns = !turns.isEmpty
        self.problem = problem
        writePath = Path.conversation(id)
        stepPath = Path.conversationStep(id)
        retryPath = Path.conversationRetry(id)
        finishPath = Path.conversationFinish(id)
        // Where people do nothing but converse, there is no other task to go to.
        otherTasksPath =
            project.settings.feedback.share(.conversation) < 100 ? Path.nextTask(id) + "?besides=conversation" : nil
        var asked: Date?
        var failed: String?
        var over: String?
        switch conversation?.step {
        case .wait(let turn): asked = turn.askedAt
        case .failed(_, let reason): failed = reason
        case .ended(let reason): over = reason
        case .write, .compare, nil: break
        }
        isWaiting = asked != nil
        waited = asked.map { max(0, Int(-$0.timeIntervalSinceNow)) } ?? 0
        failure = failed
        ending = over
        let mayWrite = !isWaiting && failed == nil && over == nil
        message =
            mayWrite
            ? Message(
                label: hasTurns ? "Your next message" : "Your message to the assistant",
                button: hasTurns ? "Send" : "Begin", typed: typed, draftPath: Path.conversationDraft(id),
                draft: draft?.json, version: draft?.version ?? 0) : nil
        title = hasTurns ? "Conversation" : "Begin a conversation"
    }
}

extension PromptView {
    /// The turns of a conversation, each with who speaks.
    static func turns(_ messages: [PromptMessage], as rendering: TextRendering) -> [Turn] {
        messages.map {
            Turn(
                speaker: speaker($0.role), role: $0.role.rawValue, text: ShownText($0.content, as: rendering))
        }
    }
}
