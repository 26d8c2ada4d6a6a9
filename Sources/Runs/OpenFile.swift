import Foundation

/// One open file or folder of the operating system, closed with the last reference.
final class OpenFile: Sendable {
    let descriptor: Int32
    let path: String

    enum Access { case read, createNew, append }

    init(_ url: URL, _ access: Access) throws(RunError) {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .createNew: O_WRONLY | O_CREAT | O_EXCL
            case .append: O_WRONLY | O_CREAT | O_APPEND
            }
        path = url.path
        descriptor = unsafe open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw OpenFile.error(access == .read ? "open" : "create", path)
        }
    }

    deinit { close(descriptor) }

    /// Writes all of it, in one call where the system allows.
    func write(_ data: Data) throws(RunError) {
        var start = data.startIndex
        while start < data.endIndex {
            let rest = data[start...]
            let written = unsafe rest.withUnsafeBytes { bytes in
                unsafe sysWrite(descriptor, bytes.baseAddress, bytes.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw OpenFile.error("write", path)
            }
            start += written
        }
    }

    /// Waits until the content is on the disk.
    func synchronize() throws(RunError) {
        guard fsync(descriptor) == 0 else { throw OpenFile.error("write", path) }
    }

    /// Takes the whole-file lock without waiting.
    /// - Returns: false where another process holds it.
    func tryLock(exclusive: Bool) throws(RunError) -> Bool {
        while flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return false }
            throw OpenFile.error("lock", path)
        }
        return true
    }

    /// The system's last error as ours; a full disk becomes `.diskFull`.
    static func error(_ operation: String, _ path: String, code: Int32 = errno) -> RunError {
        if code == ENOSPC || code == EDQUOT { return .diskFull(path: path) }
        let reason = unsafe String(cString: strerror(code))
        return .fileSystem(operation: operation, path: path, reason: reason)
    }
}

private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
