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

    @Test func aStreamThatCannotBeginIsAnOrdinaryError() async throws {
        try await TestServer().run { server in
            let answer = try await server.completions(["stream": true, "prompt": Array(repeating: 5, count: 200)])
            #expect(answer.status == 400)
            #expect(answer.error["code"] as? String == "context_length_exceeded")
        }
    }
}
