import Foundation
import Labels
import Runs

/// Turns a run's intent row into its run directory. The same row always gives the same input, so that a server that
/// died in between simply does it again.
struct RunPreparation: Sendable {
    let store: Store
    let data: DataFolder

    enum Problem: Error, CustomStringConvertible {
        case missing(role: String, run: String)
        case filesGone(what: String, path: String)

        var description: String {
            switch self {
            case .missing(let role, let run): "Run \(run) has no \(role) in its record, so its input cannot be written."
            case .filesGone(let what, let path):
                "The files of \(what) are not at \(path) any more. Choose another, or restore them from a backup."
            }
        }
    }

    /// The run's directory, made now if it is not there yet.
    func directory(of run: RunRecord) async throws -> RunDirectory {
        let url = data.url.appending(path: run.directory, directoryHint: .isDirectory)
        if FileManager.default.fileExists(atPath: url.appending(path: "input").path) { return RunDirectory(url) }
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

    private func inputFiles(of run: RunRecord, in workspace: URL) async throws -> [String: RunDirectory.InputFile] {
        switch run.kind {
        case RunKind.rewardModel:
            guard let snapshot = run.snapshot else {
                throw Problem.missing(role: "snapshot", run: run.id.description)
            }
            let file = workspace.appending(path: "groups.jsonl")
            _ = try await store.writeGroups(of: snapshot, to: file)
            return ["groups.jsonl": .copy(file)]
        case RunKind.policyRefresh:
            guard let project = run.project else {
                throw Problem.missing(role: "project", run: run.id.description)
            }
            let prompts = try await store.drawPrompts(
                project, use: .ppo, count: Self.promptsPerRefresh, seed: run.seed)
            let file = workspace.appending(path: "prompts.jsonl")
            try store.writePrompts(prompts, to: file)
            return ["prompts.jsonl": .copy(file)]
        default:
            return [:]
        }
    }

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
}
