import Foundation
import Labels
import Preferences
import Testing

@Suite struct PracticeTests {
    static let lines = """
        {"prompt":"Which is a bird?","responses":["a wren","a brick"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"2","grade":"better"}},"explanation":"A **wren** is a bird."}
        {"prompt":"Order by size.","responses":[{"id":"e","text":"elephant"},{"id":"m","text":"mouse"},{"id":"f","text":"flea"}],"expected":{"kind":"ranking","ranking":{"rows":[["e"],["m","f"]],"unacceptable":[]}},"explanation":"Large first."}
        """

    private func site() async throws -> (test: TestStore, project: ProjectID, ada: UserID) {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.feedback.practicePassShare = 1 }
        _ = try await test.tasks(2, in: project, policy: policy)
        let report = try await test.store.importPractice(
            project, from: .data(Data(Self.lines.utf8), name: "practice.jsonl"), by: .system)
        #expect(report.added == 2)
        return (test, project, try await test.user("Ada"))
    }

    /// Ranks by the order of these texts.
    private func ranked(_ task: Assignment, _ texts: [[String]]) throws -> LabelContent {
        let ids = Dictionary(task.responses.map { ($0.text, $0.id) }, uniquingKeysWith: { first, _ in first })
        return .judgement(.ranking(try Ranking(rows: texts.map { $0.compactMap { ids[$0] } })))
    }

    private func compared(_ task: Assignment, winner: String) throws -> LabelContent {
        let winner = try #require(task.responses.first { $0.text == winner }?.id)
        let loser = try #require(task.responses.first { $0.id != winner }?.id)
        return .judgement(.comparison(try Comparison(winner: winner, loser: loser, grade: .negligibly)))
    }

    @Test func realTasksComeAfterTheSetIsPassed() async throws {
        let (test, project, ada) = try await site()
        let first = try await test.next(ada, project)
        #expect(first.isPractice && first.mode == .comparison && !first.allowSkip)
        let wrong = try #require(
            try await test.store.answerPractice(compared(first, winner: "a brick"), token: first.token, user: ada))
        #expect(!wrong.isRight && wrong.explanation.contains("wren"))
        #expect(wrong.expected.gradedPairs.first?.winner == first.responses.first { $0.text == "a wren" }?.id)
        let again = try await test.store.answerPractice(
            compared(first, winner: "a wren"), token: first.token, user: ada)
        #expect(again?.isRight == false, "the first answer stands")
        let second = try await test.next(ada, project)
        let right = try await test.store.answerPractice(
            ranked(second, [["elephant"], ["flea"], ["mouse"]]), token: second.token, user: ada)
        #expect(right?.isRight == true, "what the expected order ties may stand in any order")
        #expect(right?.standing.isComplete == true && right?.standing.hasPassed == false)
        #expect(
            try await test.store.nextTask(for: ada, in: project)
                == .nothing(.practiceNotPassed(right: 1, of: 2, needed: 2)))

        let third = try await test.store.practiseAgain(ada, in: project)
        _ = try await test.store.answerPractice(compared(third, winner: "a wren"), token: third.token, user: ada)
        let fourth = try await test.next(ada, project)
        let last = try await test.store.answerPractice(
            ranked(fourth, [["elephant"], ["mouse", "flea"]]), token: fourth.token, user: ada)
        #expect(last?.standing.hasPassed == true)
        let real = try await test.next(ada, project)
        #expect(!real.isPractice && real.responses.count == 4)
        await #expect(throws: StoreError.self) { _ = try await test.store.practiseAgain(ada, in: project) }
        // Nothing of this is a label.
        #expect(try await test.store.progress(project).labels == 0)
        await #expect(throws: StoreError.noLabelsYet(project: "p")) {
            _ = try await test.store.takeSnapshot(project, by: .system)
        }
        // A task that is added later asks nothing of those who have passed.
        let one =
            #"{"prompt":"x","responses":["a","b"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"2","grade":"better"}},"explanation":"y"}"#
        _ = try await test.store.importPractice(project, from: .data(Data(one.utf8), name: "one"), by: .system)
        #expect(try await test.next(ada, project).token == real.token)
        let bob = try await test.user("Bob")
        #expect(try await test.next(bob, project).isPractice)
    }

    @Test func aPracticeTaskThatWasLeftAloneForLongIsStillTheirs() async throws {
        let (test, project, ada) = try await site()
        let task = try await test.next(ada, project)
        test.pass(seconds: 100_000)
        let renewed = try await test.store.renewLease(token: task.token, user: ada)
        #expect(renewed.expiresAt > test.now)
        _ = try await test.store.answerPractice(compared(task, winner: "a wren"), token: task.token, user: ada)
        test.pass(seconds: 100_000)
        await #expect(throws: StoreError.leaseExpired, "an answered one does not come back") {
            _ = try await test.store.renewLease(token: task.token, user: ada)
        }
    }

    @Test func aReversedPairIsWrong() async throws {
        let (test, project, ada) = try await site()
        let first = try await test.next(ada, project)
        _ = try await test.store.answerPractice(compared(first, winner: "a wren"), token: first.token, user: ada)
        let second = try await test.next(ada, project)
        let answer = try await test.store.answerPractice(
            ranked(second, [["mouse"], ["elephant"], ["flea"]]), token: second.token, user: ada)
        #expect(answer?.isRight == false)
    }

    @Test func aPracticeTaskIsNeitherSubmittedNorSkipped() async throws {
        let (test, project, ada) = try await site()
        let task = try await test.next(ada, project)
        let content = try compared(task, winner: "a wren")
        await #expect(throws: StoreError.self) {
            _ = try await test.store.submit(content, token: task.token, user: ada)
        }
        await #expect(throws: StoreError.self) { try await test.store.skip(token: task.token, user: ada) }
    }

    @Test func aLabelBecomesAPracticeTaskAndTheSetComesBackFromItsLines() async throws {
        let (test, project, ada) = try await site()
        for item in try await test.store.practiceItems(project) {
            try await test.store.retirePracticeItem(item.id, in: project, by: .system)
        }
        let task = try await test.next(ada, project)
        let label = try await test.store.submit(.judgement(task.ranked()), token: task.token, user: ada).labelID
        await #expect(throws: StoreError.self) {
            _ = try await test.store.addPracticeItem(from: label, explanation: " ", in: project, by: .system)
        }
        let elsewhere = try await test.store.createProject(name: "q", settings: ProjectSettings(), by: .system).id
        await #expect(throws: StoreError.self) {
            _ = try await test.store.addPracticeItem(from: label, explanation: "Because.", in: elsewhere, by: .system)
        }
        let item = try await test.store.addPracticeItem(
            from: label, explanation: "Because.", in: project, by: .system)
        await #expect(throws: StoreError.self) {
            try await test.store.retirePracticeItem(item.id, in: elsewhere, by: .system)
        }
        #expect(item.group.responses.count == 4)
        let lines = try await test.store.practiceLines(project).joined(separator: "\n")
        let other = try TestStore(seed: 2)
        let copy = try await other.project().project
        let source = ImportSource.data(Data(lines.utf8), name: "lines")
        #expect(try await other.store.importPractice(copy, from: source, by: .system).added == 1)
        #expect(try await other.store.importPractice(copy, from: source, by: .system).alreadyThere == 1)
        #expect(try await other.store.practiceLines(copy).count == 1)
        #expect(try await other.store.promptCounts(copy)[.heldOut] == 1, "its prompt is neither sampled nor learnt")
    }

    @Test(arguments: [
        (#"{"prompt":"x","responses":["a","b"],"expected":{"kind":"comparison","comparison":{"winner":"1","loser":"3","grade":"better"}},"explanation":"y"}"#),
        (#"{"prompt":"x","responses":["a"],"expected":{"kind":"ranking","ranking":{"rows":[["1"]],"unacceptable":[]}},"explanation":"y"}"#),
        (#"{"prompt":"x","responses":["a","b"],"expected":{"kind":"ranking","ranking":{"rows":[["1"],["2"]],"unacceptable":[]}},"explanation":" "}"#),
    ])
    func linesThatCannotBeAreRefusedWithTheirNumber(line: String) async throws {
        let (test, project, _) = try await site()
        do {
            _ = try await test.store.importPractice(
                project, from: .data(Data((Self.lines + "\n" + line).utf8), name: "p.jsonl"), by: .system)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.description.contains("p.jsonl, line 3"), "\(error)")
        }
        #expect(try await test.store.practiceItems(project).count == 2)
    }
}

@Suite struct PersonalStatisticsTests {
    @Test func aPersonSeesWhatTheyDid() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { settings in
            settings.mode = .comparison
            settings.responseCount = .fixed(2)
            settings.overlap = 2
        }
        _ = try await test.tasks(3, in: project, policy: policy, k: 2)
        let ada = try await test.user("Ada")
        let bob = try await test.user("Bob")
        var timing = Timing()
        for (person, isReversed) in [(ada, false), (bob, false), (ada, false), (bob, true)] {
            let task = try await test.next(person, project)
            let ids = task.responses.sorted { ($0.text < $1.text) != isReversed }.map(\.id)
            timing.activeMilliseconds = (timing.activeMilliseconds ?? 0) + 10_000
            _ = try await test.store.submit(
                .comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .better)), token: task.token,
                user: person, timing: timing)
        }
        let own = try await test.store.statistics(of: ada, in: project)
        #expect(own.answers == [.comparison: 2])
        #expect(own.days.count == 1 && own.days[0].total == 2)
        #expect(own.medianSeconds[.comparison] == 20, "of 10 and 30 seconds")
        #expect(own.sharedTasks == 2)
        #expect(own.agreement.agreed == 1 && own.agreement.disagreed == 1)
        #expect(own.sides.left + own.sides.right == 2)
        test.pass(seconds: 86_400)
        let task = try await test.next(ada, project)
        #expect(task.answersToday == 0)
        try await test.store.skip(token: task.token, user: ada)
        _ = try await test.store.undoLast(of: ada, in: project)
        let after = try await test.store.statistics(of: ada, in: project)
        #expect(after.skips == 1 && after.undone == 1 && after.answers == [.comparison: 1])
        #expect(try await test.store.statistics(of: bob, in: project).undone == 0)
    }
}
