public import Foundation

extension RunAttempt {
    /// Writes a checkpoint, whole or not at all.
    /// - Parameters:
    ///   - step: what a later attempt goes on from; a step that is there already is not written again.
    ///   - keep: how many of this attempt's checkpoints stay, the newest.
    ///   - body: writes the files into the folder that it is given.
    /// - Throws: what `body` throws, a full disk as `RunError.diskFull`.
    public func writeCheckpoint(step: Int, keep: Int = 2, _ body: (URL) throws -> Void) throws {
        let folder = url.appending(path: AttemptFile.checkpoints)
        let name = RunCheckpoint.namePrefix + String(format: "%08d", step)
        let target = folder.appending(path: name)
        guard !DurableFile.exists(target) else { return }
        let temporary = folder.appending(path: ".\(name).partial")
        DurableFile.removeIfPresent(temporary)
        do {
            if !DurableFile.exists(folder) {
                try DurableFile.makeFolder(folder)
                // Without its own entry on the disk, whole checkpoints below it would be lost with it.
                try OpenFile(url, .read).synchronize()
            }
            try DurableFile.makeFolder(temporary)
            try body(temporary)
            let sums = try Digest.sums(of: temporary)
            try DurableFile.write(Data(sums.utf8), to: temporary.appending(path: AttemptFile.sums))
            try DurableFile.synchronizeTree(temporary)
            try DurableFile.rename(temporary, to: target)
        } catch {
            DurableFile.removeIfPresent(temporary)
            throw RunError.diskFull(behind: error, path: target.path) ?? error
        }
        for old in try run.checkpoints(attempt: number).dropLast(keep) { DurableFile.removeIfPresent(old.url) }
    }

    /// The newest whole checkpoint of an older attempt, to go on from; it is only read.
    public func resumePoint() throws -> RunCheckpoint? { try run.newestCheckpoint(before: number) }
}

/// When a job writes checkpoints: every so many steps or seconds, whichever comes first. It never changes a result.
public struct CheckpointSchedule: Sendable {
    private let steps: Int
    private let seconds: Double
    private var lastStep: Int
    private var lastTime = ContinuousClock.now

    /// - Parameter start: the step that the job starts from.
    public init(steps: Int, seconds: Double = 60, from start: Int = 0) {
        self.steps = steps
        self.seconds = seconds
        lastStep = start
    }

    public func isDue(step: Int) -> Bool {
        step - lastStep >= steps || (step > lastStep && ContinuousClock.now - lastTime >= .seconds(seconds))
    }

    public mutating func written(step: Int) {
        lastStep = step
        lastTime = .now
    }
}
