import Foundation
import GRDB
import Labels
import Preferences
import Testing

@Suite struct SharedTransactionTests {
    /// Sixty people submit at once, and every third answer is one that the store refuses.
    @Test func aRefusedWriteTakesNoOtherDownWithIt() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 100 }
        try await test.tasks(1, in: project, policy: policy)
        var work: [(user: UserID, task: Assignment)] = []
        for index in 0..<60 {
            let user = try await test.user("person \(index)")
            work.append((user, try await test.next(user, project)))
        }
        let outcomes = try await withThrowingTaskGroup(of: (index: Int, label: LabelID?).self) { group in
            for (index, (user, task)) in work.enumerated() {
                group.addTask {
                    let answer =
                        index % 3 == 0
                        ? Judgement.ranking(try Ranking(rows: [[task.responses[0].id]])) : try task.ranked()
                    do {
                        return (index, try await test.store.submit(answer, token: task.token, user: user).labelID)
                    } catch StoreError.invalidAnswer {
                        return (index, nil)
                    }
                }
            }
            return try await group.reduce(into: [Int: LabelID?]()) { $0[$1.index] = .some($1.label) }
        }
        for index in 0..<60 { #expect((outcomes[index] ?? nil) == nil ? index % 3 == 0 : index % 3 != 0) }
        #expect(Set(outcomes.values.compactMap(\.self)).count == 40)
        #expect(try await test.store.progress(project).labels == 40)
    }

    /// What was acknowledged stands in the file, not in the writer's own view of it.
    @Test func eachAcknowledgedWriteIsCommitted() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 100 }
        try await test.tasks(1, in: project, policy: policy)
        let file = test.folder.appending(path: Store.fileName).path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<30 {
                let user = try await test.user("person \(index)")
                let task = try await test.next(user, project)
                group.addTask {
                    let label = try await test.store.submit(try task.ranked(), token: task.token, user: user).labelID
                    let reader = try DatabaseQueue(path: file)
                    let found = try await reader.read { db in
                        try Int.fetchOne(db, sql: "SELECT count(*) FROM labels WHERE id = ?", arguments: [label])
                    }
                    #expect(found == 1)
                }
            }
            try await group.waitForAll()
        }
    }
}

@Suite struct LeaseLengthTests {
    @Test func aLeaseLastsThreeTimesWhatNineOfTenTasksTake() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.leaseSeconds = 300 }
        try await test.tasks(30, in: project, policy: policy)
        let user = try await test.user("ann")
        let first = try await test.next(user, project)
        #expect(first.expiresAt == test.now + 300)
        // Twenty answers of 10, 20, … 200 seconds: nine of ten take at most 180.
        var task = first
        for index in 1...20 {
            let timing = Timing(activeMilliseconds: index * 10_000)
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: user, timing: timing)
            task = try await test.next(user, project)
        }
        test.pass(seconds: 60)
        #expect(try await test.store.renewLease(token: task.token, user: user).expiresAt == test.now + 540)
    }
}

@Suite struct SkipReviewTests {
    @Test func aTaskThatManySkipWaitsForALead() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.overlap = 5
            $0.skipsToReview = 2
        }
        let tasks = try await test.tasks(2, in: project, policy: policy)
        for (name, reason) in [("ann", SkipReason.unsafe), ("bob", .other)] {
            let user = try await test.user(name)
            let task = try await test.next(user, project)
            #expect(task.taskID == tasks[0])
            try await test.store.skip(
                token: task.token, user: user, reason: reason, note: reason == .other ? "odd" : nil)
            test.pass(seconds: 1)
        }
        let waiting = try await test.store.skippedTasks(project)
        #expect(waiting.map(\.taskID) == [tasks[0]])
        #expect(waiting[0].skips.map(\.reason) == [.unsafe, .other] && waiting[0].skips.map(\.note) == [nil, "odd"])
        #expect(waiting[0].responses.count == 4)
        let cat = try await test.user("cat")
        #expect(try await test.next(cat, project).taskID == tasks[1])

        try await test.store.decide(.reopen, task: tasks[0], in: project, by: .system)
        #expect(try await test.store.skippedTaskCount(project) == 0)
        let dan = try await test.user("dan")
        let again = try await test.next(dan, project)
        #expect(again.taskID == tasks[0])
        // Who skipped it once is never handed it again, and it takes as many new skips to come back.
        test.pass(seconds: 1)
        try await test.store.skip(token: again.token, user: dan)
        #expect(try await test.store.skippedTaskCount(project) == 0)
        let eve = try await test.user("eve")
        try await test.store.skip(token: try await test.next(eve, project).token, user: eve)
        #expect(try await test.store.skippedTaskCount(project) == 1)
        try await test.store.decide(.withdraw, task: tasks[0], in: project, by: .system)
        #expect(try await test.next(try await test.user("fay"), project).taskID == tasks[1])
        await #expect(throws: StoreError.self) {
            try await test.store.decide(.reopen, task: tasks[0], in: project, by: .system)
        }
        let progress = try await test.store.progress(project)
        #expect(progress.tasksWithdrawn == 1 && progress.skips == 4)
    }
}

@Suite struct IdentityTests {
    private func words(_ texts: [String]) async throws -> [String] {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        _ = try await test.store.addPrompts(project, use: .ranking, [.text("Who are you?")], by: .system)
        let prompt = try await test.store.prompts(project, use: .ranking)[0].id
        _ = try await test.store.enqueue(
            [NewGroup(prompt: prompt, responses: texts.map { NewResponse(text: $0, policy: policy) })], in: project)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        _ = try await test.store.submit(
            .ranking(try Ranking(rows: task.responses.map { [$0.id] })), token: task.token, user: user)
        return try await test.store.recentLabels(project)[0].identityWords
    }

    @Test(
        arguments: [
            ("I am ChatGPT, made to help.", ["chatgpt"]), ("As a GPT-4 model I cannot.", ["gpt-4"]),
            ("I'm Claude.", ["claude"]), ("I’m a language model trained by Google", ["google"]),
            ("My name is Bard!", ["bard"]), ("Open Assistant says hello", ["open assistant"]),
            ("I come from sft of p, the policy.", ["sft of p"]),
        ])
    func aResponseThatNamesAModelMarksItsTask(text: String, expected: [String]) async throws {
        #expect(try await words([text, "plain", "another", "more"]) == expected)
    }

    @Test(arguments: ["The llama eats grass.", "Claude Monet painted it.", "A palm stands by the sea. I am glad."])
    func wordsThatMeanSomethingElseDoNot(text: String) async throws {
        #expect(try await words([text, "plain", "another", "more"]).isEmpty)
    }
}

@Suite struct TimeDistributionTests {
    @Test func aLeadSeesTimesAsDistributions() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(12, in: project, policy: policy)
        let user = try await test.user("ann")
        for index in 0...10 {
            let task = try await test.next(user, project)
            let looked = Effort.Response(dwellMilliseconds: 3000, expandedMilliseconds: 0, scrolledPercent: 140)
            let effort = Effort(
                responses: [task.responses[0].id: looked, "foreign": looked],
                used: index == 0 ? ["raw": 2, "No name!": 1] : [:])
            _ = try await test.store.submit(
                try task.ranked(), token: task.token, user: user,
                timing: Timing(activeMilliseconds: index * 1000, effort: effort))
        }
        let last = try await test.next(user, project)
        _ = try await test.store.submit(try last.ranked(), token: last.token, user: user)
        let times = try await test.store.timeDistribution(project)
        #expect(times.bins.map(\.answers) == [5, 5, 1, 0, 0, 0, 0, 0, 0, 0])
        let ann = try #require(times.people.first)
        #expect(ann.answers == 11 && ann.p10 == 1 && ann.p50 == 5 && ann.p90 == 9 && ann.fast == 2)
        #expect(times.unmeasured == 1 && times.withRaw == 1 && times.withDiff == 0 && times.medianDwell == 3)
        let submitted = try #require(try await test.store.recentSubmissions(of: user, in: project).first)
        _ = try await test.store.undo(submitted.labelID, by: user)
        #expect(try await test.store.timeDistribution(project).unmeasured == 0, "an answer that was taken back is none")
        let file = test.folder.appending(path: "labels.jsonl")
        _ = try await test.store.writeExport(project, as: .native, to: file)
        #expect(
            try String(contentsOf: file, encoding: .utf8).contains(#""scrolled_percent":100"#), "no more than all of it"
        )
    }
}

@Suite struct PositionTests {
    /// Upper bound of chi-square with `freedom` degrees that chance stays under 999 times in 1000 (Wilson, Hilferty 1931).
    private func bound(_ freedom: Int) -> Double {
        let share = 2 / (9 * Double(freedom))
        let root = 1 - share + 3.0902 * share.squareRoot()
        return Double(freedom) * root * root * root
    }

    /// 10,000 hand-outs a K: a hundred people, a hundred tasks, by the numbers that a store gives them.
    @Test(arguments: 2...9)
    func everyResponseStandsEverywhereEquallyOften(count: Int) {
        var table = Array(repeating: Array(repeating: 0, count: count), count: count)
        for user in 1...100 {
            for task in 1...100 {
                let order = DisplayOrder.permutation(count: count, annotator: "\(user)", task: "\(task)", attempt: 1)
                for (slot, position) in order.enumerated() { table[slot][position] += 1 }
            }
        }
        let expected = 10_000 / Double(count)
        let square = table.joined().reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(square < bound((count - 1) * (count - 1)))
    }

    @Test func aHandOutIsThatOrderAndStaysIt() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(20, in: project, policy: policy, k: 7)
        for name in ["ann", "bob"] {
            let user = try await test.user(name)
            for _ in 0..<20 {
                let task = try await test.next(user, project)
                let order = DisplayOrder.permutation(
                    count: 7, annotator: "\(user)", task: "\(task.taskID)", attempt: task.attempt)
                #expect(task.responses.map { String($0.text.suffix(1)) } == order.map(String.init))
                #expect(try await test.store.assignment(token: task.token, user: user).responses == task.responses)
                _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
            }
        }
    }
}
