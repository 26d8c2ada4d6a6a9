public import Foundation

/// Sizes on disk.
public enum FolderSize {
    /// Bytes of all files below a folder; 0 where it does not exist.
    public static func bytes(of folder: URL) throws -> Int64 { try bytes(ofEach: [folder]).reduce(0, +) }

    /// Bytes of all files below each folder. A file that is there under several names counts once, where it is met
    /// first: hard links, as between a checkpoint and the run that made it, share their bytes.
    public static func bytes(ofEach folders: [URL]) throws -> [Int64] {
        var seen: Set<Inode> = []
        return folders.map { folder in
            guard let files = FileManager.default.enumerator(atPath: folder.path) else { return 0 }
            var total: Int64 = 0
            for case let path as String in files {
                // A job may remove a temporary file between the listing and this look.
                guard let size = newBytes(of: folder.appending(path: path).path, seen: &seen) else { continue }
                total += size
            }
            return total
        }
    }

    /// Bytes of some files; those that do not exist count nothing.
    public static func bytes(ofFiles files: [URL]) -> Int64 {
        var seen: Set<Inode> = []
        return files.reduce(0) { $0 + (newBytes(of: $1.path, seen: &seen) ?? 0) }
    }

    /// Free bytes of the disk that holds a folder.
    public static func freeBytes(at folder: URL) throws -> Int64 {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    }

    private struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }

    /// Bytes of a file that was not met before; nil for one that was, and for anything that is no file.
    private static func newBytes(of path: String, seen: inout Set<Inode>) -> Int64? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let size = (attributes[.size] as? NSNumber)?.int64Value,
            let device = (attributes[.systemNumber] as? NSNumber)?.uint64Value,
            let number = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value,
            seen.insert(Inode(device: device, number: number)).inserted
        else { return nil }
        return size
    }
}
