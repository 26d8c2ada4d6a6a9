import Foundation
import Labels
import Preferences
import Synchronization
import Testing

/// What the store makes of labels and evaluations about the policies themselves.
@Suite struct PolicyJudgementTests {
    /// Groups of two responses, one of each policy.
    private func pairs(
        _ test: TestStore, _ project: ProjectID, _ policies: (PolicyID, PolicyID), count: Int,
        probability: Double? = nil, label: String
    ) async throws -> [TaskID] {
        _ = try await test.store.addPrompts(
            project, use: .ranking, (0..<count).map { .text("\(label) \($0)") }, by: .system)
        let prompts = try await test.store.prompts(project, use: .ranking, limit: 1000)
            .filter { $0.prompt.plainText.hasPrefix(label + " ") }
        return try await test.store.enqueue(
            prompts.map { prompt in
                NewGroup(
                    prompt: prompt.id,
                    responses: ([policies.0, policies.1] as [PolicyID]).map { (policy: PolicyID) in
                        NewResponse(text: "by \(policy)", policy: policy, seed: 1, temperature: 1)
                    }, samplingProbability: probability)
            }, in: project)
    }

    private func answer(_ test: TestStore, _ project: ProjectID, _ user: UserID, for policy: PolicyID?) async throws {
        let task = try await test.next(user, project)
        let ids = task.responses.map(\.id)
        let comparison: Comparison
        if let policy, let winner = task.responses.first(where: { $0.text == "by \(policy)" }) {
            comparison = try Comparison(winner: winner.id, loser: ids.first { $0 != winner.id } ?? "", grade: .better)
        } else {
            comparison = try Comparison(between: ids[0], and: ids[1], verdict: .tie)
        }
        _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
    }

    private func site() async throws -> (
        test: TestStore, project: ProjectID, old: PolicyID, new: PolicyID, user: UserID
    ) {
        let test = try TestStore()
        let (project, old) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
            $0.tie = true
        }
        try await test.store.setReference(old, in: project, by: .system)
        let new = try await test.store.addPolicy(
            NewPolicy(name: "new", kind: .refreshed, path: "policies/new", project: project), by: .system
        ).id
        return (test, project, old, new, try await test.user("a"))
    }

    @Test func theTableSaysWhoIsStrongerAndHowSureThatIs() async throws {
        let (test, project, old, new, user) = try await site()
        #expect(try await test.store.policyStrengths(project).isEmpty)
        _ = try await pairs(test, project, (old, new), count: 30, label: "p")
        for round in 0..<30 {
            try await answer(test, project, user, for: round % 10 == 9 ? nil : round % 5 == 0 ? old : new)
        }
        let table = try await test.store.policyStrengths(project)
        #expect(table.map(\.policy.id) == [new, old])
        #expect(table[1].isAnchor && table[1].strength == 0 && table[1].interval == 0...0)
        #expect(table[0].pairs == 30 && table[0].prompts == 30)
        #expect(abs(table[0].winRate - 22.5 / 30) < 0.02, "\(table[0].winRate)")
        #expect(table[0].winInterval.lowerBound > 0.5 && table[0].winInterval.contains(table[0].winRate))
    }

    @Test func aTaskThatWasChosenCountsForThoseThatWereNot() async throws {
        let (test, project, old, new, user) = try await site()
        _ = try await pairs(test, project, (old, new), count: 10, probability: 0.1, label: "rare")
        _ = try await pairs(test, project, (old, new), count: 10, probability: 1, label: "sure")
        for round in 0..<20 { try await answer(test, project, user, for: round < 10 ? new : old) }
        let table = try await test.store.policyStrengths(project)
        #expect(table[0].policy.id == new)
        // 10 wins that stand for 100, against 10 that stand for themselves.
        #expect(abs(table[0].winRate - 100.0 / 110) < 0.03, "\(table[0].winRate)")
    }

    @Test func heldOutLabelsCarryTheInverseOfTheirProbabilityAndOthersNone() async throws {
        let (test, project, old, new, user) = try await site()
        _ = try await pairs(test, project, (old, new), count: 30, probability: 0.25, label: "p")
        for _ in 0..<30 { try await answer(test, project, user, for: new) }
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.heldOutGroups > 0)
        let found = Mutex<[LabelledGroup]>([])
        try await test.store.forEachGroup(of: snapshot.id) { group in found.withLock { $0.append(group) } }
        for group in found.withLock({ $0 }) {
            #expect(group.labels.allSatisfy { $0.weight == (group.split == .heldOut ? 4 : nil) })
            #expect(group.samplingProbability == 0.25 && group.standsFor == 4)
        }
    }

    @Test func evaluationsAreKeptAndComparedItemByItem() async throws {
        let (test, _, old, new, _) = try await site()
        func found(_ right: Int, _ sha: Character = "a") -> NewEvaluation {
            NewEvaluation(
                task: "facts", taskSHA256: String(repeating: sha, count: 64), figure: "accuracy",
                scores: (0..<200).map { $0 < right ? 1 : 0 })
        }
        try await test.store.addEvaluations([found(100)], of: old, by: .commandLine)
        try await test.store.addEvaluations([found(160)], of: new, by: .commandLine)
        try await test.store.addEvaluations([found(120)], of: new, by: .commandLine)
        let after = try await test.store.evaluations(of: new)
        #expect(after.count == 1 && after[0].value == 0.6, "the newest stands")
        #expect(after[0].interval.contains(0.6) && after[0].interval.lowerBound > 0.52)
        let before = try await test.store.evaluations(of: old)[0]
        let change = try #require(EvaluationChange(before: before, after: after[0]))
        #expect(abs(change.difference - 0.1) < 1e-12)
        // 20 of 200 items changed, all one way: far surer than two separate figures would be.
        #expect(change.interval.lowerBound > 0.055 && change.interval.upperBound < 0.145)
        #expect(EvaluationChange(before: before, after: Evaluation.of(found(9, "b"), new)) == nil)
        await #expect(throws: StoreError.self) {
            try await test.store.addEvaluations(
                [NewEvaluation(task: "t", taskSHA256: "ab", figure: "f", scores: [1])], of: new, by: .system)
        }
        await #expect(throws: StoreError.self) {
            try await test.store.addEvaluations(
                [NewEvaluation(task: "t", taskSHA256: String(repeating: "a", count: 64), figure: "f", scores: [2])],
                of: new, by: .system)
        }
    }
}

extension Evaluation {
    fileprivate static func of(_ found: NewEvaluation, _ policy: PolicyID) -> Evaluation {
        Evaluation(policy: policy, found: found, measuredBy: "test", measuredAt: Date(timeIntervalSince1970: 0))
    }
}
