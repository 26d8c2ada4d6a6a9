import Foundation

/// A file of `Tests/Fixtures`, found upwards from this source file or from the current folder.
func fixturePath(named name: String) throws -> URL {
    let starts = [
        URL(filePath: #filePath).deletingLastPathComponent(), URL(filePath: FileManager.default.currentDirectoryPath),
    ]
    for start in starts {
        var folder = start
        while folder.path != "/" {
            let candidate = folder.appending(path: "Tests/Fixtures/\(name)")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
            folder.deleteLastPathComponent()
        }
    }
    throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: name])
}
