import Foundation
import Labels
import Preferences
import Testing

@Suite struct ConversationTests {
    private func site(
        share: Int = 100, _ change: (inout ProjectSettings) -> Void = { _ in }
    ) async throws -> (test: TestStore, project: ProjectID, ada: UserID) {
        let test = try TestStore()
        let project = try await test.project { settings in
            settings.mode = .comparison
            settings.responseCount = .fixed(2)
            settings.feedback.shares = [.conversation: share]
            change(&settings)
        }.project
        return (test, project, try await test.user("Ada"))
    }

    /// What the model process would do.
    private func answer(_ test: TestStore, _ turn: ConversationTurn, _ texts: [String]) async throws {
        let plan = try #require(try await test.store.planConversation(turn.id, seed: 3))
        let responses = texts.map { NewResponse(text: $0, policy: plan.parts[0].policy.id, temperature: 1) }
        #expect(try await test.store.answer(turn.id, by: plan, responses: responses))
    }

    private func comparison(_ test: TestStore, _ user: UserID, _ project: ProjectID) async throws -> Assignment {
        guard case .compare(let task) = try await test.store.conversation(of: user, in: project)?.step else {
            throw Unexpected()
        }
        return task
    }

    private struct Unexpected: Error {}

    /// Its comparison is withdrawn for others once its time has run out, and stays the person's own.
    @Test func aConversationGoesOnAfterAnotherPolicyIsMadeCurrent() async throws {
        let (test, project, ada) = try await site()
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        try await answer(test, turn, ["A wren.", "A brick."])
        let next = try await test.store.addPolicy(
            NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system)
        #expect(try await test.store.makeCurrent(next.id, in: project, by: .system) == 0, "it is in her hands")
        test.pass(seconds: 7200)
        let bob = try await test.user("Bob")
        #expect(try await test.store.nextTask(for: bob, in: project) == .nothing(.noTasksReady))
        #expect(try await test.store.progress(project).tasksWithdrawn == 1)
        let task = try await comparison(test, ada, project)
        let ids = task.responses.map(\.id)
        let submission = try await test.store.submit(
            .comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .better)), token: task.token, user: ada)
        #expect(submission.kept == .counted)
    }

    @Test func aConversationGoesOnWithTheReplyThatWasPreferred() async throws {
        let (test, project, ada) = try await site()
        #expect(try await test.store.nextWork(of: ada, in: project).task == nil)
        #expect(try await test.store.conversation(of: ada, in: project) == nil)
        let first = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        guard case .wait = try await test.store.conversation(of: ada, in: project)?.step else { throw Unexpected() }
        await #expect(throws: StoreError.self) {
            _ = try await test.store.writeInConversation("And a fish?", by: ada, in: project)
        }
        try await answer(test, first, ["A wren.", "A brick."])
        #expect(try await test.store.planConversation(first.id, seed: 1) == nil, "it is answered")
        let task = try await comparison(test, ada, project)
        #expect(task.prompt == .messages([PromptMessage(role: .user, content: "Name a bird.")]))
        let good = try #require(task.responses.first { $0.text == "A wren." }?.id)
        let bad = try #require(task.responses.first { $0.text == "A brick." }?.id)
        let submission = try await test.store.submit(
            .comparison(try Comparison(winner: good, loser: bad, grade: .better)), token: task.token, user: ada)
        let conversation = try #require(try await test.store.conversation(of: ada, in: project))
        #expect(conversation.step == .write)
        #expect(conversation.messages.map(\.content) == ["Name a bird.", "A wren."])
        let second = try await test.store.writeInConversation("And a fish?", by: ada, in: project)
        #expect(second.number == 2)
        let prompt = try await test.store.prompts(project, use: .ranking).last
        #expect(prompt?.prompt.messages.map(\.content) == ["Name a bird.", "A wren.", "And a fish?"])
        #expect(prompt?.author == ada)
        await #expect(throws: StoreError.self, "the conversation went on from it") {
            _ = try await test.store.undo(submission.labelID, by: ada)
        }
        #expect(try await test.store.takeSnapshot(project, by: .system).labels == 1)
    }

    /// Nothing could read a prompt with an empty message, so the whole project could not train any more.
    @Test func aConversationEndsWhereThePreferredAnswerIsEmpty() async throws {
        let (test, project, ada) = try await site()
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        try await answer(test, turn, [" \n", "A brick."])
        let task = try await comparison(test, ada, project)
        let empty = try #require(task.responses.first { $0.text == " \n" }?.id)
        let brick = try #require(task.responses.first { $0.text == "A brick." }?.id)
        _ = try await test.store.submit(
            .comparison(try Comparison(winner: empty, loser: brick, grade: .better)), token: task.token, user: ada)
        guard case .ended(let why) = try await test.store.conversation(of: ada, in: project)?.step else {
            throw Unexpected()
        }
        #expect(why.contains("empty"))
        await #expect(throws: StoreError.self) {
            _ = try await test.store.writeInConversation("And a fish?", by: ada, in: project)
        }
        #expect(try await test.store.prompts(project, use: .ranking).count == 1)
    }

    @Test func takingTheComparisonBackTakesTheConversationBackToIt() async throws {
        let (test, project, ada) = try await site()
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        try await answer(test, turn, ["A wren.", "A brick."])
        let task = try await comparison(test, ada, project)
        let ids = task.responses.map(\.id)
        let submission = try await test.store.submit(
            .comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .slightly)), token: task.token, user: ada)
        _ = try await test.store.undo(submission.labelID, by: ada)
        let again = try await comparison(test, ada, project)
        #expect(again.formerAnswer?.grade == .slightly)
    }

    @Test func aComparisonWhoseLeaseRanOutIsTheirsAgain() async throws {
        let (test, project, ada) = try await site()
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        try await answer(test, turn, ["A wren.", "A brick."])
        let first = try await comparison(test, ada, project)
        test.pass(seconds: 100_000)
        let second = try await comparison(test, ada, project)
        #expect(second.token != first.token)
        try await test.store.skip(token: second.token, user: ada)
        guard case .ended = try await test.store.conversation(of: ada, in: project)?.step else { throw Unexpected() }
        try await test.store.finishConversation(of: ada, in: project)
        #expect(try await test.store.conversation(of: ada, in: project) == nil)
    }

    @Test func nothingIsLostWhereTheModelServerIsDown() async throws {
        let (test, project, ada) = try await site()
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        try await test.store.setProblem("Not just now.", of: turn.id)
        #expect(
            try await test.store.conversation(of: ada, in: project)?.step
                == .failed(turn, problem: "Not just now."))
        try await test.store.setProblem(nil, of: turn.id)
        try await answer(test, turn, ["A wren.", "A brick."])
        _ = try await comparison(test, ada, project)
    }

    @Test func twoDifferentVariantsAnswer() async throws {
        let (test, project, ada) = try await site { settings in
            settings.mix = [
                MixPart(policy: .current, temperature: 0.5), MixPart(policy: .current, temperature: 1),
                MixPart(policy: .current, temperature: 1.5),
            ]
        }
        let turn = try await test.store.writeInConversation("Name a bird.", by: ada, in: project)
        var pairs = Set<[Double]>()
        for seed in 0..<60 {
            let plan = try #require(try await test.store.planConversation(turn.id, seed: UInt64(seed)))
            #expect(plan.parts.map(\.count) == [1, 1])
            #expect(plan.parts[0].temperature != plan.parts[1].temperature)
            pairs.insert(plan.parts.map(\.temperature))
        }
        #expect(pairs.count == 6, "every pair in either order")
    }

    @Test func aMessageIsKeptUntilItIsSent() async throws {
        let (test, project, ada) = try await site()
        let store = test.store
        func draft(_ text: String, _ version: Int) throws -> Draft {
            try Draft(json: Data(#"{"text": "\#(text)"}"#.utf8), version: version)
        }
        #expect(try await store.messageDraft(of: ada, in: project) == nil)
        try await store.saveMessageDraft(try draft("Name a", 1), of: ada, in: project)
        try await store.saveMessageDraft(try draft("Name a bird", 2), of: ada, in: project)
        await #expect(throws: StoreError.newerDraft(version: 2)) {
            try await store.saveMessageDraft(try draft("Name a fish", 2), of: ada, in: project)
        }
        #expect(try await store.messageDraft(of: ada, in: project) == draft("Name a bird", 2))
        #expect(try await store.messageDraft(of: try await test.user("Bob"), in: project) == nil)
        _ = try await store.writeInConversation("Name a bird.", by: ada, in: project)
        #expect(try await store.messageDraft(of: ada, in: project) == nil)
    }

    /// The task after the one in hand is fetched ahead; where a message comes next, none is.
    @Test func whatIsInHandCountsForTheShareAsAnswered() async throws {
        let (test, project, ada) = try await site(share: 50)
        _ = try await test.tasks(2, in: project, policy: nil, k: 2)
        _ = try await test.store.writeInConversation("One", by: ada, in: project)
        #expect(try await test.store.nextWork(of: ada, in: project, besides: ["any"]).task == nil, "one is open")
        #expect(
            try await test.store.nextWork(of: ada, in: project, insteadOfConversation: true).task != nil, "asked for")
        try await test.store.finishConversation(of: ada, in: project)
        let task = try await test.next(ada, project)
        #expect(try await test.store.nextWork(of: ada, in: project).task == .task(task), "a task is in hand")
        #expect(try await test.store.nextWork(of: ada, in: project, besides: [task.token]).task == nil)
    }

    @Test func conversationsKeepToTheirShare() async throws {
        let (test, project, ada) = try await site(share: 30)
        _ = try await test.tasks(20, in: project, policy: nil, k: 2)
        var turns = 0
        for _ in 0..<20 {
            if try await test.store.nextWork(of: ada, in: project).task == nil {
                turns += 1
                let turn = try await test.store.writeInConversation("Message \(turns)", by: ada, in: project)
                try await answer(test, turn, ["one", "two"])
                try await submitLeft(test, try await comparison(test, ada, project), ada)
                try await test.store.finishConversation(of: ada, in: project)
            } else {
                try await submitLeft(test, try await test.next(ada, project), ada)
            }
        }
        #expect(turns == 6)
    }

    private func submitLeft(_ test: TestStore, _ task: Assignment, _ user: UserID) async throws {
        let ids = task.responses.map(\.id)
        _ = try await test.store.submit(
            .comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .better)), token: task.token, user: user)
    }
}
