import Foundation

/// The lock of a data folder: `flock` on `server.lock`, held by the one process that writes while it lives.
final class StoreLock: Sendable {
    static let fileName = "server.lock"
    private let file: FileHandle

    /// - Throws: `StoreError.lockedByAnotherProcess` while somebody holds it.
    init(folder: URL) throws {
        let url = folder.appending(path: StoreLock.fileName)
        // Fails where the file is there already, and must not replace it: the lock is on that very file.
        try? Data().write(to: url, options: .withoutOverwriting)
        file = try FileHandle(forUpdating: url)
        // A job that outlives the server must not keep the server's lock.
        _ = fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC)
        guard StoreLock.take(file.fileDescriptor) else {
            let holder = StoreLock.written(in: url) ?? LockHolder(pid: 0)
            throw StoreError.lockedByAnotherProcess(folder: folder.path, holder: holder)
        }
        try write(LockHolder(pid: ProcessInfo.processInfo.processIdentifier))
    }

    /// Somebody who looks at who holds the lock has it for an instant, so a refusal is asked again.
    private static func take(_ descriptor: Int32) -> Bool {
        for attempt in 0..<5 {
            if attempt > 0 { Thread.sleep(forTimeInterval: 0.02) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        }
        return false
    }

    func write(_ holder: LockHolder) throws {
        let data = try JSONEncoder().encode(holder)
        try file.truncate(atOffset: 0)
        try file.seek(toOffset: 0)
        try file.write(contentsOf: data)
    }

    func release() throws { try file.close() }

    /// Who holds the folder's lock now; nil when nobody does.
    static func holder(folder: URL) -> LockHolder? {
        let url = folder.appending(path: fileName)
        guard let file = try? FileHandle(forReadingFrom: url) else { return nil }
        defer { try? file.close() }
        if flock(file.fileDescriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return written(in: url) ?? LockHolder(pid: 0)
    }

    private static func written(in url: URL) -> LockHolder? {
        guard let data = try? Data(contentsOf: url) else { return nil }
        return try? JSONDecoder().decode(LockHolder.self, from: data)
    }
}
