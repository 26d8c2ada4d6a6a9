import ArgumentParser
import Foundation
import Labels
import LanguageModel
import Policy
import Runs

/// `plumb add-policy`: brings a policy from outside into a data folder: a Hugging Face folder, or another server's model.
struct AddPolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-policy",
        abstract: "Bring a policy from outside into a data folder (with the server stopped).",
        discussion: """
            A folder is opened first, so that what Plumb cannot run is refused here, and then copied. A foreign policy is \
            only sampled from, by an OpenAI-compatible server that knows it by the same name; it cannot be trained.
            """)

    @Argument(help: "The policy's name, unique in the data folder.") var name: String
    @Option(help: "The server's data folder.") var data = "data"
    @Option(help: "The policy's Hugging Face folder.", completion: .directory) var folder: String?
    @Option(help: "Instead: the address of a server that samples it, e.g. http://127.0.0.1:8000.") var server: String?
    @Flag(help: "It is a base model, not a supervised policy.") var base = false
    @Option(name: .customLong("current-in"), help: "Make it the current policy of this project (its number or name).")
    var project: String?

    func validate() throws {
        guard (folder == nil) != (server == nil) else {
            throw ValidationError("Give either --folder FOLDER or --server ADDRESS.")
        }
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else {
            throw ValidationError("The name '\(name)' must be letters, digits, dots, dashes and underscores.")
        }
    }

    func run() async throws {
        let data = DataFolder(path: data)
        try data.create()
        let store = try Store(folder: data.url)
        defer { try? store.close() }
        let project: Project? = if let project { try await ProjectLookup(store: store).find(project) } else { nil }
        if try await store.policy(named: name) != nil {
            throw ValidationError("A policy '\(name)' exists already. Choose another name.")
        }
        let policy = try await store.addPolicy(try await incoming(data), by: .commandLine)
        print("Added policy \(policy.name).")
        guard let project else { return }
        let withdrawn = try await store.makeCurrent(policy.id, in: project.id, by: .commandLine)
        print("It is current in project \(project.name); \(withdrawn) unopened tasks were withdrawn.")
    }

    private func incoming(_ data: DataFolder) async throws -> NewPolicy {
        if let server { return NewPolicy(name: name, kind: .foreign, path: server, sha256: nil) }
        let source = URL(filePath: folder ?? "", directoryHint: .isDirectory)
        _ = try await onOwnThread { try LoadedPolicy(folder: source) }
        let place = data.policy(name)
        guard !FileManager.default.fileExists(atPath: place.path) else {
            throw ValidationError("\(place.path) is there already. Choose another name, or move it away.")
        }
        try FileManager.default.copyItem(at: source, to: place)
        return NewPolicy(
            name: name, kind: base ? .base : .supervised, path: "policies/\(name)", sha256: try Digest.folder(place),
            bytes: try FolderSize.bytes(of: place))
    }
}
