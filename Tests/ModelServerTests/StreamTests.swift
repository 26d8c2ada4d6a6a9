import Foundation
import ModelServer
import Testing

@Suite struct StreamTests {
    /// The JSON of each event, without the last, `[DONE]`.
    static func events(_ text: String) throws -> [[String: Any]] {
        var lines = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(lines.popLast() == "data: [DONE]")
        return try lines.map { line in
            #expect(line.hasPrefix("data: "))
            let object = try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8))
            return try #require(object as? [String: Any])
        }
    }

    @Test func theStreamedTextIsTheWholeAnswers() async throws {
        try await TestServer().run { server in
            let whole = try await server.completions(["n": 3, "max_tokens": 20])
            let streamed = try await server.completions([
                "n": 3, "max_tokens": 20, "stream": true, "stream_options": ["include_usage": true],
            ])
            var events = try Self.events(streamed.text)
            let usage = try #require(events.popLast()?["usage"] as? [String: Int])
            #expect(usage == whole.json["usage"] as? [String: Int])
            var texts = ["", "", ""]
            var ids: [Int: [Int]] = [:]
            for event in events {
                for choice in try #require(event["choices"] as? [[String: Any]]) {
                    let index = try #require(choice["index"] as? Int)
                    texts[index] += choice["text"] as? String ?? ""
                    if let found = choice["token_ids"] as? [Int] {
                        ids[index] = found
                        #expect(choice["finish_reason"] != nil)
                    }
                }
            }
            #expect(texts == whole.texts())
            #expect((0..<3).map { ids[$0] } == whole.tokenIDs())
        }
    }

    @Test func aStreamedConversationOpensWithTheRole() async throws {
        try await TestServer().run { server in
            var body: [String: Any] = [
                "model": "small", "messages": [["role": "user", "content": "the cat"]], "seed": 3, "max_tokens": 20,
            ]
            let whole = try await server.post("/v1/chat/completions", body)
            body["stream"] = true
            let streamed = try await server.post("/v1/chat/completions", body)
            let deltas = try Self.events(streamed.text).flatMap { $0["choices"] as? [[String: Any]] ?? [] }
                .compactMap { $0["delta"] as? [String: Any] }
            #expect(deltas.first?["role"] as? String == "assistant")
            let message = whole.choices.first?["message"] as? [String: Any]
            #expect(deltas.compactMap { $0["content"] as? String }.joined() == message?["content"] as? String)
        }
    }

    /// The lists of a field of `logprobs`, choice after choice, put together over all events.
    private static func told<Value>(_ field: String, _ events: [[String: Any]], of choice: Int, as: Value.Type)
        -> [Value]
    {
        events.flatMap { $0["choices"] as? [[String: Any]] ?? [] }.filter { $0["index"] as? Int == choice }
            .flatMap { ($0["logprobs"] as? [String: Any])?[field] as? [Value] ?? [] }
    }

    @Test func streamedLogProbabilitiesAreTheWholeAnswers() async throws {
        try await TestServer().run { server in
            let fields: [String: Any] = ["n": 2, "max_tokens": 20, "logprobs": 2, "stop": "e"]
            let whole = try await server.completions(fields)
            let streamed = try await server.completions(fields.merging(["stream": true]) { $1 })
            #expect(streamed.status == 200, "\(streamed.text)")
            let events = try Self.events(streamed.text)
            for choice in 0..<2 {
                let wanted = try #require(whole.choices[choice]["logprobs"] as? [String: Any])
                #expect(
                    Self.told("tokens", events, of: choice, as: String.self) == wanted["tokens"] as? [String])
                #expect(
                    Self.told("token_logprobs", events, of: choice, as: Double.self)
                        == wanted["token_logprobs"] as? [Double])
                #expect(
                    Self.told("text_offset", events, of: choice, as: Int.self) == wanted["text_offset"] as? [Int])
                #expect(
                    Self.told("top_logprobs", events, of: choice, as: [String: Double].self)
                        == wanted["top_logprobs"] as? [[String: Double]])
            }
        }
    }

    @Test func aStreamedConversationTellsLogProbabilitiesWithItsPieces() async throws {
        try await TestServer().run { server in
            let body: [String: Any] = [
                "model": "small", "messages": [["role": "user", "content": "the cat"]], "seed": 3, "max_tokens": 20,
                "logprobs": true, "top_logprobs": 2,
            ]
            let whole = try await server.post("/v1/chat/completions", body)
            let streamed = try await server.post("/v1/chat/completions", body.merging(["stream": true]) { $1 })
            let events = try Self.events(streamed.text)
            let found = Self.told("content", events, of: 0, as: [String: Any].self)
            let told = try #require(whole.choices.first?["logprobs"] as? [String: Any])
            let wanted = try #require(told["content"] as? [[String: Any]])
            #expect(found as NSArray == wanted as NSArray && !wanted.isEmpty)
            // Every piece of text tells the tokens that brought it.
            for choice in events.flatMap({ $0["choices"] as? [[String: Any]] ?? [] }) {
                let text = (choice["delta"] as? [String: Any])?["content"] as? String ?? ""
                let tokens = (choice["logprobs"] as? [String: Any])?["content"] as? [Any] ?? []
                #expect(text.isEmpty || !tokens.isEmpty)
            }
        }
    }

    @Test func aStreamThatCannotBeginIsAnOrdinaryError() async throws {
        try await TestServer().run { server in
            let answer = try await server.completions(["stream": true, "prompt": Array(repeating: 5, count: 200)])
            #expect(answer.status == 400)
            #expect(answer.error["code"] as? String == "context_length_exceeded")
        }
    }
}
