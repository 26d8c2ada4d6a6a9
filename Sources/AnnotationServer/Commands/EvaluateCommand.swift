import ArgumentParser
import AsyncHTTPClient
import Foundation
import JSON
import Labels
import Preferences

/// `plumb evaluate`: standard evaluations of a policy by task files, over OpenAI-compatible HTTP.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract:
            "Evaluate a policy by task files: multiple choice by log-likelihood, or exact match of what it writes.",
        discussion: """
            With --policy, a policy of the data folder is evaluated by the running server's model process, or by the server \
            that --model-server names there, with the key in --key-variable, and what is found is kept for its card. With --server and --model, any OpenAI-compatible server is asked, and nothing is \
            kept but --output.
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
    @Option(help: "A file for every item's outcome, one JSON object a line.", completion: .file()) var output: String?

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
        let target = try await target()
        var lines = ""
        var found: [NewEvaluation] = []
        for task in tasks {
            let outcomes = try await target.runner.run(task) { done in
                guard done % 100 == 0 else { return }
                FileHandle.standardError.write(Data("\(task.name): \(done) of \(task.items.count)\n".utf8))
            }
            let figures = EvaluationRunner.found(outcomes, in: task)
            found += figures
            for figure in figures { print(Self.sentence(figure)) }
            for (index, outcome) in outcomes.enumerated() {
                lines += try Self.line(task, index, outcome) + "\n"
            }
        }
        if let output { try Data(lines.utf8).write(to: URL(filePath: output)) }
        guard let policy = target.policy, let keeper = target.keeper else { return }
        struct Body: Encodable { let evaluations: [NewEvaluation] }
        try await keeper.post(
            json: try JSONEncoder.sorted().encode(Body(evaluations: found)),
            to: "/api/v1/policies/\(policy.id)/evaluations")
        print("Kept on the card of \(policy.name).")
    }

    private struct Target {
        var runner: EvaluationRunner
        var policy: Labels.Policy?
        var keeper: RunningServer?
    }

    private func target() async throws -> Target {
        let key = keyVariable.flatMap { ProcessInfo.processInfo.environment[$0] }
        if let server, let model {
            let address = server.hasSuffix("/") ? String(server.dropLast()) : server
            let client = CompletionClient(address: address, http: HTTPClient.shared, key: key)
            return Target(runner: EvaluationRunner(client: client, model: model, conversational: chat))
        }
        let name = policy ?? ""
        let folder = DataFolder(path: data)
        guard let running = try RunningServer(data: folder) else {
            throw ValidationError(
                "No server holds \(folder.url.path). Start `plumb serve` first, or give --server and --model.")
        }
        let store = try Store(folder: folder.url, access: .reader)
        defer { try? store.close() }
        guard let policy = try await store.policy(named: name) else {
            let known = try await store.policies().map(\.name).joined(separator: ", ")
            throw ValidationError("There is no policy '\(name)'. The policies are: \(known).")
        }
        let address = policy.kind == .foreign ? policy.path : try await running.modelServer()
        let client = CompletionClient(address: address, http: HTTPClient.shared, key: key)
        let listed = try await client.models().first { $0.id == policy.name }
        let conversational = try await PolicyTokenizers(data: folder).takesMessages(policy, listed: listed)
        return Target(
            runner: EvaluationRunner(client: client, model: policy.name, conversational: conversational),
            policy: policy, keeper: running)
    }

    private static func sentence(_ found: NewEvaluation) -> String {
        let right = found.scores.reduce(0, +)
        let share = String(format: "%.1f%%", 100 * Double(right) / Double(found.scores.count))
        return "\(found.task)  \(found.figure)  \(share)  (\(right) of \(found.scores.count))"
    }

    private static func line(_ task: EvaluationTask, _ index: Int, _ outcome: EvaluationRunner.Outcome) throws -> String
    {
        var members: [String: JSONValue] = [
            "task": .string(task.name), "item": .integer(index), "right": .bool(outcome.isRight),
            "answer": .string(outcome.answer),
        ]
        if let byLength = outcome.isRightByLength { members["right_by_length"] = .bool(byLength) }
        return try JSONValue.object(members).json()
    }
}
