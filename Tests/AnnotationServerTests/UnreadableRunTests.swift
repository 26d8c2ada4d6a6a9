import AnnotationServer
import Foundation
import Labels
import Runs
import Testing

/// Runs whose files cannot be read for a while, as with too many open files, while their jobs go on.
@Suite struct UnreadableRunTests {
    /// A run whose first attempt was started and holds its lock.
    private func begun(_ test: TestData, _ supervisor: RunSupervisor) async throws -> (RunRecord, RunAttempt) {
        let run = try await test.run()
        await supervisor.look()
        let directory = RunDirectory(test.data.url.appending(path: run.directory))
        return (run, try RunAttempt(beginning: directory, number: 1))
    }

    /// Puts something in a file's place. - Returns: where the file is now.
    private func replace(_ file: URL, with content: String) throws -> URL {
        let aside = file.appendingPathExtension("aside")
        try FileManager.default.moveItem(at: file, to: aside)
        try Data(content.utf8).write(to: file)
        return aside
    }

    private func putBack(_ file: URL, from aside: URL) throws {
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: aside, to: file)
    }

    @Test func aRunIsNotFailedWhileItsJobHoldsItsLock() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let (run, attempt) = try await begun(test, supervisor)
        _ = try await test.run(seed: 2, in: test.anotherProject())
        let input = attempt.run.inputURL.appending(path: "run.json")
        let aside = try replace(input, with: "{")
        for _ in 1...3 { await supervisor.look() }
        #expect(try await test.store.run(run.id).state == .running)
        #expect(runner.asked == ["start \(run.id)/1"], "the next run began beside it")
        try putBack(input, from: aside)
        try test.succeed(attempt, weights: "better")
        await supervisor.look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .succeeded, "\(after.message ?? "")")
    }

    @Test func aRunThatCannotBeReadFailsOnceItsJobIsGone() async throws {
        let test = try await TestData()
        let supervisor = test.supervisor(RecordingRunner())
        let (run, attempt) = try await begun(test, supervisor)
        _ = try replace(attempt.run.inputURL.appending(path: "run.json"), with: "{")
        attempt.close()
        // A process that another test starts at this very moment holds a copy of the lock for an instant.
        for _ in 0..<500 {
            await supervisor.look()
            if try await test.store.run(run.id).isOver { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let after = try await test.store.run(run.id)
        #expect(after.state == .failed && after.message?.contains("run.json") == true, "\(after.message ?? "")")
    }

    @Test func aLockThatCannotBeLookedAtIsNotTakenForMissing() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let (run, attempt) = try await begun(test, test.supervisor(runner))
        let lock = attempt.url.appending(path: "lock")
        let aside = try replace(lock, with: "")
        try FileManager.default.removeItem(at: lock)
        // A link to itself: whoever looks at it gets an error, and not that nothing is there.
        try FileManager.default.createSymbolicLink(atPath: lock.path, withDestinationPath: lock.path)
        let other = test.supervisor(runner)
        await other.look()
        #expect(try await test.store.run(run.id).state == .running)
        #expect(runner.asked == ["start \(run.id)/1"])
        try putBack(lock, from: aside)
        try test.succeed(attempt, weights: "better")
        await other.look()
        #expect(try await test.store.run(run.id).state == .succeeded)
    }

    @Test func aResumedRunWaitsForAnAttemptThatStillRunsAndTakesItsResult() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let (run, attempt) = try await begun(test, supervisor)
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "taken for ended")
        _ = try await test.store.resumeRun(run.id, by: .system)
        for _ in 1...3 { await supervisor.look() }
        #expect(try await test.store.run(run.id).state == .queued)
        #expect(runner.asked == ["start \(run.id)/1"])
        try test.succeed(attempt, weights: "better")
        await supervisor.look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .succeeded && after.attempt == 1, "\(after.message ?? "")")
        #expect(runner.asked == ["start \(run.id)/1"])
    }

    @Test func cancellingAResumedRunEndsTheAttemptThatItWaitsFor() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let (run, attempt) = try await begun(test, supervisor)
        defer { attempt.close() }
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "taken for ended")
        _ = try await test.store.resumeRun(run.id, by: .system)
        await supervisor.look()
        try await supervisor.stop(run.id, by: .system)
        #expect(try await test.store.run(run.id).state == .stopped)
        #expect(runner.asked == ["start \(run.id)/1", "stop \(run.id)/1"])
        let next = try await test.run(seed: 2, in: test.anotherProject())
        await supervisor.look()
        #expect(!runner.asked.contains("start \(next.id)/1"), "the attempt that was asked to stop still works")
        attempt.close()
        // A process that another test starts at this very moment holds a copy of the lock for an instant.
        for _ in 0..<500 where !runner.asked.contains("start \(next.id)/1") {
            await supervisor.look()
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(runner.asked.contains("start \(next.id)/1"))
    }

    @Test func aRunIsNotStoppedBesideItsOlderAttempt() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let (run, attempt) = try await begun(test, supervisor)
        // The first attempt was slow to take its lock, so a second one was started, which left at once.
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "taken for ended")
        #expect(try await test.store.startAttempt(test.store.resumeRun(run.id, by: .system)) == 2)
        #expect(throws: RunError.alreadyRunning(attempt: 1)) {
            try RunAttempt(beginning: attempt.run, number: attempt.run.prepareAttempt())
        }
        try await supervisor.stop(run.id, by: .system)
        for _ in 1...3 { await supervisor.look() }
        #expect(try await test.store.run(run.id).state == .running, "attempt 1 still works")
        #expect(runner.asked.contains("stop \(run.id)/1"))
        try test.succeed(attempt, weights: "better")
        for _ in 0..<500 where try await !test.store.run(run.id).isOver {
            await supervisor.look()
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await test.store.run(run.id).state == .succeeded, "what it made is not lost")
    }

    @Test func aRunOfWhichNobodyCanTellEndsWhereSomebodyStopsIt() async throws {
        let test = try await TestData()
        let (run, attempt) = try await begun(test, test.supervisor(RecordingRunner()))
        defer { attempt.close() }
        let lock = attempt.url.appending(path: "lock")
        try FileManager.default.removeItem(at: lock)
        try FileManager.default.createSymbolicLink(atPath: lock.path, withDestinationPath: lock.path)
        let supervisor = test.supervisor(RecordingRunner())
        await supervisor.look()
        #expect(try await test.store.run(run.id).state == .running)
        try await supervisor.stop(run.id, by: .system)
        await supervisor.look()
        #expect(try await test.store.run(run.id).isOver)
    }

    @Test func theResultOfAnOlderAttemptIsBroughtIn() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        let (run, attempt) = try await begun(test, supervisor)
        // As a server leaves it that took the first attempt for ended and began the second beside it.
        try await test.store.finishRun(run.id, attempt: 1, state: .failed, message: "taken for ended")
        let resumed = try await test.store.resumeRun(run.id, by: .system)
        #expect(try await test.store.startAttempt(resumed) == 2)
        _ = try attempt.run.prepareAttempt()
        try await test.store.finishRun(run.id, attempt: 2, state: .failed, message: "attempt 1 is still running")
        try test.succeed(attempt, weights: "better")
        _ = try await test.store.resumeRun(run.id, by: .system)
        await supervisor.look()
        let after = try await test.store.run(run.id)
        #expect(after.state == .succeeded && after.attempt == 2, "\(after.message ?? "")")
        #expect(runner.asked == ["start \(run.id)/1"])
        let policy = try await test.store.policy(try #require(after.resultPolicy))
        let weights = test.data.url.appending(path: policy.path).appending(path: "model.safetensors")
        #expect(try String(contentsOf: weights, encoding: .utf8) == "better")
    }
}
