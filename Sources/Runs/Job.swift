public import Foundation
public import JSON

/// What a job's body hands back when it is done.
public struct JobOutcome: Sendable {
    /// Checkpoint folders: name → path below `output/`.
    public var folders: [String: String]
    public var metrics: [String: JSONValue]
    /// Sentences for people.
    public var notes: [String]

    public init(folders: [String: String], metrics: [String: JSONValue] = [:], notes: [String] = []) {
        self.folders = folders
        self.metrics = metrics
        self.notes = notes
    }
}

/// Thrown by a job that was asked to leave, after a checkpoint where it could write one.
public struct JobStopped: Error, CustomStringConvertible {
    public let description: String
    public init(_ message: String) { description = message }
}

/// Thrown by a job that cannot go on, with what ERROR.json is to say.
public struct JobFailure: Error, CustomStringConvertible, LocalizedError {
    public let kind: String
    public let message: String
    public let retry: Bool

    public init(kind: String, message: String, retry: Bool = false) {
        self.kind = kind
        self.message = message
        self.retry = retry
    }

    public var description: String { message }
    public var errorDescription: String? { message }
}

/// Runs a job's body inside the contract of a run directory.
public enum Job {
    /// Begins the attempt, verifies the input, runs the body and writes the ending.
    /// - Parameters:
    ///   - attempt: a prepared attempt; nil for the next one.
    ///   - stop: has its signal handlers installed by the caller where the job is a process of its own.
    ///   - reservedBytes: what must stay free on the disk.
    /// - Returns: how the process should leave. Errors are in ERROR.json, or on standard error where the attempt could not
    ///   even begin.
    public static func execute(
        _ run: RunDirectory, attempt number: Int? = nil, stop: StopFlag = StopFlag(), reservedBytes: Int64 = 0,
        body: (RunAttempt) throws -> JobOutcome
    ) -> RunExit {
        let attempt: RunAttempt
        do {
            attempt = try RunAttempt(beginning: run, number: number, stop: stop, reservedBytes: reservedBytes)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            if case .alreadyRunning? = error as? RunError { return .retry }
            return RunError.diskFull(behind: error, path: run.url.path) == nil ? .failed : .retry
        }
        defer { attempt.close() }
        do {
            try run.verifyInput()
            let outcome = try body(attempt)
            _ = try attempt.finish(outcome)
            return .done
        } catch {
            let failure = failure(for: error, path: attempt.url.path)
            attempt.fail(failure)
            if error is JobStopped { return .stopped }
            return failure.retry ? .retry : .failed
        }
    }

    /// Lowers the priority of the calling thread and of every thread it makes from now on, so that training at full tilt
    /// leaves the pages quick.
    public static func lowerPriority() {
        #if canImport(Glibc)
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        #else
            setpriority(PRIO_PROCESS, 0, 10)
        #endif
    }

    private static func failure(for error: any Error, path: String) -> RunFailure {
        if let full = RunError.diskFull(behind: error, path: path) {
            return RunFailure(kind: RunFailure.diskFullKind, message: "\(full)", retry: true)
        }
        if let stopped = error as? JobStopped {
            return RunFailure(kind: RunFailure.stoppedKind, message: stopped.description, retry: true)
        }
        if let failure = error as? JobFailure {
            return RunFailure(kind: failure.kind, message: failure.message, retry: failure.retry)
        }
        return RunFailure(kind: error is RunError ? "bad-input" : "failed", message: "\(error)", retry: false)
    }
}
