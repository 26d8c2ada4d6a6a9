import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LanguageModel
import Logging
import ModelServer
import NIOCore
import Testing

/// A folder of small policies with random weights, and a server over it.
struct TestServer {
    static let contextLength = 64
    let folder: URL
    let server: ModelServerApplication

    /// - Parameter policies: names with the seeds of their weights.
    init(
        policies: [String: UInt64] = ["small": 1], form: PromptTemplate.Form = .chat,
        adjust: (inout ModelServerConfiguration) -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, seed) in policies { try Self.addPolicy(name, seed: seed, form: form, to: folder) }
        var configuration = ModelServerConfiguration(port: 0, policiesFolder: folder, threads: 2)
        adjust(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = try ModelServerApplication(configuration, logger: logger)
    }

    static func addPolicy(_ name: String, seed: UInt64, form: PromptTemplate.Form = .chat, to folder: URL) throws {
        let policy = folder.appendingPathComponent(name)
        let tokenizer = try tokenizer()
        let configuration = ModelConfiguration.llama(
            vocabularySize: tokenizer.vocabularySize, width: 16, layers: 2, heads: 2, keyValueHeads: 1, feedForward: 24,
            contextLength: contextLength, endTokenIDs: [1], padTokenID: 0)
        try TokenizerFiles.write(tokenizer, form: form, contextLength: contextLength, to: policy)
        try Checkpoint.save(try Transformer(configuration: configuration, seed: seed), to: policy)
    }

    /// A policy with a long context that (as good as) never writes a special token, so that a request lasts until it is
    /// broken off.
    static func addTirelessPolicy(_ name: String, to folder: URL) throws {
        let policy = folder.appendingPathComponent(name)
        let tokenizer = try tokenizer()
        let width = 16
        let configuration = ModelConfiguration.llama(
            vocabularySize: tokenizer.vocabularySize, width: width, layers: 1, heads: 2, feedForward: 24,
            contextLength: 16_384, tiedEmbeddings: false, endTokenIDs: [1], padTokenID: 0)
        let model = try Transformer(configuration: configuration, seed: 4)
        var head = model.tensor("lm_head.weight") ?? []
        for place in head.indices { head[place] *= place < 4 * width ? 0 : 500 }
        try model.setTensor("lm_head.weight", head)
        try TokenizerFiles.write(tokenizer, form: .chat, contextLength: 16_384, to: policy)
        try Checkpoint.save(model, to: policy)
    }

    /// A policy that writes one special token for ever, of which no text comes.
    static func addSilentPolicy(_ name: String, to folder: URL) throws {
        let policy = folder.appendingPathComponent(name)
        let tokenizer = try tokenizer()
        let width = 16
        let configuration = ModelConfiguration.llama(
            vocabularySize: tokenizer.vocabularySize, width: width, layers: 1, heads: 2, feedForward: 24,
            contextLength: 16_384, tiedEmbeddings: false, endTokenIDs: [1], padTokenID: 0)
        let model = try Transformer(configuration: configuration, seed: 4)
        // With every embedding the same and nothing added to it, every state is the same.
        for entry in model.table.entries {
            let zero = ["o_proj", "down_proj", "lm_head"].contains { entry.name.contains($0) }
            let one = entry.name.contains("embed_tokens")
            if zero || one { try model.setTensor(entry.name, [Float](repeating: one ? 1 : 0, count: entry.count)) }
        }
        var head = [Float](repeating: 0, count: tokenizer.vocabularySize * width)
        for column in 0..<width { head[2 * width + column] = 10 }
        try model.setTensor("lm_head.weight", head)
        try TokenizerFiles.write(tokenizer, form: .chat, contextLength: 16_384, to: policy)
        try Checkpoint.save(model, to: policy)
    }

    static func tokenizer() throws -> Tokenizer {
        let text = "the cat sat on the mat and the rat ran to the cat; "
        return try TokenizerTrainer(vocabularySize: 272).train(on: Array(repeating: text, count: 4))
    }

    /// Runs the server on a free port and talks to it.
    func run(_ body: @escaping @Sendable (TestConnection) async throws -> Void) async throws {
        defer {
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        try await server.application.test(.live) { client in
            guard let port = client.port else { throw CocoaError(.coderReadCorrupt) }
            try await body(TestConnection(port: port))
        }
    }
}

/// Asks the server; a connection of its own for every request.
struct TestConnection: Sendable {
    let port: Int

    struct Answer: @unchecked Sendable {
        let status: Int
        let text: String
        let json: [String: Any]

        var choices: [[String: Any]] { json["choices"] as? [[String: Any]] ?? [] }
        var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
        var message: String { error["message"] as? String ?? "" }
        func texts() -> [String] { choices.compactMap { $0["text"] as? String } }
        func tokenIDs() -> [[Int]] { choices.compactMap { $0["token_ids"] as? [Int] } }
        func seeds() -> [UInt64] { choices.compactMap { ($0["seed"] as? NSNumber)?.uint64Value } }
    }

    func get(_ path: String) async throws -> Answer { try await send(.init(path, method: .get)) }

    func post(_ path: String, _ body: [String: Any], type: String = "application/json") async throws -> Answer {
        let data = try JSONSerialization.data(withJSONObject: body)
        return try await post(path, text: String(decoding: data, as: UTF8.self), type: type)
    }

    func post(_ path: String, text: String, type: String = "application/json") async throws -> Answer {
        try await send(
            .init(path, method: .post, headers: [.contentType: type], body: ByteBuffer(string: text)))
    }

    func completions(_ fields: [String: Any]) async throws -> Answer {
        var body: [String: Any] = ["model": "small", "prompt": "the cat", "max_tokens": 8, "seed": 7]
        body.merge(fields) { $1 }
        return try await post("/v1/completions", body)
    }

    /// Sends a request that nobody waits for; its connection stays open until `close`.
    func start(_ fields: [String: Any]) async throws -> TestClient {
        let client = TestClient(host: "127.0.0.1", port: port)
        client.connect()
        let body = try JSONSerialization.data(withJSONObject: fields)
        try await client.executeAndDontWaitForResponse(
            .init(
                "/v1/completions", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(bytes: body)))
        return client
    }

    /// Asks for the server's health until it is as wanted.
    func wait(until isGood: ([String: Any]) -> Bool) async throws {
        while true {
            if isGood(try await get("/health").json) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func send(_ request: TestClient.Request) async throws -> Answer {
        try await TestClient.withClient(
            host: "127.0.0.1", port: port, configuration: .init(timeout: .seconds(600))
        ) { client in
            let response = try await client.execute(request)
            let text = response.body.map { String(buffer: $0) } ?? ""
            let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return Answer(status: response.status.code, text: text, json: json ?? [:])
        }
    }
}
