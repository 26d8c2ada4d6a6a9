package import Foundation
package import Labels
import ModelServer
import Runs

/// Policies from outside on their way into a data folder: a model's folder, or the address of another server.
package struct IncomingPolicies: Sendable {
    package let data: DataFolder

    package init(data: DataFolder) { self.data = data }

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case name(String)
        case taken(String)
        case address(String)
        case isThere(path: String)
        case noFolder(path: String)
        case ofRun(path: String, run: String)
        case noRoom(needed: Int64, free: Int64)
        case cannotRun(path: String, reason: String)
        case changing(path: String)
        case busy

        package var description: String {
            switch self {
            case .name(let name):
                "The name '\(name)' must be letters, digits, dots, dashes and underscores, with a letter or digit first."
            case .taken(let name): "A policy '\(name)' exists already. Choose another name."
            case .address(let address):
                "'\(address)' is not the address of a server; one looks like http://127.0.0.1:8000, without a user or a query."
            case .isThere(let path): "\(path) is there already. Choose another name, or move it away."
            case .noFolder(let path):
                "\(path) is no model's folder: it needs config.json, weights and a tokenizer. Copy them there first."
            case .ofRun(let path, let run):
                "\(path) is what run \(run) made, and the server enters it by itself; where run \(run) has failed, resume it. To add the files as another policy, copy them to a name of your own."
            case .noRoom(let needed, let free):
                "The copy takes \(needed >> 20) MiB, and of \(free >> 20) MiB that are free \(RetentionRule.reservedForLabels >> 20) MiB are kept for labels. Make room first."
            case .cannotRun(let path, let reason): "Plumb cannot run \(path): \(reason)"
            case .changing(let path): "\(path) changed while it was read. Try again when it is whole."
            case .busy: "Another policy is being tried out just now. Try again in a moment."
            }
        }

        /// Whether it can pass, or another name helps; else what was asked for is wrong by itself.
        package var isConflict: Bool {
            switch self {
            case .taken, .isThere, .ofRun, .noRoom, .changing, .busy: true
            case .name, .address, .noFolder, .cannotRun: false
            }
        }

        /// The field of a form or request that was wrong; nil where the fault lies elsewhere.
        package var field: String? {
            switch self {
            case .address: "server"
            case .name, .taken, .isThere, .noFolder, .ofRun, .cannotRun: "name"
            case .noRoom, .changing, .busy: nil
            }
        }
    }

    /// - Throws: `Problem.name` for what could not be a folder's name and a part of an address.
    package static func check(name: String) throws {
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else { throw Problem.name(name) }
    }

    /// A model that another OpenAI-compatible server knows by the same name.
    /// - Parameter server: its address, with or without `/v1` at the end.
    /// - Throws: `Problem.name`, `.address`.
    package static func foreign(_ name: String, server: String) throws -> NewPolicy {
        try check(name: name)
        guard var parts = URLComponents(string: server), ["http", "https"].contains(parts.scheme),
            parts.host?.isEmpty == false,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
        else { throw Problem.address(server) }
        for end in ["/", "/v1", "/"] where parts.path.hasSuffix(end) { parts.path.removeLast(end.count) }
        guard let address = parts.string else { throw Problem.address(server) }
        return NewPolicy(name: name, kind: .foreign, path: address, sha256: nil)
    }

    /// Model folders in the data folder that can become policies, by name.
    package func folders(besides policies: [Labels.Policy]) throws -> [String] {
        let taken = Set(policies.map(\.path)).union(policies.map { DataFolder.policyPath($0.name) })
        return try FileManager.default.contentsOfDirectory(atPath: data.policies.path).sorted().filter { name in
            (try? Self.check(name: name)) != nil && !taken.contains(DataFolder.policyPath(name))
                && ModelFolder.isModel(data.policy(name))
        }
    }

    /// Model folders in the data folder that can become policies of this store, by name; a run's own result is left out.
    package func folders(in store: Store) async throws -> [String] {
        let results = RunResultImport(store: store, data: data)
        var found: [String] = []
        for folder in try folders(besides: await store.policies()) {
            guard try await results.pendingRun(ofPolicyFolder: folder) == nil else { continue }
            found.append(folder)
        }
        return found
    }

    /// - Parameter folder: the name of one beside the policies.
    /// - Throws: `Problem.ofRun` for the result of a run that is not in the store yet: added by hand, it would be there a
    ///   second time, without its lineage.
    package func requireNoResult(_ folder: String, in store: Store) async throws {
        let results = RunResultImport(store: store, data: data)
        guard let run = try await results.pendingRun(ofPolicyFolder: folder) else { return }
        throw Problem.ofRun(path: data.policy(folder).path, run: run.description)
    }

    /// Copies a model's folder beside the policies, under a name that nothing lists, until `enter` gives it its own.
    /// - Throws: `Problem.isThere`, `.noRoom`, and what copying throws; nothing is left then.
    package func copy(_ source: URL, for name: String) throws -> URL {
        try Self.check(name: name)
        let place = data.policy(name)
        guard !FileManager.default.fileExists(atPath: place.path) else { throw Problem.isThere(path: place.path) }
        let (needed, free) = (try FolderSize.bytes(of: source), try FolderSize.freeBytes(at: data.policies))
        guard free - needed >= RetentionRule.reservedForLabels else { throw Problem.noRoom(needed: needed, free: free) }
        let copy = data.policies.appending(path: ".copy-of-\(name)", directoryHint: .isDirectory)
        remove(copy)
        do { try FileManager.default.copyItem(at: source, to: copy) } catch {
            remove(copy)
            throw error
        }
        return copy
    }

    /// Takes away a copy that has become no policy.
    package func remove(_ copy: URL) { try? FileManager.default.removeItem(at: copy) }

    /// A folder that lies beside the policies, under its name and on the disk for good, ready to be entered in the store.
    /// - Parameter isTriedOut: lets a process of its own write one token with it first.
    /// - Throws: `Problem`.
    package func enter(
        _ folder: URL, as name: String, kind: PolicyKind, parents: [Parent] = [], isTriedOut: Bool
    ) async throws -> NewPolicy {
        try Self.check(name: name)
        guard ModelFolder.isModel(folder) else { throw Problem.noFolder(path: folder.path) }
        let before = try FolderFingerprint(of: folder)
        if isTriedOut { try await tryOut(folder) }
        let place = data.policy(name)
        return try await onOwnThread {
            let policy = NewPolicy(
                name: name, kind: kind, path: DataFolder.policyPath(name), sha256: try Digest.folder(folder),
                parents: parents,
                bytes: try FolderSize.bytes(of: folder))
            try DurableFile.synchronizeTree(folder)
            guard try FolderFingerprint(of: folder) == before else { throw Problem.changing(path: folder.path) }
            if folder.standardizedFileURL != place.standardizedFileURL {
                guard !FileManager.default.fileExists(atPath: place.path) else {
                    throw Problem.isThere(path: place.path)
                }
                try DurableFile.rename(folder, to: place)
            }
            return policy
        }
    }

    /// The server never runs a model itself.
    /// - Throws: `Problem.cannotRun` with that process's last words.
    private func tryOut(_ folder: URL) async throws {
        let log = data.url.appending(path: ".trying-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: log) }
        let status = try await ChildProcess.start(
            ["generate", "--model", folder.path, "--prompt", "Hello", "-k", "1", "--max-tokens", "1"], log: log
        ).status()
        guard status == 0 else {
            let words = try String(contentsOf: log, encoding: .utf8)
            let reason = words.split(separator: "\n").first { $0.hasPrefix(Self.mark) }?.dropFirst(Self.mark.count)
            throw Problem.cannotRun(
                path: folder.path, reason: reason.map(String.init) ?? "its process ended with status \(status).")
        }
    }

    /// What stands before the reason for which a command ends.
    private static let mark = "Error: "
}

/// Lets one policy be tried out at a time: each loads a whole model beside whatever trains and samples.
package actor PolicyTryOuts {
    private var isBusy = false

    package init() {}

    /// - Throws: `IncomingPolicies.Problem.busy` where one is going.
    package func alone<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        guard !isBusy else { throw IncomingPolicies.Problem.busy }
        isBusy = true
        defer { isBusy = false }
        return try await body()
    }
}
