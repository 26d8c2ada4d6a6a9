import AnnotationServer
import Foundation
import Labels
import Runs
import Testing

/// Which endings of a job are tried again by themselves, and how often.
@Suite struct RetryTests {
    /// What a process leaves that dies without a word, having written a checkpoint or not.
    private func die(_ test: TestData, _ run: RunRecord, checkpoint step: Int? = nil) throws {
        let directory = RunDirectory(test.data.url.appending(path: run.directory))
        let attempt = try RunAttempt(beginning: directory, number: run.attempt)
        _ = try attempt.resumePoint()
        if let step {
            try attempt.writeCheckpoint(step: step) { try Data("s".utf8).write(to: $0.appending(path: "state")) }
        }
        attempt.close()
    }

    /// The run once a look has started its next attempt or ended it. A process that another test starts at this very
    /// moment holds a copy of the attempt's lock, until it executes its program.
    private func next(_ test: TestData, _ supervisor: RunSupervisor, _ run: RunRecord) async throws -> RunRecord {
        for _ in 0..<500 {
            await supervisor.look()
            let now = try await test.store.run(run.id)
            if now.attempt != run.attempt || now.isOver { return now }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("run \(run.id) stays as it is")
        return run
    }

    @Test func anAttemptThatDiesBeforeItsFirstCheckpointIsTriedFourTimes() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        let supervisor = test.supervisor(runner)
        var run = try await next(test, supervisor, test.run())
        for attempt in 1...4 {
            #expect(run.state == .running && run.attempt == attempt)
            try die(test, run)
            run = try await next(test, supervisor, run)
        }
        #expect(run.state == .failed && run.attempt == 4)
        #expect(run.message?.contains("4 times in a row without a new checkpoint") == true, "\(run.message ?? "")")
        #expect(runner.asked.count == 4)

        // A person's wish begins the count anew.
        run = try await test.store.resumeRun(run.id, by: .system)
        run = try await next(test, supervisor, run)
        #expect(run.attempt == 5)
        try die(test, run)
        run = try await next(test, supervisor, run)
        #expect(run.state == .running && run.attempt == 6)
    }

    @Test func anAttemptThatWroteANewCheckpointIsNoFailure() async throws {
        let test = try await TestData()
        let supervisor = test.supervisor(RecordingRunner())
        var run = try await next(test, supervisor, test.run())
        for step in 1...6 {
            try die(test, run)
            run = try await next(test, supervisor, run)
            try die(test, run, checkpoint: step)
            run = try await next(test, supervisor, run)
        }
        #expect(run.state == .running && run.attempt == 13)
        // The same step again is nothing new.
        for _ in 1...4 {
            try die(test, run, checkpoint: 6)
            run = try await next(test, supervisor, run)
        }
        #expect(run.state == .failed && run.attempt == 16)
    }

    @Test func shutdownsOfTheMachineAreNoFailures() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        var run = try await next(test, test.supervisor(runner), test.run())
        for _ in 1...6 {
            try test.leaveAfterCheckpoint(run, attempt: run.attempt)
            run = try await next(test, test.supervisor(runner), run)
            // Cut off, while no server looked.
            try die(test, run)
            run = try await next(test, test.supervisor(runner), run)
        }
        #expect(run.state == .running && run.attempt == 13)
        let supervisor = test.supervisor(runner)
        await supervisor.look()
        #expect(try await test.store.run(run.id).attempt == 13)
    }

    @Test func aRunThatTakesTheServerDownWithItEachTimeEndsAtLast() async throws {
        let test = try await TestData()
        let runner = RecordingRunner()
        var run = try await next(test, test.supervisor(runner), test.run())
        for _ in 1...20 where !run.isOver {
            try die(test, run)
            run = try await next(test, test.supervisor(runner), run)
        }
        #expect(run.state == .failed && run.attempt == 20, "\(run.state), attempt \(run.attempt)")
    }
}
