import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import Runs
import Testing

@Suite struct PretrainingJobTests {
    private static let conversation = "<|user|>tell me about the cat<|assistant|>the cat sat on the mat<|end|>"
    private static let corpus = (0..<40).map { $0 % 3 == 0 ? conversation : TinyPolicy.texts[$0 % 5] }
        .joined(separator: "\n")

    private let shape: JSONValue = [
        "width": 32, "layers": 2, "heads": 4, "key_value_heads": 2, "feed_forward": 68, "context_length": 48,
    ]

    /// A tokenizer trained by the job of that kind.
    private func tokenizer(in folder: URL, corpus: String = corpus) throws -> URL {
        try RunningJob(
            in: folder, name: "tokenizer", kind: "tokenizer",
            settings: ["vocabulary_size": 300, "context_length": 48], files: ["corpus.txt": corpus]
        ).output(named: "tokenizer")
    }

    private func settings(_ more: [String: JSONValue]) -> JSONValue {
        .object(["model": shape, "tokens_per_step": 300, "warm_up_steps": 2].merging(more) { $1 })
    }

    @Test func `a tokenizer and a model come from a corpus alone, and the model speaks it`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["steps": 80, "learning_rate": 0.005]), files: ["corpus.txt": Self.corpus])
        let policy = try LoadedPolicy(folder: try job.output())
        let metrics = try job.metrics()
        let first = try #require(metrics.first?["loss"]?.doubleValue)
        #expect(abs(first - log(300)) < 0.3)
        #expect(try #require(metrics.last?["loss"]?.doubleValue) < 0.4 * first)
        #expect(policy.contextLength == 48)
        let greedy = SamplingOptions(temperature: 0, maximumTokens: 20)
        let response = try PolicySampler(policy: policy, pool: WorkerPool(threads: 1)).sample(
            PolicyRequest(prompt: .text("tell me about the cat"), count: 1, seed: 1, options: greedy))[0]
        #expect(response.text == "the cat sat on the mat")
        #expect(response.finished)
    }

    @Test func `no special token's name is ever part of a merge`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try Tokenizer(folder: try tokenizer(in: folder.url))
        for id in 0..<Int32(tokenizer.vocabularySize) where !tokenizer.isSpecial(id) {
            let token = tokenizer.token(id) ?? ""
            #expect(!token.contains("|>") && !token.contains("<|"))
        }
    }

    @Test func `documents learn every token after the first, whatever else shares their pass`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["steps": 1, "tokens_per_step": 100_000, "held_out_share": 0]),
            files: ["corpus.txt": Self.corpus])
        _ = try job.output()
        let found = try #require(try job.metrics().first?["loss"]?.doubleValue)

        let template = try PromptTemplate(folder: tokenizer, tokenizer: try Tokenizer(folder: tokenizer))
        var shape = ModelShape(width: 32, layers: 2, heads: 4, keyValueHeads: 2, feedForward: 68, contextLength: 48)
        shape.tiedEmbeddings = true
        let model = try Transformer(configuration: shape.configuration(for: template), seed: 7)
        let pass = PackedPass(model: model, pool: WorkerPool(threads: 1), keepsActivations: false)
        var sum = 0.0
        var count = 0
        for line in Self.corpus.split(separator: "\n") {
            var tokens = template.tokenizer.encode(String(line), recognisingSpecialTokens: true)
            if tokens.last != template.endTokenID { tokens.append(template.endTokenID) }
            try pass.forward([TokenGroup(prompt: tokens, responses: [])])
            for logProbability in pass.logProbabilities(of: pass.layout.allTargets) { sum -= Double(logProbability) }
            count += tokens.count - 1
        }
        #expect(abs(found - sum / Double(count)) < 1e-5)
    }

    @Test func `a document longer than the context is learnt in pieces`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let long = Array(repeating: "the cat sat on the mat", count: 30).joined(separator: " ")
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["steps": 2, "held_out_share": 0]), files: ["corpus.txt": long])
        let lineage = try Lineage.read(from: try job.output())
        let loaded = try Tokenizer(folder: tokenizer)
        #expect(lineage.metrics["corpus_tokens"]?.integerValue == loaded.encode(long).count + 1)
    }

    @Test func `conversations as JSON lines give the tokens of the same conversations as text`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let text = try RunningJob(
            in: folder.url, name: "text", kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["steps": 2, "held_out_share": 0]), files: ["corpus.txt": Self.conversation])
        let messages = """
            {"messages":[{"role":"user","content":"tell me about the cat"},\
            {"role":"assistant","content":"the cat sat on the mat"}]}
            """
        let json = try RunningJob(
            in: folder.url, name: "json", kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["steps": 2, "held_out_share": 0]), files: ["corpus.jsonl": messages])
        let weights = "model.safetensors"
        #expect(try contents(of: text.output())[weights] == contents(of: json.output())[weights])
    }

    @Test func `copies of a document are one, and a corpus of few documents holds none out and says so`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        func job(_ name: String, share: Double) throws -> RunningJob {
            try RunningJob(
                in: folder.url, name: name, kind: "pretraining", parents: [("tokenizer", tokenizer)],
                settings: settings(["steps": 1, "held_out_share": .number(share)]), files: ["corpus.txt": Self.corpus])
        }
        let few = try job("few", share: 0.01)
        _ = try few.output()
        let notes = try #require(try few.directory.result(attempt: 1)).notes
        #expect(notes.count == 1)
        #expect(try #require(notes.first).contains("6 different documents are too few for a share of 0.01"))
        // One document at least, with all its copies.
        let some = try job("some", share: 0.2)
        let held = try #require(try Lineage.read(from: try some.output()).metrics["held_out_examples"]?.integerValue)
        #expect(held >= 5)
        #expect(try #require(try some.directory.result(attempt: 1)).notes.isEmpty)
    }

    @Test func `a kill in pretraining changes no byte`() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)],
            settings: settings(["epochs": 4, "checkpoint_every": 3]), files: ["corpus.txt": Self.corpus])
        let whole = try contents(of: try job.output())
        let steps = try job.metrics().count
        try job.kill(afterStep: steps - 1)
        #expect(try contents(of: try job.output(threads: 2)) == whole)
    }

    @Test(arguments: [("", "is empty"), ("   \n \n", "is empty")])
    func `an empty corpus is an error in words`(corpus: String, reason: String) throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)], settings: settings([:]),
            files: ["corpus.txt": corpus])
        #expect(job.run() == .failed)
        #expect(try #require(try job.failure()?.message).contains(reason))
    }

    @Test(
        arguments: [
            (["width": 33], "model.heads"), (["layers": 0], "model.layers"), (["depth": 3], "depth"),
            (["heads": 4, "key_value_heads": 3], "model.key_value_heads"),
        ] as [(JSONValue, String)])
    func `a shape that no model has is an error that names the field`(shape: JSONValue, field: String) throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(in: folder.url)
        let job = try RunningJob(
            in: folder.url, kind: "pretraining", parents: [("tokenizer", tokenizer)], settings: ["model": shape],
            files: ["corpus.txt": Self.corpus])
        #expect(job.run() == .failed)
        #expect(try #require(try job.failure()?.message).contains(field))
    }
}
