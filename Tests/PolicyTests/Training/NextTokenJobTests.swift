import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import Runs
import Testing

@Suite struct NextTokenJobTests {
    private static let demonstrations = (0..<40).map { index in
        DemonstrationLine(
            id: "d\(index)", prompt: .text("tell me about the \(index % 2 == 0 ? "cat" : "moon")"),
            response: index % 2 == 0 ? "the cat sat on the mat" : "the moon is round and the night is long")
    }

    private static func lines(_ values: [some Encodable]) throws -> String {
        try values.map { try JSONLines.line($0) + "\n" }.joined()
    }

    private func supervised(
        in folder: URL, name: String = "run", seed: UInt64 = 7,
        settings: JSONValue = ["steps": 12, "tokens_per_step": 200, "warm_up_steps": 2],
        demonstrations: String? = nil
    ) throws -> RunningJob {
        let base = folder.appending(path: "base")
        if !FileManager.default.fileExists(atPath: base.path) { try TinyPolicy(seed: 2).write(to: base) }
        return try RunningJob(
            in: folder, name: name, kind: "supervised", seed: seed, parents: [("base", base)], settings: settings,
            files: ["demonstrations.jsonl": try demonstrations ?? Self.lines(Self.demonstrations)])
    }

    /// Ten forms of each question, with two demonstrations each: whole prompts are held out.
    private static func manyPrompts() throws -> String {
        try lines(
            demonstrations.enumerated().map { index, line -> DemonstrationLine in
                let more = String(repeating: " night", count: index / 4)
                return DemonstrationLine(
                    id: line.id,
                    prompt: .text((index % 2 == 0 ? "tell me about the cat" : "tell me about the moon") + more),
                    response: line.response)
            })
    }

    @Test func `the loss is of the responses alone and falls`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(
            in: folder.url,
            settings: ["steps": 60, "tokens_per_step": 400, "learning_rate": 0.005, "held_out_share": 0.2],
            demonstrations: try Self.manyPrompts())
        let output = try job.output()
        let metrics = try job.metrics()
        #expect(metrics.count == 60)
        let first = try #require(metrics.first?["loss"]?.doubleValue)
        let last = try #require(metrics.last?["loss"]?.doubleValue)
        #expect(first > 5)
        #expect(last < 0.3 * first)
        #expect(try #require(metrics.last?["held_out_loss"]?.doubleValue) < 0.3 * first)

        let policy = try LoadedPolicy(folder: output)
        let sampler = PolicySampler(policy: policy, pool: WorkerPool(threads: 1))
        let greedy = SamplingOptions(temperature: 0, maximumTokens: 30)
        let response = try sampler.sample(
            PolicyRequest(prompt: .text("tell me about the cat"), count: 1, seed: 1, options: greedy))[0]
        #expect(response.text == "the cat sat on the mat")
        #expect(response.finished)
    }

    @Test func `the reported loss is the mean over the response tokens of the whole step`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(
            in: folder.url,
            settings: ["steps": 1, "tokens_per_step": 100_000, "tokens_per_pass": 64, "held_out_share": 0])
        _ = try job.output()
        let found = try #require(try job.metrics().first?["loss"]?.doubleValue)

        let tiny = try TinyPolicy(seed: 2)
        let groups = try Self.demonstrations.map {
            TokenGroup(
                prompt: try tiny.template.prompt(text: $0.prompt.plainText),
                responses: [tiny.template.response(text: $0.response)])
        }
        let scorer = GroupScorer(model: tiny.model, pool: WorkerPool(threads: 1))
        let all = try scorer.logProbabilities(of: groups).flatMap { $0.flatMap { $0 } }
        #expect(abs(found + all.reduce(0, +) / Double(all.count)) < 1e-6)
    }

    @Test(arguments: [
        #"{"prompt":"tell me about the cat","response":"a dog ran"}"#,
        #"{"prompt":[{"role":"user","content":"tell me about the cat"}],"completion":[{"role":"assistant","content":"a dog ran"}]}"#,
        #"{"prompt":"tell me about the cat","completion":"a dog ran"}"#,
        #"{"instruction":"tell me about the cat","input":"","output":"a dog ran"}"#,
        #"{"messages":[{"role":"user","content":"tell me about the cat"},{"role":"assistant","content":"a dog ran"}]}"#,
    ])
    func `instruction sets of every form are the same demonstration`(line: String) throws {
        let folder = try TemporaryFolder()
        let job = try supervised(
            in: folder.url, settings: ["steps": 1, "held_out_share": 0], demonstrations: line + "\n")
        _ = try job.output()
        let found = try #require(try job.metrics().first?["loss"]?.doubleValue)
        let tiny = try TinyPolicy(seed: 2)
        let group = TokenGroup(
            prompt: try tiny.template.prompt(text: "tell me about the cat"),
            responses: [tiny.template.response(text: "a dog ran")])
        let scored = try GroupScorer(model: tiny.model, pool: WorkerPool(threads: 1)).logProbabilities(of: [group])
        let all = scored.flatMap { $0.flatMap { $0 } }
        #expect(abs(found + all.reduce(0, +) / Double(all.count)) < 1e-6)
    }

    @Test func `a step in many passes learns what a step in one pass learns`() throws {
        let folder = try TemporaryFolder()
        var weights: [[Float]] = []
        for (name, tokens) in [("one", 100_000), ("many", 40)] {
            let job = try supervised(
                in: folder.url, name: name,
                settings: ["steps": 3, "tokens_per_step": 300, "tokens_per_pass": .integer(tokens)])
            let model = try Checkpoint.load(try job.output())
            weights.append(model.parameters.array(0..<model.table.count))
        }
        let largest = zip(weights[0], weights[1]).map { abs($0 - $1) }.max() ?? 1
        #expect(largest < 1e-4)
    }

    @Test func `threads, a kill and a second run change no byte`() throws {
        let folder = try TemporaryFolder()
        let settings: JSONValue = ["steps": 12, "tokens_per_step": 200, "checkpoint_every": 4, "precision": "bfloat16"]
        let first = try supervised(in: folder.url, name: "first", settings: settings)
        let whole = try contents(of: try first.output())
        let second = try supervised(in: folder.url, name: "second", settings: settings)
        #expect(try contents(of: try second.output(threads: 2)) == whole)
        try first.kill(afterStep: 8)
        let resumed = try contents(of: try first.output(threads: 2))
        #expect(resumed == whole)
        #expect(try first.metrics(attempt: 2).first?["step"]?.integerValue == 9)
        #expect(whole.keys.contains("plumb.json") && whole.keys.contains("tokenizer.json"))
    }

    @Test func `whatever the seed, the held-out loss is of the same examples`() throws {
        let folder = try TemporaryFolder()
        // A step that moves no weight: what is left is which examples the loss is of.
        let still: JSONValue = ["steps": 1, "learning_rate": 1e-30, "weight_decay": 0]
        var losses: [Double] = []
        for seed in [7, 8] as [UInt64] {
            let job = try supervised(
                in: folder.url, name: "run-\(seed)", seed: seed, settings: still, demonstrations: try Self.manyPrompts()
            )
            let lineage = try Lineage.read(from: try job.output())
            // Three of twenty prompts, with both demonstrations of each.
            #expect(lineage.metrics["held_out_examples"] == 6)
            #expect(try #require(try job.directory.result(attempt: 1)).notes.isEmpty)
            losses.append(try #require(lineage.metrics["held_out_loss"]?.doubleValue))
        }
        #expect(losses[0] == losses[1])
    }

    @Test func `a run that holds nothing out says so in its last words`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url)
        let lineage = try Lineage.read(from: try job.output())
        #expect(lineage.metrics["held_out_loss"] == nil)
        let notes = try #require(try job.directory.result(attempt: 1)).notes
        #expect(notes.count == 1)
        #expect(try #require(notes.first).hasPrefix("Nothing was held out, because 2 different prompts are too few"))
    }

    /// Lines of an attempt's samples.jsonl.
    private func samples(_ job: RunningJob, attempt: Int = 1) throws -> [[String: JSONValue]] {
        try Data(contentsOf: job.directory.samplesURL(attempt: attempt)).split(separator: 0x0A).map {
            try JSONDecoder().decode([String: JSONValue].self, from: Data($0))
        }
    }

    @Test func `a few prompts are answered by the base and by what was made, held-out ones first`() throws {
        let folder = try TemporaryFolder()
        let settings: JSONValue = ["steps": 12, "tokens_per_step": 200, "checkpoint_every": 4]
        let job = try supervised(in: folder.url, settings: settings, demonstrations: try Self.manyPrompts())
        _ = try job.output()
        let lines = try samples(job)
        let moments = lines.map { "\($0["phase"]?.stringValue ?? "") \($0["step"]?.integerValue ?? -1)" }
        #expect(
            moments == Array(repeating: "probe 0", count: 6) + Array(repeating: "handed_out 12", count: 6))
        let asked = lines.map { $0["prompt"]?.stringValue ?? "" }
        #expect(Array(asked[..<6]) == Array(asked[6...]))
        // The three of the lowest hashes; the others are learnt, in the order of the file.
        let unseen = ["moon night night night", "moon night night night night", "cat night night night night night"]
        #expect(Set(asked[..<3]) == Set(unseen.map { "tell me about the \($0)" }))
        #expect(Array(asked[3..<6]) == ["cat", "moon", "cat night"].map { "tell me about the \($0)" })
        #expect(lines.allSatisfy { $0["score"] == nil && $0["kl"] == nil && $0["tokens"]?.integerValue ?? 0 > 0 })
        #expect(lines[..<6].map { $0["response"] } != lines[6...].map { $0["response"] })

        // Another attempt, with other threads, writes the same.
        try job.kill(afterStep: 8)
        _ = try job.output(threads: 2)
        #expect(try samples(job, attempt: 2) == lines)
    }

    @Test func `a run that trains beside the weights samples nothing, for which it may lack the memory`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url, settings: ["steps": 2, "tuning": "lora"])
        _ = try job.output()
        #expect(!FileManager.default.fileExists(atPath: job.directory.samplesURL(attempt: 1).path))
    }

    @Test func `a job that is asked to stop leaves a checkpoint and goes on to the same bytes`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url, name: "stopped")
        let stop = StopFlag()
        stop.request()
        #expect(job.run(stop: stop) == .stopped)
        let stopped = try contents(of: try job.output())
        #expect(try contents(of: try supervised(in: folder.url, name: "whole").output()) == stopped)
    }

    @Test func `a lineage names its parents, data and every setting, and no time or path`() throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url)
        let lineage = try Lineage.read(from: try job.output())
        #expect(lineage.kind == "supervised")
        #expect(lineage.parents.map(\.role) == ["base"])
        #expect(lineage.snapshot == (try Digest.file(try job.directory.inputFile("demonstrations.jsonl"))))
        #expect(lineage.settings["learning_rate"]?.doubleValue == NextTokenSettings.supervised.learningRate)
        #expect(lineage.settings["steps"]?.integerValue == 12)
    }

    @Test(arguments: [
        ("{\"id\":\"a\",\"prompt\":\"x\",\"response\":\"y\"}\n{\"id\":\"b\",\"prompt\":\"x\"}\n", "line 2", "response"),
        ("", "demonstrations.jsonl", "no demonstration"),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}\n", "line 1", "message of the assistant"),
        (
            "{\"id\":\"a\",\"prompt\":\"x\",\"response\":\"\(String(repeating: "zq ", count: 90))\"}\n", "line 1",
            "context of 64"
        ),
    ])
    func `a demonstration that cannot be used is an error that names its line`(
        text: String, place: String, reason: String
    ) throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url, demonstrations: text)
        #expect(job.run() == .failed)
        let message = try #require(try job.failure()?.message)
        #expect(message.contains(place) && message.contains(reason))
    }

    @Test(
        arguments: [
            (["learning_rte": 0.1], "learning_rte"), (["learning_rate": -1], "learning_rate"),
            (["tokens_per_step": 0], "tokens_per_step"), (["precision": "float8"], "precision"),
        ] as [(JSONValue, String)])
    func `a setting that cannot be is an error that names it`(settings: JSONValue, field: String) throws {
        let folder = try TemporaryFolder()
        let job = try supervised(in: folder.url, settings: settings)
        #expect(job.run() == .failed)
        #expect(try #require(try job.failure()?.message).contains(field))
    }

    @Test func `a learning rate that is far too high ends in a sentence`() throws {
        let folder = try TemporaryFolder()
        let base = folder.url.appending(path: "base")
        let tiny = try TinyPolicy(seed: 2)
        tiny.model.parameters.store([3e38], at: 5)
        try tiny.write(to: base)
        let job = try supervised(in: folder.url, settings: ["steps": 3, "learning_rate": 0.9, "warm_up_steps": 0])
        #expect(job.run() == .failed)
        #expect(try #require(try job.failure()?.message).contains("diverged"))
    }
}
