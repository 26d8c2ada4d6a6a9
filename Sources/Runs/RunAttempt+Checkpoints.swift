public import Foundation

extension RunAttempt {
    /// Writes a checkpoint, whole or not at all. Once it is on the disk, older ones of this and of earlier attempts go.
    /// - Parameters:
    ///   - step: what a later attempt goes on from; a step that is there already, also as the one that this attempt went on
    ///     from, is not written again, so that an attempt with a checkpoint has made progress.
    ///   - keep: how many checkpoints of the run stay, the newest.
    ///   - body: writes the files into the folder that it is given.
    /// - Throws: what `body` throws, a full disk as `RunError.diskFull` or `.reserveReached`.
    public func writeCheckpoint(step: Int, keep: Int = 2, _ body: (URL) throws -> Void) throws {
        let folder = url.appending(path: AttemptFile.checkpoints)
        let name = RunCheckpoint.namePrefix + String(format: "%08d", step)
        let target = folder.appending(path: name)
        guard !DurableFile.exists(target), step != wentOnFrom else { return }
        // The next one will be about as large as the newest one.
        try requireRoom(for: run.newestCheckpointBytes(through: number), at: target)
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
            // The first one's size is known only now.
            try requireRoom(at: target)
            try DurableFile.rename(temporary, to: target)
        } catch {
            DurableFile.removeIfPresent(temporary)
            throw RunError.diskFull(behind: error, path: target.path) ?? error
        }
        try run.removeCheckpoints(through: number, keep: keep)
    }

    /// The newest whole checkpoint of an older attempt, to go on from. It stays until this attempt has written enough of
    /// its own.
    public func resumePoint() throws -> RunCheckpoint? {
        let point = try run.newestCheckpoint(before: number)
        noteResumption(from: point?.step)
        return point
    }

    /// Makes sure that the disk keeps its reserve after so many more bytes.
    /// - Parameter file: what is to be written, for the error.
    /// - Throws: `RunError.reserveReached`.
    public func requireRoom(for bytes: Int64 = 0, at file: URL) throws {
        guard reservedBytes > 0 else { return }
        let free = try FolderSize.freeBytes(at: url)
        guard free - bytes >= reservedBytes else {
            throw RunError.reserveReached(path: file.path, free: free, reserved: reservedBytes)
        }
    }
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
