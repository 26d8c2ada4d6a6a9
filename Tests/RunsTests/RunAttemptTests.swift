import Foundation
import JSON
import Runs
import Testing

@Suite struct RunAttemptTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func checkpoint(_ attempt: RunAttempt, _ step: Int, _ content: String) throws {
        try attempt.writeCheckpoint(step: step) { try Data(content.utf8).write(to: $0.appending(path: "state")) }
    }

    @Test func aResultListsEveryOutputWithItsHash() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        let model = attempt.outputURL.appending(path: "model/deep")
        try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
        try Data("abc".utf8).write(to: model.appending(path: "weights"))
        try checkpoint(attempt, 1, "x")
        let result = try attempt.finish(
            JobOutcome(folders: ["model": "model"], metrics: ["accuracy": 0.5], notes: ["Few labels."]))
        #expect(try run.result(attempt: 1) == result)
        #expect(result.outputs.map(\.path) == ["output/model/deep/weights"])
        #expect(result.outputs[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(result.outputs[0].bytes == 3)
        let made = try #require(result.folder("model"))
        #expect(try Digest.folder(attempt.url.appending(path: made.path)) == made.sha256)
        #expect(!FileManager.default.fileExists(atPath: attempt.url.appending(path: "checkpoints").path))
    }

    @Test func anOutputThatIsNotThereIsNoResult() throws {
        let run = try folder.run()
        let attempt = try RunAttempt(beginning: run)
        #expect(throws: RunError.self) { try attempt.finish(JobOutcome(folders: ["policy": "policy"])) }
        #expect(try run.result(attempt: 1) == nil)
    }

    @Test func resumeTakesTheHighestWholeCheckpointOfOlderAttempts() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        for step in 1...4 { try checkpoint(first, step * 10, "first \(step)") }
        #expect(try first.resumePoint() == nil)
        first.close()
        let second = try RunAttempt(beginning: run)
        #expect(try second.resumePoint()?.step == 40)
        try checkpoint(second, 50, "second")
        second.close()
        let third = try RunAttempt(beginning: run)
        #expect(try third.resumePoint()?.step == 50)
        try Data("damaged".utf8).write(to: second.url.appending(path: "checkpoints/step-00000050/state"))
        let point = try #require(try third.resumePoint())
        #expect(point.step == 40 && point.attempt == 1)
    }

    @Test func onlyTheNewestCheckpointsStay() throws {
        let attempt = try RunAttempt(beginning: try folder.run())
        for step in 1...5 { try checkpoint(attempt, step, "\(step)") }
        let names = try FileManager.default.contentsOfDirectory(atPath: attempt.url.appending(path: "checkpoints").path)
        #expect(names.sorted() == ["step-00000004", "step-00000005"])
    }

    /// Names in the checkpoint folder of an attempt, sorted; nil where there is none.
    private func kept(_ run: RunDirectory, _ attempt: Int) -> [String]? {
        let folder = run.attemptURL(attempt).appending(path: "checkpoints")
        return try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func anEarlierAttemptsCheckpointsGoAsALaterOneWritesItsOwn() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        for step in 1...3 { try checkpoint(first, step * 10, "first \(step)") }
        // As a kill leaves it that came while a checkpoint was written.
        try FileManager.default.createDirectory(
            at: first.url.appending(path: "checkpoints/.step-00000040.partial"), withIntermediateDirectories: true)
        first.close()
        let second = try RunAttempt(beginning: run)
        #expect(try second.resumePoint()?.step == 30)
        #expect(kept(run, 1)?.suffix(2) == ["step-00000020", "step-00000030"])
        try checkpoint(second, 40, "second")
        #expect(kept(run, 1) == ["step-00000030"] && kept(run, 2) == ["step-00000040"])
        try checkpoint(second, 50, "second")
        #expect(kept(run, 1) == nil && kept(run, 2) == ["step-00000040", "step-00000050"])
        second.close()
        let third = try RunAttempt(beginning: run)
        #expect(try third.resumePoint()?.step == 50)
        try FileManager.default.createDirectory(
            at: second.outputURL.appending(path: "half"), withIntermediateDirectories: true)
        _ = try third.finish(JobOutcome(folders: [:]))
        #expect(kept(run, 2) == nil && !FileManager.default.fileExists(atPath: second.outputURL.path))
    }

    @Test func anAttemptThatBeginsAnewKeepsItsOwnCheckpointsWhateverTheirSteps() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        for step in [30, 40] {
            try checkpoint(first, step, "first")
            try Data("damaged".utf8).write(to: first.url.appending(path: "checkpoints/step-000000\(step)/state"))
        }
        first.close()
        let second = try RunAttempt(beginning: run)
        #expect(try second.resumePoint() == nil)
        for step in [5, 6] { try checkpoint(second, step, "second") }
        #expect(kept(run, 1) == nil && kept(run, 2) == ["step-00000005", "step-00000006"])
        second.close()
        #expect(try RunAttempt(beginning: run).resumePoint()?.step == 6)
    }

    @Test func theStepThatAnAttemptWentOnFromIsNoProgress() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        try checkpoint(first, 10, "first")
        first.close()
        let second = try RunAttempt(beginning: run)
        #expect(try second.resumePoint()?.step == 10)
        try checkpoint(second, 10, "second")
        #expect(try run.hasCheckpoint(attempt: 1) && !run.hasCheckpoint(attempt: 2))
        try checkpoint(second, 11, "second")
        #expect(try run.hasCheckpoint(attempt: 2))
    }

    @Test func aCheckpointThatWouldTakeTheReserveIsNotWrittenAndTheEarlierOneStays() throws {
        let run = try folder.run()
        let first = try RunAttempt(beginning: run)
        try checkpoint(first, 1, "one")
        first.close()
        let second = try RunAttempt(beginning: run, reservedBytes: .max / 2)
        var isAsked = false
        do {
            try second.writeCheckpoint(step: 2) { _ in isAsked = true }
            Issue.record("no error")
        } catch RunError.reserveReached(let path, _, _) { #expect(path.hasSuffix("step-00000002")) }
        #expect(!isAsked && kept(run, 2) == nil)
        second.close()
        #expect(try RunAttempt(beginning: run).resumePoint()?.step == 1)
    }

    @Test func theNextCheckpointIsExpectedToBeAsLargeAsTheNewest() throws {
        let run = try folder.run()
        let free = try FolderSize.freeBytes(at: run.url)
        let attempt = try RunAttempt(beginning: run, reservedBytes: free / 2)
        try checkpoint(attempt, 1, "one")
        // A hole: it takes no room, and looks as if it took all there is.
        let state = try FileHandle(forWritingTo: attempt.url.appending(path: "checkpoints/step-00000001/state"))
        try state.truncate(atOffset: UInt64(free))
        try state.close()
        #expect(throws: RunError.self) { try checkpoint(attempt, 2, "two") }
        #expect(kept(run, 1) == ["step-00000001"])
    }

    @Test func aCheckpointThatFailsLeavesNothing() throws {
        struct Failure: Error {}
        let attempt = try RunAttempt(beginning: try folder.run())
        #expect(throws: Failure.self) { try attempt.writeCheckpoint(step: 1) { _ in throw Failure() } }
        let names = try FileManager.default.contentsOfDirectory(atPath: attempt.url.appending(path: "checkpoints").path)
        #expect(names.isEmpty)
    }

    @Test func aScheduleIsDueByStepsOrBySeconds() {
        var bySteps = CheckpointSchedule(steps: 10, seconds: 1e9)
        #expect(!bySteps.isDue(step: 9) && bySteps.isDue(step: 10))
        bySteps.written(step: 10)
        #expect(!bySteps.isDue(step: 19) && bySteps.isDue(step: 20))
        let bySeconds = CheckpointSchedule(steps: 1000, seconds: 0)
        #expect(!bySeconds.isDue(step: 0) && bySeconds.isDue(step: 1))
    }
}
