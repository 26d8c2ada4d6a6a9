package import Foundation
import Runs

/// Where a server keeps everything: one database file and the folders of what training made.
package struct DataFolder: Sendable, Equatable {
    package let url: URL

    package init(_ url: URL) { self.url = url.standardizedFileURL }

    /// The folder of a `--data` option: absolute, or relative to the working directory.
    init(path: String) { self.init(URL(filePath: (path as NSString).expandingTildeInPath)) }

    /// The database with what SQLite keeps beside it: a busy one has much in its write-ahead log.
    var databaseFiles: [URL] { ["", "-wal", "-shm"].map { url.appending(path: "plumb.sqlite" + $0) } }
    package var policies: URL { url.appending(path: "policies", directoryHint: .isDirectory) }
    package var rewardModels: URL { url.appending(path: "reward-models", directoryHint: .isDirectory) }
    package var runs: URL { url.appending(path: "runs", directoryHint: .isDirectory) }

    package func policy(_ name: String) -> URL { policies.appending(path: name, directoryHint: .isDirectory) }
    /// A policy's folder as the store names it: relative to the data folder.
    package static func policyPath(_ name: String) -> String { "policies/\(name)" }
    package func rewardModel(_ name: String) -> URL { rewardModels.appending(path: name, directoryHint: .isDirectory) }

    /// What policies, reward models and runs take on the disk, each byte once: the number that the quota is held against.
    package func storage() throws -> (policies: Int64, rewardModels: Int64, runs: Int64) {
        let bytes = try FolderSize.bytes(ofEach: [policies, rewardModels, runs])
        return (bytes[0], bytes[1], bytes[2])
    }

    /// Makes the folders that are missing, readable by their owner alone.
    package func create() throws {
        for folder in [url, policies, rewardModels, runs] {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
}
