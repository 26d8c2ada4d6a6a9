import Foundation
import Labels
import Preferences
import Synchronization
import Testing

/// Prompts about safety, and ratings of single responses: from the store to what a run reads.
@Suite struct SafetyTests {
    @Test func aTagComesWithThePromptAndCanBeSetAndTakenOff() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let lines = """
            {"prompt": "How do I pick a lock?", "about_safety": true}
            {"prompt": "Name a tree."}
            """
        let report = try await test.store.importPrompts(
            project, use: .ppo, format: .jsonl, from: .data(Data(lines.utf8), name: "p.jsonl"), by: .system)
        #expect(report.added == 2)
        var prompts = try await test.store.prompts(project)
        #expect(prompts.map(\.isAboutSafety) == [true, false])
        // Prompts that are there already are tagged too, and none loses its tag.
        let again = try await test.store.importPrompts(
            project, use: .ppo, format: .text, areAboutSafety: true,
            from: .data(Data("Name a tree.\n".utf8), name: "p.txt"), by: .system)
        #expect(again.alreadyThere == 1)
        _ = try await test.store.importPrompts(
            project, use: .ppo, format: .text, from: .data(Data("How do I pick a lock?\n".utf8), name: "p.txt"),
            by: .system)
        prompts = try await test.store.prompts(project)
        #expect(prompts.map(\.isAboutSafety) == [true, true])
        #expect(
            try await !test.store.setAboutSafety(false, prompt: prompts[1].id, in: project, by: .system).isAboutSafety)
        let file = test.folder.appending(path: "prompts.jsonl")
        try test.store.writePrompts(try await test.store.prompts(project), to: file)
        let written = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(written.map { $0.contains("\"about_safety\":true") } == [true, false])
        #expect(!written[1].contains("about_safety"))
        await #expect(throws: StoreError.self) {
            try await test.store.importPrompts(
                project, use: .ppo, format: .jsonl,
                from: .data(Data(#"{"prompt": "x", "about_safety": "yes"}"#.utf8), name: "p.jsonl"), by: .system)
        }
    }

    @Test func labelsOfTaggedPromptsSaySoInRunsAndInTheNativeForm() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(2, in: project, policy: policy)
        let first = try await test.store.prompts(project)[0]
        try await test.store.setAboutSafety(true, prompt: first.id, in: project, by: .system)
        let ann = try await test.user("ann")
        for _ in 0..<2 {
            let task = try await test.next(ann, project)
            _ = try await test.store.submit(try task.ranked(), token: task.token, user: ann)
        }
        let snapshot = try await test.store.takeSnapshot(project, by: .system)
        let groups = try await groups(of: snapshot, test)
        #expect(groups.map(\.isAboutSafety) == groups.map { $0.group.prompt == first.prompt })
        #expect(groups.count(where: \.isAboutSafety) == 1)
        let file = test.folder.appending(path: "native.jsonl")
        try await test.store.writeExport(project, as: .native, to: file)
        let other = try TestStore(seed: 2)
        let (copy, _) = try await other.project()
        _ = try await other.store.importLabels(copy, from: .file(file), by: .system)
        let again = other.folder.appending(path: "native.jsonl")
        try await other.store.writeExport(copy, as: .native, to: again)
        #expect(try Data(contentsOf: again) == Data(contentsOf: file))
        #expect(try await other.store.prompts(copy).count(where: \.isAboutSafety) == 1)
    }

    @Test func ratingsOfSingleResponsesAreTakenWhereARunLearnsFromThem() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let prompt = try await test.store.prompts(project)[0].id
        _ = try await test.store.enqueue(
            [NewGroup(prompt: prompt, responses: [NewResponse(text: "alone", policy: policy)], mode: .rating)],
            in: project)
        let ann = try await test.user("ann")
        for _ in 0..<2 {
            let task = try await test.next(ann, project)
            if task.mode == .rating {
                let review = ResponseReview(rating: try ResponseRating(overall: 2, flags: ["violent"]))
                _ = try await test.store.submit(Feedback.rating(review), token: task.token, user: ann)
            } else {
                _ = try await test.store.submit(try task.ranked(), token: task.token, user: ann)
            }
        }
        #expect(try await test.store.ratingCount(project) == 1)
        let plain = try await test.store.takeSnapshot(project, by: .system)
        #expect(plain.labels == 1)
        #expect(try await groups(of: plain, test).allSatisfy(\.reviews.isEmpty))
        let whole = try await test.store.takeSnapshot(project, SnapshotOptions(includeRatings: true), by: .system)
        #expect(whole.labels == 2 && whole.groups == 2 && whole.hash != plain.hash)
        let found = try await groups(of: whole, test)
        let single = try #require(found.first { $0.labels.isEmpty })
        try single.validate()
        #expect(single.group.responses.map(\.text) == ["alone"])
        let review = try #require(single.reviews.first)
        #expect(review.rating.overall == 2 && review.rating.flags == ["violent"])
        #expect(review.responseID == single.group.responses[0].id)
    }

    private func groups(of snapshot: Snapshot, _ test: TestStore) async throws -> [LabelledGroup] {
        let all = Mutex<[LabelledGroup]>([])
        try await test.store.forEachGroup(of: snapshot.id) { group in all.withLock { $0.append(group) } }
        return all.withLock { $0 }
    }
}
