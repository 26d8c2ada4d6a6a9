package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Preferences

/// What one call for responses asks of a model server.
struct CompletionRequest: Sendable, Equatable {
    /// The name the server knows the policy by.
    var model: String
    var prompt: Prompt
    /// K, the responses of one group.
    var count: Int
    /// Response k's own seed is derived from (seed, k) by the server.
    var seed: UInt64
    var temperature: Double
    /// Nucleus share; 1 keeps every token.
    var topP = 1.0
    /// Most probable tokens kept; 0 keeps every token.
    var topK = 0
    /// Strings that end a response.
    var stop: [String] = []
    /// Tokens per response at most, the end token included.
    var maximumTokens: Int
}

/// One response as a model server gave it. The optional parts are our server's additions.
struct CompletionChoice: Sendable, Equatable {
    var text: String
    /// Ended with the end token; where the server does not tell, ended by itself rather than cut by the limit.
    var finished: Bool
    var tokenIDs: [Int32]?
    var seed: UInt64?
    /// Nats, summed over the response's tokens with the end token, at the request's temperature.
    var logProbability: Double?
}

/// Why a model server could not answer, in words for the lead.
enum CompletionError: Error, CustomStringConvertible {
    case unreachable(address: String, reason: String)
    /// - Parameter blamesPrompt: the server says that it was the prompt that it could not take.
    case refused(address: String, status: Int, message: String, blamesPrompt: Bool)
    case unreadable(address: String, reason: String)

    var description: String {
        switch self {
        case .unreachable(let address, let reason):
            "The model server at \(address) could not be reached: \(reason)"
        case .refused(let address, let status, let message, _):
            "The model server at \(address) answered \(status): \(message)"
        case .unreadable(let address, let reason):
            "The model server at \(address) sent an answer that is not of OpenAI's form: \(reason)"
        }
    }
}

/// Asks any OpenAI-compatible server for the responses of a group.
struct CompletionClient: Sendable {
    /// Such as `http://127.0.0.1:40123`, without `/v1`.
    let address: String
    let http: HTTPClient
    /// Bearer token, for servers that want one.
    var key: String?

    /// One model of `/v1/models`.
    struct Model: Decodable, Sendable, Equatable {
        let id: String
        /// Whether the model has a chat template; our server says so, others leave it out.
        let conversational: Bool?
    }

    /// Whether the server answers at all, be it busy or not.
    func isHealthy(within patience: Duration = .seconds(5)) async -> Bool {
        guard let response = try? await http.execute(request("/health", body: nil), timeout: TimeAmount(patience))
        else {
            return false
        }
        return response.status == .ok
    }

    /// The models that the server can sample from.
    func models() async throws -> [Model] {
        struct Listing: Decodable { let data: [Model] }
        return try decode(Listing.self, from: try await answer(to: request("/v1/models", body: nil), seconds: 30)).data
    }

    /// Samples the K responses of one group.
    /// - Parameter conversational: whether a plain text prompt goes through the model's chat template.
    func complete(_ completion: CompletionRequest, conversational: Bool) async throws -> [CompletionChoice] {
        let usesChat: Bool =
            switch completion.prompt {
            case .messages: true
            case .text: conversational
            case .fewShot: false
            }
        let body = try JSONEncoder().encode(RequestBody(completion, asChat: usesChat))
        let path = usesChat ? "/v1/chat/completions" : "/v1/completions"
        let data = try await answer(to: request(path, body: body), seconds: 600)
        let choices = try decode(Answer.self, from: data).choices.sorted { $0.index < $1.index }
        guard choices.count == completion.count else {
            throw CompletionError.unreadable(
                address: address, reason: "\(choices.count) choices where n = \(completion.count) were asked for")
        }
        return try choices.map { choice in
            guard let text = choice.text ?? choice.message?.content else {
                throw CompletionError.unreadable(address: address, reason: "choice \(choice.index) has no text")
            }
            return CompletionChoice(
                text: text, finished: choice.ending.map { $0 == "end_token" } ?? (choice.finish_reason == "stop"),
                tokenIDs: choice.token_ids, seed: choice.seed,
                logProbability: choice.log_probability)
        }
    }

    /// The answer's body to a JSON body.
    func post(_ path: String, body: Data) async throws -> Data {
        try await answer(to: request(path, body: body), seconds: 600)
    }

    /// - Throws: `CompletionError.unreadable`, which names the server.
    func decoded<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try decode(type, from: data)
    }

    private func request(_ path: String, body: Data?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address + path)
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return request
    }

    private func answer(to request: HTTPClientRequest, seconds: Int64) async throws -> Data {
        let response: HTTPClientResponse
        let data: Data
        do {
            response = try await http.execute(request, timeout: .seconds(seconds))
            let collected = try await response.body.collect(upTo: 256 << 20)
            data = Data(collected.readableBytesView)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw CompletionError.unreachable(address: address, reason: "\(error)")
        }
        guard response.status.code == 200 else {
            let refusal = (try? JSONDecoder().decode(Refusal.self, from: data))?.error
            throw CompletionError.refused(
                address: address, status: Int(response.status.code),
                message: refusal?.message ?? String(decoding: data.prefix(300), as: UTF8.self),
                blamesPrompt: refusal?.blamesPrompt ?? false)
        }
        return data
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        do { return try JSONDecoder().decode(type, from: data) } catch {
            throw CompletionError.unreadable(address: address, reason: "\(error)")
        }
    }
}

// The names below are OpenAI's.

/// The body of either endpoint: a text prompt or messages, and what both share.
private struct RequestBody: Encodable {
    struct Message: Encodable {
        let role: String
        let content: String
    }
    let model: String
    var prompt: String?
    var messages: [Message]?
    /// Asks the chat endpoint for log-probabilities; there it is a switch.
    var logprobs: Bool?
    let n: Int
    let seed: UInt64
    let temperature: Double
    let top_p: Double
    let top_k: Int?
    let stop: [String]?
    let max_tokens: Int

    init(_ request: CompletionRequest, asChat: Bool) {
        model = request.model
        n = request.count
        seed = request.seed
        temperature = request.temperature
        top_p = request.topP
        top_k = request.topK > 0 ? request.topK : nil
        stop = request.stop.isEmpty ? nil : request.stop
        max_tokens = request.maximumTokens
        if asChat {
            messages = request.prompt.messages.map { Message(role: $0.role.rawValue, content: $0.content) }
            logprobs = true
        } else {
            prompt = request.prompt.messages.map(\.content).joined()
        }
    }
}

private struct Refusal: Decodable {
    struct Detail: Decodable {
        let message: String
        let blamesPrompt: Bool

        private enum CodingKeys: CodingKey { case message, param, code }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            message = try fields.decode(String.self, forKey: .message)
            // Some servers put numbers here.
            let field = try? fields.decode(String.self, forKey: .param)
            let code = try? fields.decode(String.self, forKey: .code)
            blamesPrompt = field == "prompt" || field == "messages" || code == "context_length_exceeded"
        }
    }
    let error: Detail
}

private struct Answer: Decodable {
    struct Message: Decodable { let content: String? }
    struct Choice: Decodable {
        let index: Int
        let text: String?
        let message: Message?
        let finish_reason: String?
        let ending: String?
        let token_ids: [Int32]?
        let seed: UInt64?
        let log_probability: Double?
    }
    let choices: [Choice]
}

/// Makes clients for addresses; all share one pool of connections.
package struct CompletionClientFactory: Sendable {
    let http: HTTPClient

    package init(http: HTTPClient) { self.http = http }

    func client(_ address: String, key: String? = nil) -> CompletionClient {
        CompletionClient(address: address, http: http, key: key)
    }
}
