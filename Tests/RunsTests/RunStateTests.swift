import Foundation
import Runs
import Testing

@Suite struct RunStateTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The state once no lock looks held: a process that another test starts at this very moment holds copies of all
    /// descriptors, the lock's too, until it executes its program.
    private func settledState(_ run: RunDirectory, attempt: Int? = nil) throws -> RunState {
        func state() throws -> RunState { try attempt.map { try run.state(attempt: $0) } ?? run.state() }
        for _ in 0..<500 where try state() == .running { usleep(10_000) }
        return try state()
    }

    @Test func statesFollowFromFilesAndLockAlone() throws {
        let run = try folder.run()
        #expect(try run.state() == .waiting)
        let number = try run.prepareAttempt()
        #expect(number == 1)
        #expect(try run.state() == .waiting)
        let attempt = try RunAttempt(beginning: run, number: number)
        #expect(try run.state() == .running)
        attempt.close()
        #expect(try settledState(run) == .interrupted)

        let second = try RunAttempt(beginning: run)
        #expect(second.number == 2)
        _ = try second.finish(JobOutcome(folders: [:]))
        #expect(try run.state() == .done)
        #expect(try run.state(attempt: 1) == .interrupted)
    }

    @Test func anErrorFileMakesTheAttemptFailedOrStopped() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        first.fail(RunFailure(kind: "failed", message: "no", retry: false))
        first.close()
        #expect(try run.state() == .failed)
        let second = try RunAttempt(beginning: run)
        second.fail(RunFailure(kind: "stopped", message: "asked", retry: true))
        second.close()
        #expect(try run.state() == .stopped)
        #expect(try run.failure(attempt: 2)?.message == "asked")
    }

    @Test func whatCannotBeLookedAtIsNotTakenForMissing() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        for name in ["lock", "RESULT.json"] {
            let file = attempt.url.appending(path: name)
            let aside = file.appendingPathExtension("aside")
            if name == "lock" { try FileManager.default.moveItem(at: file, to: aside) }
            // A link to itself: whoever looks at it gets an error, and not that nothing is there.
            try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: file.path)
            #expect(throws: RunError.self) { try run.state(attempt: 1) }
            try FileManager.default.removeItem(at: file)
            if name == "lock" { try FileManager.default.moveItem(at: aside, to: file) }
        }
        #expect(try run.lockStanding(attempt: 1) == .held)
        #expect(try run.runningAttempt() == 1)
        _ = try attempt.finish(JobOutcome(folders: [:]))
        #expect(try run.runningAttempt() == nil, "it has written its ending")
        attempt.close()
    }

    @Test func anAttemptIsBegunOnce() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        #expect(throws: RunError.alreadyBegun(attempt: 1)) { try RunAttempt(beginning: run, number: 1) }
        attempt.close()
        #expect(throws: RunError.alreadyBegun(attempt: 1)) { try RunAttempt(beginning: run, number: 1) }
    }

    @Test func noAttemptBeginsWhileAnOlderOneRuns() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        #expect(throws: RunError.alreadyRunning(attempt: 1)) { try RunAttempt(beginning: run) }
        #expect(try run.failure(attempt: 2)?.retry == true)
        attempt.close()
        _ = try RunAttempt(beginning: run)
    }

    @Test func noAttemptBeginsOnceANewerOneWasBegun() throws {
        let run = try folder.run()
        let first = try run.prepareAttempt()
        let second = try run.prepareAttempt()
        let third = try run.prepareAttempt()
        let newest = try RunAttempt(beginning: run, number: third)
        #expect(throws: RunError.alreadyRunning(attempt: third)) { try RunAttempt(beginning: run, number: first) }
        #expect(try run.failure(attempt: first)?.retry == true)
        newest.close()
        #expect(throws: RunError.newerBegun(attempt: second, newer: third)) {
            try RunAttempt(beginning: run, number: second)
        }
        #expect(try run.failure(attempt: second)?.retry == false)
        #expect(try RunAttempt(beginning: run).number == 4)
    }

    @Test func anAttemptThatNobodyBeganIsInNobodysWay() throws {
        let run = try folder.run()
        let first = try run.prepareAttempt()
        _ = try run.prepareAttempt()
        _ = try RunAttempt(beginning: run, number: first)
        #expect(try settledState(run, attempt: first) == .interrupted)
    }

    @Test func aKilledProcessLeavesAnInterruptedAttemptAndItsWholeCheckpoint() async throws {
        let run = try folder.run()
        let path = run.url.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let attempt = try RunAttempt(beginning: RunDirectory(URL(filePath: path)))
            try attempt.writeCheckpoint(step: 4) { try Data("four".utf8).write(to: $0.appending(path: "state")) }
            try attempt.writeCheckpoint(step: 5) { folder in
                try Data("fi".utf8).write(to: folder.appending(path: "state"))
                kill(getpid(), SIGKILL)
            }
        }
        #expect(try run.state() == .interrupted)
        let next = try RunAttempt(beginning: run)
        let point = try #require(try next.resumePoint())
        #expect(point.step == 4 && point.attempt == 1)
        #expect(try text(point.url.appending(path: "state")) == "four")
    }
}
