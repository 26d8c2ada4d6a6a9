import Foundation
import Labels
import LanguageModel
import Policy
import Runs
import Web

/// Policies from outside on their way into a data folder: a model's folder, or the address of another server.
struct IncomingPolicies: Sendable {
    let data: DataFolder

    enum Problem: Error, Equatable, CustomStringConvertible {
        case name(String)
        case address(String)
        case isThere(path: String)
        case noFolder(path: String)
        case cannotRun(path: String, reason: String)

        var description: String {
            switch self {
            case .name(let name):
                "The name '\(name)' must be letters, digits, dots, dashes and underscores, with a letter or digit first."
            case .address(let address):
                "'\(address)' is not the address of a server; one looks like http://127.0.0.1:8000."
            case .isThere(let path): "\(path) is there already. Choose another name, or move it away."
            case .noFolder(let path): "\(path) is not a model's folder: it has no config.json. Copy one there first."
            case .cannotRun(let path, let reason): "Plumb cannot run \(path): \(reason)"
            }
        }

        /// The field of a form or request that was wrong.
        var field: String { if case .address = self { "server" } else { "name" } }
    }

    /// - Throws: `Problem.name` for what could not be a folder's name and a part of an address.
    static func check(name: String) throws {
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else { throw Problem.name(name) }
    }

    /// A model that another OpenAI-compatible server knows by the same name.
    /// - Throws: `Problem.address`.
    static func foreign(_ name: String, server: String) throws -> NewPolicy {
        try check(name: name)
        guard let url = URL(string: server), ["http", "https"].contains(url.scheme), url.host() != nil else {
            throw Problem.address(server)
        }
        return NewPolicy(name: name, kind: .foreign, path: server, sha256: nil)
    }

    /// Model folders in the data folder that are no policy yet, by name.
    func folders(besides policies: [Labels.Policy]) throws -> [String] {
        let known = Set(policies.map(\.path))
        return try FileManager.default.contentsOfDirectory(atPath: data.policies.path).sorted().filter { name in
            !name.hasPrefix(".") && !known.contains(Self.path(of: name)) && isModel(name)
        }
    }

    /// Opens a Hugging Face folder, so that what Plumb cannot run is refused, and copies it.
    /// - Parameter chatTemplate: a template that the copy is given.
    /// - Throws: what opening it throws; `Problem.isThere`; `TokenizerError` for a template that is not understood.
    func copy(_ source: URL, as name: String, chatTemplate: URL?) async throws {
        try Self.check(name: name)
        _ = try await onOwnThread { try LoadedPolicy(folder: source) }
        let place = data.policy(name)
        guard !FileManager.default.fileExists(atPath: place.path) else { throw Problem.isThere(path: place.path) }
        // Under a name of its own until it is whole: a running server lists what lies there.
        let copy = data.policies.appending(path: ".copy-of-\(name)", directoryHint: .isDirectory)
        try? FileManager.default.removeItem(at: copy)
        do {
            try FileManager.default.copyItem(at: source, to: copy)
            if let chatTemplate { try await onOwnThread { try Self.write(chatTemplate: chatTemplate, to: copy) } }
            try FileManager.default.moveItem(at: copy, to: place)
        } catch {
            try? FileManager.default.removeItem(at: copy)
            throw error
        }
    }

    /// A folder that lies in the data folder, as a policy.
    /// - Throws: `Problem.noFolder`.
    func local(_ name: String, isBase: Bool) async throws -> NewPolicy {
        try Self.check(name: name)
        guard isModel(name) else { throw Problem.noFolder(path: data.policy(name).path) }
        let place = data.policy(name)
        return try await onOwnThread {
            NewPolicy(
                name: name, kind: isBase ? .base : .supervised, path: Self.path(of: name),
                sha256: try Digest.folder(place), bytes: try FolderSize.bytes(of: place))
        }
    }

    /// Lets a process of its own write one token with a folder that lies in the data folder: the server never runs a model.
    /// - Throws: `Problem.cannotRun` with that process's last words.
    func tryOut(_ name: String) async throws {
        let log = data.url.appending(path: ".trying-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: log) }
        let place = data.policy(name).path
        let child = try ChildProcess.start(
            ["generate", "--model", place, "--prompt", "Hello", "-k", "1", "--max-tokens", "1"], log: log)
        var status: Int32 = 0
        for await ended in child.exit { status = ended }
        guard status == 0 else {
            let words = try String(contentsOf: log, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            let reason = words.split(separator: "\n").first { $0.hasPrefix(Self.mark) }?.dropFirst(Self.mark.count)
            throw Problem.cannotRun(
                path: place, reason: reason.map(String.init) ?? "its process ended with status \(status).")
        }
    }

    /// What stands before the reason for which a command ends.
    private static let mark = "Error: "

    private static func path(of name: String) -> String { "policies/\(name)" }

    private func isModel(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: data.policy(name).appending(path: "config.json").path)
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
