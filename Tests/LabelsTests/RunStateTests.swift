import Foundation
import Labels
import Testing

/// Who may start, stop and resume a run, whoever else does so at the same time.
@Suite struct RunStateTests {
    private func queued(_ test: TestStore) async throws -> RunRecord {
        let project = try await test.project().project
        return try await test.store.createRun(NewRun(kind: "reward-model", project: project), alone: true, by: .system)
    }

    @Test func ofTwoWhoStartTheSameAttemptOneDoes() async throws {
        let test = try TestStore()
        let run = try await queued(test)
        #expect(try await test.store.startAttempt(run) == 1)
        #expect(try await test.store.startAttempt(run) == nil)
        #expect(try await test.store.run(run.id).attempt == 1)
    }

    @Test func aRunThatWasCancelledWhileItWasPreparedDoesNotStart() async throws {
        let test = try TestStore()
        let run = try await queued(test)
        let cancelled = try await test.store.requestStop(run.id, by: .system)
        #expect(cancelled.state == .stopped && cancelled.message == "Cancelled before it started.")
        #expect(!cancelled.isStopping && cancelled.finishedAt == test.now)
        #expect(try await test.store.startAttempt(run) == nil)
        #expect(try await test.store.startAttempt(cancelled) == nil)
        await #expect(throws: StoreError.runOver(run: run.id, state: .stopped)) {
            _ = try await test.store.requestStop(run.id, by: .system)
        }
    }

    @Test func aStopThatWasAskedForOutlivesTheServer() async throws {
        let test = try TestStore()
        let run = try await queued(test)
        _ = try await test.store.startAttempt(run)
        let stopping = try await test.store.requestStop(run.id, by: .system)
        #expect(stopping.isStopping && stopping.state == .running)
        #expect(try await test.store.requestStop(run.id, by: .system) == stopping)
        try test.store.close()
        let again = try Store(folder: test.folder)
        let seen = try await again.run(run.id)
        #expect(seen.isStopping && seen.stopRequestedAt == stopping.stopRequestedAt)
        // Asked to stop, it is not tried again.
        #expect(try await again.startAttempt(seen) == nil)
        #expect(try await again.auditEntries().filter { $0.action == "run.cancel" }.count == 1)
        try again.close()
    }

    @Test func ofTwoWhoResumeARunOneDoesAndItWaitsItsTurn() async throws {
        let test = try TestStore()
        let run = try await queued(test)
        _ = try await test.store.startAttempt(run)
        _ = try await test.store.requestStop(run.id, by: .system)
        try await test.store.finishRun(run.id, attempt: 1, state: .stopped, message: "Stopped on request.")
        let resumed = try await test.store.resumeRun(run.id, by: .system)
        #expect(resumed.state == .queued && resumed.attempt == 1 && resumed.stopRequestedAt == nil)
        await #expect(throws: StoreError.runNotStopped(run: run.id, state: .queued)) {
            _ = try await test.store.resumeRun(run.id, by: .system)
        }
        #expect(try await test.store.startAttempt(resumed) == 2)
    }

    @Test func aProjectHasOneLiveRunOfAKind() async throws {
        let test = try TestStore()
        let run = try await queued(test)
        let new = NewRun(kind: run.kind, project: run.project)
        let refusal = StoreError.runGoing(run: run.id, kind: "reward-model", project: "p")
        await #expect(throws: refusal) { _ = try await test.store.createRun(new, alone: true, by: .system) }
        #expect(try await test.store.runs().count == 1 && refusal.kind == .conflict)
        let other = try await test.project(named: "q").project
        _ = try await test.store.createRun(NewRun(kind: run.kind, project: other), alone: true, by: .system)
        _ = try await test.store.createRun(
            NewRun(kind: "policy-refresh", project: run.project), alone: true, by: .system)
        _ = try await test.store.requestStop(run.id, by: .system)
        _ = try await test.store.createRun(new, alone: true, by: .system)
        await #expect(throws: StoreError.self) { _ = try await test.store.resumeRun(run.id, by: .system) }
    }
}
