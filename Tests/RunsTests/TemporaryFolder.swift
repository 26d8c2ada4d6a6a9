import Foundation
import JSON
import Runs

/// A folder of one test's own, removed with it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "runs-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A run with one data file.
    func run(_ id: String = "run-1", settings: JSONValue = ["steps": 3]) throws -> RunDirectory {
        try RunDirectory.create(
            at: url.appending(path: id),
            specification: RunSpecification(
                kind: "reward-model", seed: 7, parents: [], settings: settings, version: "1.0"),
            files: ["groups.jsonl": .data(Data("{}\n".utf8))])
    }
}

func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }
