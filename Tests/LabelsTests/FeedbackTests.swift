import Foundation
import Labels
import Preferences
import Synchronization
import Testing

@Suite struct FeedbackTests {
    /// A project that asks for one kind of feedback alone, and a person.
    private func site(
        _ kind: FeedbackKind, _ change: (inout ProjectSettings) -> Void = { _ in }
    ) async throws -> (test: TestStore, project: ProjectID, policy: PolicyID, ada: UserID) {
        let test = try TestStore()
        let (project, policy) = try await test.project { settings in
            settings.feedback.shares = [kind: 100]
            change(&settings)
        }
        return (test, project, policy, try await test.user("Ada"))
    }

    /// One task about one response.
    private func oneResponse(
        _ test: TestStore, _ mode: TaskMode, _ project: ProjectID, _ policy: PolicyID
    ) async throws {
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("Name a bird.")], by: .system)
        let prompt = try await test.store.prompts(project, use: .ranking)[0]
        _ = try await test.store.enqueue(
            [
                NewGroup(
                    prompt: prompt.id,
                    responses: [
                        NewResponse(text: "A wren is a fish.", tokenIDs: [1, 2], tokenIDsSource: .own, policy: policy)
                    ], mode: mode)
            ], in: project)
    }

    @Test func eachPromptForSupervisedTuningIsDemonstratedOnce() async throws {
        let (test, project, _, ada) = try await site(.demonstration)
        await #expect(throws: StoreError.noPrompts(project: "p", use: .supervised)) {
            try await test.store.addWritingTasks(project, mode: .demonstration, count: 1)
        }
        _ = try await test.store.addPrompts(
            project, use: .supervised, [.text("Name a bird."), .text("Name a fish.")], by: .system)
        #expect(try await test.store.addWritingTasks(project, mode: .demonstration, count: 5) == 2)
        let task = try await test.next(ada, project)
        #expect(task.mode == .demonstration)
        #expect(task.responses.isEmpty)
        await #expect(throws: StoreError.self) {
            _ = try await test.store.submit(.demonstration(" \n"), token: task.token, user: ada)
        }
        await #expect(throws: StoreError.self) {
            _ = try await test.store.submit(.criticism("good"), token: task.token, user: ada)
        }
        let answer = Feedback.demonstration("A wren.")
        let first = try await test.store.submit(answer, token: task.token, user: ada)
        #expect(first.kept == .counted)
        #expect(try await test.store.submit(answer, token: task.token, user: ada).repeated)
        #expect(try await test.store.demonstrationCount(project) == 1)
        let back = try await test.store.undo(first.labelID, by: ada)
        #expect(back.former == answer)
        #expect(try await test.store.demonstrationCount(project) == 0)
        let again = try await test.store.submit(.demonstration("A robin."), token: back.token, user: ada)
        #expect(again.revision == 3)

        let snapshot = try await test.store.takeDemonstrationSnapshot(project, by: .system)
        #expect(try await test.store.takeDemonstrationSnapshot(project, by: .system) == snapshot)
        let file = test.folder.appending(path: "demonstrations.jsonl")
        #expect(try await test.store.writeDemonstrations(of: snapshot.id, to: file) == 1)
        let line = try String(contentsOf: file, encoding: .utf8)
        #expect(line.contains(#""response":"A robin.""#) && line.contains("Name a bird."))
        await #expect(throws: StoreError.self) { _ = try await test.store.undo(first.labelID, by: ada) }
        await #expect(throws: StoreError.noLabelsYet(project: "p")) {
            _ = try await test.store.takeSnapshot(project, by: .system)
        }
    }

    @Test func aCorrectionIsPreferredOverTheResponseUntilItIsTakenBack() async throws {
        let (test, project, policy, ada) = try await site(.correction)
        try await oneResponse(test, .correction, project, policy)
        let task = try await test.next(ada, project)
        let submission = try await test.store.submit(
            .correction("A wren is a bird."), token: task.token, user: ada)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.labels == 1)
        let groups = Collected()
        try await test.store.forEachGroup(of: snapshot.id) { groups.add($0) }
        let group = try #require(groups.all.first)
        let chosen = try #require(group.labels.first?.judgement.gradedPairs.first?.winner)
        #expect(group.group.responses.count == 2)
        #expect(group.group.response(chosen)?.text == "A wren is a bird.")
        let rejected = try #require(group.group.responses.first { $0.id != chosen })
        #expect(rejected.text == "A wren is a fish.")
        #expect(rejected.tokenIDs == [1, 2] && rejected.policy == "sft of p")
        // A snapshot has read the preference, so its correction stays.
        await #expect(throws: StoreError.self) { _ = try await test.store.undo(submission.labelID, by: ada) }
        #expect(try await test.store.recentSubmissions(of: ada, in: project).count == 1)
    }

    @Test func takingACorrectionBackTakesItsPreferenceBack() async throws {
        let (test, project, policy, ada) = try await site(.correction)
        try await oneResponse(test, .correction, project, policy)
        let task = try await test.next(ada, project)
        let first = try await test.store.submit(.correction("A wren is a bird."), token: task.token, user: ada)
        let back = try await test.store.undo(first.labelID, by: ada)
        await #expect(throws: StoreError.noLabelsYet(project: "p")) {
            _ = try await test.store.takeSnapshot(project, by: .system)
        }
        // The response itself, found right: an ideal answer, and nothing to prefer.
        _ = try await test.store.submit(.correction("A wren is a fish."), token: back.token, user: ada)
        await #expect(throws: StoreError.noLabelsYet(project: "p")) {
            _ = try await test.store.takeSnapshot(project, by: .system)
        }
        #expect(try await test.store.demonstrationCount(project) == 1)
    }

    @Test func writtenPromptsEnterTheProjectWithTheirUseAndLeaveItAgain() async throws {
        let (test, project, policy, ada) = try await site(.prompt) { settings in
            settings.feedback.promptStyles = [.plain, .fewShot, .useCase]
            settings.feedback.writtenPromptUse = .ppo
        }
        await #expect(throws: StoreError.noPrompts(project: "p", use: .writing)) {
            try await test.store.addWritingTasks(project, mode: .prompt, count: 3)
        }
        _ = try await test.store.addPrompts(
            project, use: .writing, [.text("Homework help"), .text("Cooking")], by: .system)
        #expect(try await test.store.addWritingTasks(project, mode: .prompt, count: 6) == 6)
        var styles: [PromptStyle?] = []
        var briefs: [String] = []
        var first: Submission?
        for number in 1...6 {
            let task = try await test.next(ada, project)
            styles.append(task.promptStyle)
            if task.promptStyle == .useCase { briefs.append(task.prompt.plainText) }
            let written: WrittenPrompt =
                task.promptStyle == .fewShot
                ? WrittenPrompt(
                    instruction: "Translate \(number)", examples: [.init(input: "a", output: "b")], input: "c")
                : WrittenPrompt("Prompt \(number)", forUseCase: task.promptStyle == .useCase)
            let submission = try await test.store.submit(.prompt(written), token: task.token, user: ada)
            if number == 1 { first = submission }
        }
        #expect(styles == [.plain, .fewShot, .useCase, .plain, .fewShot, .useCase])
        #expect(briefs == ["Homework help", "Cooking"])
        #expect(try await test.store.promptCounts(project)[.ppo] == 6)
        let prompts = try await test.store.prompts(project, use: .ppo)
        #expect(prompts.allSatisfy { $0.author == ada })
        #expect(prompts.contains { $0.prompt.plainText == "Translate 2\n\nInput: a\nOutput: b\n\nInput: c\nOutput:" })
        let label = try #require(first?.labelID)
        _ = try await test.store.undo(label, by: ada)
        #expect(try await test.store.promptCounts(project)[.ppo] == 5)
        // One that was answered stays.
        let used = try #require(prompts.first { $0.prompt.plainText == "Prompt 4" })
        _ = try await test.store.enqueue(
            [NewGroup(prompt: used.id, responses: [NewResponse(text: "x", policy: policy)], mode: .rating)],
            in: project)
        let past = try await test.store.recentSubmissions(of: ada, in: project)
        let refused = past.filter {
            if case .refused(let why) = $0.undo { why.contains("answered already") } else { false }
        }
        #expect(refused.count == 1)
    }

    /// There is no group where both gave the same answer, but the comparison of policies counts the prompt as a tie.
    @Test func aWrittenPromptThatDecidedBetweenPoliciesStays() async throws {
        let (test, project, policy, ada) = try await site(.prompt) { $0.feedback.writtenPromptUse = .heldOut }
        #expect(try await test.store.addWritingTasks(project, mode: .prompt, count: 1) == 1)
        let task = try await test.next(ada, project)
        let submission = try await test.store.submit(.prompt(WrittenPrompt("Say yes.")), token: task.token, user: ada)
        let new = try await test.store.addPolicy(
            NewPolicy(name: "new", kind: .refreshed, path: "policies/new", project: project), by: .system)
        _ = try await test.store.startPromotion(
            NewPromotion(candidate: new.id, pairs: 1, seed: 5), in: project, by: .system)
        let pair = try #require(try await test.store.planPromotionPairs(project, limit: 1).first)
        try await test.store.enter(
            pair, responses: [new.id, policy].map { NewResponse(text: "Yes.", policy: $0, temperature: 1) })
        guard case .refused = try await test.store.recentSubmissions(of: ada, in: project).first?.undo else {
            Issue.record("it can be taken back")
            return
        }
        await #expect(throws: StoreError.self) { _ = try await test.store.undo(submission.labelID, by: ada) }
        #expect(try await test.store.promptCounts(project)[.heldOut] == 1)
    }

    @Test func tasksAreWantedByTheShares() async throws {
        let (test, project, _, _) = try await site(.rating) { settings in
            settings.tasksAhead = 10
            settings.feedback.shares = [.rating: 25, .demonstration: 30, .conversation: 5]
        }
        let needs = try await test.store.taskNeeds(project)
        #expect(needs.first { $0.mode == .ranking }?.need.wanted == 4)
        #expect(needs.first { $0.mode == .rating }?.need.wanted == 3)
        #expect(needs.first { $0.mode == .demonstration }?.need.wanted == 3)
        #expect(needs.first { $0.mode == .criticism }?.need.wanted == 0)
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("a")], by: .system)
        let plan = try await test.store.planSampling(project, groups: 1, seed: 1, mode: .rating)
        #expect(plan.first?.parts.map(\.count) == [1])
    }

    @Test(arguments: [
        #"{"shares":{"rating":60,"prompt":50}}"#, #"{"shares":{"rating":-1}}"#, #"{"prompt_styles":[]}"#,
        #"{"written_prompt_use":"writing"}"#, #"{"practice_pass_share":1.5}"#,
    ])
    func settingsThatCannotHoldAreRefused(text: String) async throws {
        let test = try TestStore()
        var settings = ProjectSettings()
        settings.feedback = try JSONDecoder().decode(FeedbackSettings.self, from: Data(text.utf8))
        await #expect(throws: StoreError.self) {
            _ = try await test.store.createProject(name: "p", settings: settings, by: .system)
        }
    }

    @Test func everyKindComesBackFromTheNativeFormAsItWas() async throws {
        let (test, project, policy, ada) = try await site(.correction)
        for mode in [TaskMode.correction, .rating, .criticism] {
            try await oneResponse(test, mode, project, policy)
        }
        _ = try await test.store.addPrompts(project, use: .supervised, [.text("Name a tree.")], by: .system)
        try await test.store.addWritingTasks(project, mode: .demonstration, count: 1)
        try await test.store.addWritingTasks(project, mode: .prompt, count: 2)
        for _ in 1...6 {
            let task = try await test.next(ada, project)
            _ = try await test.store.submit(try answer(to: task), token: task.token, user: ada)
        }
        let export = test.folder.appending(path: "native.jsonl")
        let summary = try await test.store.writeExport(project, as: .native, to: export)
        #expect(summary.lines == 7, "six answers, and the preference of the correction")
        #expect(try await test.store.exportCounts(project).summary(as: .native) == summary)
        let other = try TestStore(seed: 2)
        let (copy, _) = try await other.project()
        let report = try await other.store.importLabels(copy, from: .file(export), by: .system)
        #expect(report.added == 7)
        #expect(try await other.store.importLabels(copy, from: .file(export), by: .system).alreadyThere == 7)
        let again = other.folder.appending(path: "native.jsonl")
        try await other.store.writeExport(copy, as: .native, to: again)
        #expect(try Data(contentsOf: again) == Data(contentsOf: export))
        #expect(try await other.store.demonstrationCount(copy) == 2)
        #expect(try await other.store.promptCounts(copy)[.ranking] == 3, "the one that was rated, and two written ones")
        for format in ExportFormat.allCases {
            let file = other.folder.appending(path: format.fileName)
            let written = try await other.store.writeExport(copy, as: format, to: file)
            #expect(try await other.store.exportCounts(copy).summary(as: format) == written, "\(format)")
        }
        let demonstrations = try String(
            contentsOf: other.folder.appending(path: ExportFormat.demonstrations.fileName), encoding: .utf8)
        #expect(demonstrations.split(separator: "\n").count == 2)
    }

    private func answer(to task: Assignment) throws -> Feedback {
        switch task.mode {
        case .demonstration: .demonstration("An oak.\n")
        case .correction: .correction("A wren is a bird.")
        case .rating:
            .rating(
                ResponseReview(
                    rating: try ResponseRating(overall: 2, flags: ["hallucination"]), criticism: "Not a fish."))
        case .criticism: .criticism("It is not a fish.")
        case .prompt where task.promptStyle == .fewShot:
            .prompt(WrittenPrompt(instruction: "Sort", examples: [.init(input: "b a", output: "a b")], input: "d c"))
        default: .prompt(WrittenPrompt("What is a wren?"))
        }
    }
}

/// Groups as they are read.
private final class Collected: Sendable {
    private let groups = Mutex<[LabelledGroup]>([])
    var all: [LabelledGroup] { groups.withLock { $0 } }
    func add(_ group: LabelledGroup) { groups.withLock { $0.append(group) } }
}
