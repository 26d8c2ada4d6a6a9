import Foundation

/// The lock that a job holds on its attempt for as long as its process lives.
///
/// The file is made once, locked, and then given its content; an empty one is therefore an attempt that is just being
/// begun, and a job and an onlooker never compete for the lock.
final class AttemptLock: Sendable {
    private let file: OpenFile

    /// Begins the attempt in `folder`.
    /// - Throws: `RunError.alreadyBegun` where another job was first.
    init(_ folder: URL, attempt: Int) throws(RunError) {
        let url = folder.appending(path: AttemptFile.lock)
        guard !DurableFile.exists(url) else { throw .alreadyBegun(attempt: attempt) }
        file = try OpenFile(url, .createNew)
        guard try file.tryLock(exclusive: true) else { throw .alreadyBegun(attempt: attempt) }
        try file.write(Data("held while process \(getpid()) lives\n".utf8))
        try file.synchronize()
    }

    /// How the lock of the attempt in `folder` stands.
    /// - Throws: where that cannot be told just now, as with too many open files; a job may hold it then.
    static func probe(_ folder: URL) throws(RunError) -> LockStanding {
        let url = folder.appending(path: AttemptFile.lock)
        guard try DurableFile.isThere(url) else { return .neverTaken }
        let size: Int?
        do {
            size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize
        } catch {
            throw .fileSystem(operation: "look at", path: url.path, reason: error.localizedDescription)
        }
        guard let size, size > 0 else { return .neverTaken }
        return try OpenFile(url, .read).tryLock(exclusive: false) ? .free : .held
    }
}
