import Foundation
import JSON
import LanguageModel
import Policy
import Runs
import Testing

/// Makes a run directory and runs its job in this process.
struct RunningJob {
    let directory: RunDirectory

    init(
        in folder: URL, name: String = "run", kind: String, seed: UInt64 = 7, parents: [(role: String, url: URL)] = [],
        settings: JSONValue, files: [String: String]
    ) throws {
        let specification = RunSpecification(
            kind: kind, seed: seed,
            parents: try parents.map {
                RunParent(role: $0.role, path: $0.url.path, sha256: try Digest.fileOrFolder($0.url))
            }, settings: settings, version: "test")
        directory = try RunDirectory.create(
            at: folder.appending(path: name), specification: specification,
            files: files.mapValues { .data(Data($0.utf8)) })
    }

    /// Runs a new attempt.
    func run(threads: Int = 1, stop: StopFlag = StopFlag()) -> RunExit {
        Job.execute(directory, stop: stop) { attempt in
            let outcome = try PolicyJobs.run(attempt, pool: WorkerPool(threads: threads))
            // A run that ends well clears its checkpoints away; `kill` puts them back.
            if FileManager.default.fileExists(atPath: checkpoints(attempt.number).path) {
                try FileManager.default.copyItem(at: checkpoints(attempt.number), to: kept(attempt.number))
            }
            return outcome
        }
    }

    private func checkpoints(_ attempt: Int) -> URL { directory.attemptURL(attempt).appending(path: "checkpoints") }
    private func kept(_ attempt: Int) -> URL { directory.url.appending(path: "kept-\(attempt)") }

    /// Runs a new attempt that must end well, and gives what it made.
    func output(threads: Int = 1, named: String = "policy") throws -> URL {
        let exit = run(threads: threads)
        let number = try #require(try directory.attempts().last)
        let message = try directory.failure(attempt: number)?.message ?? ""
        try #require(exit == .done, "\(message)")
        return directory.attemptURL(number).appending(path: "output/\(named)")
    }

    /// What the newest attempt failed with.
    func failure() throws -> RunFailure? {
        guard let number = try directory.attempts().last else { return nil }
        return try directory.failure(attempt: number)
    }

    /// Metrics lines of an attempt that say something.
    func metrics(attempt: Int = 1) throws -> [[String: JSONValue]] {
        var tail = MetricsTail(directory.metricsURL(attempt: attempt))
        return try tail.readNew().filter { $0["event"] == nil }
    }

    /// Leaves of an attempt only its checkpoints up to a step, as a killed process does.
    func kill(attempt: Int = 1, afterStep step: Int) throws {
        let folder = directory.attemptURL(attempt)
        for name in ["RESULT.json", "ERROR.json", "output"] {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
        let checkpoints = checkpoints(attempt)
        try? FileManager.default.removeItem(at: checkpoints)
        try FileManager.default.copyItem(at: kept(attempt), to: checkpoints)
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path) {
            let number = Int(name.drop { !$0.isNumber }) ?? 0
            if number > step { try FileManager.default.removeItem(at: checkpoints.appending(path: name)) }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
        try #require(!left.isEmpty, "no checkpoint up to step \(step)")
    }
}
