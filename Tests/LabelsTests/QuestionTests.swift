import Foundation
import Labels
import Preferences
import SeededRandom
import Testing

/// Ratings, flags, ties, safety and reasons on their way through the store.
@Suite struct QuestionTests {
    @Test func ratingsAndFlagsAreStoredExportedAndImportedWithTheRanking() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("Ada")
        let task = try await test.next(user, project)
        let ids = task.responses.map(\.id)
        let answer = Judgement.ranking(
            try Ranking(
                rows: ids.map { [$0] },
                ratings: [
                    ids[0]: try ResponseRating(overall: 7),
                    ids[3]: try ResponseRating(overall: 1, flags: ["hallucination", "opinion"]),
                ]))
        let timing = Timing(operations: 9)
        let submission = try await test.store.submit(answer, token: task.token, user: user, timing: timing)
        #expect(try await test.store.submit(answer, token: task.token, user: user).repeated)
        await #expect(throws: StoreError.leaseAlreadyUsed(label: submission.labelID, revision: 1)) {
            _ = try await test.store.submit(
                .ranking(try Ranking(rows: ids.map { [$0] })), token: task.token, user: user)
        }
        let exported = try await text(test.store, project)
        #expect(exported.contains(#"{"flags":["hallucination","opinion"],"overall":1}"#))

        let other = try TestStore(seed: 2)
        let (copy, _) = try await other.project()
        let source = ImportSource.data(Data(exported.utf8), name: "labels.jsonl")
        #expect(try await other.store.importLabels(copy, from: source, by: .system).added == 1)
        let again = try await text(other.store, copy)
        #expect(try ratings(in: again) == ratings(in: exported))
    }

    @Test func theStoredRankingDependsOnTheResponsesAlone() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.responseCount = .range(4, 9) }
        var random = SplitMix64(seed: 20)
        for round in 0..<60 {
            let count = 4 + Int(random.next() % 6)
            try await test.tasks(1, in: project, policy: policy, k: count, label: "round \(round)")
            let user = try await test.user("person \(round)")
            let task = try await test.next(user, project)
            #expect(task.responses.count == count)
            // What the person thinks of each text, whatever letter it stands under.
            let opinions = (0..<count).map { _ in Int(random.next() % UInt64(count)) }
            func opinion(_ text: String) -> Int { opinions[Int(text.split(separator: " ").last ?? "0") ?? 0] }
            let byOpinion = Dictionary(grouping: task.responses, by: { opinion($0.text) }).sorted { $0.key < $1.key }
            let ratings = try task.responses.reduce(into: [String: ResponseRating]()) {
                $0[$1.id] = try ResponseRating(overall: 7 - opinion($1.text) % 7)
            }
            _ = try await test.store.submit(
                .ranking(try Ranking(rows: byOpinion.map { $0.value.map(\.id) }, ratings: ratings)), token: task.token,
                user: user)
            let label = try #require(try await test.store.recentLabels(project, limit: 1).first)
            let stored = try #require(label.judgement)
            let texts = Dictionary(
                uniqueKeysWithValues: zip(label.displayOrder, task.responses.map(\.text)))
            let ranking = try #require(stored.ranking).renamed(texts)
            #expect(ranking.rows == byOpinion.map { $0.value.map(\.text).sorted() })
            for (text, rating) in ranking.ratings { #expect(rating.overall == 7 - opinion(text) % 7) }
        }
    }

    @Test func aTieAndBothUnacceptableTrainNothingAndAreCountedApart() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
            $0.tie = true
            $0.bothUnacceptable = true
        }
        try await test.tasks(3, in: project, policy: policy, k: 2)
        let user = try await test.user("Ada")
        for verdict in [Comparison.Verdict.tie, .bothUnacceptable, nil] {
            let task = try await test.next(user, project)
            let (first, second) = (task.responses[0].id, task.responses[1].id)
            let comparison =
                if let verdict { try Comparison(between: first, and: second, verdict: verdict) } else {
                    try Comparison(winner: first, loser: second, grade: .better)
                }
            _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
        }
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        #expect(snapshot.labels == 3 && snapshot.ties == 1)
        for format in ExportFormat.allCases
        where ![.native, .demonstrations, .trlDemonstrations].contains(format) {
            let summary = try await test.store.exportSummary(project, as: format)
            #expect(summary.lines == 1 && summary.tiedPairsDropped == 1 && summary.bothUnacceptableDropped == 1)
            #expect(try await test.store.exportCounts(project).summary(as: format) == summary)
            #expect(summary.sentence.contains("1 comparison calls both responses unacceptable and gives no pair"))
        }
        let quality = try await test.store.quality(project)
        #expect(quality.ties == 1 && quality.bothUnacceptable == 1 && quality.grades[.better] == 1)
        #expect(quality.sides.left == 1 && quality.sides.right == 0)
        let native = try await text(test.store, project)
        #expect(native.contains(#""verdict":"tie""#) && native.contains(#""verdict":"both_unacceptable""#))
        let other = try TestStore(seed: 2)
        let (copy, _) = try await other.project()
        let source = ImportSource.data(Data(native.utf8), name: "labels.jsonl")
        #expect(try await other.store.importLabels(copy, from: source, by: .system).added == 3)
        #expect(try await other.store.exportSummary(copy, as: .trlExplicit).bothUnacceptableDropped == 1)
    }

    @Test func takingBackBothUnacceptableKeepsWhatItWas() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
            $0.bothUnacceptable = true
        }
        try await test.tasks(1, in: project, policy: policy, k: 2)
        let user = try await test.user("Ada")
        let task = try await test.next(user, project)
        _ = try await test.store.submit(
            .comparison(
                try Comparison(
                    between: task.responses[0].id, and: task.responses[1].id, verdict: .bothUnacceptable)),
            token: task.token, user: user)
        let again = try await test.store.undoLast(of: user, in: project)
        guard case .comparison(let former) = again.formerAnswer else {
            Issue.record("the answer must come back with its task")
            return
        }
        #expect(former.verdict == .bothUnacceptable)
        #expect(Set(former.responseIDs) == Set(again.responses.map(\.id)))
        let summary = try await test.store.exportSummary(project, as: .native, ExportOptions(everyRevision: true))
        #expect(summary.labels == 2)
    }

    @Test func whatAProjectDoesNotAskIsRefusedAndWhatItRequiresIsMissed() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.mode = .comparison
            $0.responseCount = .fixed(2)
            $0.safety = true
            $0.aspects = [.correctness]
            $0.reason = .requiredForSignificantly
        }
        try await test.tasks(1, in: project, policy: policy, k: 2)
        let user = try await test.user("Ada")
        let task = try await test.next(user, project)
        let (a, b) = (task.responses[0].id, task.responses[1].id)
        #expect(task.questions.safety && task.questions.aspects == [.correctness] && task.questions.flags.isEmpty)
        let refused: [(Comparison, String)] = [
            (try Comparison(winner: a, loser: b, grade: .better), "say which of the responses are safe"),
            (try Comparison(between: a, and: b, verdict: .tie, unsafe: []), "no ties"),
            (try Comparison(between: a, and: b, verdict: .bothUnacceptable, unsafe: []), "no 'both unacceptable'"),
            (
                try Comparison(winner: a, loser: b, grade: .significantly, unsafe: []),
                "why one is significantly better"
            ),
            (
                try Comparison(
                    winner: a, loser: b, grade: .better, unsafe: [],
                    ratings: [b: try ResponseRating(aspects: [.verbosity: 1])]), "does not ask for verbosity"
            ),
            (
                try Comparison(
                    winner: a, loser: b, grade: .better, unsafe: [], ratings: [b: try ResponseRating(overall: 1)]),
                "response 'B' has a rating or flags"
            ),
        ]
        for (comparison, words) in refused {
            let error = await #expect(throws: StoreError.self) {
                _ = try await test.store.submit(.comparison(comparison), token: task.token, user: user)
            }
            #expect("\(try #require(error))".contains(words))
        }
        let whole = try Comparison(
            winner: a, loser: b, grade: .significantly, unsafe: [b],
            ratings: [a: try ResponseRating(aspects: [.correctness: 4])], reason: "B is wrong.")
        _ = try await test.store.submit(.comparison(whole), token: task.token, user: user)
        #expect(try await text(test.store, project).contains(#""reason":"B is wrong.""#))
    }

    @Test func flagsThatTheProjectSwitchedOffAreRefusedByLetter() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project {
            $0.flags = [ResponseFlag(name: "rude", words: "Rude")]
            $0.ratings = .required
        }
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("Ada")
        let task = try await test.next(user, project)
        let ids = task.responses.map(\.id)
        func submit(_ ratings: [String: ResponseRating]) async throws {
            _ = try await test.store.submit(
                .ranking(try Ranking(rows: ids.map { [$0] }, ratings: ratings)), token: task.token, user: user)
        }
        let unrated = await #expect(throws: StoreError.self) {
            try await submit([ids[1]: try ResponseRating(overall: 3)])
        }
        #expect("\(try #require(unrated))".contains("no rating from 1 to 7 yet: 'A', 'C', 'D'"))
        var ratings = try ids.reduce(into: [String: ResponseRating]()) { $0[$1] = try ResponseRating(overall: 4) }
        ratings[ids[2]] = try ResponseRating(overall: 4, flags: ["violent"])
        let foreign = await #expect(throws: StoreError.self) { try await submit(ratings) }
        #expect("\(try #require(foreign))".contains("response 'C' has the flag 'violent'"))
        ratings[ids[2]] = try ResponseRating(overall: 4, flags: ["rude"])
        try await submit(ratings)
    }

    @Test(arguments: ["", "Loud", "a b", String(repeating: "x", count: 41)])
    func aFlagNeedsAGoodName(name: String) {
        var settings = ProjectSettings()
        settings.flags = [ResponseFlag(name: name, words: "Words")]
        #expect(throws: StoreError.self) { try settings.validate() }
    }

    @Test func oldSettingsHaveTheNewQuestionsDefaults() throws {
        let old = try JSONDecoder().decode(ProjectSettings.self, from: Data(#"{"mode":"ranking"}"#.utf8))
        #expect(old.ratings == .optional && old.flags == ResponseFlag.standard && !old.tie && old.reason == .off)
        var changed = old
        changed.aspects = [.verbosity]
        changed.reason = .requiredForSignificantly
        let line = try JSONLines.line(changed)
        #expect(try JSONDecoder().decode(ProjectSettings.self, from: Data(line.utf8)) == changed)
    }

    private func text(_ store: Store, _ project: ProjectID) async throws -> String {
        var bytes: [UInt8] = []
        for try await chunk in store.export(project, as: .native) { bytes += chunk.bytes }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func ratings(in line: String) throws -> [[String: ResponseRating]] {
        struct Line: Decodable { let ratings: [String: ResponseRating] }
        return try line.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).ratings
        }
    }
}
