import Foundation
import LanguageModel
import Policy
import Preferences
import Synchronization
import Testing

@Suite struct PolicySamplerTests {
    private func sampler(threads: Int = 1, contextLength: Int = 64) throws -> PolicySampler {
        let tiny = try TinyPolicy(seed: 3, contextLength: contextLength).sharpened()
        return PolicySampler(
            policy: LoadedPolicy(folder: URL(filePath: "/none"), model: tiny.model, template: tiny.template),
            pool: WorkerPool(threads: threads))
    }

    private let options = SamplingOptions(maximumTokens: 24)

    @Test func `the same seed gives the same responses, alone, in a batch and with more threads`() throws {
        let one = try sampler()
        let requests = (0..<5).map {
            PolicyRequest(
                prompt: .text("tell me about the \($0)"), count: 3 + $0 % 2, seed: UInt64(40 + $0), options: options)
        }
        let together = try one.sample(requests)
        let alone = try requests.map { try one.sample($0) }
        #expect(together == alone)
        #expect(together == (try sampler(threads: 2).sample(requests)))
        #expect(together.map(\.count) == requests.map(\.count))
    }

    @Test func `response k has the seed derived from the request's seed and k`() throws {
        let one = try sampler()
        let four = try one.sample(PolicyRequest(prompt: .text("the cat"), count: 4, seed: 9, options: options))
        let two = try one.sample(PolicyRequest(prompt: .text("the cat"), count: 2, seed: 9, options: options))
        #expect(Array(four.prefix(2)) == two)
        #expect(four.map(\.seed) == (0..<4).map { PolicySampler.seed(ofResponse: $0, from: 9) })
        #expect(Set(four.map(\.tokenIDs)).count == 4)
    }

    @Test(arguments: [0.7, 1.0, 1.5])
    func `log-probabilities of sampled tokens are those of the training pass at that temperature`(
        temperature: Double
    ) throws {
        let one = try sampler()
        let options = SamplingOptions(temperature: temperature, topK: 20, topP: 0.9, maximumTokens: 24)
        let responses = try one.sample(
            PolicyRequest(prompt: .text("the moon"), count: 4, seed: 2, options: options))
        let scored = try one.logProbabilities(
            prompt: .text("the moon"), responses: responses.map(\.tokenIDs), temperature: temperature)
        for (response, row) in zip(responses, scored) {
            #expect(response.tokenLogProbabilities.count == row.count)
            for (sampled, passed) in zip(response.tokenLogProbabilities, row) { #expect(abs(sampled - passed) < 1e-3) }
            #expect(abs(response.logProbability - row.reduce(0, +)) < 1e-2)
        }
    }

    @Test func `temperature zero takes the same tokens whatever the seed`() throws {
        let one = try sampler()
        let greedy = SamplingOptions(temperature: 0, maximumTokens: 12)
        let first = try one.sample(PolicyRequest(prompt: .text("a dog"), count: 2, seed: 1, options: greedy))
        let second = try one.sample(PolicyRequest(prompt: .text("a dog"), count: 1, seed: 2, options: greedy))
        #expect(first[0].tokenIDs == first[1].tokenIDs)
        #expect(first[0].tokenIDs == second[0].tokenIDs)
    }

    @Test func `a response is cut before a stop text`() throws {
        let one = try sampler()
        let request = PolicyRequest(prompt: .text("the cat"), count: 6, seed: 5, options: options)
        let plain = try one.sample(request)
        let long = try #require(plain.first { $0.text.unicodeScalars.filter { $0.isASCII }.count > 4 })
        let characters = Array(long.text)
        let stop = String(characters[characters.count / 2])
        var stopping = request
        stopping.options.stop = [stop, "never in any text at all"]
        let stopped = try one.sample(stopping)
        for (before, after) in zip(plain, stopped) {
            #expect(!after.text.contains(stop))
            if before.text.contains(stop) {
                #expect(after.finishReason == .stopString)
                #expect(before.text.hasPrefix(after.text))
            } else {
                #expect(after == before)
            }
        }
        #expect(stopped.contains { $0.finishReason == .stopString })
    }

    @Test func `text that comes as it is sampled adds up to the text of the response`() throws {
        let one = try sampler()
        var request = PolicyRequest(prompt: .text("the cat"), count: 4, seed: 6, options: options)
        request.options.stop = ["zq"]
        let pieces = Mutex([String](repeating: "", count: 4))
        let responses = try one.sample([request]) { _, response, text in
            pieces.withLock { $0[response] += text }
            return true
        }[0]
        #expect(pieces.withLock { $0 } == responses.map(\.text))
    }

    @Test func `a reader that wants no more cancels its response only`() throws {
        let one = try sampler()
        let request = PolicyRequest(prompt: .text("the cat"), count: 2, seed: 8, options: options)
        let plain = try one.sample(request)
        let cancelled = try one.sample([request]) { _, response, _ in response != 0 }[0]
        #expect(cancelled[0].finishReason == .cancelled)
        #expect(cancelled[0].tokenIDs.count < plain[0].tokenIDs.count)
        #expect(cancelled[1].tokenIDs == plain[1].tokenIDs)
    }

    @Test func `a cancelled request ends at the next token, also while no text comes of it`() throws {
        let one = try sampler()
        let request = PolicyRequest(prompt: .text("the cat"), count: 2, seed: 8, options: options)
        let plain = try one.sample(request)
        try #require(plain.allSatisfy { $0.tokenIDs.count > 3 })
        let asked = Mutex(0)
        let cancelled = try one.sample(
            [request],
            isCancelled: {
                asked.withLock { count in
                    count += 1
                    return count > 4
                }
            })[0]
        // Asked after each token of both: the fifth time is the first response's third token.
        #expect(cancelled.map(\.tokenIDs.count) == [3, 3])
        #expect(cancelled.allSatisfy { $0.finishReason == .cancelled })
        #expect(zip(cancelled, plain).allSatisfy { $1.tokenIDs.starts(with: $0.tokenIDs) })
        #expect(try one.sample([request], isCancelled: { false })[0] == plain)
    }

    @Test func `empty pieces of text are not told`() throws {
        let one = try sampler()
        let pieces = Mutex([String]())
        _ = try one.sample([PolicyRequest(prompt: .text("the cat"), count: 4, seed: 6, options: options)]) {
            _, _, text in
            pieces.withLock { $0.append(text) }
            return true
        }
        #expect(pieces.withLock { !$0.isEmpty && !$0.contains("") })
    }

    @Test func `the context bounds a response`() throws {
        let one = try sampler(contextLength: 20)
        let tokens = try one.policy.tokens(of: .text("the"))
        let responses = try one.sample(
            PolicyRequest(
                prompt: .text("the"), count: 8, seed: 1, options: SamplingOptions(maximumTokens: 500)))
        #expect(responses.allSatisfy { $0.tokenIDs.count <= 20 - tokens.count })
        for response in responses where response.tokenIDs.count == 20 - tokens.count && !response.finished {
            #expect(response.finishReason == .length)
        }
    }

    @Test func `a prompt as long as the context is an error that says so`() throws {
        let one = try sampler(contextLength: 20)
        let long = Prompt.text(String(repeating: "xyz ", count: 40))
        #expect {
            try one.sample(PolicyRequest(prompt: long, count: 1, seed: 1, options: options))
        } throws: { "\($0)".contains("context of 20") }
    }

    @Test(arguments: [
        (SamplingOptions(temperature: -1), "temperature"), (SamplingOptions(topK: 0), "top_k"),
        (SamplingOptions(topP: 0), "top_p"), (SamplingOptions(topP: 1e-60), "top_p"),
        (SamplingOptions(temperature: 1e-40, topP: 0.9), "temperature"),
        (SamplingOptions(temperature: 200), "temperature"), (SamplingOptions(maximumTokens: 0), "maximum_tokens"),
        (SamplingOptions(stop: [""]), "stop"),
    ])
    func `a bad option is an error that names it`(options: SamplingOptions, field: String) throws {
        let one = try sampler()
        #expect {
            try one.sample(PolicyRequest(prompt: .text("the"), count: 1, seed: 1, options: options))
        } throws: { "\($0)".hasPrefix(field) }
    }

    @Test func `weights that are not numbers are found when a folder is loaded, by the tensor's name`() throws {
        let folder = try TemporaryFolder()
        let tiny = try TinyPolicy()
        let entry = try #require(tiny.model.table.entries.dropFirst(3).first)
        tiny.model.parameters[entry.offset + 1] = .nan
        try tiny.write(to: folder.url)
        #expect {
            try LoadedPolicy(folder: folder.url)
        } throws: { "\($0)".contains(entry.name) }
    }

    @Test func `a reward model is no policy`() throws {
        let folder = try TemporaryFolder()
        let tiny = try TinyPolicy()
        try tiny.write(to: folder.url)
        try Checkpoint.save(try tiny.model.withScalarHead(seed: 1), to: folder.url, as: .float32)
        #expect {
            try LoadedPolicy(folder: folder.url)
        } throws: { "\($0)".contains("reward model") }
    }
}
