import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import Runs
import Testing

/// Supervised runs that train something else than all weights.
@Suite struct TunedJobTests {
    private static let demonstrations = (0..<40).map { index in
        DemonstrationLine(
            id: "d\(index)", prompt: .text("tell me about the \(index % 2 == 0 ? "cat" : "moon")"),
            response: index % 2 == 0 ? "the cat sat on the mat" : "the moon is round and the night is long")
    }

    private func job(in folder: URL, name: String = "run", base: URL? = nil, _ settings: JSONValue) throws -> RunningJob
    {
        let tiny = folder.appending(path: "base")
        if !FileManager.default.fileExists(atPath: tiny.path) {
            // A head of its own: input embeddings may stay while logits can still be moved.
            try TinyPolicy(seed: 2).sharpened(by: 3).write(to: tiny)
        }
        var fields: [String: JSONValue] = [
            "steps": 30, "tokens_per_step": 300, "warm_up_steps": 2, "learning_rate": 0.02, "weight_decay": 0,
            "held_out_share": 0,
        ]
        fields.merge(settings.objectValue ?? [:]) { $1 }
        return try RunningJob(
            in: folder, name: name, kind: "supervised", parents: [("base", base ?? tiny)], settings: .object(fields),
            files: ["demonstrations.jsonl": try Self.demonstrations.map { try JSONLines.line($0) + "\n" }.joined()])
    }

    private static let kinds: [JSONValue] = [
        ["tuning": "lora", "lora_rank": 4, "lora_dropout": 0.1],
        ["tuning": "lora", "base_weights": "nf4", "double_quantisation": true],
        ["tuning": "lora", "base_weights": "int8"],
        ["tuning": "adapters", "adapter_width": 8], ["tuning": "prompt", "prompt_vectors": 6],
        ["tuning": "layers", "tuned_layers": [1]],
    ]

    @Test(arguments: kinds) func `each kind of tuning lowers the loss, and what it writes is what it trained`(
        settings: JSONValue
    ) throws {
        let folder = try TemporaryFolder()
        let job = try job(in: folder.url, settings)
        let output = try job.output()
        let metrics = try job.metrics()
        let first = try #require(metrics.first?["loss"]?.doubleValue)
        let last = try #require(metrics.last?["loss"]?.doubleValue)
        #expect(last < 0.8 * first, "\(first) to \(last)")

        // The folder stands alone: its base may go.
        let policy = try LoadedPolicy(folder: output)
        try FileManager.default.moveItem(at: folder.url.appending(path: "base"), to: folder.url.appending(path: "gone"))
        let groups = try Self.demonstrations.map {
            TokenGroup(
                prompt: try policy.template.prompt(text: $0.prompt.plainText),
                responses: [policy.template.response(text: $0.response)])
        }
        let pool = WorkerPool(threads: 1)
        let scored = try GroupScorer(model: policy.model, pool: pool).logProbabilities(of: groups)
            .flatMap { $0.flatMap { $0 } }
        let loss = -scored.reduce(0, +) / Double(scored.count)
        #expect(loss < 0.9 * first, "\(first) to \(loss)")
        let again = try LoadedPolicy(folder: output)
        #expect(
            try GroupScorer(model: again.model, pool: pool).logProbabilities(of: groups).flatMap { $0.flatMap { $0 } }
                == scored)
        let response = try PolicySampler(policy: policy, pool: pool).sample(
            PolicyRequest(
                prompt: .text("tell me about the cat"), count: 1, seed: 1,
                options: SamplingOptions(temperature: 0, maximumTokens: 12)))
        #expect(response.count == 1)
    }

    @Test(arguments: kinds) func `threads, a kill and a second run change no byte`(settings: JSONValue) throws {
        let folder = try TemporaryFolder()
        let more = JSONValue.object((settings.objectValue ?? [:]).merging(["steps": 6, "checkpoint_every": 2]) { $1 })
        let first = try job(in: folder.url, name: "first", more)
        let whole = try contents(of: try first.output())
        #expect(try contents(of: try job(in: folder.url, name: "second", more).output(threads: 2)) == whole)
        try first.kill(afterStep: 4)
        #expect(try contents(of: try first.output(threads: 2)) == whole)
        #expect(try first.metrics(attempt: 2).first?["step"]?.integerValue == 5)
    }

    @Test func `a step in many passes learns what a step in one pass learns, with the same inputs left out`() throws {
        let folder = try TemporaryFolder()
        var weights: [[Float]] = []
        for (name, tokens) in [("one", 100_000), ("many", 40)] {
            let job = try job(
                in: folder.url, name: name,
                ["tuning": "lora", "lora_dropout": 0.2, "steps": 3, "tokens_per_pass": .integer(tokens)])
            let model = try Checkpoint.load(try job.output())
            weights.append(model.parameters.array(0..<model.table.count))
        }
        let largest = zip(weights[0], weights[1]).map { abs($0 - $1) }.max() ?? 1
        #expect(largest < 1e-4)
    }

    @Test func `an adapter alone is small, and is the merged model once its base is found, moved or not`() throws {
        let folder = try TemporaryFolder()
        let merged = try Checkpoint.load(try job(in: folder.url, name: "merged", ["tuning": "lora"]).output())
        let adapter = try job(in: folder.url, name: "adapter", ["tuning": "lora", "kept": "adapter"]).output()
        #expect(!FileManager.default.fileExists(atPath: adapter.appending(path: "model.safetensors").path))
        #expect(try Checkpoint.load(adapter).parameters.sha256 == merged.parameters.sha256)

        let moved = folder.url.appending(path: "moved")
        try FileManager.default.createDirectory(at: moved, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: adapter, to: moved.appending(path: "tuned"))
        try FileManager.default.moveItem(at: folder.url.appending(path: "base"), to: moved.appending(path: "base"))
        let found = try LoadedPolicy(folder: moved.appending(path: "tuned"))
        #expect(found.model.parameters.sha256 == merged.parameters.sha256)
        #expect(throws: CheckpointError.self) { try Checkpoint.load(adapter) }
    }

    @Test func `a policy with adapters of its own is not tuned over, and no reward model stands on it`() throws {
        let folder = try TemporaryFolder()
        let base = try job(in: folder.url, name: "first", ["tuning": "prompt", "steps": 2]).output()
        let second = try job(in: folder.url, name: "second", base: base, ["steps": 2])
        #expect(second.run() == .failed)
        #expect(try #require(try second.failure()?.message).contains("adapters or prompt vectors of its own"))
        #expect(throws: EngineError.self) { try Checkpoint.load(base).withScalarHead(seed: 1) }
    }

    @Test(
        arguments: [
            (["tuning": "lorra"], "tuning"), (["tuning": "lora", "lora_rank": 0], "lora_rank"),
            (["tuning": "lora", "lora_targets": ["c_attn"]], "c_attn"), (["tuning": "layers"], "tuned_layers"),
            (["tuning": "layers", "tuned_layers": [9]], "layer 9"), (["base_weights": "nf4"], "base_weights"),
            (["tuning": "lora", "lora_dropout": 1], "lora_dropout"), (["kept": "adapter"], "kept"),
            (["tuning": "prompt", "prompt_vectors": 64], "prompt vectors"),
            (["tuning": "lora", "double_quantisation": true], "double_quantisation"),
        ] as [(JSONValue, String)])
    func `a setting that cannot be is an error that names it`(settings: JSONValue, field: String) throws {
        let folder = try TemporaryFolder()
        let job = try job(in: folder.url, settings)
        #expect(job.run() == .failed)
        let message = try #require(try job.failure()?.message)
        #expect(message.contains(field), "\(message)")
    }
}
