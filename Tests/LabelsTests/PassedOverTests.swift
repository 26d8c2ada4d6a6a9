import Foundation
import Labels
import Preferences
import Testing

@Suite struct PromptStateTests {
    private func site(
        _ prompts: [String], use: PromptUse = .ranking
    ) async throws -> (test: TestStore, project: ProjectID, policy: PolicyID, prompts: [PromptID]) {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        if !prompts.isEmpty {
            _ = try await test.store.addPrompts(project, use: use, prompts.map { .text($0) }, by: .system)
        }
        return (test, project, policy, try await test.store.prompts(project, use: use).map(\.id))
    }

    private func planned(_ test: TestStore, _ project: ProjectID) async throws -> [PromptID] {
        try await test.store.planSampling(project, groups: 10, seed: 1).map(\.prompt.id)
    }

    @Test func whatAPolicyCannotAnswerIsPassedOverUntilAnotherPolicyOrAnotherTry() async throws {
        let (test, project, policy, prompts) = try await site(["a", "b", "c"])
        try await test.store.noteRefusal(of: prompts[0], by: policy, reason: "too long")
        try await test.store.noteRefusal(of: prompts[0], by: policy, reason: "256 at most")
        #expect(try await planned(test, project) == [prompts[1], prompts[2]])
        let candidates = try await test.store.planCandidates(project, count: 10, seed: 1, oversampling: 2)
        #expect(Set(candidates.map(\.plan.prompt.id)) == [prompts[1], prompts[2]])
        #expect(try await test.store.promptsWithoutTask(project) == 2)
        #expect(try await test.store.unanswerablePromptCount(project) == 1)
        #expect(try await test.store.prompts(project, state: .unanswerable).map(\.id) == [prompts[0]])
        #expect(try await test.store.prompts(project, use: .ranking, state: .active).map(\.id) == Array(prompts[1...]))
        let refusals = try await test.store.refusals(of: prompts, in: project)
        #expect(refusals.keys.sorted() == [prompts[0]])
        #expect(refusals[prompts[0]]?.map(\.reason) == ["256 at most"])
        #expect(refusals[prompts[0]]?.first?.policyName == "sft of p")

        for prompt in prompts { try await test.store.noteRefusal(of: prompt, by: policy, reason: "") }
        await #expect(throws: StoreError.noAnswerablePrompts(project: "p", use: .ranking)) {
            _ = try await planned(test, project)
        }
        await #expect(throws: StoreError.noAnswerablePrompts(project: "p", use: .ranking)) {
            _ = try await test.store.planCandidates(project, count: 1, seed: 1, oversampling: 1)
        }
        let next = try await test.store.addPolicy(
            NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system)
        try await test.store.makeCurrent(next.id, in: project, by: .system)
        #expect(try await planned(test, project) == prompts, "the next policy may be able to")
        #expect(try await test.store.unanswerablePromptCount(project) == 0)
        try await test.store.makeCurrent(policy, in: project, by: .system)
        #expect(try await test.store.forgetRefusals(in: project) == 3)
        #expect(try await planned(test, project) == prompts)
    }

    @Test func aComparisonOfPoliciesPassesOverWhatOneOfTheTwoCannotAnswer() async throws {
        let (test, project, policy, prompts) = try await site(["a", "b", "c"], use: .heldOut)
        let new = try await test.store.addPolicy(
            NewPolicy(name: "new", kind: .refreshed, path: "policies/new", project: project), by: .system)
        _ = try await test.store.startPromotion(
            NewPromotion(candidate: new.id, pairs: 3, seed: 5), in: project, by: .commandLine)
        try await test.store.noteRefusal(of: prompts[0], by: policy, reason: "too long")
        try await test.store.noteRefusal(of: prompts[1], by: new.id, reason: "too long")
        #expect(try await test.store.planPromotionPairs(project, limit: 9).map(\.plan.prompt.id) == [prompts[2]])
        #expect(try await test.store.unanswerablePromptCount(project) == 2)
        try await test.store.retirePrompt(prompts[2], in: project, by: .system)
        #expect(try await test.store.planPromotionPairs(project, limit: 9).isEmpty)
    }

    @Test func aRetiredPromptIsUsedForNothingNewAndKeepsWhatItHas() async throws {
        let (test, project, policy, _) = try await site([])
        let tasks = try await test.tasks(2, in: project, policy: policy)
        let prompts = try await test.store.prompts(project).map(\.id)
        try await test.store.retirePrompt(prompts[0], in: project, by: .system)
        try await test.store.retirePrompt(prompts[0], in: project, by: .system)
        #expect(try await planned(test, project) == [prompts[1]])
        #expect(try await test.store.promptCounts(project)[.ranking] == 1)
        #expect(try await test.store.prompts(project, state: .retired).map(\.id) == [prompts[0]])
        #expect(try await test.store.prompts(project).map { $0.retiredAt != nil } == [true, false])
        #expect(try await test.next(try await test.user("ann"), project).taskID == tasks[0], "its task stays")
        let entries = try await test.store.auditEntries()
        #expect(entries.count { $0.action == AuditAction.promptRetire.rawValue } == 1)

        let other = try await test.project(named: "q").project
        await #expect(throws: StoreError.unknown(what: "prompt", id: "\(prompts[1])")) {
            try await test.store.retirePrompt(prompts[1], in: other, by: .system)
        }
        try await test.store.restorePrompt(prompts[0], in: project, by: .system)
        #expect(try await Set(planned(test, project)) == Set(prompts))
        #expect(try await test.store.prompts(project, state: .retired).isEmpty)
    }

    @Test func aRetiredPromptIsDrawnForNoRefreshAndShownToNoWriter() async throws {
        let (test, project, _, prompts) = try await site(["a", "b", "c"], use: .ppo)
        let before = try await test.store.drawPrompts(project, use: .ppo, count: 3, seed: 4)
        #expect(Set(before.map(\.id)) == Set(prompts))
        try await test.store.retirePrompt(prompts[1], in: project, by: .system)
        let after = try await test.store.drawPrompts(project, use: .ppo, count: 9, seed: 4)
        #expect(Set(after.map(\.id)) == [prompts[0], prompts[2]])
        _ = try await test.store.addPrompts(project, use: .supervised, [.text("d"), .text("e")], by: .system)
        let subject = try await test.store.prompts(project, use: .supervised)[0].id
        try await test.store.retirePrompt(subject, in: project, by: .system)
        #expect(try await test.store.addWritingTasks(project, mode: .demonstration, count: 5) == 1)
        try await test.store.addWritingTasks(project, mode: .prompt, count: 1)
        let brief = try await test.store.prompts(project, use: .writing)[0].id
        await #expect(throws: StoreError.self) {
            try await test.store.retirePrompt(brief, in: project, by: .system)
        }
    }
}

@Suite struct FormerPolicyTaskTests {
    /// Five tasks of a policy, four of them in somebody's hands when the next policy becomes current.
    private struct Scene {
        let test: TestStore
        let project: ProjectID
        let tasks: [TaskID]
        let people: [UserID]
        /// A lease each; the last was fetched ahead and never shown.
        let leases: [Assignment]
        let next: PolicyID

        init(overlap: Int = 1) async throws {
            test = try TestStore()
            let (project, policy) = try await test.project { $0.overlap = overlap }
            self.project = project
            tasks = try await test.tasks(5, in: project, policy: policy)
            var people: [UserID] = []
            var leases: [Assignment] = []
            for name in ["ann", "bob", "cat"] {
                people.append(try await test.user(name))
                leases.append(try await test.next(people[people.count - 1], project))
            }
            guard
                case .task(let ahead) = try await test.store.nextTask(
                    for: people[2], in: project, besides: [leases[2].token], ahead: true)
            else { throw TestStore.Missing(reason: .noTasksReady) }
            self.people = people
            self.leases = leases + [ahead]
            next = try await test.store.addPolicy(
                NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system
            ).id
            try await test.store.makeCurrent(next, in: project, by: .system)
        }

        func withdrawn() async throws -> Int { try await test.store.progress(project).tasksWithdrawn }

        /// What somebody who has nothing is handed.
        func handed(_ name: String) async throws -> NextTask {
            try await test.store.nextTask(for: try await test.user(name), in: project)
        }
    }

    @Test func whatIsGivenBackIsWithdrawnAndOpenLeasesFinish() async throws {
        let scene = try await Scene()
        let store = scene.test.store
        #expect(try await scene.withdrawn() == 1)
        try await store.releaseLease(token: scene.leases[0].token, user: scene.people[0])
        try await store.skip(token: scene.leases[1].token, user: scene.people[1])
        #expect(try await store.samplingNeed(scene.project).ready == 0, "it is nothing to hand out")
        #expect(try await store.taskNeeds(scene.project)[0].need.ready == 0)
        let new = try await scene.test.tasks(1, in: scene.project, policy: scene.next, label: "newer")
        guard case .task(let task) = try await scene.handed("dan") else {
            Issue.record("nothing was handed out")
            return
        }
        #expect(task.taskID == new[0])
        #expect(try await scene.withdrawn() == 3)
        // Who has one in hand finishes it, and what they fetched ahead.
        for lease in scene.leases[2...] {
            let kept = try await store.submit(try lease.ranked(), token: lease.token, user: scene.people[2])
            #expect(kept.kept == .counted)
        }
        #expect(try await store.progress(scene.project).tasksDone == 2)
        // Late, but there is room: nothing that somebody did is lost.
        let late = try await store.submit(
            try scene.leases[0].ranked(), token: scene.leases[0].token, user: scene.people[0])
        #expect(late.kept == .counted)
    }

    @Test func whatRunsOutIsWithdrawnTooAlsoWhatNobodySaw() async throws {
        let scene = try await Scene()
        scene.test.pass(seconds: 7200)
        #expect(try await scene.handed("dan") == .nothing(.noTasksReady))
        #expect(try await scene.withdrawn() == 5)
    }

    @Test func nobodyElseIsHandedATaskThatAnotherHasInHand() async throws {
        let scene = try await Scene(overlap: 2)
        let store = scene.test.store
        // Two people share the first task; the second place of two others is free.
        #expect(try await scene.handed("dan") == .nothing(.noTasksReady))
        let first = scene.leases[0]
        _ = try await store.submit(try first.ranked(), token: first.token, user: scene.people[0])
        try await store.releaseLease(token: scene.leases[1].token, user: scene.people[1])
        guard case .task(let task) = try await scene.handed("eve") else {
            Issue.record("nothing was handed out")
            return
        }
        #expect(task.taskID == first.taskID, "a task with a label is completed")
    }

    @Test func tasksOfNoPolicyStay() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        _ = try await test.store.importGroups(
            project,
            from: .data(Data(#"{"prompt":"x","responses":["a","b","c","d"]}"#.utf8), name: "groups"), by: .system)
        let ann = try await test.user("ann")
        let lease = try await test.next(ann, project)
        let next = try await test.store.addPolicy(
            NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system)
        try await test.store.makeCurrent(next.id, in: project, by: .system)
        try await test.store.releaseLease(token: lease.token, user: ann)
        #expect(try await test.store.samplingNeed(project).ready == 1)
        #expect(try await test.next(try await test.user("bob"), project).taskID == lease.taskID)
    }
}
