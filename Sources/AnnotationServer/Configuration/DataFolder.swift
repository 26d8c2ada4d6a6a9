import Foundation

/// Where a server keeps everything: one database file and the folders of what training made.
struct DataFolder: Sendable, Equatable {
    let url: URL

    init(_ url: URL) { self.url = url.standardizedFileURL }

    /// The folder of a `--data` option: absolute, or relative to the working directory.
    init(path: String) { self.init(URL(filePath: (path as NSString).expandingTildeInPath)) }

    var database: URL { url.appending(path: "plumb.sqlite") }
    var policies: URL { url.appending(path: "policies", directoryHint: .isDirectory) }
    var rewardModels: URL { url.appending(path: "reward-models", directoryHint: .isDirectory) }
    var runs: URL { url.appending(path: "runs", directoryHint: .isDirectory) }

    func policy(_ name: String) -> URL { policies.appending(path: name, directoryHint: .isDirectory) }
    func rewardModel(_ name: String) -> URL { rewardModels.appending(path: name, directoryHint: .isDirectory) }

    /// Makes the folders that are missing, readable by their owner alone.
    func create() throws {
        for folder in [url, policies, rewardModels, runs] {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    /// Whether a server ever ran here.
    var hasDatabase: Bool { FileManager.default.fileExists(atPath: database.path) }
}
