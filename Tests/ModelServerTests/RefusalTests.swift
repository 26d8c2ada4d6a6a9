import Foundation
import ModelServer
import Testing

@Suite struct RefusalTests {
    /// Field values that are wrong, and what the answer must say.
    static let badFields: [(json: String, field: String, says: String)] = [
        (#""n": 0"#, "n", "1 to"),
        (#""n": 100000"#, "n", "256"),
        (#""n": "3""#, "n", "whole number"),
        (#""temperature": -1"#, "temperature", "0.0001 to 100"),
        (#""temperature": 1e-40, "top_p": 0.9"#, "temperature", "0.0001 to 100"),
        (#""temperature": 101"#, "temperature", "0.0001 to 100"),
        (#""temperature": "hot""#, "temperature", "number"),
        (#""top_p": 0"#, "top_p", "above 0"),
        (#""top_p": 1e-60"#, "top_p", "above 0"),
        (#""top_k": 1.5"#, "top_k", "whole number"),
        (#""max_tokens": 0"#, "max_tokens", "1 to"),
        (#""stop": [""]"#, "stop", "empty"),
        (#""seed": "x""#, "seed", "64 bits"),
        (#""logprobs": 1000"#, "logprobs", "0 to 20"),
        (#""frequency_penalty": 0.5"#, "frequency_penalty", "not supported"),
        (#""logit_bias": {"1": 101}"#, "logit_bias", "-100 to 100"),
        (#""logit_bias": {"the": 1}"#, "logit_bias", "token ids"),
        (#""logit_bias": {"999999": 1}"#, "logit_bias", "999999"),
        (#""min_p": 1.5"#, "min_p", "0 to 1"),
        (#""repetition_penalty": 0"#, "repetition_penalty", "0.01 to 100"),
        (#""n": 3, "best_of": 2"#, "best_of", "3 to"),
        (#""best_of": 3, "stream": true"#, "best_of", "streamed"),
        (#""best_of": 200, "prompt": ["the cat", "a mat"]"#, "best_of", "200 responses"),
        (#""surprise": 1"#, "surprise", "not a field"),
        (#""stream": true, "echo": true"#, "echo", "stream"),
        (#""prompt": 5"#, "prompt", "token ids"),
        (#""prompt": [99999]"#, "prompt", "99999"),
        (#""prompt": """#, "prompt", "no token"),
    ]

    @Test func everyWrongFieldIsNamed() async throws {
        try await TestServer().run { server in
            for (json, field, says) in Self.badFields {
                let prompt = json.contains("prompt") ? "" : #""prompt": "the cat","#
                let answer = try await server.post("/v1/completions", text: #"{"model": "small", \#(prompt) \#(json)}"#)
                #expect(answer.status == 400, "\(json)")
                #expect(answer.error["param"] as? String == field, "\(json)")
                #expect(answer.message.contains(field) && answer.message.contains(says), "\(answer.message)")
                #expect(answer.error["type"] as? String == "invalid_request_error")
            }
        }
    }

    @Test func fieldsThatChangeNothingAreTaken() async throws {
        try await TestServer().run { server in
            let answer = try await server.completions([
                "frequency_penalty": 0, "presence_penalty": 0.0, "best_of": 1, "logit_bias": [String: Int](),
                "user": "u",
                "suffix": NSNull(), "top_k": -1,
            ])
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func aPromptLongerThanTheContextIsToldBothNumbers() async throws {
        try await TestServer().run { server in
            let ids = Array(repeating: 5, count: TestServer.contextLength)
            let answer = try await server.completions(["prompt": ids])
            #expect(answer.status == 400)
            #expect(answer.error["code"] as? String == "context_length_exceeded")
            #expect(answer.message.contains("\(ids.count) tokens"))
            #expect(answer.message.contains("holds \(TestServer.contextLength)"))
            // One token fewer leaves room for one, however many are asked for.
            let fits = try await server.completions(["prompt": Array(ids.dropLast()), "max_tokens": 50])
            #expect(fits.tokenIDs().map(\.count) == [1])
        }
    }

    @Test func unknownModelsAndPathsAreNotFound() async throws {
        try await TestServer().run { server in
            for name in ["other", "../small", "small/..", ""] {
                let answer = try await server.completions(["model": name])
                #expect(answer.status == 404)
                #expect(answer.error["code"] as? String == "model_not_found")
                #expect(answer.message.contains("small"))
            }
            #expect(try await server.get("/v1/nothing").message.contains("/v1/nothing"))
            #expect(try await server.post("/v1/completions", text: "{}").message.contains("model"))
        }
    }

    @Test func whatIsNotAJSONObjectIsRefused() async throws {
        try await TestServer { $0.maximumBodyBytes = 2000 }.run { server in
            for text in ["", "[]", "{", "\"x\"", "{\"model\": \"small\", }x"] {
                let answer = try await server.post("/v1/completions", text: text)
                #expect(answer.status == 400, "\(text)")
                #expect(answer.message.contains("JSON"), "\(answer.text)")
            }
            let plain = try await server.post("/v1/completions", text: "{}", type: "text/plain")
            #expect(plain.status == 415)
            let large = try await server.completions(["prompt": String(repeating: "x", count: 3000)])
            #expect(large.status == 413)
            #expect(large.message.contains("2000"))
        }
    }

    @Test func aMissingFolderIsRefusedAtTheStart() throws {
        let error = #expect(throws: ModelServerError.self) {
            _ = try TestServer { $0.policiesFolder = URL(fileURLWithPath: "/nowhere/policies") }
        }
        #expect(String(describing: try #require(error)).contains("/nowhere/policies"))
    }
}
