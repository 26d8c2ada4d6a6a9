import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import Runs
import SeededRandom
import Testing

@Suite struct PreferenceTuningJobTests {
    private let settings: JSONValue = [
        "groups_per_step": 2, "epochs": 3, "learning_rate": 0.002, "samples": 24, "maximum_tokens": 8,
        "tokens_per_pass": 60, "checkpoint_every": 5, "evaluations": 3,
    ]

    /// Groups of four texts, ranked, and one comparison; the last prompt is held out.
    private func groups() throws -> String {
        let texts = ["the cat sat", "a dog ran", "the moon is round", "tell a story"]
        return try (0..<8).map { index in
            let id = "g\(index)"
            let ids = (1...4).map { "\(id)-\($0)" }
            let group = ResponseGroup(
                id: id, prompt: .text("tell me about the \(index)"),
                responses: zip(ids, texts).map { GroupResponse(id: $0, text: $1, finished: true) })
            let order = Array(ids[(index % 3)...] + ids[..<(index % 3)])
            let ranking = try Ranking(rows: [[order[2]], [order[0], order[3]], [order[1]]])
            return try JSONLines.line(
                LabelledGroup(
                    group: group,
                    labels: [
                        GroupLabel(labelID: "l\(index)", annotator: "a", revision: 1, judgement: .ranking(ranking))
                    ], split: index == 7 ? .heldOut : .train)) + "\n"
        }.joined()
    }

    private func base(in folder: URL) throws -> URL {
        let base = folder.appending(path: "supervised")
        if !FileManager.default.fileExists(atPath: base.path) {
            try TinyPolicy(seed: 3).sharpened(by: 5).write(to: base)
        }
        return base
    }

    /// - Parameter more: parents besides base and reference.
    private func job(
        in folder: URL, name: String, settings: [String: JSONValue] = [:], groups: String? = nil,
        more: [(role: String, url: URL)] = []
    ) throws -> RunningJob {
        let base = try base(in: folder)
        let parents: [(role: String, url: URL)] = [("base", base), ("reference", base)]
        return try RunningJob(
            in: folder, name: name, kind: "preference-tuning", parents: parents + more,
            settings: .object((self.settings.objectValue ?? [:]).merging(settings) { $1 }),
            files: ["groups.jsonl": try groups ?? self.groups()])
    }

    /// Lines of an attempt's samples.jsonl.
    private func samples(_ run: RunningJob, attempt: Int = 1) throws -> [[String: JSONValue]] {
        try Data(contentsOf: run.directory.samplesURL(attempt: attempt)).split(separator: 0x0A).map {
            try JSONDecoder().decode([String: JSONValue].self, from: Data($0))
        }
    }

    /// What begins and ends in an attempt.
    private func alarms(_ run: RunningJob) throws -> [[String: JSONValue]] {
        var tail = MetricsTail(run.directory.metricsURL(attempt: 1))
        return try tail.readNew().filter { $0["event"] == "alarm" }
    }

    private static let variants: [[String: JSONValue]] = [
        [:], ["method": "ipo", "beta": 0.5], ["order": "plackett-luce"], ["label_smoothing": 0.1],
        ["tuning": "lora", "lora_rank": 4, "learning_rate": 0.02],
    ]

    @Test(arguments: variants)
    func `what people prefer becomes likelier, and threads and a kill change no byte`(
        variant: [String: JSONValue]
    ) throws {
        let folder = try TemporaryFolder()
        let first = try job(in: folder.url, name: "first", settings: variant)
        let whole = try contents(of: try first.output())
        try first.kill(afterStep: 5)
        #expect(try contents(of: try first.output(threads: 2)) == whole)
        let lines = try first.metrics()
        #expect(lines.compactMap { $0["step"]?.integerValue } == Array(1...lines.count))
        // Nothing has moved before the first step: no log-ratio, no margin.
        #expect(lines[0]["log_ratio"]?.doubleValue == 0)
        #expect(lines[0]["preference_margin"]?.doubleValue == 0)
        let lineage = try Lineage.read(from: first.directory.attemptURL(2).appending(path: "output/policy"))
        #expect(try #require(lineage.metrics["training_accuracy"]?.doubleValue) > 0.8)
        #expect(try #require(lineage.metrics["kl"]?.doubleValue) > 0)
        #expect(lineage.metrics["held_out_groups"] == 1)
        #expect(lineage.metrics["held_out_loss"] != nil)
    }

    @Test func `six prompts are answered before the run, on the way and by what it makes`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run")
        _ = try run.output()
        let lines = try samples(run)
        let moments = lines.map { "\($0["phase"]?.stringValue ?? "") \($0["step"]?.integerValue ?? -1)" }
        let expected = ["probe 0", "probe 3", "probe 5", "probe 8", "probe 10", "handed_out 12"]
        #expect(moments == expected.flatMap { Array(repeating: $0, count: 6) })
        let asked = lines.map { $0["prompt_id"]?.stringValue ?? "" }
        #expect(Set(asked[..<6]).count == 6)
        for start in stride(from: 0, to: lines.count, by: 6) {
            #expect(Array(asked[start..<start + 6]) == Array(asked[..<6]))
        }
        #expect(lines.allSatisfy { $0["prompt"]?.stringValue?.hasPrefix("tell me about the ") == true })
        // The base is the reference, so it is no nat away from it; nobody gave a reward model.
        #expect(lines[..<6].allSatisfy { $0["kl"]?.doubleValue == 0 })
        #expect(lines[30...].contains { $0["kl"]?.doubleValue ?? 0 != 0 })
        #expect(lines.allSatisfy { $0["score"] == nil })

        // What they show stands in the steps' own lines.
        let looked = try run.metrics().filter { $0["kl"] != nil }
        #expect(looked.compactMap { $0["step"]?.integerValue } == [3, 5, 8, 10, 12])
        for name in ["entropy", "end_share", "distinct_2", "distinct_text_share", "response_length", "loss"] {
            #expect(looked.allSatisfy { $0[name]?.doubleValue != nil }, "\(name)")
        }
        #expect(looked.allSatisfy { $0["reward"] == nil })
    }

    @Test func `threads and a kill change no byte of the samples`() throws {
        let folder = try TemporaryFolder()
        let first = try job(in: folder.url, name: "first")
        _ = try first.output()
        let second = try job(in: folder.url, name: "second")
        _ = try second.output(threads: 2)
        let whole = try Data(contentsOf: first.directory.samplesURL(attempt: 1))
        #expect(try Data(contentsOf: second.directory.samplesURL(attempt: 1)) == whole)
        try first.kill(afterStep: 5)
        _ = try first.output(threads: 2)
        let rest = try samples(first, attempt: 2)
        #expect(rest.first?["step"] == 8)
        let before = try samples(first)
        #expect(rest == Array(before.suffix(18)))
    }

    @Test func `a policy that went too far is said to have, on the page and in the last words`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", settings: ["kl_budget": 1e-9, "learning_rate": 0.01])
        _ = try run.output()
        let began = try #require(try alarms(run).first { $0["alarm"] == "kl" })
        #expect(began["state"] == "began" && began["is_limit"] == false)
        #expect(began["message"]?.stringValue?.contains("over the budget") == true)
        let words = try #require(try run.metrics().last?["alarms"]?.arrayValue)
        #expect(words.contains { $0.stringValue?.hasPrefix("KL to the reference") == true })
        let note = try #require(try run.directory.result(attempt: 1)?.notes.first)
        #expect(note.hasPrefix("Read its samples before you use this policy: KL to the reference is "))
        #expect(note.contains("beta"))
    }

    @Test func `a policy that stays where it was answers as before, and there is nothing to say`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", settings: ["learning_rate": 1e-30, "kl_budget": 1e-9])
        _ = try run.output()
        let answers = try samples(run).map { $0["response"] }
        #expect(Array(answers[30...]) == Array(answers[..<6]))
        #expect(try alarms(run).isEmpty)
        #expect(try run.metrics().allSatisfy { $0["alarms"] == nil })
        #expect(try #require(try run.directory.result(attempt: 1)).notes.isEmpty)
    }

    @Test func `without samples there is no look at all`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", settings: ["samples": 0])
        let lineage = try Lineage.read(from: try run.output())
        #expect(lineage.metrics["kl"] == nil && lineage.metrics["training_loss"] != nil)
        #expect(!FileManager.default.fileExists(atPath: run.directory.samplesURL(attempt: 1).path))
    }

    @Test func `a reward model scores the samples, and nothing is learnt from it`() throws {
        let folder = try TemporaryFolder()
        let base = try base(in: folder.url)
        let reward = folder.url.appending(path: "reward")
        let head = try TinyPolicy(seed: 3).sharpened(by: 5).model.withScalarHead(seed: 2)
        try Checkpoint.save(head, to: reward, as: .float32)
        try TokenizerFiles.copy(from: base, to: reward)
        let plain = try job(in: folder.url, name: "plain")
        let scored = try job(in: folder.url, name: "scored", more: [("reward-model", reward)])
        let weights = "model.safetensors"
        let output = try scored.output()
        #expect(try contents(of: try plain.output())[weights] == contents(of: output)[weights])
        #expect(try samples(scored).allSatisfy { $0["score"]?.doubleValue != nil })
        let lineage = try Lineage.read(from: output)
        let told = try scored.metrics().last?["reward"]?.doubleValue
        #expect(try #require(lineage.metrics["reward"]?.doubleValue) == told)
        #expect(lineage.parents.map(\.role).contains("reward-model"))
    }

    @Test func `answers that have collapsed are an alarm for each way in which they have`() throws {
        let tiny = try TinyPolicy(seed: 3).sharpened(by: 5)
        var settings = PreferenceTuningSettings()
        (settings.samples, settings.maximumTokens, settings.klBudget) = (24, 12, 0.001)
        let looks = PolicyLooks(
            policy: tiny.model, reference: tiny.model.copy(), template: tiny.template, scorer: nil,
            prompts: try (0..<6).map {
                RolloutCollector.Prompt(id: "\($0)", text: "", tokens: try tiny.template.prompt(text: "tell \($0)"))
            }, settings: settings, seed: 5, pool: WorkerPool(threads: 1))
        let (before, baseline) = try looks.begin(startsAsReference: true)
        #expect(before.responses.count == 24)
        let still = try looks.take(against: baseline)
        #expect(still.alarms.isEmpty && still.notes.isEmpty)
        // Ten times the weights: the most probable token is nearly certain, and a prompt gets the same answer each time.
        _ = tiny.sharpened(by: 10)
        let look = try looks.take(against: baseline)
        #expect(Set(look.alarms.map(\.kind)).isSuperset(of: [.kl, .sameness, .entropy]))
        let note = try #require(look.notes.first)
        #expect(note.contains("too alike") && note.contains("entropy collapse"))
    }

    @Test(arguments: [
        ("{}", 0.1), (#"{"method": "ipo"}"#, 1), (#"{"method": "ipo", "beta": 0.1}"#, 0.1), (#"{"beta": 0.3}"#, 0.3),
    ])
    func `a beta that nobody names is that of the method`(settings: String, beta: Double) throws {
        #expect(try JSONDecoder().decode(PreferenceTuningSettings.self, from: Data(settings.utf8)).beta == beta)
    }

    @Test func `a larger beta holds the policy nearer to the reference`() throws {
        let folder = try TemporaryFolder()
        func moved(_ beta: Double) throws -> Double {
            let run = try job(in: folder.url, name: "run-\(beta)", settings: ["beta": .number(beta), "epochs": 20])
            return abs(
                try #require(try Lineage.read(from: run.output()).metrics["preference_margin"]?.doubleValue) / beta)
        }
        #expect(try moved(10) < 0.5 * moved(0.1))
    }

    @Test(
        arguments: [
            (["method": "kto"], "method"), (["beta": 0], "beta"), (["label_smoothing": 0.5], "label_smoothing"),
            (["method": "ipo", "order": "plackett-luce"], "order"),
            (["method": "ipo", "label_smoothing": 0.1], "label_smoothing"), (["groups_per_step": 0], "groups_per_step"),
            (["warm_up_fraction": 2], "warm_up_fraction"), (["rate": 1], "rate"), (["kl_budget": 0], "kl_budget"),
        ] as [([String: JSONValue], String)])
    func `a setting that cannot be is an error that names it`(settings: [String: JSONValue], field: String) throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", settings: settings)
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains(field))
    }

    @Test func `labels without an order are an error in words`() throws {
        let folder = try TemporaryFolder()
        let group = ResponseGroup(
            id: "g", prompt: .text("x"),
            responses: [GroupResponse(id: "a", text: "one"), GroupResponse(id: "b", text: "two")])
        let label = GroupLabel(
            labelID: "l", annotator: "a", revision: 1, judgement: .ranking(try Ranking(rows: [["a", "b"]])))
        let line = try JSONLines.line(LabelledGroup(group: group, labels: [label], split: .train))
        let run = try job(in: folder.url, name: "run", groups: line + "\n")
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains("no label puts one response above another"))
        let broken = try job(in: folder.url, name: "broken", groups: line + "\n{\"group\": 3}\n")
        #expect(broken.run() == .failed)
        #expect(try #require(try broken.failure()?.message).contains("line 2"))
    }
}
