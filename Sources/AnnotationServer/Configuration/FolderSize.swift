import Foundation

/// Sizes on disk.
enum FolderSize {
    /// Bytes of all files below a folder; 0 where it does not exist.
    static func bytes(of folder: URL) throws -> Int64 {
        guard FileManager.default.fileExists(atPath: folder.path) else { return 0 }
        let keys: [URLResourceKey] = [.isRegularFileKey, .fileSizeKey]
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys) else { return 0 }
        var total: Int64 = 0
        for case let file as URL in files {
            // A job may remove a temporary file between the listing and this look.
            guard let values = try? file.resourceValues(forKeys: Set(keys)), values.isRegularFile == true else {
                continue
            }
            total += Int64(values.fileSize ?? 0)
        }
        return total
    }

    /// Bytes of one file; 0 where it does not exist.
    static func bytes(ofFile file: URL) throws -> Int64 {
        guard FileManager.default.fileExists(atPath: file.path) else { return 0 }
        return Int64(try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
    }

    /// Free bytes of the disk that holds a folder.
    static func freeBytes(at folder: URL) throws -> Int64 {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    }
}
