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
