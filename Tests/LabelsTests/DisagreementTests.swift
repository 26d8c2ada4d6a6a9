import Labels
import Preferences
import Testing

/// Where people disagree, one more is asked.
@Suite struct DisagreementTests {
    /// One task of a project that wants two labels, and up to `most` where people agree on less than 0.7 of the pairs.
    private func site(most: Int) async throws -> (test: TestStore, project: ProjectID, task: TaskID) {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.overlap = 2
            $0.quality.mostPeople = most
        }
        return (test, project, try await test.tasks(1, in: project, policy: policy)[0])
    }

    /// Whether the person was handed the task, which they then answer.
    private func answer(
        _ test: TestStore, _ project: ProjectID, _ name: String, reversed: Bool = false
    ) async throws -> Bool {
        let user = try await test.user(name)
        guard case .task(let task) = try await test.store.nextTask(for: user, in: project) else { return false }
        _ = try await test.store.submit(try task.ranked(reversed: reversed), token: task.token, user: user)
        return true
    }

    @Test func oneMoreIsAskedAsLongAsTheyDisagree() async throws {
        let (test, project, task) = try await site(most: 4)
        #expect(try await answer(test, project, "ann"))
        #expect(try await answer(test, project, "bob", reversed: true))
        #expect(try await test.store.taskAnswers(task, in: project).overlap == 3)
        // Two of three agree, on a third of the pairs of people: still too little. Then on half of them.
        #expect(try await answer(test, project, "cat"))
        #expect(try await answer(test, project, "dan"))
        #expect(try await test.store.progress(project).tasksDone == 1, "four are asked at most")
        #expect(try await !answer(test, project, "eve"))
        #expect(try await test.store.taskAnswers(task, in: project).overlap == 4)
    }

    @Test func whoAgreesIsEnoughAndSoIsTheOverlapWhereNoMoreAreWanted() async throws {
        for (most, isReversed) in [(4, false), (0, true), (2, true)] {
            let (test, project, task) = try await site(most: most)
            #expect(try await answer(test, project, "ann"))
            #expect(try await answer(test, project, "bob", reversed: isReversed))
            #expect(try await test.store.progress(project).tasksDone == 1)
            #expect(try await !answer(test, project, "cat"))
            #expect(try await test.store.taskAnswers(task, in: project).overlap == 2)
        }
    }

    @Test func aSettingOutsideItsBoundsIsNamed() async throws {
        let test = try TestStore()
        await #expect(throws: StoreError.self) { _ = try await test.project { $0.quality.leastAgreement = 1.5 } }
        await #expect(throws: StoreError.self) { _ = try await test.project { $0.quality.mostPeople = 101 } }
    }
}
