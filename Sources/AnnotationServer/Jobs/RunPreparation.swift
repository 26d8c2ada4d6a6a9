import Foundation
import JSON
package import Labels
package import Logging
package import Runs

/// Turns a run's intent row into its run directory. The same row always gives the same input, so that a server that
/// died in between simply does it again.
package struct RunPreparation: Sendable {
    let store: Store
    let data: DataFolder
    let logger: Logger

    package init(store: Store, data: DataFolder, logger: Logger) {
        self.store = store
        self.data = data
        self.logger = logger
    }

    package enum Problem: Error, CustomStringConvertible {
        case missing(role: String, run: String)
        case foreignAndRunning(run: String, path: String)
        case filesGone(what: String, path: String)

        package var description: String {
            switch self {
            case .foreignAndRunning(let run, let path):
                "\(path) holds another run than run \(run) of this database, and its job is running. The database was "
                    + "probably restored from a backup. End that job, or wait for it; then resume this run."
            case .missing(let role, let run): "Run \(run) has no \(role) in its record, so its input cannot be written."
            case .filesGone(let what, let path):
                "The files of \(what) are not at \(path) any more. Choose another, or restore them from a backup."
            }
        }
    }

    /// The run's directory, made now if it is not there yet. A folder of that name with another run in it, as a database
    /// from a backup meets it, is set aside; what cannot be looked at just now is not taken for missing.
    package func directory(of run: RunRecord) async throws -> RunDirectory {
        let url = data.url.appending(path: run.directory, directoryHint: .isDirectory)
        let found = RunDirectory(url)
        if try DurableFile.isThere(url) {
            if try DurableFile.isThere(found.inputURL),
                try await isInput(found.specification(), of: run)
            {
                return found
            }
            try setAside(found, run: run)
        }
        let workspace = data.runs.appending(path: ".preparing-\(run.id)", directoryHint: .isDirectory)
        try? FileManager.default.removeItem(at: workspace)
        try FileManager.default.createDirectory(at: workspace, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: workspace) }
        let files = try await inputFiles(of: run, in: workspace)
        let specification = RunSpecification(
            kind: run.kind, seed: run.seed, parents: try await parents(of: run),
            settings: RunSettings.object(run.settings), version: PlumbVersion.current)
        return try RunDirectory.create(at: url, specification: specification, files: files)
    }

    /// Whether a directory's run.json is this run's. Paths of parents are left out: the data folder may have moved.
    private func isInput(_ specification: RunSpecification, of run: RunRecord) async throws -> Bool {
        guard specification.kind == run.kind, specification.seed == run.seed,
            try Self.normalised(specification.settings) == Self.normalised(RunSettings.object(run.settings))
        else { return false }
        let parents = run.parents.filter { $0.kind != .snapshot }
        guard parents.map(\.role) == specification.parents.map(\.role) else { return false }
        for (parent, written) in zip(parents, specification.parents) {
            let known: String? =
                switch parent.kind {
                case .policy: try await store.policy(PolicyID(rawValue: parent.id)).sha256
                case .rewardModel: try await store.rewardModel(RewardModelID(rawValue: parent.id)).sha256
                case .snapshot: nil
                }
            if let known, known != written.sha256 { return false }
        }
        return true
    }

    /// As it comes back from a file, so that 1 and 1.0 are the same.
    private static func normalised(_ value: JSONValue) throws -> JSONValue {
        try JSONValue(json: Data(value.json().utf8))
    }

    private func setAside(_ found: RunDirectory, run: RunRecord) throws {
        for attempt in try found.attempts() where try found.lockStanding(attempt: attempt) == .held {
            throw Problem.foreignAndRunning(run: run.id.description, path: found.url.path)
        }
        var number = 1
        func place() -> URL { data.runs.appending(path: "\(run.id).set-aside-\(number)", directoryHint: .isDirectory) }
        while FileManager.default.fileExists(atPath: place().path) { number += 1 }
        try FileManager.default.moveItem(at: found.url, to: place())
        logger.warning(
            """
            \(found.url.path) held another run than run \(run.id) of this database (probably the database was restored \
            from a backup). It is now \(place().path); delete it when nobody needs it.
            """)
    }

    private func inputFiles(of run: RunRecord, in workspace: URL) async throws -> [String: RunDirectory.InputFile] {
        switch run.kind {
        case RunKind.rewardModel, RunKind.preferenceTuning:
            guard let snapshot = run.snapshot else {
                throw Problem.missing(role: "snapshot", run: run.id.description)
            }
            let file = workspace.appending(path: "groups.jsonl")
            _ = try await store.writeGroups(of: snapshot, to: file)
            return try await ["groups.jsonl": .copy(file)].merging(besides(of: run, in: workspace)) { $1 }
        case RunKind.supervised:
            guard let snapshot = run.snapshot else {
                throw Problem.missing(role: "snapshot", run: run.id.description)
            }
            return try await demonstrations(of: snapshot, in: workspace)
        case RunKind.policyRefresh:
            guard let project = run.project else {
                throw Problem.missing(role: "project", run: run.id.description)
            }
            let prompts = try await store.drawPrompts(
                project, use: .ppo, count: Self.promptsPerRefresh, seed: run.seed)
            let file = workspace.appending(path: "prompts.jsonl")
            try store.writePrompts(prompts, to: file)
            return try await ["prompts.jsonl": .copy(file)].merging(besides(of: run, in: workspace)) { $1 }
        default:
            return [:]
        }
    }

    /// The demonstrations that a run reads besides what it is about, where its parents name some.
    private func besides(of run: RunRecord, in workspace: URL) async throws -> [String: RunDirectory.InputFile] {
        guard let written = run.parents.first(where: { $0.kind == .snapshot && $0.role == Self.demonstrationsRole })
        else { return [:] }
        return try await demonstrations(of: SnapshotID(rawValue: written.id), in: workspace)
    }

    private func demonstrations(
        of snapshot: SnapshotID, in workspace: URL
    ) async throws -> [String: RunDirectory.InputFile] {
        let file = workspace.appending(path: "demonstrations.jsonl")
        _ = try await store.writeDemonstrations(of: snapshot, to: file)
        return ["demonstrations.jsonl": .copy(file)]
    }

    /// The snapshot of demonstrations that a refresh learns beside the reward, or that a reward model's scores are
    /// normalised on.
    static let demonstrationsRole = "demonstrations"

    /// More than a refresh ever visits, so that its prompts are a fresh sample without repetition.
    private static let promptsPerRefresh = 10_000

    private func parents(of run: RunRecord) async throws -> [RunParent] {
        var parents: [RunParent] = []
        for parent in run.parents {
            switch parent.kind {
            case .policy:
                let policy = try await store.policy(PolicyID(rawValue: parent.id))
                parents.append(try record(parent.role, "policy \(policy.name)", policy.path, policy.sha256))
            case .rewardModel:
                let model = try await store.rewardModel(RewardModelID(rawValue: parent.id))
                parents.append(try record(parent.role, "reward model \(model.name)", model.path, model.sha256))
            case .snapshot: continue
            }
        }
        return parents
    }

    private func record(_ role: String, _ what: String, _ path: String, _ sha256: String?) throws -> RunParent {
        let folder = data.url.appending(path: path, directoryHint: .isDirectory)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw Problem.filesGone(what: what, path: folder.path)
        }
        return RunParent(role: role, path: folder.path, sha256: try sha256 ?? Digest.folder(folder))
    }
}

/// Names of the kinds of run that a server starts.
enum RunKind {
    static let rewardModel = "reward-model"
    static let policyRefresh = "policy-refresh"
    static let supervised = "supervised"
    static let preferenceTuning = "preference-tuning"
}
