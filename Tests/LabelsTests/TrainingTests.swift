import Foundation
import GRDB
import Labels
import Preferences
import Testing

@Suite struct SnapshotTests {
    /// - Returns: the project and one person, who has answered `count` tasks.
    func labelled(_ test: TestStore, _ count: Int) async throws -> (project: ProjectID, user: UserID) {
        let (project, policy) = try await test.project()
        try await test.tasks(count, in: project, policy: policy)
        let user = try await test.user("ann")
        for _ in 0..<count {
            let task = try await test.next(user, project)
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        }
        return (project, user)
    }

    @Test func aSnapshotIsImmutableAndTheSameSelectionIsTheSameSnapshot() async throws {
        let test = try TestStore()
        let (project, user) = try await labelled(test, 3)
        let first = try await test.store.takeSnapshot(project, by: .system)
        #expect(try await test.store.takeSnapshot(project, by: .system) == first)
        #expect(first.hash.count == 64)
        #expect(try await test.store.progress(project).labelsSinceSnapshot == 0)
        let policy = try #require(try await test.store.project(project).currentPolicy)
        try await test.tasks(1, in: project, policy: policy, label: "later")
        let task = try await test.next(user, project)
        _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        #expect(try await test.store.progress(project).labelsSinceSnapshot == 1)
        let second = try await test.store.takeSnapshot(project, by: .system)
        #expect(second.hash != first.hash && second.labels == 4 && first.labels == 3)
        let file = test.folder.appending(path: "groups.jsonl")
        #expect(try await test.store.writeGroups(of: first.id, to: file) == 3)
        #expect(try await test.store.snapshots(project).map(\.id) == [second.id, first.id])
    }

    @Test func groupsOfARunAreWholeAndLikeTheStore() async throws {
        let test = try TestStore()
        let project = try await labelled(test, 25).project
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let file = test.folder.appending(path: "groups.jsonl")
        try await test.store.writeGroups(of: snapshot.id, to: file)
        var splits: [Split: Int] = [:]
        var number = 0
        try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: "groups.jsonl") { _, group in
            number += 1
            try group.validate()
            splits[group.split, default: 0] += 1
            #expect(group.group.responses[1].tokenIDs == [1, -7, 70_000])
            #expect(group.group.responses[1].logProbability == -1.5 && group.group.responses[1].finished == false)
            #expect(group.group.responses[1].policy == "sft of p" && group.group.responses[1].seed == 6)
        }
        #expect(number == 25)
        #expect(splits[.heldOut] == snapshot.heldOutGroups && splits[.train] == snapshot.trainGroups)
        #expect(snapshot.heldOutGroups >= 1)
    }

    @Test func tooFewLabelsToHoldAnyOutIsSaidInWords() async throws {
        let test = try TestStore()
        let project = try await labelled(test, 19).project
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.heldOutGroups == 0 && snapshot.splitRule.contains("too few to hold any out"))
    }

    /// A prompt that was held out once stays held out, so that no later model has trained on it.
    @Test func aHeldOutPromptStaysHeldOutWhileLabelsGrow() async throws {
        let test = try TestStore()
        let (project, user) = try await labelled(test, 40)
        func heldOut() async throws -> (Set<String>, Set<String>) {
            let snapshot = try await test.store.takeSnapshot(project, by: .system)
            let file = test.folder.appending(path: "groups.jsonl")
            try await test.store.writeGroups(of: snapshot.id, to: file)
            var held = Set<String>()
            var train = Set<String>()
            try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: "g") { _, group in
                if group.split == .heldOut {
                    held.insert(group.group.prompt.plainText)
                } else {
                    train.insert(group.group.prompt.plainText)
                }
            }
            return (held, train)
        }
        let before = try await heldOut()
        let policy = try #require(try await test.store.project(project).currentPolicy)
        try await test.tasks(60, in: project, policy: policy, label: "later")
        for _ in 0..<60 {
            let task = try await test.next(user, project)
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        }
        let after = try await heldOut()
        #expect(before.0.isSubset(of: after.0) && before.1.isSubset(of: after.1))
        #expect(after.0.isDisjoint(with: after.1) && after.0.count + after.1.count == 100)
    }

    /// A later turn holds the earlier one and the answer that was preferred: held out alone it would be known already.
    @Test func allTurnsOfAConversationStandOnOneSide() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.heldOutShare = 0.5 }
        let turns = (0..<30).flatMap { number -> [Prompt] in
            let asked = PromptMessage(role: .user, content: "opening \(number)")
            let more = [PromptMessage(role: .assistant, content: "yes"), PromptMessage(role: .user, content: "more")]
            return [number % 2 == 0 ? .text("opening \(number)") : .messages([asked]), .messages([asked] + more)]
        }
        _ = try await test.store.addPrompts(project, use: .ranking, turns, by: .system)
        let groups = try await test.store.prompts(project, use: .ranking).map { prompt in
            NewGroup(prompt: prompt.id, responses: (0..<4).map { NewResponse(text: "answer \($0)", policy: policy) })
        }
        _ = try await test.store.enqueue(groups, in: project)
        let user = try await test.user("ann")
        for _ in turns {
            let task = try await test.next(user, project)
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        }
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let file = test.folder.appending(path: "groups.jsonl")
        #expect(try await test.store.writeGroups(of: snapshot.id, to: file) == 60)
        var sides: [Prompt: Set<Split>] = [:]
        try JSONLines.forEach(LabelledGroup.self, in: Data(contentsOf: file), file: "g") { _, group in
            sides[group.group.prompt.opening, default: []].insert(group.split)
        }
        #expect(sides.count == 30 && sides.values.allSatisfy { $0.count == 1 })
        #expect(Set(sides.values).count == 2, "some are held out")
    }

    @Test func withoutLabelsThereIsNoSnapshot() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        await #expect(throws: StoreError.noLabelsYet(project: "p")) {
            _ = try await test.store.takeSnapshot(project, by: .system)
        }
    }

    @Test func extrasAreLeftOutUnlessAskedFor() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        let first = try await test.next(ann, project)
        test.pass(seconds: 900)
        let second = try await test.next(bob, project)
        _ = try await test.store.submit(try second.ranked(), token: second.token, user: bob)
        #expect(try await test.store.submit(try first.ranked(), token: first.token, user: ann).kept == .extra)
        #expect(try await test.store.takeSnapshot(project, by: .system).labels == 1)
        let all = try await test.store.takeSnapshot(project, SnapshotOptions(includeExtras: true), by: .system)
        #expect(all.labels == 2 && all.extras == 1)
    }
}

@Suite struct RunTests {
    @Test func aResultIsImportedOnceAndLateNewsIsIgnored() async throws {
        let test = try TestStore()
        let (project, base) = try await test.project()
        let run = try await test.store.createRun(
            NewRun(
                kind: "policy-refresh", project: project, parents: [.policy(base, role: "start")], seed: .max,
                settings: ["steps": "4"]), by: .system)
        #expect(run.state == .queued && run.attempt == 0 && run.seed == .max && run.directory == "runs/\(run.id)")
        #expect(try await test.store.startAttempt(run) == 1)
        #expect(try await test.store.startAttempt(try await test.store.run(run.id)) == 2)
        #expect(try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "x") == false)
        let product = RunProduct.policy(
            NewPolicy(
                name: "v2", kind: .refreshed, path: "policies/v2", parents: [.policy(base, role: "start")],
                metrics: ["kl": 1.5], bytes: 5))
        #expect(try await test.store.importResult(run.id, attempt: 1, product) == .lateAttempt)
        guard case .imported(let done) = try await test.store.importResult(run.id, attempt: 2, product) else {
            Issue.record("not imported")
            return
        }
        let policy = try await test.store.policy(try #require(done.resultPolicy))
        #expect(policy.run == run.id && policy.project == project && policy.metrics == ["kl": 1.5])
        #expect(policy.parents == [.policy(base, role: "start")] && policy.version == 1)
        #expect(try await test.store.importResult(run.id, attempt: 2, product) == .alreadyImported(done))
        #expect(try await test.store.policies().count == 2)
        #expect(try await test.store.finishRun(run.id, attempt: 2, state: .failed, message: "x") == false)
        #expect(try await test.store.startAttempt(try await test.store.run(run.id)) == nil)
        #expect(try await test.store.runs(project, states: [.succeeded]).map(\.id) == [run.id])
        #expect(try await test.store.runs(project, states: [.running]).isEmpty)
    }

    @Test func aFailedRunMayTryAgain() async throws {
        let test = try TestStore()
        let run = try await test.store.createRun(NewRun(kind: "tokenizer"), by: .system)
        let attempt = try #require(try await test.store.startAttempt(run))
        #expect(try await test.store.finishRun(run.id, attempt: attempt, state: .stopped, message: "cancelled"))
        #expect(try await test.store.run(run.id).message == "cancelled")
        let again = try await test.store.resumeRun(run.id, by: .system)
        #expect(again.state == .queued && again.message == nil)
        #expect(try await test.store.startAttempt(again) == 2)
        #expect(try await test.store.run(run.id).state == .running)
    }

    @Test func aProductWithAnUnknownParentLeavesNothingBehind() async throws {
        let test = try TestStore()
        let run = try await test.store.createRun(NewRun(kind: "reward-model"), by: .system)
        let attempt = try #require(try await test.store.startAttempt(run))
        await #expect(throws: StoreError.self) {
            _ = try await test.store.importResult(
                run.id, attempt: attempt,
                .rewardModel(
                    NewRewardModel(name: "r", path: "reward-models/1", parents: [.policy(PolicyID(9), role: "trunk")])))
        }
        #expect(try await test.store.run(run.id).state == .running)
    }

    @Test func makingAPolicyCurrentWithdrawsTasksThatNobodyHasOpened() async throws {
        let test = try TestStore()
        let (project, old) = try await test.project { $0.overlap = 2 }
        try await test.tasks(4, in: project, policy: old)
        let ann = try await test.user("ann")
        let answered = try await test.next(ann, project)
        _ = try await test.store.submit(try answered.ranked(), token: answered.token, user: ann)
        let open = try await test.next(ann, project)
        let new = try await test.store.addPolicy(
            NewPolicy(name: "v2", kind: .refreshed, path: "policies/2", project: project), by: .system)
        #expect(try await test.store.makeCurrent(new.id, in: project, by: .user(ann)) == 2)
        #expect(try await test.store.makeCurrent(new.id, in: project, by: .system) == 0)
        let progress = try await test.store.progress(project)
        #expect(progress.tasksWithdrawn == 2 && progress.tasksOpen == 2)
        #expect(try await test.store.submit(try open.ranked(), token: open.token, user: ann).kept == .counted)
        let state = try await test.store.project(project)
        #expect(state.currentPolicy == new.id && state.referencePolicy == old && state.round == 1)
        let history = try await test.store.currentPolicyHistory(project)
        #expect(history.map(\.policy.id) == [new.id, old] && history[0].until == nil && history[0].by == "ann")
        let table = try await test.store.policyTable(project)
        #expect(table.map(\.policy.id) == [old, new.id] && table[0].responses == 16 && table[0].labelledGroups == 2)
        #expect(table.map(\.isCurrent) == [false, true] && table.map(\.isReference) == [true, false])
    }
}

@Suite struct RetentionTests {
    @Test func whatIsCurrentOrHasDescendantsIsNeverPruned() async throws {
        let test = try TestStore()
        let (project, base) = try await test.project()
        func refreshed(_ name: String, from parent: PolicyID) async throws -> PolicyID {
            test.pass(seconds: 1)
            return try await test.store.addPolicy(
                NewPolicy(
                    name: name, kind: .refreshed, path: "policies/\(name)", parents: [.policy(parent, role: "start")],
                    bytes: 100, project: project), by: .system
            ).id
        }
        let parent = try await refreshed("parent", from: base)
        let leaf = try await refreshed("leaf", from: parent)
        let running = try await refreshed("running", from: parent)
        let current = try await refreshed("current", from: parent)
        let mixed = try await refreshed("mixed", from: parent)
        let newest = try await refreshed("newest", from: parent)
        try await test.store.makeCurrent(current, in: project, by: .system)
        var settings = try await test.store.project(project).settings
        settings.mix.append(MixPart(policy: .policy(mixed), temperature: 1))
        _ = try await test.store.updateProject(project, settings: settings, by: .system)
        let run = try await test.store.createRun(
            NewRun(kind: "policy-refresh", parents: [.policy(running, role: "start")]), by: .system)

        var report = try await test.store.retention(keepLast: 1, quotaBytes: 550)
        #expect(report.prunable.map(\.name) == ["leaf"])
        #expect(report.usedBytes == 610 && report.bytesOverQuota == 60 && report.toPrune.map(\.name) == ["leaf"])
        _ = try await test.store.startAttempt(run)
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "x")
        report = try await test.store.retention(keepLast: 1, quotaBytes: 400)
        #expect(report.prunable.map(\.name) == ["leaf", "running"])
        #expect(report.sentence.contains("raise it"))
        #expect(try await test.store.retention(keepLast: 0).prunable.map(\.name) == ["leaf", "running", "newest"])
        _ = newest

        try await test.store.markPruned(report.prunable[0], by: .system)
        #expect(try await test.store.policy(leaf).prunedAt == test.now)
        #expect(try await test.store.retention(keepLast: 1).usedBytes == 510)
        let measured = try await test.store.retention(keepLast: 0, quotaBytes: 1_000, usedBytes: 1_150)
        #expect(measured.bytesOverQuota == 150 && measured.toPrune.map(\.name) == ["running", "newest"])
        await #expect(throws: StoreError.self) { try await test.store.makeCurrent(leaf, in: project, by: .system) }
        let keep = Prunable(
            kind: .policy, id: current.rawValue, name: "current", path: "", bytes: 0, createdAt: test.now)
        await #expect(throws: StoreError.self) { try await test.store.markPruned(keep, by: .system) }
    }
}

@Suite struct SamplingTests {
    @Test func aPlanDrawsKAndTheMixPerPromptAndIsRepeatable() async throws {
        let test = try TestStore()
        let (project, sft) = try await test.project { $0.responseCount = .range(4, 9) }
        let old = try await test.store.addPolicy(
            NewPolicy(name: "old", kind: .base, path: "policies/old"), by: .system)
        var settings = try await test.store.project(project).settings
        settings.mix = [
            MixPart(policy: .current, temperature: 1, weight: 3),
            MixPart(policy: .policy(old.id), temperature: 0.5, weight: 1),
        ]
        settings.tasksAhead = 10
        _ = try await test.store.updateProject(project, settings: settings, by: .system)
        _ = try await test.store.addPrompts(project, use: .ranking, (0..<300).map { .text("q \($0)") }, by: .system)
        #expect(try await test.store.samplingNeed(project).missing == 10)
        let plan = try await test.store.planSampling(project, groups: 300, seed: 5)
        #expect(plan == (try await test.store.planSampling(project, groups: 300, seed: 5)))
        #expect(plan != (try await test.store.planSampling(project, groups: 300, seed: 6)))
        let counts = plan.map { $0.parts.reduce(0) { $0 + $1.count } }
        #expect(Set(counts) == Set(4...9))
        let ofOld = plan.flatMap(\.parts).filter { $0.policy.id == old.id }.reduce(0) { $0 + $1.count }
        let share = Double(ofOld) / Double(counts.reduce(0, +))
        #expect(abs(share - 0.25) < 0.02)
        #expect(plan.flatMap(\.parts).allSatisfy { $0.policy.id == sft || $0.temperature == 0.5 })
        #expect(Set(plan.flatMap(\.parts).map(\.seed)).count == plan.flatMap(\.parts).count)
    }

    @Test func promptsWithTheFewestGroupsAreSampledFirst() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("new")], by: .system)
        let plan = try await test.store.planSampling(project, groups: 2, seed: 1)
        #expect(plan.map(\.prompt.prompt.plainText) == ["new", "prompt 0"])
    }

    /// A weight from before they were bounded is arithmetic like any other.
    @Test func anyStoredWeightGivesAPlan() async throws {
        let test = try TestStore()
        let (project, sft) = try await test.project()
        try await test.tasks(1, in: project, policy: sft)
        var settings = try await test.store.project(project).settings
        settings.mix = [1e308, 1e308, .leastNonzeroMagnitude].map {
            MixPart(policy: .current, temperature: 1, weight: $0)
        }
        let stored = try JSONLines.line(settings)
        let queue = try DatabaseQueue(path: test.folder.appending(path: Store.fileName).path)
        try await queue.write { db in try db.execute(sql: "UPDATE projects SET settings = ?", arguments: [stored]) }
        try queue.close()
        let parts = try await test.store.planSampling(project, groups: 1, seed: 1)[0].parts
        #expect(parts.reduce(0) { $0 + $1.count } == 4)
        settings.mix[0].weight = 1_000_001
        do {
            _ = try await test.store.updateProject(project, settings: settings, by: .system)
            Issue.record("no error")
        } catch let error as StoreError { #expect(error.description.hasPrefix("mix[0].weight: above 0 and at most")) }
    }

    /// Logits divided by less leave single precision, and the sampler refuses it.
    @Test func aMixTakesNoTemperatureThatCannotBeSampledAt() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        var settings = try await test.store.project(project).settings
        for good in [0, 0.0001, 10] {
            settings.mix[0].temperature = good
            _ = try await test.store.updateProject(project, settings: settings, by: .system)
        }
        for bad in [-1, 1e-40, 10.5, .nan] {
            settings.mix[0].temperature = bad
            await #expect(throws: StoreError.self) {
                _ = try await test.store.updateProject(project, settings: settings, by: .system)
            }
        }
    }

    /// Sampling takes seconds, in which another policy may become current.
    @Test func aGroupThatWasPlannedUnderAnotherPolicyIsLeftOut() async throws {
        let test = try TestStore()
        let (project, old) = try await test.project()
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("a")], by: .system)
        func groups(_ plans: [GroupPlan]) -> [NewGroup] {
            plans.map { plan in
                NewGroup(plan, responses: (0..<4).map { NewResponse(text: "\($0)", policy: plan.parts[0].policy.id) })
            }
        }
        let before = groups(try await test.store.planSampling(project, groups: 1, seed: 1))
        let new = try await test.store.addPolicy(
            NewPolicy(name: "v2", kind: .refreshed, path: "policies/2"), by: .system)
        try await test.store.makeCurrent(new.id, in: project, by: .system)
        #expect(try await test.store.enqueue(before, in: project).isEmpty)
        #expect(try await test.store.promptsWithoutTask(project) == 1)
        let after = groups(try await test.store.planSampling(project, groups: 1, seed: 1))
        #expect(after[0].basis == SamplingBasis(policy: new.id, round: 1))
        #expect(try await test.store.enqueue(after, in: project).count == 1)
        try await test.store.makeCurrent(old, in: project, by: .system)
        #expect(try await test.store.progress(project).tasksWithdrawn == 1)
    }

    /// Somebody who has opened a task must not find the store empty: only untouched tasks are ready.
    @Test func onlyTasksThatNobodyHasTouchedAreReady() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 3 }
        try await test.tasks(4, in: project, policy: policy)
        let user = try await test.user("ann")
        let first = try await test.next(user, project)
        _ = try await test.store.submit(try first.ranked(), token: first.token, user: user)
        let second = try await test.next(user, project)
        try await test.store.skip(token: second.token, user: user)
        _ = try await test.next(user, project)
        #expect(try await test.store.samplingNeed(project).ready == 1)
    }

    @Test func withoutPolicyOrPromptsThePlanSaysWhatIsMissing() async throws {
        let test = try TestStore()
        let bare = try await test.store.createProject(name: "bare", settings: ProjectSettings(), by: .system)
        await #expect(throws: StoreError.noCurrentPolicy(project: "bare")) {
            _ = try await test.store.planSampling(bare.id, groups: 1, seed: 1)
        }
        let project = try await test.project().project
        await #expect(throws: StoreError.noPrompts(project: "p", use: .ranking)) {
            _ = try await test.store.planSampling(project, groups: 1, seed: 1)
        }
        await #expect(throws: StoreError.noPrompts(project: "p", use: .ppo)) {
            _ = try await test.store.drawPrompts(project, use: .ppo, count: 3, seed: 1)
        }
    }

    @Test func promptsAreDrawnWithoutReplacementByTheSeed() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        _ = try await test.store.addPrompts(project, use: .ppo, (0..<20).map { .text("q \($0)") }, by: .system)
        let drawn = try await test.store.drawPrompts(project, use: .ppo, count: 8, seed: 3)
        #expect(Set(drawn.map(\.id)).count == 8)
        #expect(drawn == (try await test.store.drawPrompts(project, use: .ppo, count: 8, seed: 3)))
        #expect(drawn != (try await test.store.drawPrompts(project, use: .ppo, count: 8, seed: 4)))
        #expect(try await test.store.drawPrompts(project, use: .ppo, count: 50, seed: 3).count == 20)
        let file = test.folder.appending(path: "prompts.jsonl")
        try test.store.writePrompts(drawn, to: file)
        let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first
        #expect(
            first
                == "{\"id\":\"\(drawn[0].id)\",\"prompt\":{\"kind\":\"text\",\"text\":\"\(drawn[0].prompt.plainText)\"}}"
        )
    }

    @Test(
        arguments: [
            (["response_count": 1], "K runs from 4 to 9"), (["overlap": 0], "overlap"),
            (["lease_seconds": 1], "lease_seconds"),
        ] as [([String: Int], String)]) func aSettingOutOfRangeIsNamed(change: [String: Int], words: String)
        async throws
    {
        let test = try TestStore()
        var settings = ProjectSettings()
        if let count = change["response_count"] { settings.responseCount = .fixed(count) }
        if let overlap = change["overlap"] { settings.overlap = overlap }
        if let seconds = change["lease_seconds"] { settings.leaseSeconds = seconds }
        do {
            _ = try await test.store.createProject(name: "p", settings: settings, by: .system)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.kind == .invalid && error.description.contains(words))
        }
    }
}
