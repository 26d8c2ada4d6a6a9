import Foundation
import GRDB
import Labels
import Preferences
import Testing

@Suite struct AssignmentTests {
    @Test func aReloadShowsTheSameTaskInTheSameOrderWithTheSameIds() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(3, in: project, policy: policy)
        let user = try await test.user("ann")
        let first = try await test.next(user, project)
        test.pass(seconds: 100)
        let again = try await test.next(user, project)
        #expect(again.token == first.token && again.responses == first.responses)
        #expect(again.expiresAt == first.expiresAt + 100)
        let reloaded = try await test.store.assignment(token: first.token, user: user)
        #expect(reloaded.responses == first.responses)
        #expect(first.responses.map(\.letter) == ["A", "B", "C", "D"])
        // Fetched ahead: another task, while this one is on the screen.
        let ahead = try await test.next(user, project, besides: [first.token])
        #expect(ahead.taskID != first.taskID)
    }

    @Test func idsThatReachAnAnnotatorAreRandomAndOfOneLeaseAlone() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(1, in: project, policy: policy)
        let one = try await test.next(try await test.user("ann"), project)
        let two = try await test.next(try await test.user("bob"), project)
        #expect(one.taskID == two.taskID)
        #expect(Set(one.responses.map(\.id)).isDisjoint(with: two.responses.map(\.id)))
        let stored = try await test.store.group(ofTask: one.taskID).responseIDs
        #expect(Set(one.responses.map(\.id)).isDisjoint(with: stored))
        #expect(Set(one.responses.map(\.text)) == Set(two.responses.map(\.text)))
    }

    @Test func openLeasesAndLabelsNeverExceedTheOverlap() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(1, in: project, policy: policy)
        var users: [UserID] = []
        for name in ["a", "b", "c"] { users.append(try await test.user(name)) }
        let first = try await test.next(users[0], project)
        let second = try await test.next(users[1], project)
        #expect(try await test.store.nextTask(for: users[2], in: project) == .nothing(.noTasksReady))
        // A place that falls free is given again.
        test.pass(seconds: 900)
        let third = try await test.next(users[2], project)
        _ = try await test.store.submit(try third.ranked(), token: third.token, user: users[2])
        // Late, but there is room: it counts.
        let late = try await test.store.submit(try first.ranked(), token: first.token, user: users[0])
        #expect(late.kept == .counted)
        // Late, and the overlap is full: kept as an extra.
        let extra = try await test.store.submit(try second.ranked(), token: second.token, user: users[1])
        #expect(extra.kept == .extra && !extra.repeated)
        let progress = try await test.store.progress(project)
        #expect(progress.labels == 2 && progress.extras == 1 && progress.tasksDone == 1 && progress.liveLeases == 0)
    }

    @Test func partlyAnnotatedTasksComeFirstThenTheOldest() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        let tasks = try await test.tasks(3, in: project, policy: policy)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        let first = try await test.next(ann, project)
        #expect(first.taskID == tasks[0])
        let second = try await test.next(ann, project, besides: [first.token])
        _ = try await test.store.submit(try second.ranked(), token: second.token, user: ann)
        #expect(try await test.next(bob, project).taskID == tasks[1])
    }

    @Test func nobodyGetsATaskTwice() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 3 }
        try await test.tasks(2, in: project, policy: policy)
        let user = try await test.user("ann")
        let first = try await test.next(user, project)
        try await test.store.skip(token: first.token, user: user, reason: .expertise)
        try await test.store.skip(token: first.token, user: user, reason: .other)
        let second = try await test.next(user, project)
        #expect(second.taskID != first.taskID)
        _ = try await test.store.submit(try second.ranked(), token: second.token, user: user)
        #expect(try await test.store.nextTask(for: user, in: project) == .nothing(.nothingLeftForYou))
        let progress = try await test.store.progress(project)
        #expect(progress.skips == 1 && progress.skipReasons == [.expertise: 1])
        await #expect(throws: StoreError.leaseSkipped) {
            _ = try await test.store.submit(try first.ranked(), token: first.token, user: user)
        }
        await #expect(throws: StoreError.self) { try await test.store.skip(token: second.token, user: user) }
        // The skipped task is free for others.
        #expect(try await test.next(try await test.user("bob"), project, besides: []).taskID == second.taskID)
    }

    @Test func aPersonHoldsAtMostTheirCapAndAPausedProjectHandsOutNothing() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.openLeasesPerPerson = 2 }
        try await test.tasks(5, in: project, policy: policy)
        let user = try await test.user("ann")
        let one = try await test.next(user, project)
        let two = try await test.next(user, project, besides: [one.token])
        let third = try await test.store.nextTask(for: user, in: project, besides: [one.token, two.token])
        #expect(third == .nothing(.tooManyOpen(cap: 2)))
        try await test.store.releaseLease(token: one.token, user: user)
        let four = try await test.next(user, project, besides: [two.token])
        _ = try await test.store.updateProject(project, paused: true, by: .system)
        #expect(try await test.next(user, project).token == two.token)
        let more = try await test.store.nextTask(for: user, in: project, besides: [two.token, four.token])
        #expect(more == .nothing(.projectPaused))
        #expect(try await test.store.submit(try two.ranked(), token: two.token, user: user).kept == .counted)
    }

    @Test func aHeartbeatKeepsALeaseAndRevivesItWhileItsPlaceIsFree() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        let lease = try await test.next(ann, project)
        test.pass(seconds: 800)
        #expect(try await test.store.renewLease(token: lease.token, user: ann).expiresAt == test.now + 900)
        test.pass(seconds: 899)
        #expect(try await test.store.nextTask(for: bob, in: project) == .nothing(.noTasksReady))
        test.pass(seconds: 1)
        // Expired, nobody came: it lives again.
        #expect(try await test.store.renewLease(token: lease.token, user: ann).expiresAt == test.now + 900)
        test.pass(seconds: 900)
        _ = try await test.next(bob, project)
        await #expect(throws: StoreError.leaseExpired) {
            try await test.store.renewLease(token: lease.token, user: ann)
        }
    }

    /// A page of the task that was left open asks for it again and again.
    @Test func aSkippedTaskDoesNotComeBackThroughAnOlderLease() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let old = try await test.next(user, project)
        test.pass(seconds: 900)
        let new = try await test.next(user, project)
        #expect(new.taskID == old.taskID)
        try await test.store.skip(token: new.token, user: user, reason: .expertise)
        await #expect(throws: StoreError.leaseSkipped) {
            try await test.store.renewLease(token: old.token, user: user)
        }
        await #expect(throws: StoreError.leaseSkipped) {
            _ = try await test.store.submit(try old.ranked(), token: old.token, user: user)
        }
        await #expect(throws: StoreError.leaseSkipped) {
            _ = try await test.store.assignment(token: old.token, user: user)
        }
        #expect(try await test.store.progress(project).liveLeases == 0)
    }

    @Test func whatWasAnsweredCannotBeSkippedThroughAnOlderLease() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let old = try await test.next(user, project)
        test.pass(seconds: 900)
        let new = try await test.next(user, project)
        _ = try await test.store.submit(try new.ranked(), token: new.token, user: user)
        await #expect(throws: StoreError.self) { try await test.store.skip(token: old.token, user: user) }
        #expect(try await test.store.progress(project).skips == 0)
    }

    @Test func draftsAreKeptAndAnOlderWindowIsTold() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let lease = try await test.next(user, project)
        let text = #"{"places":[["\#(lease.responses[1].id)",1]]}"#
        let draft = try Draft(json: Data(text.utf8), version: 3)
        try await test.store.saveDraft(draft, token: lease.token, user: user)
        // The acknowledgement was lost and the page sends it again.
        try await test.store.saveDraft(draft, token: lease.token, user: user)
        #expect(try await test.next(user, project).draft == draft)
        let other = try Draft(json: Data("{}".utf8), version: 3)
        await #expect(throws: StoreError.newerDraft(version: 3)) {
            try await test.store.saveDraft(other, token: lease.token, user: user)
        }
        #expect(try await test.store.draft(token: lease.token, user: user) == draft)
    }

    @Test(arguments: [
        "[1]", "7", "{", "", "{\"a\":" + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}",
    ])
    func whatIsNoObjectIsNoDraft(text: String) {
        #expect(throws: StoreError.self) { try Draft(json: Data(text.utf8), version: 1) }
    }

    @Test func aDraftHasASizeThatIsTooLarge() throws {
        func draft(_ count: Int) throws -> Draft {
            try Draft(json: Data("{\"a\":\"\(String(repeating: "x", count: count))\"}".utf8), version: 1)
        }
        #expect(try draft(Draft.largestBytes - 8).json.utf8.count == Draft.largestBytes)
        #expect(throws: StoreError.self) { try draft(Draft.largestBytes - 7) }
    }

    /// The place was lost while the person was away, and came back to them.
    @Test func aDraftGoesOnInTheNextLeaseInItsNames() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let old = try await test.next(user, project)
        let names = old.responses.sorted { $0.text < $1.text }.map(\.id)
        try await test.store.saveDraft(
            try Draft(json: Data(#"{"best":"\#(names[2])","worst":"\#(names[0])"}"#.utf8), version: 7),
            token: old.token, user: user)
        test.pass(seconds: 900)
        let new = try await test.next(user, project)
        let newNames = new.responses.sorted { $0.text < $1.text }.map(\.id)
        #expect(new.token != old.token && Set(newNames).isDisjoint(with: names))
        #expect(new.draft?.json == #"{"best":"\#(newNames[2])","worst":"\#(newNames[0])"}"#)

        // What was begun in the first lease is not what a second answer begins with.
        let label = try await test.store.submit(try new.ranked(), token: new.token, user: user)
        let back = try await test.store.undo(label.labelID, by: user)
        #expect(back.draft == nil && back.formerAnswer != nil)
    }
}

@Suite struct AheadTests {
    @Test func theTimeOfATaskFetchedAheadStartsWhenItIsShown() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.openLeasesPerPerson = 2 }
        try await test.tasks(4, in: project, policy: policy)
        let user = try await test.user("ann")
        let first = try await test.next(user, project)
        func ahead(_ besides: [String]) async throws -> NextTask {
            try await test.store.nextTask(for: user, in: project, besides: besides, ahead: true)
        }
        guard case .task(let second) = try await ahead([first.token]) else { throw Expected.task }
        // It counts against what the person may hold, and it is the same one when asked again.
        #expect(try await ahead([first.token]) == .task(second))
        #expect(try await ahead([first.token, second.token]) == .nothing(.tooManyOpen(cap: 2)))
        // A page that is opened anew shows what the person was at, not what waits.
        #expect(try await test.next(user, project).token == first.token)
        test.pass(seconds: 100)
        _ = try await test.store.submit(try first.ranked(), token: first.token, user: user)
        try await test.store.show(token: second.token, user: user)
        test.pass(seconds: 7)
        try await test.store.show(token: second.token, user: user)
        let shown = try await test.store.assignment(token: second.token, user: user)
        #expect(shown.issuedAt == test.now - 7)
        #expect(shown.responses == second.responses)
    }

    @Test func whatWasFetchedAheadAndReleasedIsFreeForOthers() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let (ann, bob) = (try await test.user("ann"), try await test.user("bob"))
        let first = try await test.next(ann, project)
        guard
            case .task(let second) = try await test.store.nextTask(
                for: ann, in: project, besides: [first.token], ahead: true)
        else { throw Expected.task }
        #expect(try await test.store.nextTask(for: bob, in: project) == .nothing(.noTasksReady))
        try await test.store.releaseLease(token: second.token, user: ann)
        #expect(try await test.next(bob, project).taskID == second.taskID)
        await #expect(throws: StoreError.leaseExpired) { try await test.store.show(token: second.token, user: ann) }
    }

    /// A browser says that a page was left when it has the next one, which may be of the very task that waited.
    @Test func whatWaitedAndIsShownByNowIsNotReleasedWithTheOldPage() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let ann = try await test.user("ann")
        guard case .task(let task) = try await test.store.nextTask(for: ann, in: project, ahead: true) else {
            throw Expected.task
        }
        _ = try await test.next(ann, project)
        try await test.store.releaseLease(token: task.token, user: ann, unlessShown: true)
        let bob = try await test.user("bob")
        #expect(try await test.store.nextTask(for: bob, in: project) == .nothing(.noTasksReady))
    }

    private enum Expected: Error { case task }
}

@Suite struct SubmissionTests {
    @Test func theStoredRankingNamesResponsesWhateverTheDisplayWas() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(30, in: project, policy: policy, k: 5)
        let users = [try await test.user("ann"), try await test.user("bob")]
        var orders = Set<[String]>()
        for user in users {
            for _ in 0..<30 {
                let task = try await test.next(user, project)
                orders.insert(task.responses.map { String($0.text.suffix(1)) })
                _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
            }
        }
        #expect(orders.count > 20)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.labels == 60 && snapshot.groups == 30)
        try await test.store.forEachGroup(of: snapshot.id) { group in
            #expect(group.labels.count == 2)
            for label in group.labels {
                #expect(label.judgement.ranking?.rows == group.group.responseIDs.map { [$0] })
            }
        }
    }

    @Test func theSameTokenAndAnswerGiveTheSameLabelAndAnotherAnswerIsAnError() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        let first = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        test.pass(seconds: 10)
        let again = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        #expect(again.labelID == first.labelID && again.repeated && again.revision == 1)
        #expect(again.submittedAt == first.submittedAt)
        await #expect(throws: StoreError.leaseAlreadyUsed(label: first.labelID, revision: 1)) {
            _ = try await test.store.submit(try task.ranked(reversed: true), token: task.token, user: user)
        }
        #expect(try await test.store.progress(project).labels == 1)
    }

    @Test func aForeignLeaseAndAnUnknownOneAreRefused() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let task = try await test.next(try await test.user("ann"), project)
        let bob = try await test.user("bob")
        await #expect(throws: StoreError.leaseOfAnotherPerson) {
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: bob)
        }
        await #expect(throws: StoreError.leaseUnknown) {
            _ = try await test.store.submit(try task.ranked(), token: "nonsense", user: bob)
        }
    }

    @Test func anIncompleteAnswerIsRefusedInTheLettersThatThePersonSees() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.acceptabilityLine = false }
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        let ids = task.responses.map(\.id)
        func problem(_ judgement: Judgement) async -> String {
            do {
                _ = try await test.store.submit(judgement, token: task.token, user: user)
                return "no error"
            } catch { return "\(error)" }
        }
        let three = Judgement.ranking(try Ranking(rows: [[ids[0], ids[1]], [ids[3]]]))
        #expect(await problem(three) == "response 'C' has no rank yet")
        let line = Judgement.ranking(try Ranking(rows: ids.map { [$0] }, unacceptable: [ids[3]]))
        #expect(await problem(line).contains("no 'not acceptable' line"))
        let pair = Judgement.comparison(try Comparison(winner: ids[0], loser: ids[1], grade: .better))
        #expect(await problem(pair).contains("asks for a ranking"))
        let foreign = Judgement.ranking(try Ranking(rows: [["x"]]))
        #expect(await problem(foreign).contains("'x' does not belong"))
        #expect(try await test.store.progress(project).labels == 0)
    }

    @Test func aComparisonIsStoredWithItsGrade() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
        }
        try await test.tasks(1, in: project, policy: policy, k: 2)
        await #expect(throws: StoreError.self) {
            try await test.tasks(1, in: project, policy: policy, k: 3, label: "x")
        }
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        let comparison = try Comparison(
            winner: task.responses[1].id, loser: task.responses[0].id, grade: .significantly)
        _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
        let quality = try await test.store.quality(project)
        #expect(quality.sides.right == 1 && quality.sides.left == 0 && quality.grades[.significantly] == 1)
    }

    /// The older lease of a person whose second lease was answered: nothing is lost, nothing counts twice.
    @Test func anAnswerThroughAnOlderLeaseIsKeptBesideTheLabel() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 2 }
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let old = try await test.next(user, project)
        test.pass(seconds: 900)
        let new = try await test.next(user, project)
        #expect(new.attempt == 2 && new.taskID == old.taskID)
        _ = try await test.store.submit(try new.ranked(), token: new.token, user: user)
        let late = try await test.store.submit(try old.ranked(reversed: true), token: old.token, user: user)
        #expect(late.kept == .duplicate && late.revision == 2)
        let repeated = try await test.store.submit(try old.ranked(reversed: true), token: old.token, user: user)
        #expect(repeated.kept == .duplicate && repeated.repeated)
        #expect(try await test.store.progress(project).labels == 1)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        try await test.store.forEachGroup(of: snapshot.id) { group in
            #expect(group.labels.map(\.revision) == [1])
        }
    }

    @Test func timesAreStoredAndShownPerAnnotator() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(3, in: project, policy: policy)
        let user = try await test.user("ann")
        for milliseconds in [4000, 1000, 2000] {
            let task = try await test.next(user, project)
            test.pass(seconds: 5)
            _ = try await test.store.submit(
                try task.ranked(), token: task.token, user: user, timing: Timing(activeMilliseconds: milliseconds))
        }
        let counts = try await test.store.annotatorCounts(project)
        #expect(counts.map(\.user.id) == [user] && counts[0].labels == 3 && counts[0].labelsToday == 3)
        #expect(counts[0].medianActiveSeconds == 2 && counts[0].lastSubmission == test.now)
        let lines = try await test.store.recentLabels(project)
        #expect(lines.count == 3 && lines[0].promptPreview == "prompt 2")
    }
}

@Suite struct TimingTests {
    @Test func aTimeIsKeptUpToADay() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let user = try await test.user("ann")
        for _ in 0..<2 {
            let task = try await test.next(user, project)
            _ = try await test.store.submit(
                try task.ranked(), token: task.token, user: user, timing: Timing(activeMilliseconds: .max))
        }
        #expect(try await test.store.annotatorCounts(project)[0].medianActiveSeconds == 86_400)
    }

    /// A store may hold times from before they were bounded.
    @Test func twoStoredTimesOfAnySizeHaveAMedian() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let user = try await test.user("ann")
        for _ in 0..<2 {
            let task = try await test.next(user, project)
            _ = try await test.store.submit(
                try task.ranked(), token: task.token, user: user, timing: Timing(activeMilliseconds: 1))
        }
        let queue = try DatabaseQueue(path: test.folder.appending(path: Store.fileName).path)
        try await queue.write { db in
            try db.execute(sql: "DROP TRIGGER label_revisions_are_never_changed")
            try db.execute(sql: "UPDATE label_revisions SET active_ms = ?", arguments: [Int64.max])
        }
        try queue.close()
        let median = try #require(try await test.store.annotatorCounts(project)[0].medianActiveSeconds)
        #expect(abs(median / 9.223372036854776e15 - 1) < 1e-9)
    }
}

@Suite struct UndoTests {
    @Test func anAnswerTakenBackReturnsWithItsTaskAndItsRevisionsStay() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        let ids = task.responses.sorted { $0.text < $1.text }.map(\.id)
        let answer = try Ranking(rows: [[ids[2]], [ids[0], ids[1]], [ids[3]]], unacceptable: [ids[3]])
        let label = try await test.store.submit(.ranking(answer), token: task.token, user: user)
        #expect(try await test.store.progress(project).tasksDone == 1)

        let back = try await test.store.undo(label.labelID, by: user)
        #expect(back.taskID == task.taskID && back.attempt == 2)
        let newIDs = back.responses.sorted { $0.text < $1.text }.map(\.id)
        #expect(back.formerAnswer?.ranking?.rows == [[newIDs[2]], [newIDs[0], newIDs[1]].sorted(), [newIDs[3]]])
        #expect(back.formerAnswer?.ranking?.unacceptable == [newIDs[3]] && back.draft == nil)
        var progress = try await test.store.progress(project)
        #expect(progress.labels == 0 && progress.retracted == 1 && progress.tasksOpen == 2)
        // The place is this person's while the lease lives.
        let other = try await test.next(try await test.user("bob"), project)
        #expect(other.taskID != task.taskID)
        #expect(try await test.next(user, project).token == back.token)

        let second = try await test.store.submit(try back.ranked(), token: back.token, user: user)
        #expect(second.labelID == label.labelID && second.revision == 3 && second.kept == .counted)
        progress = try await test.store.progress(project)
        #expect(progress.labels == 1 && progress.retracted == 0)
    }

    @Test func undoIsRefusedWithTheReason() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(12, in: project, policy: policy)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        await #expect(throws: StoreError.undoRefused("There is no answer to take back.")) {
            _ = try await test.store.undoLast(of: ann, in: project)
        }
        var labels: [LabelID] = []
        for _ in 0..<12 {
            let task = try await test.next(ann, project)
            labels.append(try await test.store.submit(try task.ranked(), token: task.token, user: ann).labelID)
        }
        await #expect(throws: StoreError.self) { _ = try await test.store.undo(labels[11], by: bob) }
        await #expect(throws: StoreError.undoRefused("Only your last 10 answers can be taken back.")) {
            _ = try await test.store.undo(labels[0], by: ann)
        }
        let back = try await test.store.undoLast(of: ann, in: project)
        await #expect(throws: StoreError.undoRefused("This answer was taken back already.")) {
            _ = try await test.store.undo(labels[11], by: ann)
        }
        _ = try await test.store.submit(try back.ranked(), token: back.token, user: ann)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let recent = try await test.store.recentSubmissions(of: ann, in: project)
        #expect(recent.count == 10 && recent[0].labelID == labels[11])
        for submission in recent {
            guard case .refused(let why) = submission.undo else {
                Issue.record("undo of \(submission.labelID) is possible")
                continue
            }
            #expect(why.contains("Snapshot \(snapshot.id)"))
        }
        await #expect(throws: StoreError.self) { _ = try await test.store.undoLast(of: ann, in: project) }
    }

    @Test func whatWasTakenBackAndLeftIsFreeForOthers() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let ann = try await test.user("ann")
        let bob = try await test.user("bob")
        let task = try await test.next(ann, project)
        _ = try await test.store.submit(try task.ranked(), token: task.token, user: ann)
        let back = try await test.store.undoLast(of: ann, in: project)
        test.pass(seconds: 900)
        let others = try await test.next(bob, project)
        _ = try await test.store.submit(try others.ranked(), token: others.token, user: bob)
        let late = try await test.store.submit(try back.ranked(), token: back.token, user: ann)
        #expect(late.kept == .extra)
        #expect(try await test.store.progress(project).labels == 1)
    }
}
