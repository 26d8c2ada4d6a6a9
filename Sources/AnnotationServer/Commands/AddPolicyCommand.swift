import ArgumentParser
import Foundation
import Labels
import LanguageModel
import Policy

/// `plumb add-policy`: brings a policy from outside into a data folder: a Hugging Face folder, or another server's model.
struct AddPolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-policy",
        abstract: "Bring a policy from outside into a data folder.",
        discussion: """
            A folder is opened first, so that what Plumb cannot run is refused here, and then copied. A foreign policy is \
            only sampled from, by an OpenAI-compatible server that knows it by the same name; it cannot be trained. While a \
            server holds the data folder, the policy is entered through that server.

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
        do { try IncomingPolicies.check(name: name) } catch { throw ValidationError("\(error)") }
    }

    func run() async throws {
        let data = DataFolder(path: data)
        try data.create()
        let incoming = IncomingPolicies(data: data)
        if let running = try RunningServer(data: data) {
            if folder != nil {
                let reader = try Store(folder: data.url, access: .reader)
                defer { try? reader.close() }
                try await requireNoResult(incoming, in: reader)
            }
            try await add(through: running, incoming)
            return
        }
        let store = try Store(folder: data.url)
        defer { try? store.close() }
        let project: Project? = if let project { try await ProjectLookup(store: store).find(project) } else { nil }
        try await requireNoResult(incoming, in: store)
        if try await store.policy(named: name) != nil { throw IncomingPolicies.Problem.taken(name) }
        let policy = try await store.addPolicy(try await new(incoming), by: .commandLine)
        print("Added policy \(policy.name).")
        guard let project else { return }
        let withdrawn = try await store.makeCurrent(policy.id, in: project.id, by: .commandLine)
        print("It is current in project \(project.name); \(withdrawn) unopened tasks were withdrawn.")
    }

    /// A folder beside the policies may be the result of a run, on its way into the store.
    private func requireNoResult(_ incoming: IncomingPolicies, in store: Store) async throws {
        guard let folder else { return }
        let source = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
        let beside = incoming.data.policy(source.lastPathComponent)
        guard source.path == beside.path else { return }
        try await incoming.requireNoResult(source.lastPathComponent, in: store)
    }

    private func new(_ incoming: IncomingPolicies) async throws -> NewPolicy {
        if let server { return try IncomingPolicies.foreign(name, server: server) }
        let copy = try await copy(incoming)
        do {
            return try await incoming.enter(copy, as: name, kind: base ? .base : .supervised, isTriedOut: false)
        } catch {
            incoming.remove(copy)
            throw error
        }
    }

    /// Opens the folder first, so that what Plumb cannot run is refused before it is copied.
    private func copy(_ incoming: IncomingPolicies) async throws -> URL {
        let source = URL(filePath: folder ?? "", directoryHint: .isDirectory)
        _ = try await onOwnThread { try LoadedPolicy(folder: source) }
        let copy = try incoming.copy(source, for: name)
        guard let chatTemplate else { return copy }
        do {
            try await onOwnThread { try Self.write(chatTemplate: URL(filePath: chatTemplate), to: copy) }
        } catch {
            incoming.remove(copy)
            throw error
        }
        return copy
    }

    private func add(through running: RunningServer, _ incoming: IncomingPolicies) async throws {
        // A project that is not there is found out before anything is copied.
        let projectID: String? = if let project { try await running.projectID(named: project) } else { nil }
        let copy: URL? = folder == nil ? nil : try await copy(incoming)
        // What the server took has another name by then.
        defer { if let copy { incoming.remove(copy) } }
        let policy = try await running.addPolicy(name, server: server, folder: copy?.lastPathComponent, isBase: base)
        print("Added policy \(name).")
        guard let project, let projectID else { return }
        let withdrawn = try await running.makeCurrent(policy, in: projectID)
        print("It is current in project \(project); \(withdrawn) unopened tasks were withdrawn.")
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
