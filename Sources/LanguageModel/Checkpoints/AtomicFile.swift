internal import Foundation

/// Replaces files whole or not at all.
enum AtomicFile {
    static func write(_ data: Data, to url: URL) throws(CheckpointError) {
        try write(to: url) { file in try file.write(contentsOf: data) }
    }

    /// Writes to a temporary file beside `url`, syncs it to disk, renames it over `url` and syncs the folder.
    /// - Parameter body: writes the file's bytes from its start.
    /// - Throws: `CheckpointError`: what `body` threw, or `.cannotWrite`.
    static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws(CheckpointError) {
        let temporary = url.deletingLastPathComponent().appending(
            path: ".\(url.lastPathComponent).\(UUID().uuidString)")
        do {
            try Data().write(to: temporary)
            let handle = try FileHandle(forWritingTo: temporary)
            defer { try? handle.close() }
            try body(handle)
            try handle.synchronize()
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            if let error = error as? CheckpointError { throw error }
            throw .cannotWrite(file: url.path, reason: error.localizedDescription)
        }
        guard unsafe rename(temporary.path, url.path) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            try? FileManager.default.removeItem(at: temporary)
            throw .cannotWrite(file: url.path, reason: reason)
        }
        try synchronize(url.deletingLastPathComponent(), for: url)
    }

    /// Puts the folder's entries on the disk: before that, a crash may bring the old file back.
    private static func synchronize(_ folder: URL, for file: URL) throws(CheckpointError) {
        let descriptor = unsafe open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(of: file) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(of: file) }
    }

    /// The system's last error, met at the folder of a file.
    private static func failure(of file: URL) -> CheckpointError {
        let reason = unsafe String(cString: strerror(errno))
        return .cannotWrite(file: file.path, reason: "its folder: \(reason)")
    }
}
