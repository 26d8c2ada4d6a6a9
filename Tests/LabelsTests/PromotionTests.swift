import Foundation
import Labels
import Preferences
import Testing

/// Whether a policy goes live is decided on what people prefer, not knowing which is which.
@Suite struct PromotionTests {
    private struct Scene {
        let test: TestStore
        let project: ProjectID
        let old: PolicyID
        let new: PolicyID
        var store: Store { test.store }

        init(prompts: Int = 40, overlap: Int = 1) async throws {
            test = try TestStore()
            (project, old) = try await test.project { $0.overlap = overlap }
            new = try await test.store.addPolicy(
                NewPolicy(name: "new", kind: .refreshed, path: "policies/new", project: project), by: .system
            ).id
            _ = try await test.store.addPrompts(
                project, use: .heldOut, (0..<prompts).map { .text("held out \($0)") }, by: .system)
        }

        func start(_ change: (inout NewPromotion) -> Void = { _ in }) async throws -> Promotion {
            var promotion = NewPromotion(candidate: new, pairs: 30, seed: 5)
            change(&promotion)
            return try await store.startPromotion(promotion, in: project, by: .commandLine)
        }

        /// Samples what is planned; a pair on a prompt in `same` gives two equal texts.
        @discardableResult
        func sample(limit: Int = 100, same: Bool = false) async throws -> Int {
            let plans = try await store.planPromotionPairs(project, limit: limit)
            for pair in plans {
                #expect(pair.plan.parts.map(\.policy.id) == [new, old] && pair.plan.mode == .comparison)
                #expect(pair.plan.parts[0].temperature == pair.plan.parts[1].temperature)
                #expect(pair.plan.prompt.use == .heldOut)
                let responses = pair.plan.parts.map { part in
                    NewResponse(
                        text: same ? "the same" : part.policy.id == new ? "by the new one" : "by the old one",
                        policy: part.policy.id, seed: part.seed, temperature: part.temperature)
                }
                try await store.enter(pair, responses: responses)
            }
            return plans.count
        }

        /// Answers the next task for the text that is named.
        func answer(_ user: UserID, for text: String) async throws {
            let task = try await test.next(user, project)
            let winner = try #require(task.responses.first { $0.text == text })
            let loser = try #require(task.responses.first { $0.text != text })
            _ = try await store.submit(
                .comparison(try Comparison(winner: winner.id, loser: loser.id, grade: .better)), token: task.token,
                user: user)
            test.pass(seconds: 1)
        }
    }

    @Test func pairsComeFirstAreBlindAndTurnIntoAdvice() async throws {
        let scene = try await Scene()
        try await scene.test.tasks(3, in: scene.project, policy: scene.old)
        let promotion = try await scene.start()
        #expect(promotion.incumbent.id == scene.old && promotion.startedBy == "command line")
        #expect(try await scene.sample() == 20, "no more at once than the project keeps ahead")
        #expect(try await scene.sample() == 0)
        #expect(try await scene.store.samplingNeed(scene.project).ready == 3, "ordinary tasks are counted apart")
        let person = try await scene.test.user("a")
        var sides = Set<String>()
        for round in 0..<14 {
            let task = try await scene.test.next(person, scene.project)
            #expect(task.mode == .comparison, "before the rankings that are older")
            sides.insert(task.responses[0].text)
            try await scene.answer(person, for: round == 3 ? "by the old one" : "by the new one")
        }
        #expect(sides.count == 2, "the sides change")
        let standing = try await scene.store.promotion(promotion.id)
        #expect(standing.decided == 14 && standing.wins == 13 && standing.course.count == 14)
        #expect(standing.advice == .promote)
        #expect(try #require(standing.newest).interval.lowerBound > 0.5)
        #expect(standing.course[2].interval.contains(0.5), "three wins are no proof")
    }

    @Test func aPairCountsOnceEverybodyAskedHasAnswered() async throws {
        let scene = try await Scene(overlap: 2)
        let promotion = try await scene.start()
        try await scene.sample()
        let (first, second) = (try await scene.test.user("a"), try await scene.test.user("b"))
        try await scene.answer(first, for: "by the new one")
        #expect(try await scene.store.promotion(promotion.id).decided == 0)
        try await scene.answer(second, for: "by the old one")
        let standing = try await scene.store.promotion(promotion.id)
        #expect(standing.decided == 1 && standing.wins == 0.5)
    }

    @Test func equalTextsAreTiesWithoutAnybodysWork() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start { $0.pairs = 5 }
        #expect(try await scene.sample(same: true) == 5)
        let standing = try await scene.store.promotion(promotion.id)
        #expect(standing.identical == 5 && standing.decided == 5 && standing.wins == 2.5)
        #expect(standing.advice == .keepLabelling)
        _ = try await scene.store.extendPromotion(promotion.id, by: 2, actor: .commandLine)
        #expect(try await scene.sample() == 2)
    }

    /// Else early looks would see ties alone, whatever people think of the pairs that they have not reached.
    @Test func tiesDoNotOvertakeThePairsThatWaitForPeople() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start()
        func standing() async throws -> PromotionStanding { try await scene.store.promotion(promotion.id) }
        for isSame in [true, false, true, true, false, true] {
            try await scene.sample(limit: 1, same: isSame)
            scene.test.pass(seconds: 1)
        }
        let waiting = try await standing()
        #expect(waiting.sampled == 6 && waiting.identical == 4)
        #expect(waiting.course.map(\.winRate) == [0.5], "the tie before all of them")
        let person = try await scene.test.user("a")
        try await scene.answer(person, for: "by the new one")
        let one = try await standing()
        #expect(one.decided == 4 && one.wins == 2.5, "the two ties after the first pair come with it")
        try await scene.answer(person, for: "by the new one")
        let all = try await standing()
        #expect(all.decided == 6 && all.wins == 4)
        #expect(Array(all.course.prefix(4)) == one.course, "what was seen stays as it was")
        for isSame in [false, true] {
            try await scene.sample(limit: 1, same: isSame)
            scene.test.pass(seconds: 1)
        }
        #expect(try await standing().decided == 6)
        _ = try await scene.store.decidePromotion(promotion.id, .discard, by: .commandLine)
        #expect(try await standing().decided == 6, "what the decision withdrew brings no tie in")
    }

    @Test func aDecisionIsRecordedWithTheAdviceAndWithdrawsWhatNobodyOpened() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start()
        try await scene.sample()
        let person = try await scene.test.user("a")
        _ = try await scene.test.next(person, scene.project)
        let lead = try await scene.test.user("lead", role: .lead)
        let decided = try await scene.store.decidePromotion(promotion.id, .discard, by: .user(lead))
        #expect(decided.promotion.decision == .discard && decided.promotion.decidedBy == "lead")
        #expect(decided.promotion.adviceThen == .keepLabelling)
        #expect(try await scene.store.progress(scene.project).tasksWithdrawn == 19, "the open one may be finished")
        await #expect(throws: StoreError.self) {
            try await scene.store.decidePromotion(promotion.id, .promote, by: .user(lead))
        }
        #expect(
            try await scene.store.project(scene.project).currentPolicy == scene.old, "the later decision did nothing")
        let entry = try #require(try await scene.store.auditEntries(limit: 1).first)
        #expect(entry.action == "promotion.decide" && entry.actor == "lead")
        #expect(entry.details.contains("discard") && entry.details.contains("advice: keep_labelling"))
        #expect(try await scene.sample() == 0, "nothing more is sampled for it")
    }

    @Test func aPromotedPolicyIsCurrentWithTheDecision() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start()
        let decided = try await scene.store.decidePromotion(promotion.id, .promote, by: .commandLine)
        #expect(decided.promotion.decision == .promote)
        #expect(try await scene.store.project(scene.project).currentPolicy == scene.new)
        #expect(
            try await scene.store.auditEntries(limit: 2).map(\.action) == ["policy.make-current", "promotion.decide"])
    }

    @Test func aPairThatIsGivenBackAfterTheDecisionIsHandedOutNoMore() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start()
        try await scene.sample()
        let (person, other) = (try await scene.test.user("a"), try await scene.test.user("b"))
        let held = try await scene.test.next(person, scene.project)
        _ = try await scene.store.decidePromotion(promotion.id, .discard, by: .commandLine)
        #expect(try await scene.store.progress(scene.project).tasksOpen == 1)
        _ = try await scene.store.skip(token: held.token, user: person, reason: .other)
        for one in [other, person] {
            guard case .nothing = try await scene.store.nextTask(for: one, in: scene.project) else {
                Issue.record("a pair of a decided comparison was handed out")
                continue
            }
        }
        let progress = try await scene.store.progress(scene.project)
        #expect(progress.tasksOpen == 0 && progress.tasksWithdrawn == 20)
    }

    @Test func whatTheLabelsAreUsedForIsTheLeadsChoice() async throws {
        let scene = try await Scene()
        let promotion = try await scene.start { $0.pairs = 4 }
        try await scene.sample()
        try await scene.test.tasks(1, in: scene.project, policy: scene.old)
        let person = try await scene.test.user("a")
        for _ in 0..<4 { try await scene.answer(person, for: "by the new one") }
        let ranking = try await scene.test.next(person, scene.project)
        _ = try await scene.store.submit(try ranking.ranked(), token: ranking.token, user: person)

        func snapshot() async throws -> (labels: Int, heldOut: Int) {
            let taken = try await scene.store.takeSnapshot(scene.project, by: .system)
            return (taken.labels, taken.heldOutGroups)
        }
        let progress = try await scene.store.progress(scene.project)
        #expect(progress.labels == 5 && progress.preferences == 1 && progress.labelsSinceSnapshot == 1)
        #expect(try await snapshot() == (1, 0), "for the decision alone")
        #expect(try await scene.store.exportSummary(scene.project, as: .trlExplicit).labels == 1)
        #expect(try await scene.store.exportCounts(scene.project).summary(as: .trlExplicit).labels == 1)
        try await scene.store.setLabelUse(.measure, of: promotion.id, by: .commandLine)
        #expect(try await snapshot() == (5, 4))
        #expect(try await scene.store.exportSummary(scene.project, as: .trlExplicit).labels == 1)
        try await scene.store.setLabelUse(.learn, of: promotion.id, by: .commandLine)
        #expect(try await snapshot() == (5, 0))
        #expect(try await scene.store.exportSummary(scene.project, as: .trlExplicit).labels == 5)
        #expect(try await scene.store.exportCounts(scene.project).summary(as: .trlExplicit).labels == 5)

        // The native form says which labels they are, and another store keeps it.
        try await scene.store.setLabelUse(.none, of: promotion.id, by: .commandLine)
        let file = scene.test.folder.appending(path: "labels.jsonl")
        try await scene.store.writeExport(scene.project, as: .native, to: file)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.components(separatedBy: #""label_use":"none""#).count == 5)
        let other = try TestStore(seed: 9)
        let (project, _) = try await other.project(named: "other")
        _ = try await other.store.importLabels(project, from: .file(file), by: .commandLine)
        #expect(try await other.store.progress(project).preferences == 1)
    }

    @Test func whatCannotBeComparedIsRefusedInWords() async throws {
        let scene = try await Scene(prompts: 0)
        await #expect(throws: StoreError.noPrompts(project: "p", use: .heldOut)) { try await scene.start() }
        _ = try await scene.store.addPrompts(scene.project, use: .heldOut, [.text("x")], by: .system)
        await #expect(throws: StoreError.self) { try await scene.start { $0.candidate = scene.old } }
        await #expect(throws: StoreError.self) { try await scene.start { $0.worthwhile = 0.4 } }
        _ = try await scene.start()
        await #expect(throws: StoreError.self) { try await scene.start() }
        let kept = try await scene.store.retention(keepLast: 0)
        #expect(!kept.prunable.contains { $0.name == "new" }, "what is being compared keeps its files")
    }

    @Test func aSmallGainThatIsNotWorthItIsDiscarded() async throws {
        let scene = try await Scene(prompts: 60)
        let promotion = try await scene.start {
            $0.pairs = 60
            $0.worthwhile = 0.9
        }
        let person = try await scene.test.user("a")
        for round in 0..<40 {
            try await scene.sample()
            try await scene.answer(person, for: round % 2 == 0 ? "by the new one" : "by the old one")
        }
        #expect(try await scene.store.promotion(promotion.id).advice == .discard)
    }
}
