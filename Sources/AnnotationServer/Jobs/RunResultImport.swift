import Foundation
import JSON
package import Labels
package import Runs

/// Brings what a finished run made into the store: the checkpoint under its lasting name, then one transaction.
package struct RunResultImport: Sendable {
    let store: Store
    let data: DataFolder

    package init(store: Store, data: DataFolder) {
        self.store = store
        self.data = data
    }

    package enum Problem: Error, CustomStringConvertible {
        case noFolder(run: String, name: String)
        case changed(run: String, name: String)

        package var description: String {
            switch self {
            case .noFolder(let run, let name): "Run \(run) ended well but lists no folder '\(name)' in RESULT.json."
            case .changed(let run, let name):
                "The '\(name)' that run \(run) made does not have the hash that its RESULT.json gives; it was changed or damaged."
            }
        }
    }

    /// Safe to repeat: a result that is there already is left alone, and nothing is done for a run that has moved on.
    /// - Returns: whether an attempt of the run has a result.
    @discardableResult
    package func bringIn(_ run: RunRecord, from directory: RunDirectory) async throws -> Bool {
        guard let (attempt, result) = try Self.newestResult(of: run, in: directory) else { return false }
        let metrics = Self.numbers(in: result.metrics)
        let message = result.notes.isEmpty ? nil : result.notes.joined(separator: " ")
        let product: RunProduct
        switch run.kind {
        case RunKind.rewardModel:
            let folder = try folder("reward-model", of: result, run: run)
            let name = try await Self.freeName("reward-\(run.id)", content: folder.sha256, at: data.rewardModel) {
                try await store.rewardModel(named: $0) != nil
            }
            let bytes = try adopt(folder, from: directory, attempt: attempt, as: data.rewardModel(name))
            let snapshot = run.snapshot.map { [Parent.snapshot($0, role: "snapshot")] } ?? []
            product = .rewardModel(
                NewRewardModel(
                    name: name, path: "reward-models/\(name)", sha256: folder.sha256, parents: run.parents + snapshot,
                    metrics: metrics, bytes: bytes))
        case RunKind.policyRefresh, RunKind.preferenceTuning, RunKind.supervised:
            let isRefresh = run.kind == RunKind.policyRefresh
            let folder = try folder("policy", of: result, run: run)
            let wanted = "\(Self.policyName(of: run.kind))-\(run.id)"
            let name = try await Self.freeName(wanted, content: folder.sha256, at: data.policy) {
                try await store.policy(named: $0) != nil
            }
            let bytes = try adopt(folder, from: directory, attempt: attempt, as: data.policy(name))
            let snapshot = isRefresh ? [] : run.snapshot.map { [Parent.snapshot($0, role: "snapshot")] } ?? []
            product = .policy(
                NewPolicy(
                    name: name, kind: run.kind == RunKind.supervised ? .supervised : .refreshed,
                    path: DataFolder.policyPath(name),
                    sha256: folder.sha256, parents: run.parents + snapshot, metrics: metrics, bytes: bytes,
                    project: run.project))
        default: product = .none
        }
        // The job did so, unless it was killed between its result and its end. What stays goes at the server's next start.
        try? directory.removeRemains(through: run.attempt)
        _ = try await store.importResult(run.id, attempt: run.attempt, product, message: message)
        return true
    }

    /// The newest attempt with a result, of those that the store counts; later ones are somebody's repetitions by hand.
    ///
    /// It need not be the newest attempt of all: one that was taken for ended while its job went on is followed by others
    /// that could not begin beside it. All attempts of a directory read the same input, which is written once and checked
    /// by its sums in each of them, and the same input gives the same bytes, so an older result is as good as a new one.
    private static func newestResult(
        of run: RunRecord, in directory: RunDirectory
    ) throws -> (attempt: Int, result: RunResult)? {
        for attempt in try directory.attempts().reversed() where attempt <= run.attempt {
            if let result = try directory.result(attempt: attempt) { return (attempt, result) }
        }
        return nil
    }

    /// The run that a folder among the policies belongs to while the store has no result of it: its import broke off, or
    /// is under way. Nil for every other folder.
    package func pendingRun(ofPolicyFolder name: String) async throws -> RunID? {
        guard let (kind, id) = Self.maker(ofPolicyFolder: name) else { return nil }
        let run: RunRecord
        do {
            run = try await store.run(id)
        } catch let error as StoreError where error.kind == .notFound {
            return nil
        }
        guard run.kind == kind, run.resultPolicy == nil else { return nil }
        let directory = RunDirectory(data.url.appending(path: run.directory))
        // Without one, the name alone is somebody else's choice.
        return try Self.newestResult(of: run, in: directory) == nil ? nil : id
    }

    /// The kind and the number of the run whose result would have this name, as `bringIn` and `freeName` make it.
    private static func maker(ofPolicyFolder name: String) -> (kind: String, run: RunID)? {
        for kind in [RunKind.policyRefresh, RunKind.preferenceTuning, RunKind.supervised] {
            let start = policyName(of: kind) + "-"
            guard name.hasPrefix(start) else { continue }
            let numbers = name.dropFirst(start.count).split(separator: "-", omittingEmptySubsequences: false)
            guard numbers.count <= 2, numbers.allSatisfy({ Int($0) != nil }), let first = numbers.first,
                let run = RunID(String(first))
            else { return nil }
            return (kind, run)
        }
        return nil
    }

    private static func policyName(of kind: String) -> String {
        switch kind {
        case RunKind.policyRefresh: "refresh"
        case RunKind.preferenceTuning: "preferences"
        default: "supervised"
        }
    }

    /// The name itself, or with a number: the first that the store does not have, and whose place is empty or holds this
    /// very content from an import that was broken off. Another's files stay as they are.
    private static func freeName(
        _ wanted: String, content: String, at place: (String) -> URL, isTaken: (String) async throws -> Bool
    ) async throws -> String {
        var number = 1
        while true {
            let name = number == 1 ? wanted : "\(wanted)-\(number)"
            let folder = place(name)
            if try await !isTaken(name) {
                guard FileManager.default.fileExists(atPath: folder.path) else { return name }
                if try Digest.fileOrFolder(folder) == content { return name }
            }
            number += 1
        }
    }

    /// The numbers of a result by name; those of a nested object are joined with a dot (`accuracy_by_grade.better`).
    static func numbers(in metrics: [String: JSONValue]) -> [String: Double] {
        var numbers: [String: Double] = [:]
        for (name, value) in metrics {
            if let number = value.doubleValue { numbers[name] = number }
            guard let members = value.objectValue else { continue }
            for (member, number) in Self.numbers(in: members) { numbers["\(name).\(member)"] = number }
        }
        return numbers
    }

    private func folder(_ name: String, of result: RunResult, run: RunRecord) throws -> RunFolder {
        guard let folder = result.folder(name) else { throw Problem.noFolder(run: run.id.description, name: name) }
        return folder
    }

    /// Gives a checkpoint its lasting place, unless it is there already, by hard links where the file system allows: the bytes exist once.
    /// - Returns: its size in bytes.
    private func adopt(_ folder: RunFolder, from directory: RunDirectory, attempt: Int, as place: URL) throws -> Int64 {
        let files = FileManager.default
        let source = directory.attemptURL(attempt).appending(path: folder.path, directoryHint: .isDirectory)
        if !files.fileExists(atPath: place.path) {
            guard try Digest.folder(source) == folder.sha256 else {
                throw Problem.changed(run: directory.id, name: folder.name)
            }
            let arriving = place.deletingLastPathComponent().appending(path: ".arriving-\(place.lastPathComponent)")
            try? files.removeItem(at: arriving)
            do { try files.linkItem(at: source, to: arriving) } catch { try files.copyItem(at: source, to: arriving) }
            try DurableFile.synchronizeTree(arriving)
            // On the disk, name and all, before the store speaks of it.
            try DurableFile.rename(arriving, to: place)
        }
        return try FolderSize.bytes(of: place)
    }
}
