import ArgumentParser
import AsyncHTTPClient
import Foundation
import JSON
import Labels

/// `plumb evaluate`: standard evaluations of a policy by task files, over OpenAI-compatible HTTP.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract:
            "Evaluate a policy by task files: multiple choice by log-likelihood, or exact match of what it writes.",
        discussion: """
            With --policy, a policy of the data folder is evaluated by the running server's model process, or by the server \
            that --model-server names there, with the key in --key-variable, and what is found is kept for its card. With --server and --model, any OpenAI-compatible server is asked, and nothing is \
            kept but --output. Each task is kept as soon as it is done; a request that fails is put again a few times.
            """)

    @Option(help: "A task file (JSON lines); may be repeated. docs/formats.md describes it.", completion: .file())
    var task: [String] = []
    @Option(help: "The policy's name in the data folder.") var policy: String?
    @Option(help: "The server's data folder.") var data = "data"
    @Option(help: "An OpenAI-compatible server, such as http://127.0.0.1:8000.") var server: String?
    @Option(help: "The model's name at --server.") var model: String?
    @Option(help: "Environment variable that holds the bearer token of the model server that is asked.")
    var keyVariable: String?
    @Flag(help: "Send plain texts through the model's chat template at --server.") var chat = false
    @Option(
        help: "A file for every item's outcome, one JSON object a line, written task by task.", completion: .file())
    var output: String?

    func validate() throws {
        guard !task.isEmpty else { throw ValidationError("Give at least one --task.") }
        guard (policy != nil) != (server != nil) else {
            throw ValidationError("Give either --policy, or --server with --model.")
        }
        guard (server == nil) == (model == nil) else { throw ValidationError("--server and --model belong together.") }
        if let keyVariable, ProcessInfo.processInfo.environment[keyVariable] == nil {
            throw ValidationError("The environment has no variable \(keyVariable).")
        }
    }

    func run() async throws {
        let tasks = try task.map { try EvaluationTask(file: URL(filePath: $0)) }
        try await session().run(tasks) { print($0) }
    }

    private func session() async throws -> EvaluationSession {
        let key = keyVariable.flatMap { ProcessInfo.processInfo.environment[$0] }
        guard let server, let model else { return try await session(of: policy ?? "", key: key) }
        let address = server.hasSuffix("/") ? String(server.dropLast()) : server
        let runner = EvaluationRunner(
            locate: { address }, http: HTTPClient.shared, key: key, model: model, conversational: chat)
        return EvaluationSession(runner: runner, output: output, card: nil)
    }

    /// A policy of the data folder.
    private func session(of name: String, key: String?) async throws -> EvaluationSession {
        let folder = DataFolder(path: data)
        _ = try RunningServer.holding(folder)
        let store = try Store(folder: folder.url, access: .reader)
        defer { try? store.close() }
        guard let policy = try await store.policy(named: name) else {
            let known = try await store.policies().map(\.name).joined(separator: ", ")
            throw ValidationError("There is no policy '\(name)'. The policies are: \(known).")
        }
        // Looked for anew each time: either server may have been started again since, at another address.
        let locate: @Sendable () async throws -> String = {
            if policy.kind == .foreign { return policy.path }
            return try await RunningServer.holding(folder).modelServer()
        }
        let client = CompletionClient(address: try await locate(), http: HTTPClient.shared, key: key)
        let listed = try await client.models().first { $0.id == policy.name }
        let conversational = try await PolicyTokenizers(data: folder).takesMessages(policy, listed: listed)
        let runner = EvaluationRunner(
            locate: locate, http: HTTPClient.shared, key: key, model: policy.name, conversational: conversational)
        let card = EvaluationSession.Card(policy: policy.name) { found in
            let body = try JSONEncoder.sorted().encode(Evaluations(evaluations: found))
            _ = try await RunningServer.holding(folder).post(
                json: body, to: "/api/v1/policies/\(policy.id)/evaluations")
        }
        return EvaluationSession(runner: runner, output: output, card: card)
    }
}

/// The body of a request that keeps figures.
private struct Evaluations: Encodable {
    let evaluations: [NewEvaluation]
}

extension RunningServer {
    /// - Throws: also where no server holds the folder.
    fileprivate static func holding(_ data: DataFolder) throws -> RunningServer {
        guard let running = try RunningServer(data: data) else {
            throw ValidationError(
                "No server holds \(data.url.path). Start `plumb serve` first, or give --server and --model.")
        }
        return running
    }
}
