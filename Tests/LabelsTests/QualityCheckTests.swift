import Foundation
import GRDB
import Labels
import Preferences
import Testing

/// Tasks that are handed out to see how reliable answers are.
@Suite struct RepeatTests {
    /// A project in which two of five tasks are repeats as soon as three other answers lie between.
    private func site(tasks: Int = 30) async throws -> (test: TestStore, project: ProjectID, ann: UserID) {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.quality.repeatShare = 0.4
            $0.quality.repeatAfter = 3
            $0.openLeasesPerPerson = 10
        }
        try await test.tasks(tasks, in: project, policy: policy)
        return (test, project, try await test.user("ann"))
    }

    /// Answers `count` tasks, repeats in the reverse order where asked; what was handed out, in turn.
    private func work(
        _ count: Int, _ test: TestStore, _ project: ProjectID, _ user: UserID, reversingRepeats: Bool = false
    ) async throws -> [Assignment] {
        var handed: [Assignment] = []
        for _ in 0..<count {
            let task = try await test.next(user, project)
            let isAgain = handed.contains { Set($0.responses.map(\.text)) == Set(task.responses.map(\.text)) }
            _ = try await test.store.submit(
                try task.ranked(reversed: isAgain && reversingRepeats), token: task.token, user: user)
            handed.append(task)
            test.pass(seconds: 10)
        }
        return handed
    }

    @Test func aRepeatComesAfterEnoughOthersOnceInAnotherOrderAndLooksLikeAnyTask() async throws {
        let (test, project, ann) = try await site()
        let handed = try await work(24, test, project, ann)
        let texts = handed.map { Set($0.responses.map(\.text)) }
        var repeats = 0
        var sameOrder = 0
        for (index, text) in texts.enumerated() {
            let earlier = texts[..<index].indices.filter { texts[$0] == text }
            #expect(earlier.count <= 1, "at most twice")
            guard let first = earlier.first else { continue }
            repeats += 1
            #expect(index - first > 3, "three others lie between")
            let (one, two) = (handed[first], handed[index])
            #expect(Set(one.responses.map(\.id)).isDisjoint(with: two.responses.map(\.id)))
            if one.responses.map(\.text) == two.responses.map(\.text) { sameOrder += 1 }
            #expect(
                two.attempt == 1 && two.draft == nil && two.formerAnswer == nil && two.practice == nil
                    && two.allowSkip && two.answersToday == index)
        }
        #expect((5...15).contains(repeats), "two of five, of those that could be: \(repeats)")
        #expect(sameOrder < repeats, "the order of display is drawn anew")
        // The person's own list shows each answer, and lets them take each back.
        let own = try await test.store.recentSubmissions(of: ann, in: project)
        #expect(own.count == 10 && own.allSatisfy { $0.undo == .possible && $0.kept == .counted })
        #expect(try await test.store.statistics(of: ann, in: project).answers == [.ranking: 24])
    }

    @Test func aRepeatIsNoSecondLabelAnywhere() async throws {
        let (test, project, ann) = try await site()
        let handed = try await work(20, test, project, ann)
        let different = Set(handed.map { Set($0.responses.map(\.text)) }).count
        #expect(different < 20)
        let progress = try await test.store.progress(project)
        #expect(progress.labels == different && progress.preferences == different)
        #expect(progress.checks == 20 - different && progress.tasksDone == different && progress.tasksWithdrawn == 0)
        #expect(progress.labelsSinceSnapshot == different)
        #expect(try await test.store.annotatorCounts(project).map(\.labels) == [different])
        #expect(try await test.store.quality(project).groups == different)
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.labels == different && snapshot.groups == different)
        // What a snapshot has used cannot be taken back: a repeat that could would give itself away.
        let own = try await test.store.recentSubmissions(of: ann, in: project)
        let refused = own.map {
            $0.undo
                == .refused(
                    "Snapshot \(snapshot.id) has used this answer for training, so it cannot be taken back any more.")
        }
        #expect(refused == Array(repeating: true, count: Store.undoDepth))
        let pairs = try await test.store.exportSummary(project, as: .trlExplicit)
        #expect(pairs.labels == different && pairs.lines == 6 * different)
        #expect(try await test.store.exportCounts(project).summary(as: .trlExplicit) == pairs)
        // The native form keeps all, and says which were repeats; another store reads it back.
        let file = test.folder.appending(path: "labels.jsonl")
        #expect(try await test.store.writeExport(project, as: .native, to: file).lines == 20)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.split(separator: "\n").count { $0.contains(#""quality_check":"repeat""#) } == 20 - different)
        let other = try TestStore(seed: 2)
        let copy = try await other.project().project
        let report = try await other.store.importLabels(copy, from: .file(file), by: .system)
        #expect(report.added == 20)
        #expect(try await other.store.importLabels(copy, from: .file(file), by: .system).alreadyThere == 20)
        #expect(try await other.store.progress(copy).labels == different)
        #expect(
            try await other.store.checkResults(copy).map(\.repeats) == test.store.checkResults(project).map(\.repeats))
    }

    @Test(arguments: [false, true]) func leadsSeeHowAPersonAgreesWithThemself(reversed: Bool) async throws {
        let (test, project, ann) = try await site()
        let handed = try await work(20, test, project, ann, reversingRepeats: reversed)
        let repeats = 20 - Set(handed.map { Set($0.responses.map(\.text)) }).count
        let found = try #require(try await test.store.checkResults(project).first)
        #expect(found.user.name == "ann" && found.gold.tasks == 0)
        #expect(found.repeats.tasks == repeats && found.repeats.right == (reversed ? 0 : repeats))
        #expect(found.repeats.meanTau == (reversed ? -1 : 1))
        #expect(found.repeats.agreement.agreed == (reversed ? 0 : 6 * repeats))
        #expect(found.repeats.bands == [reversed ? .less : .all: repeats])
        // A repeat that was taken back is no result, nor is one whose first answer was.
        while try await test.store.checkResults(project).first?.repeats.tasks == repeats {
            _ = try await test.store.undoLast(of: ann, in: project)
        }
        #expect(try await test.store.checkResults(project).first?.repeats.tasks == repeats - 1)
    }

    @Test func aRepeatThatWasLeftComesBackAndOneThatExpiredIsKeptByItsPage() async throws {
        let (test, project, ann) = try await site()
        var repeated: Assignment?
        var seen: Set<Set<String>> = []
        while repeated == nil {
            let task = try await test.next(ann, project)
            if !seen.insert(Set(task.responses.map(\.text))).inserted {
                repeated = task
            } else {
                _ = try await test.store.submit(try task.ranked(), token: task.token, user: ann)
                test.pass(seconds: 10)
            }
        }
        let first = try #require(repeated)
        _ = try await test.store.saveDraft(
            Draft(json: Data(#"{"rows":[]}"#.utf8), version: 1), token: first.token, user: ann)
        test.pass(seconds: 901)
        // Its page revives it, as that of any task does while the place is free.
        #expect(try await test.store.renewLease(token: first.token, user: ann).expiresAt > test.now)
        try await test.store.releaseLease(token: first.token, user: ann)
        let again = try await test.next(ann, project)
        #expect(again.taskID == first.taskID && again.draft != nil)
        try await test.store.skip(token: again.token, user: ann)
        let next = try await test.next(ann, project)
        #expect(next.taskID != first.taskID, "what was skipped is not served again")
    }

    @Test func nobodyIsGivenACheckWhereNothingElseIsLeftOrTheProjectAsksForNone() async throws {
        let (test, project, ann) = try await site(tasks: 8)
        var answered = 0
        while case .task(let task) = try await test.store.nextTask(for: ann, in: project) {
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: ann)
            answered += 1
            test.pass(seconds: 10)
        }
        #expect(answered > 8)
        for _ in 0..<20 {
            #expect(try await test.store.nextTask(for: ann, in: project) == .nothing(.noTasksReady))
        }
        let plain = try TestStore()
        let (other, policy) = try await plain.project()
        try await plain.tasks(40, in: other, policy: policy)
        let bob = try await plain.user("bob")
        let handed = try await work(40, plain, other, bob)
        #expect(Set(handed.map(\.taskID)).count == 40)
        #expect(try await plain.store.checkResults(other).isEmpty)
    }
}

@Suite struct GoldTests {
    private static let line = """
        {"prompt":"Order by size.","responses":[{"id":"e","text":"elephant"},{"id":"m","text":"mouse"},{"id":"f","text":"flea"}],"expected":{"kind":"ranking","ranking":{"rows":[["e"],["m"],["f"]],"unacceptable":[]}},"explanation":"Large first.","purpose":"gold"}
        """

    private func site(overlap: Int = 1) async throws -> (test: TestStore, project: ProjectID) {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.quality.goldShare = 0.4
            $0.overlap = overlap
        }
        try await test.tasks(12, in: project, policy: policy)
        return (test, project)
    }

    /// Works until the gold task comes, and answers it by the order of `texts`.
    private func answerGold(
        _ test: TestStore, _ project: ProjectID, _ user: UserID, _ texts: [String]
    ) async throws -> Assignment? {
        for _ in 0..<12 {
            guard case .task(let task) = try await test.store.nextTask(for: user, in: project) else { return nil }
            let isGold = Set(task.responses.map(\.text)) == Set(texts)
            let ids = Dictionary(task.responses.map { ($0.text, $0.id) }, uniquingKeysWith: { first, _ in first })
            let answer =
                isGold
                ? Judgement.ranking(try Ranking(rows: texts.compactMap { ids[$0] }.map { [$0] })) : try task.ranked()
            _ = try await test.store.submit(answer, token: task.token, user: user)
            if isGold { return task }
        }
        return nil
    }

    @Test func goldIsMixedInUnseenAnsweredOnceAndNeverLearntFrom() async throws {
        let (test, project) = try await site()
        let source = ImportSource.data(Data(Self.line.utf8), name: "gold.jsonl")
        #expect(try await test.store.importPractice(project, from: source, by: .system).added == 1)
        let item = try #require(try await test.store.practiceItems(project).first)
        #expect(item.purpose == .gold)
        #expect(try await test.store.practiceLines(project).first?.contains(#""purpose":"gold""#) == true)
        let (ann, bob) = (try await test.user("ann"), try await test.user("bob"))
        #expect(try await !test.next(ann, project).isPractice, "gold is no practice")
        let task = try #require(try await answerGold(test, project, ann, ["elephant", "mouse", "flea"]))
        #expect(task.practice == nil && task.attempt == 1 && task.allowSkip)
        _ = try #require(try await answerGold(test, project, bob, ["elephant", "flea", "mouse"]))
        let results = try await test.store.checkResults(project)
        #expect(results.map(\.user.name) == ["ann", "bob"])
        #expect(results.map(\.gold.right) == [1, 0] && results.map(\.gold.tasks) == [1, 1])
        #expect(results[1].gold.agreement.agreed == 2 && results[1].gold.agreement.disagreed == 1)
        #expect(results[1].gold.bands == [.half: 1])
        let listed = try #require(try await test.store.practiceItems(project).first)
        #expect(listed.answers == 2 && listed.rightAnswers == 1)
        let progress = try await test.store.progress(project)
        #expect(progress.checks == 2)
        #expect(try await test.store.takeSnapshot(project, by: .system).labels == progress.labels)
        #expect(try await test.store.exportSummary(project, as: .trlExplicit).labels == progress.labels)
        // Nobody gets it twice; retired, it is in no figure.
        #expect(try await answerGold(test, project, ann, ["elephant", "mouse", "flea"]) == nil)
        try await test.store.retirePracticeItem(item.id, in: project, by: .system)
        #expect(try await test.store.checkResults(project).isEmpty)
    }

    @Test func goldFromALeadsLabelEndsItsTaskAndIsNotServedToWhoKnowsIt() async throws {
        let (test, project) = try await site(overlap: 2)
        let lead = try await test.user("lea", role: .lead)
        let task = try await test.next(lead, project)
        let label = try await test.store.submit(try task.ranked(), token: task.token, user: lead).labelID
        let item = try await test.store.addPracticeItem(
            from: label, explanation: "By number.", purpose: .gold, in: project, by: .user(lead))
        #expect(try await test.store.progress(project).tasksWithdrawn == 1)
        let texts = item.group.responses.map(\.text)
        #expect(try await answerGold(test, project, lead, texts) == nil, "who set the answer is not asked for it")
        let ann = try await test.user("ann")
        let gold = try #require(try await answerGold(test, project, ann, texts))
        #expect(gold.taskID != task.taskID)
        let found = try await test.store.checkResults(project)
        #expect(found.map(\.user.name) == ["ann"] && found[0].gold.right == 1)
        // The lead's own label stays what it was.
        let lines = try await test.store.recentLabels(project, limit: 100)
        #expect(lines.first { $0.labelID == label }.map { $0.check == nil && !$0.retracted } == true)
        #expect(lines.count { $0.check == .gold } == 1)
    }

    @Test func settingsThatSpendTooMuchOnChecksAreRefused() throws {
        for change: (inout ProjectSettings) -> Void in [
            { $0.quality.repeatShare = 0.6 }, { $0.quality.goldShare = -0.1 }, { $0.quality.repeatAfter = 0 },
        ] {
            var settings = ProjectSettings()
            change(&settings)
            #expect(throws: StoreError.self) { try settings.validate() }
        }
        let old = try JSONDecoder().decode(ProjectSettings.self, from: Data("{}".utf8))
        #expect(old.quality == QualitySettings() && old.quality.repeatShare == 0)
    }
}

@Suite struct OwnPromptTests {
    @Test func nobodyJudgesResponsesToTheirOwnPromptUnlessTheProjectSaysSo() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.overlap = 2
            $0.feedback.shares = [.prompt: 10]
            $0.feedback.promptStyles = [.plain]
        }
        let (ann, bob) = (try await test.user("ann"), try await test.user("bob"))
        #expect(try await test.store.addWritingTasks(project, mode: .prompt, count: 1) == 1)
        let writing = try await test.next(ann, project)
        _ = try await test.store.submit(
            .prompt(WrittenPrompt("What is rain?")), token: writing.token, user: ann)
        let other = try await test.next(bob, project)
        try await test.store.skip(token: other.token, user: bob)
        let written = try #require(
            try await test.store.prompts(project, use: .ranking).first { $0.prompt.plainText == "What is rain?" })
        let responses = (0..<4).map { NewResponse(text: "answer \($0)", policy: policy, seed: 1, temperature: 1) }
        _ = try await test.store.enqueue([NewGroup(prompt: written.id, responses: responses)], in: project)
        #expect(try await test.store.nextTask(for: ann, in: project) == .nothing(.onlyOwnPromptsLeft))
        let task = try await test.next(bob, project)
        #expect(task.prompt.plainText == "What is rain?")
        _ = try await test.store.submit(try task.ranked(), token: task.token, user: bob)
        // Others' tasks come to the author as before.
        try await test.tasks(1, in: project, policy: policy)
        let theirs = try await test.next(ann, project)
        #expect(theirs.prompt.plainText == "prompt 0")
        _ = try await test.store.submit(try theirs.ranked(), token: theirs.token, user: ann)
        #expect(try await test.store.nextTask(for: ann, in: project) == .nothing(.onlyOwnPromptsLeft))
        var settings = try await test.store.project(project).settings
        settings.quality.authorsJudgeOwn = true
        _ = try await test.store.updateProject(project, settings: settings, by: .system)
        #expect(try await test.next(ann, project).prompt.plainText == "What is rain?")
    }
}

@Suite struct LeaseLengthByKindTests {
    @Test func aTaskIsTakenBackByWhatItsOwnKindTakes() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.leaseSeconds = 300
            $0.feedback.shares = [.demonstration: 50]
        }
        try await test.tasks(14, in: project, policy: policy)
        _ = try await test.store.addPrompts(
            project, use: .supervised, (0..<14).map { .text("question \($0)") }, by: .system)
        _ = try await test.store.addWritingTasks(project, mode: .demonstration, count: 14)
        let user = try await test.user("ann")
        var answered: [TaskMode: Int] = [:]
        while answered.values.reduce(0, +) < 26 {
            let task = try await test.next(user, project)
            let isWritten = task.mode == .demonstration
            // Rankings take 20 seconds, written answers twenty minutes.
            let timing = Timing(activeMilliseconds: isWritten ? 1_200_000 : 20_000)
            let content: LabelContent =
                isWritten ? .feedback(.demonstration("An answer.")) : .judgement(try task.ranked())
            let given = answered[task.mode, default: 0]
            let isLong = isWritten && given >= 10
            #expect(task.expiresAt == test.now + (isLong ? 3600 : 300), "\(task.mode) after \(given) of its kind")
            _ = try await test.store.submit(content, token: task.token, user: user, timing: timing)
            answered[task.mode] = given + 1
            test.pass(seconds: 61)
        }
        let lengths = try await test.store.leaseLengths(of: project)
        #expect(lengths.map(\.mode) == [.ranking, .demonstration])
        #expect(lengths.map(\.seconds) == [300, 3600])
        #expect(lengths.map(\.ninetiethPercentile) == [20, 1200])
    }
}

@Suite struct TaskAnswersTests {
    @Test func everybodysAnswersToATaskStandSideBySideWithTheirAgreement() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.overlap = 3 }
        let tasks = try await test.tasks(2, in: project, policy: policy)
        for (name, reversed) in [("ann", false), ("bob", false), ("cat", true)] {
            let user = try await test.user(name)
            let task = try await test.next(user, project)
            _ = try await test.store.submit(
                try task.ranked(reversed: reversed), token: task.token, user: user,
                timing: Timing(activeMilliseconds: 1500))
        }
        let found = try await test.store.taskAnswers(tasks[0], in: project)
        #expect(found.answers.map(\.annotator.name) == ["ann", "bob", "cat"])
        #expect(found.answers.allSatisfy { $0.kept == .counted && !$0.isRepeat && $0.activeSeconds == 1.5 })
        let ids = found.responses.map(\.id)
        #expect(found.responses.map(\.letter) == ["A", "B", "C", "D"])
        #expect(found.answers.map { $0.content.judgement?.ranking?.ranks[ids[0]] } == [1, 1, 4])
        #expect(found.agreement.agreed == 6 && found.agreement.disagreed == 12)
        #expect(found.pairs.map(\.tau) == [1, -1, -1])
        #expect(found.meanTau.map { abs($0 + 1.0 / 3) < 1e-12 } == true)
        #expect(found.consensus == ids.map { [$0] })
        let shared = try await test.store.sharedTasks(project)
        #expect(shared.map(\.taskID) == [tasks[0]] && shared[0].people == 3)
        #expect(shared[0].agreement == found.agreement && shared[0].meanTau == found.meanTau)
        let other = try await test.store.taskAnswers(tasks[1], in: project)
        #expect(other.answers.isEmpty && other.consensus == nil && other.meanTau == nil)
        let elsewhere = try await test.project(named: "q").project
        await #expect(throws: StoreError.self) { _ = try await test.store.taskAnswers(tasks[0], in: elsewhere) }
    }
}
