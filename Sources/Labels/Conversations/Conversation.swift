public import Foundation
import GRDB
public import Preferences

public typealias ConversationID = ID<Conversation>
public typealias ConversationTurnID = ID<ConversationTurn>

/// What a person does next in a conversation.
public enum ConversationStep: Sendable, Hashable {
    /// Write the first message, or the next one.
    case write
    /// Both answers are being sampled; neither is shown before both are there.
    case wait(ConversationTurn)
    /// The answers could not be sampled.
    case failed(ConversationTurn, problem: String)
    /// Compare the two answers.
    case compare(Assignment)
    /// The last comparison leaves nothing to go on from: it was skipped, or neither answer will do.
    case ended(String)
}

/// One message of a conversation and the two answers to it.
public struct ConversationTurn: Sendable, Hashable {
    public let id: ConversationTurnID
    public let project: ProjectID
    public let number: Int
    public let prompt: PromptID
    public let askedAt: Date
}

/// A person's open conversation: messages of their own, and of two answers to each the one that they preferred (Llama 2,
/// arXiv 2307.09288, §3.2).
public struct Conversation: Sendable, Hashable {
    public let id: ConversationID
    /// What was said so far, the preferred answers among it; ends with an answer unless the person waits for one.
    public let messages: [PromptMessage]
    /// Messages of the person.
    public let turns: Int
    public let step: ConversationStep
}

extension Store {
    /// The person's open conversation in a project, with what comes next; nil where there is none. A comparison whose
    /// lease ran out is handed to them again.
    public func conversation(of user: UserID, in project: ProjectID) async throws -> Conversation? {
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await write { db in
            try db.closeExpiredLeases(at: now)
            return try db.openConversation(
                of: user, in: project, lengths: lengths, at: now, configuration: configuration)
        }
    }

    /// Writes the first message of a new conversation, or the next one of the open one. Nothing is lost from here on: the
    /// message is a prompt of the project.
    /// - Throws: `StoreError.invalidAnswer` for an empty or too long text, `.notAllowed` where it is not the person's turn
    ///   to write or the project asks for no conversations.
    public func writeInConversation(
        _ text: String, by user: UserID, in project: ProjectID
    ) async throws -> ConversationTurn {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw StoreError.invalidAnswer("the message is empty; write what you would ask")
        }
        do { try Feedback.prompt(WrittenPrompt(text)).validate() } catch {
            throw StoreError.invalidAnswer(error.description)
        }
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await write { db in
            _ = try db.activeUser(user)
            let project = try db.project(project)
            try db.closeExpiredLeases(at: now)
            let open = try db.openConversation(
                of: user, in: project.id, lengths: lengths, at: now, configuration: configuration)
            guard open != nil || project.settings.feedback.share(.conversation) > 0 else {
                throw StoreError.notAllowed("project '\(project.name)' asks for no conversations")
            }
            guard open != nil || !project.paused else { throw StoreError.notAllowed("this project is paused") }
            guard open.map({ $0.step == .write }) ?? true else {
                throw StoreError.notAllowed("compare the two answers to your last message first")
            }
            let id: ConversationID =
                try open?.id
                ?? db.insert(
                    "INSERT INTO conversations (token, project_id, user_id, started_at) VALUES (?, ?, ?, ?)",
                    [configuration.publicID("c"), project.id, user, now.milliseconds])
            let whole = Prompt.messages((open?.messages ?? []) + [PromptMessage(role: .user, content: text)])
            // What no run could read must not become a prompt.
            do throws(PromptError) { try whole.validate() } catch { throw StoreError.invalidAnswer(error.description) }
            let prompt = try db.enter(
                whole, use: nil, newUse: project.settings.feedback.writtenPromptUse, in: project.id,
                at: now)
            if prompt.added { try db.run("UPDATE prompts SET author_id = ? WHERE id = ?", [user, prompt.id]) }
            let turn: ConversationTurnID = try db.insert(
                "INSERT INTO conversation_turns (conversation_id, number, prompt_id, asked_at) VALUES (?, ?, ?, ?)",
                [id, (open?.turns ?? 0) + 1, prompt.id, now.milliseconds])
            try db.forgetMessageDraft(of: user, in: project.id)
            return try db.turn(turn)
        }
    }

    /// Ends the person's open conversation; another one can begin. What was compared stays.
    public func finishConversation(of user: UserID, in project: ProjectID) async throws {
        let now = now
        try await write { db in
            try db.run(
                """
                UPDATE conversations SET finished_at = ? WHERE user_id = ? AND project_id = ? AND finished_at IS NULL
                """, [now.milliseconds, user, project])
        }
    }

    public func conversationTurn(_ id: ConversationTurnID) async throws -> ConversationTurn {
        try await read { db in try db.turn(id) }
    }

    /// Two different parts of the project's mix, by their weights, for a turn's two answers; where the mix has one part
    /// alone, both are sampled from it.
    /// - Returns: nil where the turn was answered meanwhile.
    public func planConversation(_ turn: ConversationTurnID, seed: UInt64) async throws -> GroupPlan? {
        try await read { db in
            guard try db.exists("SELECT 1 FROM conversation_turns WHERE id = ? AND task_id IS NULL", [turn]) else {
                return nil
            }
            let turn = try db.turn(turn)
            return try db.pairPlan(for: db.prompt(turn.prompt), in: db.project(turn.project), seed: seed)
        }
    }

    /// Both answers are there: they become a comparison, leased to the person who asked.
    /// - Returns: false where the turn was answered meanwhile; nothing was changed then.
    @discardableResult
    public func answer(
        _ turn: ConversationTurnID, by plan: GroupPlan, responses: [NewResponse]
    ) async throws -> Bool {
        guard responses.count == 2 else {
            throw StoreError.invalid(field: "responses", problem: "a turn has 2 answers; found \(responses.count)")
        }
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await write { db in
            guard
                let row = try db.row(
                    """
                    SELECT c.user_id FROM conversation_turns t JOIN conversations c ON c.id = t.conversation_id
                    WHERE t.id = ? AND t.task_id IS NULL
                    """, [turn])
            else { return false }
            let project = try db.project(plan.prompt.project)
            let tasks = try db.enter(
                [NewGroup(plan, responses: responses)], in: project, at: now, configuration: configuration)
            guard let task = tasks.first else { return false }
            try db.run(
                "UPDATE conversation_turns SET task_id = ?, answered_at = ?, problem = NULL WHERE id = ?",
                [task, now.milliseconds, turn])
            _ = try db.openLease(
                on: task, for: row["user_id"], settings: project.settings, lengths: lengths, at: now,
                configuration: configuration)
            return true
        }
    }

    /// Notes why a turn's answers could not be sampled; nil clears it, to try again.
    public func setProblem(_ problem: String?, of turn: ConversationTurnID) async throws {
        try await write { db in
            try db.run("UPDATE conversation_turns SET problem = ? WHERE id = ? AND task_id IS NULL", [problem, turn])
        }
    }
}

extension Database {
    /// Whether a conversation is open, or the conversation's share of what the person did in the project is below the one
    /// that it asks for.
    func wantsConversation(
        _ user: UserID, in project: Project, besides: [String], at now: Date
    ) throws -> Bool {
        if try exists(
            "SELECT 1 FROM conversations WHERE user_id = ? AND project_id = ? AND finished_at IS NULL",
            [user, project.id])
        {
            return true
        }
        let share = project.settings.feedback.share(.conversation)
        if share == 0 || project.paused { return false }
        // What somebody has in hand comes first, and practice before anything real.
        let hasTask = try exists(
            """
            SELECT 1 FROM leases JOIN tasks ON tasks.id = leases.task_id
            WHERE leases.user_id = ? AND tasks.project_id = ? AND leases.closed_at IS NULL AND expires_at > ?
                AND token NOT IN (SELECT value FROM json_each(?))
            """, [user, project.id, now.milliseconds, JSONLines.line(besides)])
        if try hasTask || !practiceStanding(of: user, in: project).isFree { return false }
        let done = try row(
            """
            SELECT count(*) AS labels, coalesce(sum(EXISTS (SELECT 1 FROM conversation_turns c
                WHERE c.task_id = labels.task_id)), 0) AS turns
            FROM labels WHERE user_id = ? AND project_id = ? AND derived_from IS NULL AND state <> 'retracted'
            """, [user, project.id])
        let labels: Int = done?["labels"] ?? 0
        let turns: Int = done?["turns"] ?? 0
        return turns * 100 < share * (labels + besides.count + 1)
    }

    fileprivate func turn(_ id: ConversationTurnID) throws -> ConversationTurn {
        guard
            let row = try row(
                """
                SELECT t.*, c.project_id FROM conversation_turns t JOIN conversations c ON c.id = t.conversation_id
                WHERE t.id = ?
                """, [id])
        else { throw StoreError.unknown(what: "turn of a conversation", id: "\(id)") }
        return ConversationTurn(
            id: row["id"], project: row["project_id"], number: row["number"], prompt: row["prompt_id"],
            askedAt: row.date("asked_at"))
    }

    fileprivate func openConversation(
        of user: UserID, in project: ProjectID, lengths: LeaseLengths, at now: Date, configuration: StoreConfiguration
    ) throws -> Conversation? {
        guard
            let conversation = try row(
                "SELECT * FROM conversations WHERE user_id = ? AND project_id = ? AND finished_at IS NULL",
                [user, project])
        else { return nil }
        let id: ConversationID = conversation["id"]
        let last = try row(
            "SELECT * FROM conversation_turns WHERE conversation_id = ? ORDER BY number DESC LIMIT 1", [id])
        guard let last else { return Conversation(id: id, messages: [], turns: 0, step: .write) }
        let asked = try prompt(last["prompt_id"]).prompt.messages
        let number: Int = last["number"]
        func at(_ step: ConversationStep, _ messages: [PromptMessage]) -> Conversation {
            Conversation(id: id, messages: messages, turns: number, step: step)
        }
        guard let task: TaskID = last["task_id"] else {
            let problem: String? = last["problem"]
            let turn = try turn(last["id"])
            return at(problem.map { .failed(turn, problem: $0) } ?? .wait(turn), asked)
        }
        if try exists("SELECT 1 FROM skips WHERE task_id = ? AND user_id = ?", [task, user]) {
            return at(.ended("You skipped the last comparison, so there is no answer to go on from."), asked)
        }
        guard let judgement = try standingJudgement(on: task, by: user) else {
            let settings = try self.project(project).settings
            let lease = try liveOrNewLease(
                on: task, for: user, settings: settings, lengths: lengths, at: now, configuration: configuration)
            return at(.compare(try assignment(lease, settings: settings)), asked)
        }
        guard let reply = try preferredReply(judgement, on: task) else {
            return at(.ended("Neither of the last two answers will do, so there is none to go on from."), asked)
        }
        guard !reply.allSatisfy(\.isWhitespace) else {
            return at(.ended("The answer that you preferred is empty, so there is none to go on from."), asked)
        }
        return at(.write, asked + [PromptMessage(role: .assistant, content: reply)])
    }

    private func standingJudgement(on task: TaskID, by user: UserID) throws -> Judgement? {
        let row = try row(
            """
            SELECT r.judgement FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            WHERE l.task_id = ? AND l.user_id = ? AND l.state <> 'retracted'
            """, [task, user])
        let content: LabelContent? = try row?.json("judgement")
        return content?.judgement
    }

    /// The text that the person preferred; of a tie the one that is stored first. Nil where neither is acceptable.
    private func preferredReply(_ judgement: Judgement, on task: TaskID) throws -> String? {
        guard let group = try row("SELECT group_id FROM tasks WHERE id = ?", [task]) else { return nil }
        let responses = try responses(of: group["group_id"])
        if let best = judgement.gradedPairs.first?.winner { return responses.first { $0.id == best }?.text }
        return judgement.isBothUnacceptable ? nil : responses.first?.text
    }
}
