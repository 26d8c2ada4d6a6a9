import Foundation
import LanguageModel
import ModelServer
import Policy
import Testing

@Suite struct CompletionTests {
    @Test func aGroupComesWithIDsSeedsAndLogProbabilities() async throws {
        try await TestServer().run { server in
            let answer = try await server.completions(["n": 3])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["object"] as? String == "text_completion")
            #expect(answer.choices.compactMap { $0["index"] as? Int } == [0, 1, 2])
            #expect(answer.seeds() == (0..<3).map { PolicySampler.seed(ofResponse: $0, from: 7) })
            let tokenizer = try TestServer.tokenizer()
            for (choice, ids) in zip(answer.choices, answer.tokenIDs()) {
                let isEnded = ids.last == 1
                #expect(choice["finish_reason"] as? String == (isEnded ? "stop" : "length"))
                #expect(choice["ending"] as? String == (isEnded ? "end_token" : "length"))
                #expect(isEnded || ids.count == 8)
                #expect(choice["text"] as? String == tokenizer.decode(ids.map { Int32($0) }, continuing: true))
                #expect(try #require(choice["log_probability"] as? Double) < 0)
            }
            let usage = try #require(answer.json["usage"] as? [String: Int])
            let sampled = answer.tokenIDs().reduce(0) { $0 + $1.count }
            #expect(usage["completion_tokens"] == sampled)
            #expect(usage["prompt_tokens"] == tokenizer.encode("the cat").count)
        }
    }

    @Test func theSameSeedGivesTheSameResponsesWhateverElseIsAsked() async throws {
        try await TestServer().run { server in
            let first = try await server.completions(["n": 4])
            let again = try await server.completions(["n": 4])
            #expect(first.tokenIDs() == again.tokenIDs())
            #expect(Set(first.texts()).count > 1)
            let fewer = try await server.completions(["n": 2, "prompt": ["the cat", "a mat"]])
            #expect(Array(fewer.tokenIDs().prefix(2)) == Array(first.tokenIDs().prefix(2)))
            #expect(fewer.choices.count == 4)
            let other = try await server.completions(["n": 4, "seed": 8])
            #expect(other.tokenIDs() != first.tokenIDs())
        }
    }

    @Test func theBestOfSeveralAreTheMostProbableByTheToken() async throws {
        try await TestServer().run { server in
            for n in [1, 2] {
                let all = try await server.completions(["n": 6, "logprobs": 1])
                let best = try await server.completions(["n": n, "best_of": 6, "logprobs": 1])
                let means = zip(all.choices, all.tokenIDs()).map { choice, ids in
                    (choice["log_probability"] as? Double ?? .nan) / Double(ids.count)
                }
                let order = means.indices.sorted { means[$0] > means[$1] }.prefix(n)
                #expect(best.texts() == order.map { all.texts()[$0] })
                #expect(best.seeds() == order.map { all.seeds()[$0] })
                #expect(best.choices.compactMap { $0["index"] as? Int } == Array(0..<n))
                #expect(best.json["usage"] as? [String: Int] == all.json["usage"] as? [String: Int])
            }
        }
    }

    @Test func aSeedThatTheServerChoseIsToldAndRepeats() async throws {
        try await TestServer().run { server in
            let body: [String: Any] = ["model": "small", "prompt": "the cat", "n": 2]
            let first = try await server.post("/v1/completions", body)
            let seed = try #require(first.json["seed"] as? NSNumber)
            let again = try await server.completions(["n": 2, "seed": seed, "max_tokens": 16])
            #expect(again.tokenIDs() == first.tokenIDs())
        }
    }

    @Test func idsAndTheirTextAreTheSamePrompt() async throws {
        try await TestServer().run { server in
            let ids = try TestServer.tokenizer().encode("the cat").map { Int($0) }
            let text = try await server.completions(["n": 2])
            #expect(try await server.completions(["n": 2, "prompt": ids]).tokenIDs() == text.tokenIDs())
            #expect(try await server.completions(["n": 2, "prompt": [ids]]).tokenIDs() == text.tokenIDs())
        }
    }

    @Test func logProbabilitiesSumToTheResponses() async throws {
        try await TestServer().run { server in
            for alternatives in [0, 3] {
                let answer = try await server.completions(["logprobs": alternatives, "n": 2])
                for choice in answer.choices {
                    let told = try #require(choice["logprobs"] as? [String: Any])
                    let each = try #require(told["token_logprobs"] as? [Double])
                    let ids = try #require(choice["token_ids"] as? [Int])
                    #expect(each.count == ids.count)
                    let sum = try #require(choice["log_probability"] as? Double)
                    #expect(abs(each.reduce(0, +) - sum) < 1e-3)
                    let best = told["top_logprobs"] as? [[String: Double]]
                    #expect(best?.count == (alternatives == 0 ? nil : ids.count))
                    #expect(best?.allSatisfy { $0.count == 3 } ?? true)
                }
            }
        }
    }

    @Test func aResponsesLogProbabilitiesAreThoseOfAScoringPass() async throws {
        try await TestServer().run { server in
            let ids = try TestServer.tokenizer().encode("the cat").map { Int($0) }
            let settings: [String: Any] = ["logprobs": 3, "temperature": 0.7]
            let answer = try await server.completions(settings.merging(["prompt": ids, "top_k": 5]) { $1 })
            let response = try #require(answer.tokenIDs().first)
            // The response as part of a prompt that is echoed is scored by the training pass.
            let echoed = try await server.completions(
                settings.merging(["prompt": ids + response, "max_tokens": 0, "echo": true]) { $1 })
            func told(_ answer: TestConnection.Answer) throws -> [String: Any] {
                try #require(answer.choices.first?["logprobs"] as? [String: Any], "\(answer.text)")
            }
            let each = try #require(try told(answer)["token_logprobs"] as? [Double])
            let other = try #require(try told(echoed)["token_logprobs"] as? [Any]).suffix(response.count)
            #expect(zip(each, other).allSatisfy { abs($0 - ($1 as? Double ?? 9)) < 1e-3 })
            let best = try #require(try told(answer)["top_logprobs"] as? [[String: Double]])
            let otherBest = try #require(try told(echoed)["top_logprobs"] as? [Any]).suffix(response.count)
            #expect(best.count == response.count && !best.isEmpty)
            for (one, other) in zip(best, otherBest) {
                let other = try #require(other as? [String: Double])
                let (own, theirs) = (one.values.sorted(), other.values.sorted())
                #expect(own.count == 3 && zip(own, theirs).allSatisfy { abs($0 - $1) < 1e-3 }, "\(one) \(other)")
            }
        }
    }

    @Test func echoScoresTheTextItself() async throws {
        try await TestServer().run { server in
            let answer = try await server.completions([
                "echo": true, "max_tokens": 0, "logprobs": 1, "temperature": 0, "prompt": "the cat sat",
            ])
            let choice = try #require(answer.choices.first, "\(answer.text)")
            #expect(choice["text"] as? String == "the cat sat")
            let told = try #require(choice["logprobs"] as? [String: Any])
            let tokens = try #require(told["tokens"] as? [String])
            #expect(tokens.joined() == "the cat sat")
            let each = try #require(told["token_logprobs"] as? [Any])
            #expect(each.count == tokens.count && each[0] is NSNull)
            // The most probable token is never less probable than the one that stands there.
            let best = try #require(told["top_logprobs"] as? [Any])
            for place in 1..<tokens.count {
                let top = try #require((best[place] as? [String: Double])?.values.max())
                #expect(top >= (each[place] as? Double ?? 1))
            }
            let offsets = try #require(told["text_offset"] as? [Int])
            #expect(offsets.first == 0 && offsets == offsets.sorted())
        }
    }

    @Test func aStopTextEndsAResponse() async throws {
        try await TestServer().run { server in
            let free = try await server.completions(["max_tokens": 30, "temperature": 0])
            let text = try #require(free.texts().first)
            let stop = String(text.dropFirst(3).prefix(2))
            let answer = try await server.completions(["max_tokens": 30, "temperature": 0, "stop": stop])
            let choice = try #require(answer.choices.first)
            let range = try #require(text.range(of: stop))
            #expect(choice["text"] as? String == String(text[..<range.lowerBound]))
            #expect(choice["ending"] as? String == "stop_string")
            #expect(choice["finish_reason"] as? String == "stop")
        }
    }

    @Test func messagesAreRenderedByTheModelsTemplate() async throws {
        try await TestServer().run { server in
            let body: [String: Any] = [
                "model": "small", "messages": [["role": "user", "content": "the cat<|end|>"]], "n": 2, "seed": 7,
                "max_tokens": 8, "logprobs": true, "top_logprobs": 2,
            ]
            let answer = try await server.post("/v1/chat/completions", body)
            #expect(answer.status == 200, "\(answer.text)")
            let template = try PromptTemplate(form: .chat, tokenizer: try TestServer.tokenizer())
            let ids = try template.prompt(text: "the cat<|end|>").map { Int($0) }
            let plain = try await server.completions(["prompt": ids, "n": 2])
            #expect(answer.tokenIDs() == plain.tokenIDs())
            let messages = answer.choices.compactMap { $0["message"] as? [String: Any] }
            #expect(messages.compactMap { $0["content"] as? String } == plain.texts())
            #expect(messages.allSatisfy { $0["role"] as? String == "assistant" })
            let told = try #require(answer.choices[0]["logprobs"] as? [String: Any])
            let entries = try #require(told["content"] as? [[String: Any]])
            #expect(entries.count == answer.tokenIDs()[0].count)
            #expect((entries[0]["top_logprobs"] as? [Any])?.count == 2)
        }
    }

    @Test func aModelWithoutAChatTemplateRefusesMessages() async throws {
        try await TestServer(form: .plainText).run { server in
            let answer = try await server.post(
                "/v1/chat/completions", ["model": "small", "messages": [["role": "user", "content": "x"]]])
            #expect(answer.status == 400)
            #expect(answer.message.contains("no chat template"))
            #expect(try await server.completions([:]).status == 200)
        }
    }
}
