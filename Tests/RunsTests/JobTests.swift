import Foundation
import JSON
import Runs
import Testing

@Suite struct JobTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func eachEndingHasItsFileAndExitCode() throws {
        let run = try folder.run()
        #expect(Job.execute(run) { _ in throw JobFailure(kind: "not-ready", message: "No labels yet.") } == .failed)
        #expect(try run.failure(attempt: 1) == RunFailure(kind: "not-ready", message: "No labels yet.", retry: false))
        #expect(Job.execute(run) { _ in throw JobFailure(kind: "busy", message: "Later.", retry: true) } == .retry)
        #expect(Job.execute(run) { _ in throw JobStopped("Stopped after step 3.") } == .stopped)
        #expect(try run.state() == .stopped)
        #expect(Job.execute(run) { _ in JobOutcome(folders: [:], metrics: ["loss": 0.5]) } == .done)
        #expect(try run.state() == .done)
        #expect(try run.result(attempt: 4)?.metrics["loss"] == 0.5)
        #expect([RunExit.done, .failed, .retry, .stopped].map(\.rawValue) == [0, 1, 75, 143])
    }

    @Test func changedInputStopsTheJobBeforeItBegins() throws {
        let run = try folder.run()
        let file = try run.inputFile("groups.jsonl")
        try FileManager.default.removeItem(at: file)
        try Data("changed".utf8).write(to: file)
        var bodyRan = false
        let exit = Job.execute(run) { _ in
            bodyRan = true
            return JobOutcome(folders: [:])
        }
        #expect(exit == .failed && !bodyRan)
        #expect(try run.failure(attempt: 1)?.message.contains("groups.jsonl") == true)
    }

    @Test func aFullDiskIsSaidInASentenceAndMayBeRetried() throws {
        let run = try folder.run()
        let number = try run.prepareAttempt()
        // Every write to this device fails as on a full disk.
        try FileManager.default.createSymbolicLink(
            at: run.metricsURL(attempt: number), withDestinationURL: URL(filePath: "/dev/full"))
        let exit = Job.execute(run, attempt: number) { attempt in
            try attempt.metrics.write(["step": 1])
            return JobOutcome(folders: [:])
        }
        #expect(exit == .retry)
        let failure = try #require(try run.failure(attempt: number))
        #expect(failure.kind == "disk-full" && failure.retry && failure.message.hasPrefix("The disk is full"))
    }

    @Test func aRunThatWouldTakeTheReserveFailsInASentenceAndLeavesNoOutput() throws {
        let run = try folder.run()
        let exit = Job.execute(run, reservedBytes: .max / 2) { attempt in
            try FileManager.default.createDirectory(at: attempt.outputURL, withIntermediateDirectories: true)
            try Data("weights".utf8).write(to: attempt.outputURL.appending(path: "model"))
            return JobOutcome(folders: [:])
        }
        #expect(exit == .retry)
        let failure = try #require(try run.failure(attempt: 1))
        #expect(failure.kind == RunFailure.diskFullKind && failure.message.contains("stay free of runs"), "\(failure)")
        #expect(failure.message.contains("resume the run"))
        #expect(try run.result(attempt: 1) == nil)
        #expect(!FileManager.default.fileExists(atPath: run.attemptURL(1).appending(path: "output").path))
        #expect(Job.execute(run, reservedBytes: 1) { _ in JobOutcome(folders: [:]) } == .done)
    }

    @Test func aFullDiskBehindFoundationsErrorsIsRecognised() {
        let posix = NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))
        let cocoa = NSError(
            domain: NSCocoaErrorDomain, code: CocoaError.fileWriteUnknown.rawValue,
            userInfo: [NSUnderlyingErrorKey: posix])
        #expect(RunError.diskFull(behind: cocoa, path: "p") == .diskFull(path: "p"))
        #expect(RunError.diskFull(behind: JobStopped("no"), path: "p") == nil)
        let words = CocoaError(.fileWriteOutOfSpace).localizedDescription
        #expect(
            RunError.diskFull(behind: JobFailure(kind: "failed", message: words), path: "p") == .diskFull(path: "p"))
    }

    @Test func aTerminationSignalIsAWishThatTheJobSees() async {
        await #expect(processExitsWith: .exitCode(143)) {
            let stop = StopFlag()
            stop.installSignalHandlers()
            kill(getpid(), SIGTERM)
            while !stop.shouldStop { usleep(1000) }
            exit(RunExit.stopped.rawValue)
        }
    }

    @Test func anUnreadableSpecificationLeavesAnErrorFile() throws {
        let run = try folder.run()
        try FileManager.default.removeItem(at: run.inputURL.appending(path: "run.json"))
        #expect(Job.execute(run) { _ in JobOutcome(folders: [:]) } == .failed)
        #expect(try run.state() == .failed)
        #expect(try run.failure(attempt: 1)?.message.contains("run.json") == true)
    }
}
