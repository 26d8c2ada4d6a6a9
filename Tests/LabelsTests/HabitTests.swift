import Labels
import Preferences
import Testing

/// What leads see of how sure people are, and of what they prefer whatever the responses say.
@Suite struct HabitTests {
    private func answer(
        _ test: TestStore, _ project: ProjectID, _ user: UserID,
        _ verdict: (ShownResponse, ShownResponse) -> Comparison.Verdict
    ) async throws {
        let task = try await test.next(user, project)
        let comparison = try Comparison(
            between: task.responses[0].id, and: task.responses[1].id,
            verdict: verdict(task.responses[0], task.responses[1]))
        _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
    }

    @Test func sidesLengthsAndCertaintyAreCountedByPersonAndRound() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
            $0.tie = true
        }
        try await test.tasks(4, in: project, policy: policy, k: 2)
        let (ann, bob) = (try await test.user("ann"), try await test.user("bob"))
        for _ in 0..<2 {
            try await answer(test, project, ann) { left, right in
                .preference(winner: left.id, loser: right.id, grade: .negligibly)
            }
        }
        try await answer(test, project, bob) { left, right in
            .preference(winner: right.id, loser: left.id, grade: .better)
        }
        try await answer(test, project, bob) { _, _ in .tie }
        let next = try await test.store.addPolicy(
            NewPolicy(name: "next", kind: .supervised, path: "policies/next", bytes: 10), by: .system)
        try await test.store.makeCurrent(next.id, in: project, by: .system)
        try await test.tasks(1, in: project, policy: next.id, k: 2, label: "later")
        try await answer(test, project, ann) { left, right in
            .preference(winner: left.id, loser: right.id, grade: .significantly)
        }

        let rounds = try await test.store.certainty(project)
        #expect(rounds.count == 2 && rounds[0].round < rounds[1].round)
        #expect(rounds.map(\.answers) == [4, 1] && rounds.map(\.graded) == [3, 1])
        #expect(rounds.map(\.negligible) == [2, 0])
        #expect(rounds.map(\.pairs) == [4, 1] && rounds.map(\.tiedPairs) == [1, 0])
        let habits = try await test.store.habits(project)
        #expect(habits.map(\.user.name) == ["ann", "bob"])
        #expect(habits.map(\.sides.left) == [3, 0] && habits.map(\.sides.right) == [0, 1])
        let preferred = habits.map { $0.lengths.longerWins + $0.lengths.shorterWins + $0.lengths.equalLength }
        #expect(preferred == [3, 1], "a tie prefers no length")
        // A decision of a lead is none of these.
        let lead = try await test.user("lee", role: .lead)
        let task = try #require(try await test.store.recentLabels(project).first).taskID
        let mine = try await test.store.adjudicate(task, in: project, by: lead)
        let tie = try Comparison(between: mine.responses[0].id, and: mine.responses[1].id, verdict: .tie)
        _ = try await test.store.submit(.comparison(tie), token: mine.token, user: lead)
        #expect(try await test.store.certainty(project) == rounds)
        #expect(try await test.store.habits(project) == habits)
    }
}
