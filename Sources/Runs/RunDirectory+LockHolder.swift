import Foundation

extension RunDirectory {
    /// The process that runs an attempt now, or nil when nothing holds its lock. The number is good for a signal only
    /// while the lock is held, which is asked first.
    public func lockHolder(attempt: Int) throws(RunError) -> Int32? {
        let folder = attemptURL(attempt)
        guard try AttemptLock.probe(folder) == .held,
            let text = try? String(contentsOf: folder.appending(path: AttemptFile.lock), encoding: .utf8)
        else { return nil }
        return text.split(separator: " ").lazy.compactMap { Int32($0) }.first
    }
}
