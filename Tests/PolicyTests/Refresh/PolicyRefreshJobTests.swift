import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import RewardModel
import Runs
import Testing

@Suite struct PolicyRefreshJobTests {
    let settings: JSONValue = [
        "iterations": 5, "prompts_per_iteration": 4, "responses_per_prompt": 3, "maximum_tokens": 10, "minibatches": 2,
        "checkpoint_every": 3, "kl_budget": 500, "policy_learning_rate": 0.001, "average_decay": 0.5,
        "kl_target": 2.0, "value_warm_up_epochs": 2, "approximate_kl_limit": 1, "distinct_floor": 0, "end_floor": 0,
        "group_diversity_floor": 0,
    ]

    private let prompts = (0..<6).map { "{\"id\":\"p\($0)\",\"prompt\":\"tell me about \($0)\"}\n" }.joined()

    /// Folders of a supervised policy and a reward model with a normalisation.
    private func parents(in folder: URL) throws -> [(role: String, url: URL)] {
        let base = folder.appending(path: "supervised")
        let reward = folder.appending(path: "reward")
        if !FileManager.default.fileExists(atPath: base.path) {
            let tiny = try TinyPolicy(seed: 3).sharpened(by: 5)
            try tiny.write(to: base)
            try Checkpoint.save(try tiny.model.withScalarHead(seed: 2), to: reward, as: .float32)
            try TokenizerFiles.copy(from: base, to: reward)
            let specification = RunSpecification(
                kind: "reward-model", seed: 1, parents: [], settings: .object([:]), version: "test")
            let normalisation = try JSONValue(encoding: Normalisation(gain: 3, bias: 0.25, samples: 10))
            try Lineage(
                specification: specification, snapshot: nil, metrics: [:], processor: "", blas: "",
                details: ["normalisation": normalisation]
            ).write(to: reward)
        }
        return [("base", base), ("reference", base), ("reward-model", reward)]
    }

    func job(
        in folder: URL, name: String, settings: JSONValue? = nil, prompts: String? = nil, files: [String: String] = [:]
    ) throws -> RunningJob {
        try RunningJob(
            in: folder, name: name, kind: "policy-refresh", parents: try parents(in: folder),
            settings: settings ?? self.settings,
            files: files.merging(["prompts.jsonl": prompts ?? self.prompts]) { $1 })
    }

    /// What each method, and each option with a state of its own, needs beside the settings above.
    private static let variants: [[String: JSONValue]] =
        [
            ["value_network": "shared"], ["tuning": "lora", "lora_rank": 4], ["tuning": "layers", "tuned_layers": [1]],
            ["tuning": "lora", "base_weights": "nf4", "method": "rloo"], ["tuning": "adapters", "method": "best-of-k"],
        ] + [["pretraining_coefficient": 2, "entropy_coefficient": 0.01]]
        + ["rloo", "grpo", "dr-grpo", "reinforce", "best-of-k"].map { ["method": .string($0)] }

    @Test(arguments: variants)
    func `in each method threads and a kill change no byte, and the policy moves`(variant: [String: JSONValue]) throws {
        let folder = try TemporaryFolder()
        let settings = JSONValue.object((self.settings.objectValue ?? [:]).merging(variant) { $1 })
        let texts = ["corpus.txt": "the cat sat on the mat\nthe moon is round\na dog ran\n"]
        let first = try job(in: folder.url, name: "first", settings: settings, files: texts)
        let whole = try contents(of: try first.output())
        try first.kill(afterStep: 3)
        #expect(try contents(of: try first.output(threads: 2)) == whole)
        let base = try contents(of: folder.url.appending(path: "supervised"))
        // Adapters stand beside the weights, which stay as they are.
        #expect((whole["model.safetensors"] == base["model.safetensors"]) == (variant["tuning"] == "adapters"))
        #expect(try first.metrics().contains { $0["kl"]?.doubleValue ?? 0 != 0 })
        let line = try #require(try first.metrics().first)
        #expect(line["kl"]?.doubleValue == 0)
        #expect(line["phase"] == variant["method"] ?? "ppo")
        // No step has moved the policy before the first minibatch, so what is clipped or moved is of the others.
        #expect(try #require(line["approximate_kl"]?.doubleValue) < 1)
        #expect((line["pretraining_loss"]?.doubleValue ?? 0 > 0) == (variant["pretraining_coefficient"] != nil))
        #expect((line["explained_variance"] != nil) == (variant["method"] == nil))
        _ = try LoadedPolicy(folder: first.directory.attemptURL(2).appending(path: "output/policy"))
    }

    @Test func `threads, a kill and a second run change no byte`() throws {
        let folder = try TemporaryFolder()
        let first = try job(in: folder.url, name: "first")
        let whole = try contents(of: try first.output())
        #expect(try contents(of: try job(in: folder.url, name: "second").output(threads: 2)) == whole)
        try first.kill(afterStep: 3)
        #expect(try contents(of: try first.output(threads: 2)) == whole)
        #expect(try first.metrics(attempt: 2).first?["step"]?.integerValue == 4)
    }

    /// Judging takes as long as several iterations, which it must not cost.
    @Test func `a kill while the kept policy is judged repeats no iteration`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run")
        let whole = try contents(of: try run.output())
        try run.kill(afterStep: 5)
        #expect(try contents(of: try run.output()) == whole)
        #expect(try !run.metrics().filter { $0["phase"] == "ppo" }.isEmpty)
        #expect(try run.metrics(attempt: 2).filter { $0["phase"] == "ppo" }.isEmpty)
    }

    /// In the only minibatch of the first epoch the policy is still the one that sampled, and the reference is the policy.
    @Test(arguments: ["ppo", "grpo", "rloo", "reinforce"])
    func `one whole batch in the first iteration moves from nothing`(method: String) throws {
        let folder = try TemporaryFolder()
        let settings = JSONValue.object(
            (self.settings.objectValue ?? [:]).merging([
                "method": .string(method), "iterations": 2, "epochs": 1, "minibatches": 1,
            ]) { $1 })
        let run = try job(in: folder.url, name: "run", settings: settings)
        _ = try run.output()
        let lines = try run.metrics()
        let line = try #require(lines.first)
        #expect(line["updates"]?.integerValue == 1)
        #expect(line["kl"]?.doubleValue == 0)
        #expect(try #require(line["approximate_kl"]?.doubleValue) == 0)
        #expect(line["clip_fraction"]?.doubleValue == 0)
        #expect(line["objective"]?.doubleValue == line["reward"]?.doubleValue)
        // Whitened advantages, and those within a group, have mean 0, and so has −ratio·advantage.
        if method == "ppo" { #expect(try abs(#require(line["policy_loss"]?.doubleValue)) < 1e-6) }
        // By the second iteration there is something to be told.
        #expect(try #require(lines[1]["kl"]?.doubleValue) != 0)
        #expect(lines[1]["objective"]?.doubleValue != lines[1]["reward"]?.doubleValue)
    }

    @Test func `a watcher's scores are told and recorded, and a kill changes no byte`() throws {
        let folder = try TemporaryFolder()
        let parents = try parents(in: folder.url)
        let watcher = folder.url.appending(path: "watcher")
        try FileManager.default.copyItem(at: parents[2].url, to: watcher)
        try Checkpoint.save(
            try TinyPolicy(seed: 3).sharpened(by: 5).model.withScalarHead(seed: 77), to: watcher, as: .float32)
        let run = try RunningJob(
            in: folder.url, kind: "policy-refresh", parents: parents + [("watcher", watcher)], settings: settings,
            files: ["prompts.jsonl": prompts])
        let whole = try contents(of: try run.output())
        #expect(try run.metrics().allSatisfy { $0["watcher_reward"]?.doubleValue != nil })
        try run.kill(afterStep: 3)
        let again = try run.output()
        #expect(try contents(of: again) == whole)
        #expect(try Lineage.read(from: again).parents.map(\.role).contains("watcher"))
    }

    /// Gives a reward model three heads of its own, or one that says what is safe.
    private func addHeads(to reward: URL, safety: Bool = false) throws {
        var layout = HeadLayout()
        layout.members = safety ? 1 : 3
        layout.safety = safety
        let heads = RewardHeads(layout: layout, width: 32)
        heads.values.store((0..<heads.values.count).map { sin(Float($0)) }, at: 0)
        try heads.write(to: reward)
        var lineage = try Lineage.read(from: reward)
        let combined = Normalisation(gain: 0.5, bias: 0.25, samples: 8)
        lineage.details = .object(
            (lineage.details.objectValue ?? [:]).merging([
                "heads": try JSONValue(encoding: layout),
                safety ? "combined_normalisation" : "member_normalisations": safety
                    ? try JSONValue(encoding: combined)
                    : try JSONValue(encoding: (1...3).map { Normalisation(gain: Double($0), bias: 0, samples: 8) }),
            ]) { $1 })
        try lineage.write(to: reward)
    }

    @Test(arguments: ["ppo", "best-of-k"])
    func `a safety head steers where there is one, and prompts about safety are its own`(method: String) throws {
        let folder = try TemporaryFolder()
        let short = (self.settings.objectValue ?? [:]).merging(["iterations": 2, "method": .string(method)]) { $1 }
        func metrics(_ name: String, _ safety: String? = nil, prompts: String? = nil) throws -> RunningJob {
            let settings = short.merging(safety.map { ["safety": .string($0)] } ?? [:]) { $1 }
            let run = try job(in: folder.url, name: name, settings: .object(settings), prompts: prompts)
            _ = try run.output()
            return run
        }
        let plain = try metrics("plain")
        #expect(try plain.metrics().allSatisfy { $0["unsafe_share"] == nil })
        try addHeads(to: try parents(in: folder.url)[2].url, safety: true)
        let ignored = try metrics("ignored", "ignored")
        #expect(try ignored.metrics().map { $0["reward"] } == plain.metrics().map { $0["reward"] })
        let combined = try metrics("combined", "combined")
        let trained = try metrics("as-trained")
        #expect(try trained.metrics().map { $0["reward"] } == combined.metrics().map { $0["reward"] })
        #expect(try combined.metrics().first?["reward"] != plain.metrics().first?["reward"])
        #expect(try combined.metrics().allSatisfy { $0["unsafe_share"]?.doubleValue != nil })
        #expect(
            try #require(try combined.directory.result(attempt: 1)).notes.contains { $0.hasPrefix("Safety counted") })
        let tagged = try metrics(
            "tagged", prompts: prompts.replacingOccurrences(of: "\"}", with: "\",\"about_safety\":true}"))
        #expect(try tagged.metrics().first?["reward"] != combined.metrics().first?["reward"])
    }

    @Test func `a watcher without a safety head is refused where the reward has one`() throws {
        let folder = try TemporaryFolder()
        let parents = try parents(in: folder.url)
        let watcher = folder.url.appending(path: "watcher")
        try FileManager.default.copyItem(at: parents[2].url, to: watcher)
        try addHeads(to: parents[2].url, safety: true)
        let run = try RunningJob(
            in: folder.url, kind: "policy-refresh", parents: parents + [("watcher", watcher)], settings: settings,
            files: ["prompts.jsonl": prompts])
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains("no safety head"))
        try addHeads(to: watcher, safety: true)
        let both = try RunningJob(
            in: folder.url, name: "both", kind: "policy-refresh", parents: parents + [("watcher", watcher)],
            settings: settings, files: ["prompts.jsonl": prompts])
        _ = try both.output()
        // The same model under another name says the same.
        #expect(try both.metrics().allSatisfy { $0["watcher_reward"] == $0["reward"] })
    }

    @Test(arguments: ["mean", "worst-case"])
    func `how far an ensemble's heads are apart is told, whatever is made of their scores`(use: String) throws {
        let folder = try TemporaryFolder()
        let short = (self.settings.objectValue ?? [:]).merging(["iterations": 2]) { $1 }
        let plain = try job(in: folder.url, name: "plain", settings: .object(short))
        _ = try plain.output()
        #expect(try plain.metrics().allSatisfy { $0["member_deviation"] == nil })
        try addHeads(to: try parents(in: folder.url)[2].url)
        let careful = try job(
            in: folder.url, name: "careful", settings: .object(short.merging(["ensemble": .string(use)]) { $1 }))
        _ = try careful.output()
        #expect(try careful.metrics().allSatisfy { $0["member_deviation"]?.doubleValue ?? 0 > 0 })
        // The mean is the classifier's score, so that nothing but the plot is new.
        #expect(
            (try careful.metrics().map { $0["reward"] } == plain.metrics().map { $0["reward"] }) == (use == "mean"))
    }

    @Test func `alarms begin and end as events of the run`() throws {
        let folder = try TemporaryFolder()
        var settings = self.settings.objectValue ?? [:]
        settings["kl_budget"] = 1e-9
        settings["alarm_patience"] = 3
        let run = try job(in: folder.url, name: "run", settings: .object(settings))
        _ = try run.output()
        var tail = MetricsTail(run.directory.metricsURL(attempt: 1))
        let events = try tail.readNew().filter { $0["event"] == "alarm" }
        let first = try #require(events.first { $0["alarm"] == "kl" })
        #expect(first["state"] == "began" && first["is_limit"] == true)
        #expect(first["message"]?.stringValue?.contains("over the budget") == true)
        // It lasts, so it began once.
        #expect(events.count { $0["alarm"] == "kl" } == 1)
    }

    @Test func `a run that is asked to stop goes on to the same bytes`() throws {
        let folder = try TemporaryFolder()
        let stopped = try job(in: folder.url, name: "stopped")
        let stop = StopFlag()
        stop.request()
        #expect(stopped.run(stop: stop) == .stopped)
        let whole = try contents(of: try job(in: folder.url, name: "whole").output())
        #expect(try contents(of: try stopped.output()) == whole)
    }

    @Test func `the result is a policy with lineage, and each iteration left its numbers and samples`() throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run")
        let output = try run.output()
        let policy = try LoadedPolicy(folder: output)
        let base = try LoadedPolicy(folder: folder.url.appending(path: "supervised"))
        #expect(policy.model.parameters.sha256 != base.model.parameters.sha256)
        let lineage = try Lineage.read(from: output)
        #expect(lineage.parents.map(\.role) == ["base", "reference", "reward-model"])
        #expect(lineage.settings["clip_range"]?.doubleValue == 0.2)
        let lines = try run.metrics()
        #expect(lines.compactMap { $0["step"]?.integerValue } == [1, 2, 3, 4, 5, 6])
        #expect(lines[0]["kl"]?.doubleValue == 0)
        #expect(lines.compactMap { $0["phase"]?.stringValue } == ["ppo", "ppo", "ppo", "ppo", "ppo", "last"])
        for name in [
            "reward", "kl", "kl_per_token", "entropy", "response_length", "end_share", "distinct_2", "clip_fraction",
            "explained_variance", "approximate_kl", "learning_rate", "kl_coefficient", "tokens_per_second",
            "seconds_left",
        ] { #expect(lines[1][name]?.doubleValue != nil, "\(name)") }
        let samples = try String(
            contentsOf: run.directory.attemptURL(1).appending(path: "samples.jsonl"), encoding: .utf8
        ).split(separator: "\n")
        let probes = samples.filter { $0.contains("\"phase\":\"probe\"") || $0.contains("\"phase\":\"handed_out\"") }
        #expect(samples.count - probes.count == 6 * 4)
        // Six prompts answered at the start, four times on the way and by the policy that is handed out.
        #expect(probes.count == 6 * 6)
    }

    @Test func `a reward model with another tokenizer is refused by name`() throws {
        let folder = try TemporaryFolder()
        let parents = try parents(in: folder.url)
        let other = try TokenizerTrainer(vocabularySize: 265, minimumFrequency: 1).train(on: ["another corpus another"])
        try TokenizerFiles.write(other, form: .chat, contextLength: 64, to: parents[2].url)
        let run = try job(in: folder.url, name: "run")
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains("tokenizer"))
    }

    /// A prompt that leaves no room, and one with a role that the template refuses.
    private let refused = [
        "{\"id\":\"long\",\"prompt\":\"\(String(repeating: "zq ", count: 90))\"}\n",
        "{\"id\":\"role\",\"prompt\":[{\"role\":\"system\",\"content\":\"be brief\"},"
            + "{\"role\":\"user\",\"content\":\"x\"}]}\n",
    ]

    @Test func `prompts that the policy cannot take are left out, and the run says so`() throws {
        let folder = try TemporaryFolder()
        let plain = try job(in: folder.url, name: "plain")
        let weights = try contents(of: try plain.output())["model.safetensors"]
        #expect(try #require(try plain.directory.result(attempt: 1)).notes.allSatisfy { !$0.contains("left out") })
        let mixed = try job(in: folder.url, name: "mixed", prompts: refused[0] + prompts + refused[1])
        #expect(try contents(of: try mixed.output())["model.safetensors"] == weights, "what is left is learnt as ever")
        let note = try #require(try mixed.directory.result(attempt: 1)?.notes.first)
        #expect(
            note.hasPrefix("2 of 8 prompts were left out, because the policy cannot take them (the first, line 1: "))
        #expect(note.contains("context of 64"))
        let none = try job(in: folder.url, name: "none", prompts: refused.joined())
        #expect(none.run() == .failed)
        #expect(try #require(try none.failure()?.message).contains("no prompt that the policy can take (line 1: "))
    }

    @Test(arguments: [
        ("{\"id\":\"a\"}\n", "line 1"), ("", "holds no prompt"),
        ("{\"id\":\"a\",\"prompt\":\"x\"}\n{\"id\":\"a\",\"prompt\":\"y\"}\n", "line 2"),
        ("{\"id\":\"a\",\"prompt\":\"\(String(repeating: "zq ", count: 90))\"}\n", "context of 64"),
    ])
    func `prompts that cannot be answered are an error that names the line`(prompts: String, reason: String) throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", prompts: prompts)
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains(reason))
    }

    @Test(
        arguments: [
            (["method": "ddpo"], "method"), (["ensemble": "worst-case"], "ensemble"),
            (["safety": "combined"], "safety"), (["member_drift": 1], "member_drift"),
            (["lora_dropout": 0.1], "lora_dropout"),
            (["tuning": "prompt"], "tuning"), (["kl_loss_estimator": "k1"], "kl_loss_estimator"),
            (["method": "rloo", "responses_per_prompt": 1], "responses_per_prompt"),
            (["length_penalty": -1], "length_penalty"), (["entropy_coefficient": -0.5], "entropy_coefficient"),
            (["pretraining_coefficient": 27.8], "pretraining_coefficient"),
            (["pretraining_tokens": 0], "pretraining_tokens"), (["value_network": "none"], "value_network"),
            (["value_coefficient": -1], "value_coefficient"), (["iterations": 0], "iterations"), (["beta": 1], "beta"),
            (["clip_range": -1], "clip_range"),
            (["minibatches": 50, "prompts_per_iteration": 4], "minibatches"), (["kl_estimator": "k9"], "kl_estimator"),
            (["epochs": 4_000_000_000_000_000_000], "epochs"), (["temperature": 1e-40], "temperature"),
            // Greedy and filtered samples are not the policy's: nothing is explored, and k1 is gamed below zero.
            (["temperature": 0], "temperature"), (["top_k": 50], "top_k"), (["top_p": 0.9], "top_p"),
            (["iterations": 4_000_000_000_000_000_000], "iterations"), (["epsilon": 1e-60], "epsilon"),
            (["prompts_per_iteration": 4_000_000_000_000_000_000], "prompts_per_iteration"),
        ] as [(JSONValue, String)])
    func `a setting that cannot be is an error that names it`(settings: JSONValue, field: String) throws {
        let folder = try TemporaryFolder()
        let run = try job(in: folder.url, name: "run", settings: settings)
        #expect(run.run() == .failed)
        #expect(try #require(try run.failure()?.message).contains(field))
    }

    @Test func `settings keep every field through JSON`() throws {
        var settings = PolicyRefreshSettings()
        settings.klTarget = 4
        settings.scoreClip = nil
        settings.averageDecay = 0.99
        settings.rolloutsJudged = 2
        settings.limitPressure = 3
        let json = try JSONValue(encoding: settings)
        #expect(json["score_clip"] == nil || json["score_clip"] == .null)
        let mirror = Mirror(reflecting: settings)
        #expect(mirror.children.count == 62)
        var again = try json.decoded(as: PolicyRefreshSettings.self)
        again.scoreClip = nil
        #expect(again == settings)
    }
}
