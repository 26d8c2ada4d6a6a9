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

            A folder without a chat template (or with one that Plumb does not understand) can be given one: a .jinja file \
            as transformers takes it, or a .json file with a text a role, such as {"user": "### Instruction:\\n{user}\\n\\n", \
            "assistant": "### Response:\\n{assistant}{eos_token}"}.
            """)

    @Argument(help: "The policy's name, unique in the data folder.") var name: String
    @Option(help: "The server's data folder.") var data = "data"
    @Option(help: "The policy's Hugging Face folder.", completion: .directory) var folder: String?
    @Option(help: "Instead: the address of a server that samples it, e.g. http://127.0.0.1:8000.") var server: String?
    @Option(name: .customLong("chat-template"), help: "A chat template for the folder's copy.", completion: .file())
    var chatTemplate: String?
    @Flag(help: "It is a base model, not a supervised policy.") var base = false
    @Option(name: .customLong("current-in"), help: "Make it the current policy of this project (its number or name).")
    var project: String?

    func validate() throws {
        guard (folder == nil) != (server == nil) else {
            throw ValidationError("Give either --folder FOLDER or --server ADDRESS.")
        }
        guard chatTemplate == nil || folder != nil else {
            throw ValidationError("--chat-template goes with --folder; another server has templates of its own.")
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
        if let chatTemplate {
            do {
                try await onOwnThread { try Self.write(chatTemplate: URL(filePath: chatTemplate), to: place) }
            } catch {
                try? FileManager.default.removeItem(at: place)
                throw error
            }
        }
        return NewPolicy(
            name: name, kind: base ? .base : .supervised, path: "policies/\(name)", sha256: try Digest.folder(place),
            bytes: try FolderSize.bytes(of: place))
    }

    /// Gives a folder a chat template, from Jinja or from placeholders.
    /// - Throws: `TokenizerError` where it is not understood.
    private static func write(chatTemplate file: URL, to folder: URL) throws {
        let text =
            file.pathExtension == "json"
            ? Data(try PlaceholderTemplate.chatTemplate(from: file).utf8) : try Data(contentsOf: file)
        try text.write(to: folder.appending(path: "chat_template.jinja"), options: .atomic)
        let template = try PromptTemplate(folder: folder, tokenizer: Tokenizer(folder: folder))
        _ = try template.prompt(text: "Hello")
    }
}
