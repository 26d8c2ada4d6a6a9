public import Foundation
import Synchronization

/// One attempt at a run, as its job sees it: the lock, the progress, the checkpoints and the ending.
public final class RunAttempt: Sendable {
    public let run: RunDirectory
    public let number: Int
    public let specification: RunSpecification
    public let metrics: MetricsWriter
    public let stop: StopFlag
    /// What must stay free on the disk, for others than runs.
    public let reservedBytes: Int64
    /// The step of the checkpoint that this attempt went on from.
    private let resumedStep = Mutex<Int?>(nil)
    private let lock: Mutex<AttemptLock?>
    private let logFile: OpenFile

    /// Room that is given back just before ERROR.json is written, so that a full disk can still be reported.
    private static let reserveBytes = 64 * 1024

    /// Begins an attempt; its lock is held until `close()` or the end of the process.
    /// - Parameters:
    ///   - number: a prepared attempt; nil for the next one.
    ///   - heartbeatSeconds: the longest silence in metrics.jsonl.
    ///   - reservedBytes: what must stay free on the disk; what would take more is not kept, and the attempt fails.
    /// - Throws: `RunError.alreadyBegun`, `.alreadyRunning` for another attempt that still runs, `.newerBegun` where a
    ///   newer one has had its turn, or what is wrong with run.json (which is in ERROR.json then, too).
    public init(
        beginning run: RunDirectory, number: Int? = nil, stop: StopFlag = StopFlag(), heartbeatSeconds: Double = 20,
        reservedBytes: Int64 = 0
    ) throws {
        let number = if let number { number } else { try run.prepareAttempt() }
        let url = run.attemptURL(number)
        try DurableFile.makeFolder(url)
        let lock = try AttemptLock(url, attempt: number)
        do {
            for other in try run.attempts() where other != number {
                switch try AttemptLock.probe(run.attemptURL(other)) {
                case .held: throw RunError.alreadyRunning(attempt: other)
                // Its checkpoints are not ours to pass over: a newer attempt resumes from older ones, never the reverse.
                case .free where other > number: throw RunError.newerBegun(attempt: number, newer: other)
                case .free, .neverTaken: break
                }
            }
            self.run = run
            self.number = number
            self.stop = stop
            self.reservedBytes = reservedBytes
            specification = try run.specification()
            metrics = try MetricsWriter(run.metricsURL(attempt: number), heartbeatSeconds: heartbeatSeconds)
            logFile = try OpenFile(run.logURL(attempt: number), .append)
            try DurableFile.write(
                Data(repeating: 0x2E, count: RunAttempt.reserveBytes), to: url.appending(path: AttemptFile.reserve))
            self.lock = Mutex(lock)
        } catch {
            let retry = if case .alreadyRunning? = error as? RunError { true } else { false }
            try? DurableFile.writeJSON(
                RunFailure(kind: retry ? "already-running" : "bad-input", message: "\(error)", retry: retry),
                to: url.appending(path: AttemptFile.error))
            throw error
        }
    }

    public var url: URL { run.attemptURL(number) }
    public var shouldStop: Bool { stop.shouldStop }
    var wentOnFrom: Int? { resumedStep.withLock { $0 } }
    func noteResumption(from step: Int?) { resumedStep.withLock { $0 = step } }

    /// The folder for what the run makes.
    public var outputURL: URL { url.appending(path: AttemptFile.output) }

    /// Adds a line with the time to the attempt's log.
    public func log(_ line: String) {
        let time = Date().formatted(.iso8601)
        // The log is for people; a disk that cannot take it is reported by the next metrics line or checkpoint.
        try? logFile.write(Data("\(time) \(line)\n".utf8))
    }

    /// Ends the attempt well: everything below `output/` is made durable and listed with its hash in RESULT.json. Then
    /// the run's checkpoints go.
    /// - Throws: `RunError.badOutput`, `.diskFull`, `.reserveReached`, `.fileSystem`.
    public func finish(_ outcome: JobOutcome) throws -> RunResult {
        try DurableFile.makeFolder(outputURL)
        // The checkpoints give their room back.
        try requireRoom(for: -run.checkpointBytes(through: number), at: outputURL)
        try DurableFile.synchronizeTree(outputURL)
        let outputs = try Digest.relativeFiles(of: outputURL).map { path in
            let file = outputURL.appending(path: path)
            return RunOutput(
                path: "\(AttemptFile.output)/\(path)", sha256: try Digest.file(file),
                bytes: try file.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }
        let folders = try outcome.folders.sorted { $0.key < $1.key }.map { name, path in
            let folder = outputURL.appending(path: path)
            guard Digest.isFolder(folder) else {
                throw RunError.badOutput(name: name, reason: "is no folder at \(folder.path)")
            }
            return RunFolder(
                name: name, path: "\(AttemptFile.output)/\(path)", sha256: try Digest.folder(folder))
        }
        let result = RunResult(
            kind: specification.kind, attempt: number, outputs: outputs, folders: folders, metrics: outcome.metrics,
            notes: outcome.notes)
        try DurableFile.writeJSON(result, to: url.appending(path: AttemptFile.result))
        DurableFile.removeIfPresent(url.appending(path: AttemptFile.reserve))
        // The result stands; what cannot be removed now is tried again by whoever brings it in.
        try? run.removeRemains(through: number)
        return result
    }

    /// Ends the attempt with a reason in ERROR.json.
    public func fail(_ failure: RunFailure) {
        log("\(failure.kind): \(failure.message)")
        DurableFile.removeIfPresent(url.appending(path: AttemptFile.reserve))
        // It is no result, and what fills the disk is needed elsewhere.
        if failure.kind == RunFailure.diskFullKind { DurableFile.removeIfPresent(outputURL) }
        do {
            try DurableFile.writeJSON(failure, to: url.appending(path: AttemptFile.error))
        } catch {
            FileHandle.standardError.write(Data("\(failure.message)\nERROR.json could not be written: \(error)\n".utf8))
        }
    }

    /// Gives the lock back.
    public func close() { lock.withLock { $0 = nil } }
}
