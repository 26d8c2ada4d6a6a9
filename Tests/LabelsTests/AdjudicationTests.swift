import Foundation
import Labels
import Preferences
import Testing

/// A lead's answer to a task that people answered differently.
@Suite struct AdjudicationTests {
    /// Two tasks for two people, the first one answered in opposite orders by ann and bob.
    private func site() async throws -> (test: TestStore, project: ProjectID, tasks: [TaskID], lead: UserID) {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        let tasks = try await test.tasks(2, in: project, policy: policy)
        for (name, isReversed) in [("ann", false), ("bob", true)] {
            let user = try await test.user(name)
            let task = try await test.next(user, project)
            #expect(task.taskID == tasks[0])
            _ = try await test.store.submit(try task.ranked(reversed: isReversed), token: task.token, user: user)
        }
        return (test, project, tasks, try await test.user("lee", role: .lead))
    }

    private func decide(_ test: TestStore, _ project: ProjectID, _ task: TaskID, _ lead: UserID) async throws {
        let mine = try await test.store.adjudicate(task, in: project, by: lead)
        _ = try await test.store.submit(try mine.ranked(), token: mine.token, user: lead)
    }

    @Test func aDecisionStandsBesideTheAnswersAndReplacesNone() async throws {
        let (test, project, tasks, lead) = try await site()
        let before = try await test.store.taskAnswers(tasks[0], in: project)
        let mine = try await test.store.adjudicate(tasks[0], in: project, by: lead)
        #expect(mine.responses.count == 4 && mine.practice == nil && mine.formerAnswer == nil)
        #expect(
            try await test.store.adjudicate(tasks[0], in: project, by: lead).token == mine.token, "the same once more")
        #expect(try await test.store.taskAnswers(tasks[0], in: project) == before, "nothing is decided yet")
        // Its time may run out meanwhile; its page keeps it.
        test.pass(seconds: 901)
        #expect(try await test.store.renewLease(token: mine.token, user: lead).expiresAt > test.now)
        let kept = try await test.store.submit(try mine.ranked(), token: mine.token, user: lead)
        #expect(kept.kept == .counted)

        let found = try await test.store.taskAnswers(tasks[0], in: project)
        #expect(found.answers.map(\.annotator.name) == ["ann", "bob", "lee"])
        #expect(found.answers.map(\.isDecision) == [false, false, true])
        #expect(found.agreement == before.agreement && found.meanTau == -1 && found.consensus == before.consensus)
        #expect(found.adjudication?.lead.id == lead && found.adjudication?.isReadAlone == false)
        let progress = try await test.store.progress(project)
        #expect(progress.labels == 3 && progress.preferences == 3 && progress.labelsSinceSnapshot == 3)
        #expect(progress.tasksDone == 1 && progress.tasksWithdrawn == 0 && progress.tasksOpen == 1)
        let quality = try await test.store.quality(project)
        #expect(quality.groups == 1 && quality.agreement == before.agreement)
        #expect(try await test.store.sharedTasks(project).map(\.people) == [2])
        let line = try #require(try await test.store.recentLabels(project).first)
        #expect(line.isDecision && line.taskID == tasks[0] && line.annotator.id == lead)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.labels == 3 && snapshot.groups == 1)
    }

    @Test func trainingReadsADecisionAloneWhereALeadSaysSo() async throws {
        let (test, project, tasks, lead) = try await site()
        await #expect(throws: StoreError.self, "there is none yet") {
            try await test.store.readAdjudication(alone: true, of: tasks[0], in: project, by: .system)
        }
        try await decide(test, project, tasks[0], lead)
        try await test.store.readAdjudication(alone: true, of: tasks[0], in: project, by: .user(lead))
        #expect(try await test.store.taskAnswers(tasks[0], in: project).adjudication?.isReadAlone == true)
        #expect(try await test.store.progress(project).preferences == 1)
        let pairs = try await test.store.exportSummary(project, as: .trlExplicit)
        #expect(pairs.labels == 1 && pairs.lines == 6)
        // Taken back, it is read in nobody's place.
        _ = try await test.store.undoLast(of: lead, in: project)
        #expect(try await test.store.progress(project).preferences == 2)
        #expect(try await test.store.taskAnswers(tasks[0], in: project).adjudication == nil)
        try await decide(test, project, tasks[0], lead)
        #expect(try await test.store.progress(project).preferences == 3)
        try await test.store.readAdjudication(alone: true, of: tasks[0], in: project, by: .user(lead))
        #expect(try await test.store.takeSnapshot(project, by: .system).labels == 1)
        try await test.store.readAdjudication(alone: false, of: tasks[0], in: project, by: .user(lead))
        #expect(try await test.store.takeSnapshot(project, by: .system).labels == 3)
        let audit = try await test.store.auditEntries().filter { $0.action == AuditAction.adjudicationUse.rawValue }
        #expect(audit.map(\.details) == ["beside the others", "alone", "alone"])
    }

    @Test(arguments: [false, true]) func theNativeFormKeepsWhichAnswerDecides(isAlone: Bool) async throws {
        let (test, project, tasks, lead) = try await site()
        try await decide(test, project, tasks[0], lead)
        try await test.store.readAdjudication(alone: isAlone, of: tasks[0], in: project, by: .user(lead))
        let file = test.folder.appending(path: "labels.jsonl")
        #expect(try await test.store.writeExport(project, as: .native, to: file).lines == 3)
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.map { $0.contains(#""source":"adjudicated""#) } == [false, false, true])
        let other = try TestStore(seed: 2)
        let copy = try await other.project().project
        #expect(try await other.store.importLabels(copy, from: .file(file), by: .system).added == 3)
        #expect(try await other.store.importLabels(copy, from: .file(file), by: .system).alreadyThere == 3)
        let task = try #require(try await other.store.sharedTasks(copy).first).taskID
        let found = try await other.store.taskAnswers(task, in: copy)
        #expect(found.answers.map(\.isDecision) == [false, false, true])
        #expect(found.adjudication?.isReadAlone == isAlone)
        #expect(try await other.store.progress(copy).preferences == (isAlone ? 1 : 3))
        // The lead's line without the others', as the export of a snapshot may have it.
        let alone = try TestStore(seed: 3)
        let third = try await alone.project().project
        let last = try #require(lines.last)
        let report = try await alone.store.importLabels(
            third, from: .data(Data("\(last)\n".utf8), name: "labels.jsonl"), by: .system)
        #expect(report.added == 1)
        #expect(try await alone.store.progress(third).preferences == 1)
        await #expect(throws: StoreError.self) {
            let wrong = last.replacing(#""source":"adjudicated""#, with: #""source":"oracle""#)
            _ = try await alone.store.importLabels(
                third, from: .data(Data("\(wrong)\n".utf8), name: "labels.jsonl"), by: .system)
        }
    }

    @Test func onlyALeadDecidesOnceAndOnlyWhatWasAnswered() async throws {
        let (test, project, tasks, lead) = try await site()
        let other = try await test.user("kim", role: .lead)
        let annotator = try await test.user("dan")
        func refusal(_ task: TaskID, by user: UserID) async -> String? {
            do {
                _ = try await test.store.adjudicate(task, in: project, by: user)
                return nil
            } catch { return "\(error)" }
        }
        #expect(await refusal(tasks[0], by: annotator) == "leads decide tasks that people answered differently")
        #expect(await refusal(tasks[1], by: lead)?.contains("nobody has answered") == true)
        #expect(await refusal(TaskID(999), by: lead)?.contains("there is no task '999'") == true)
        let mine = try await test.store.adjudicate(tasks[0], in: project, by: lead)
        #expect(await refusal(tasks[0], by: other)?.contains("another lead is deciding") == true)
        _ = try await test.store.submit(try mine.ranked(), token: mine.token, user: lead)
        #expect(await refusal(tasks[0], by: lead)?.contains("you have decided") == true)
        #expect(await refusal(tasks[0], by: other)?.contains("lee has decided") == true)
        #expect(
            await refusal(mine.taskID, by: other)?.contains("there is no task") == true, "a decision is none to decide")
        // It is handed to nobody else.
        for _ in 0..<3 {
            guard case .task(let next) = try await test.store.nextTask(for: annotator, in: project) else { break }
            #expect(next.taskID == tasks[1])
            try await test.store.skip(token: next.token, user: annotator)
        }
    }
}
