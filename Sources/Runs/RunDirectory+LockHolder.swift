import Foundation

/// How the lock that a job holds on its attempt stands.
public enum LockStanding: Sendable { case neverTaken, held, free }

extension RunDirectory {
    /// How an attempt's lock stands now.
    /// - Throws: where that cannot be told just now, as with too many open files; a job may hold it then.
    public func lockStanding(attempt: Int) throws(RunError) -> LockStanding {
        try AttemptLock.probe(attemptURL(attempt))
    }

    /// The process that runs an attempt now, or nil when nothing holds its lock. The number is good for a signal only
    /// while the lock is held, which is asked first.
    public func lockHolder(attempt: Int) throws(RunError) -> Int32? {
        guard try lockStanding(attempt: attempt) == .held else { return nil }
        let file = attemptURL(attempt).appending(path: AttemptFile.lock)
        let text: String
        do {
            text = try String(contentsOf: file, encoding: .utf8)
        } catch {
            throw .fileSystem(operation: "read", path: file.path, reason: error.localizedDescription)
        }
        return text.split(separator: " ").lazy.compactMap { Int32($0) }.first
    }

    /// The attempt whose job runs now and has not written its ending; nil where there is none.
    public func runningAttempt() throws(RunError) -> Int? {
        for attempt in try attempts() {
            guard try lockStanding(attempt: attempt) == .held else { continue }
            if try state(attempt: attempt) == .running { return attempt }
        }
        return nil
    }
}
