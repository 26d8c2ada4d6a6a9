public import Foundation
import JSON

/// Files that are whole or absent, whatever happens: temporary name, fsync, rename, fsync of the folder.
public enum DurableFile {
    /// Writes the file in one step.
    /// - Throws: `RunError.diskFull` or `.fileSystem`.
    public static func write(_ data: Data, to url: URL) throws(RunError) {
        let temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).partial")
        removeIfPresent(temporary)
        do throws(RunError) {
            let file = try OpenFile(temporary, .createNew)
            try file.write(data)
            try file.synchronize()
        } catch {
            removeIfPresent(temporary)
            throw error
        }
        try rename(temporary, to: url)
    }

    /// Writes a value as JSON with sorted keys and a final new line.
    public static func writeJSON(_ value: some Encodable, to url: URL) throws {
        var data = try JSONEncoder.sorted(pretty: true).encode(value)
        data.append(UInt8(ascii: "\n"))
        try write(data, to: url)
    }

    /// Waits until every file and folder below `folder` is on the disk.
    public static func synchronizeTree(_ folder: URL) throws {
        for path in try Digest.relativeFiles(of: folder) {
            try OpenFile(folder.appending(path: path), .read).synchronize()
        }
        for path in try Digest.relativeFolders(of: folder) {
            try OpenFile(folder.appending(path: path), .read).synchronize()
        }
        try OpenFile(folder, .read).synchronize()
    }

    /// Renames and makes the new name durable.
    public static func rename(_ source: URL, to target: URL) throws(RunError) {
        guard unsafe sysRename(source.path, target.path) == 0 else {
            throw OpenFile.error("rename to", target.path)
        }
        try OpenFile(target.deletingLastPathComponent(), .read).synchronize()
    }

    static func makeFolder(_ url: URL) throws(RunError) {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw RunError.diskFull(behind: error, path: url.path)
                ?? .fileSystem(operation: "make the folder", path: url.path, reason: error.localizedDescription)
        }
    }

    /// Whether something lies at `url`.
    /// - Throws: where the file system cannot tell just now; `exists` takes that for no.
    public static func isThere(_ url: URL) throws(RunError) -> Bool {
        if unsafe access(url.path, F_OK) == 0 { return true }
        let code = errno
        if code == ENOENT || code == ENOTDIR { return false }
        throw OpenFile.error("look at", url.path, code: code)
    }

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    static func removeIfPresent(_ url: URL) {
        // Absent is what we want; anything that stays is met again, and named, by whoever writes there next.
        try? FileManager.default.removeItem(at: url)
    }

    static func decode<T: Decodable>(_ type: T.Type, at url: URL) throws(RunError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: url))
        } catch {
            let words = DecodingWords(error)
            let reason = words.field.isEmpty ? words.reason : "“\(words.field)” \(words.reason)"
            throw .badJSON(file: url.path, reason: reason)
        }
    }
}

private func sysRename(_ source: UnsafePointer<CChar>, _ target: UnsafePointer<CChar>) -> Int32 {
    unsafe rename(source, target)
}
