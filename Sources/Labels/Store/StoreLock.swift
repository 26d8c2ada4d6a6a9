import Foundation

/// The lock of a data folder: `flock` on `server.lock`, held by the one process that writes while it lives.
final class StoreLock: Sendable {
    static let fileName = "server.lock"
    private let file: FileHandle

    /// - Throws: `StoreError.lockedByAnotherProcess` while somebody holds it.
    init(folder: URL) throws {
        let url = folder.appending(path: StoreLock.fileName)
        if !FileManager.default.fileExists(atPath: url.path) {
            // Whoever comes second at the same moment finds the file there; the lock decides, not the file.
            _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        }
        file = try FileHandle(forUpdating: url)
        // A job that outlives the server must not keep the server's lock.
        _ = fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC)
        guard flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = StoreLock.written(in: url) ?? LockHolder(pid: 0)
            throw StoreError.lockedByAnotherProcess(folder: folder.path, holder: holder)
        }
        try write(LockHolder(pid: ProcessInfo.processInfo.processIdentifier))
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
