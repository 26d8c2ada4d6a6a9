import AnnotationServer
import Foundation
import Labels
import Runs
import Testing

extension TestData {
    func requireRoom(_ rule: RetentionRule, for parents: [Parent] = []) async throws {
        try await rule.requireRoom(for: parents, in: store, data: data, logger: quiet)
    }

    /// A policy of 1,000 bytes that some refresh made.
    fileprivate func refreshed(_ name: String) async throws -> PolicyID {
        let place = data.policy(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data(count: 1_000).write(to: place.appending(path: "model.safetensors"))
        return try await store.addPolicy(
            NewPolicy(name: name, kind: .refreshed, path: "policies/\(name)", bytes: 1_000, project: project),
            by: .system
        ).id
    }

    fileprivate func used() throws -> Int64 {
        let storage = try data.storage()
        return storage.policies + storage.rewardModels + storage.runs
    }

    fileprivate func isThere(_ policy: String) -> Bool {
        FileManager.default.fileExists(atPath: data.policy(policy).path)
    }
}

@Suite struct RetentionRuleTests {
    @Test func aRunOverTheQuotaFindsRoomWhereSomethingMayBeDeleted() async throws {
        let test = try await TestData()
        let oldest = try await test.refreshed("oldest")
        for name in ["older", "newest"] { _ = try await test.refreshed(name) }
        try await test.requireRoom(RetentionRule(keepLast: 1, quotaBytes: test.used()))
        // As much as it takes, and no more.
        #expect(!test.isThere("oldest") && test.isThere("older") && test.isThere("newest"))
        #expect(try await test.store.policy(oldest).prunedAt != nil)
        await #expect(throws: (any Error).self) {
            try await test.requireRoom(RetentionRule(keepLast: 2, quotaBytes: test.used()))
        }
        #expect(test.isThere("older") && test.isThere("newest"))
    }

    @Test func aDiskThatIsShortOfTheReserveIsRelievedWithinAQuotaToo() async throws {
        let test = try await TestData()
        for name in ["old", "new"] { _ = try await test.refreshed(name) }
        let rule = RetentionRule(keepLast: 1, quotaBytes: .max, reservedBytes: .max / 2)
        await #expect(throws: (any Error).self) { try await test.requireRoom(rule) }
        #expect(!test.isThere("old") && test.isThere("new"))
    }

    @Test func whatARunIsToReadStays() async throws {
        let test = try await TestData()
        let old = try await test.refreshed("old")
        _ = try await test.refreshed("new")
        let rule = RetentionRule(keepLast: 1, quotaBytes: try test.used())
        await #expect(throws: (any Error).self) {
            try await test.requireRoom(rule, for: [.policy(old, role: "base")])
        }
        #expect(test.isThere("old"))
        try await test.requireRoom(rule)
        #expect(!test.isThere("old"))
        // What was chosen just before it went makes no run.
        await #expect(throws: StoreError.self) {
            _ = try await test.store.createRun(
                NewRun(kind: "policy-refresh", project: test.project, parents: [.policy(old, role: "base")]),
                by: .system)
        }
    }

    /// A run whose policy may go: its folder in policies/, the same bytes in the run.
    private func finishedRun(_ test: TestData) async throws -> (run: RunRecord, policy: Labels.Policy) {
        let supervisor = test.supervisor(RecordingRunner())
        let run = try await test.run()
        await supervisor.look()
        try test.succeed(run, attempt: 1, weights: "better")
        await supervisor.look()
        let after = try await test.store.run(run.id)
        return (after, try await test.store.policy(try #require(after.resultPolicy)))
    }

    @Test func whatADeadServerHadMarkedAsDeletedGoesAtTheNextStart() async throws {
        let test = try await TestData()
        let (run, policy) = try await finishedRun(test)
        let directory = RunDirectory(test.data.url.appending(path: run.directory))
        let checkpoints = directory.attemptURL(1).appending(path: "checkpoints/step-00000001")
        try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
        let repetition = directory.attemptURL(2).appending(path: "output")
        try FileManager.default.createDirectory(at: repetition, withIntermediateDirectories: true)
        let item = Prunable(
            kind: .policy, id: policy.id.rawValue, name: policy.name, path: policy.path, bytes: policy.bytes,
            createdAt: policy.createdAt)
        try await test.store.markPruned(item, by: .system)
        #expect(test.isThere(policy.name))

        let server = Task { try await test.supervisor(RecordingRunner()).run() }
        let files = FileManager.default
        for _ in 0..<1_000 where files.fileExists(atPath: checkpoints.path) {
            try await Task.sleep(for: .milliseconds(10))
        }
        server.cancel()
        _ = await server.result
        #expect(!test.isThere(policy.name) && test.isThere("sft"))
        #expect(!files.fileExists(atPath: directory.attemptURL(1).appending(path: "output").path))
        #expect(!files.fileExists(atPath: checkpoints.path))
        // What somebody made by hand since then is theirs.
        #expect(files.fileExists(atPath: repetition.path))
        #expect(try directory.result(attempt: 1) != nil)
    }

    @Test func nothingIsMarkedTwice() async throws {
        let test = try await TestData()
        let old = try await test.refreshed("old")
        _ = try await test.refreshed("new")
        let item = try #require(try await test.store.retention(keepLast: 1).prunable.first)
        #expect(item.id == old.rawValue)
        try await test.store.markPruned(item, by: .system)
        await #expect(throws: StoreError.self) { try await test.store.markPruned(item, by: .system) }
    }

    @Test func whatAKilledJobLeftBesideItsResultGoesWithTheImport() async throws {
        let test = try await TestData()
        let supervisor = test.supervisor(RecordingRunner())
        let run = try await test.run()
        await supervisor.look()
        try test.succeed(run, attempt: 1, weights: "better")
        let attempt = RunDirectory(test.data.url.appending(path: run.directory)).attemptURL(1)
        let checkpoint = attempt.appending(path: "checkpoints/step-00000001")
        try FileManager.default.createDirectory(at: checkpoint, withIntermediateDirectories: true)
        await supervisor.look()
        #expect(try await test.store.run(run.id).state == .succeeded)
        #expect(!FileManager.default.fileExists(atPath: checkpoint.path))
    }
}
