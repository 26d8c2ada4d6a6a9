import Foundation
import ModelServer
import Testing

/// What a request may take of the memory for keys and values, and what is said of one that would take more.
@Suite(.timeLimit(.minutes(20))) struct MemoryTests {
    /// A model with a context of 16,384 tokens of 128 bytes each, which never ends by itself, and room for 8,192.
    static func server(cacheBytes: Int = 1 << 20) throws -> TestServer {
        let test = try TestServer { $0.cacheBytes = cacheBytes }
        try TestServer.addTirelessPolicy("tireless", to: test.folder)
        return test
    }

    static func chat(_ fields: [String: Any]) -> [String: Any] {
        let body: [String: Any] = [
            "model": "tireless", "messages": [["role": "user", "content": "the cat"]], "seed": 1,
        ]
        return body.merging(fields) { $1 }
    }

    /// A text of so many tokens: no two of its letters are one.
    static func long(_ tokens: Int) -> String { String(repeating: "x", count: tokens) }

    @Test func aChatWithoutALimitGoesAsFarAsAQuarterOfTheMemory() async throws {
        try await Self.server().run { server in
            // 64 tokens for the prompt, and of 1,984 what n responses can double to.
            let cases: [(fields: [String: Any], count: Int, tokens: Int)] = [
                ([:], 1, 1_024), (["n": 4], 4, 256), (["max_tokens": 4_000], 1, 4_000),
                (["max_completion_tokens": 100, "n": 2], 2, 100),
            ]
            for (fields, count, tokens) in cases {
                let answer = try await server.post("/v1/chat/completions", Self.chat(fields))
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.choices.count == count)
                #expect(answer.choices.allSatisfy { $0["finish_reason"] as? String == "length" })
                let usage = try #require(answer.json["usage"] as? [String: Int])
                #expect(usage["completion_tokens"] == count * tokens, "\(fields)")
            }
        }
        // The whole context where that is less.
        try await Self.server(cacheBytes: 1 << 24).run { server in
            let answer = try await server.post("/v1/chat/completions", Self.chat([:]))
            let usage = try #require(answer.json["usage"] as? [String: Int])
            #expect(usage["total_tokens"] == 16_384)
        }
    }

    @Test func aRequestBeyondTheMemoryIsToldWhatToMakeSmaller() async throws {
        try await Self.server().run { server in
            let long = [["role": "user", "content": Self.long(9_000)]]
            let cases: [(fields: [String: Any], field: String, remedy: String)] = [
                (["max_tokens": 16_000], "max_tokens", "a smaller max_tokens,"),
                (["max_tokens": 4_000, "n": 8], "max_tokens", "a smaller max_tokens or n"),
                (["n": 256], "n", "a smaller n"), (["messages": long], "messages", "shorten the prompt"),
            ]
            for (fields, field, remedy) in cases {
                for streams in [false, true] {
                    let body = Self.chat(fields.merging(["stream": streams]) { $1 })
                    let answer = try await server.post("/v1/chat/completions", body)
                    #expect(answer.status == 400, "\(fields.keys): \(answer.text)")
                    #expect(answer.error["param"] as? String == field)
                    #expect(answer.message.contains(remedy) && answer.message.contains("--cache"), "\(answer.message)")
                }
            }
            #expect(try await server.completions([:]).status == 200)
        }
    }

    @Test func aScoringPassTakesNoMoreThanTheMemoryEither() async throws {
        try await Self.server().run { server in
            let long: [String: Any] = ["prompt": Self.long(2_000), "model": "tireless", "logprobs": 1]
            let answer = try await server.completions(long.merging(["max_tokens": 0, "echo": true]) { $1 })
            #expect(answer.status == 400, "\(answer.text.prefix(200))")
            #expect(answer.error["param"] as? String == "echo")
            #expect(
                answer.message.contains("shorten the prompt,") && answer.message.contains("--cache"),
                "\(answer.message)")
            // A response's own need no such pass, however long its prompt.
            #expect(try await server.completions(long.merging(["max_tokens": 2]) { $1 }).status == 200)
            let messages = [["role": "user", "content": Self.long(600)]]
            let plain = try await server.post("/v1/chat/completions", Self.chat(["messages": messages]))
            let told = try await server.post(
                "/v1/chat/completions", Self.chat(["messages": messages, "logprobs": true, "top_logprobs": 1]))
            #expect(told.status == 200 && told.tokenIDs() == plain.tokenIDs(), "\(told.text.prefix(200))")
        }
    }

    static var scored: [String: Any] {
        ["model": "tireless", "n": 8, "max_tokens": 300, "echo": true, "logprobs": 2]
    }

    @Test func scoresAreTheSameWhateverTheMemory() async throws {
        try await Self.server(cacheBytes: 1 << 30).run { whole in
            let expected = try await whole.completions(Self.scored)
            // Room for about 1,200 tokens of a pass; the responses have 2,400.
            try await Self.server().run { parts in
                let answer = try await parts.completions(Self.scored)
                #expect(answer.status == 200, "\(answer.text.prefix(200))")
                #expect(answer.texts() == expected.texts())
                let (found, wanted) = (try Self.logProbabilities(answer), try Self.logProbabilities(expected))
                #expect(found.count == 8 && found.map(\.count) == wanted.map(\.count))
                for (one, other) in zip(found.joined(), wanted.joined()) { #expect(abs(one - other) < 1e-4) }
            }
        }
    }

    private static func logProbabilities(_ answer: TestConnection.Answer) throws -> [[Double]] {
        try answer.choices.map { choice in
            let scores = try #require(choice["logprobs"] as? [String: Any])
            return try #require(scores["token_logprobs"] as? [Any]).compactMap { ($0 as? NSNumber)?.doubleValue }
        }
    }
}
