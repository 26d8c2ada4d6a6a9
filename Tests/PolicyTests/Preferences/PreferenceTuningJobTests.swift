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
        "groups_per_step": 2, "epochs": 3, "learning_rate": 0.002, "samples": 6, "maximum_tokens": 8,
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

    private func job(
        in folder: URL, name: String, settings: [String: JSONValue] = [:], groups: String? = nil
    ) throws -> RunningJob {
        let base = folder.appending(path: "supervised")
        if !FileManager.default.fileExists(atPath: base.path) {
            try TinyPolicy(seed: 3).sharpened(by: 5).write(to: base)
        }
        return try RunningJob(
            in: folder, name: name, kind: "preference-tuning", parents: [("base", base), ("reference", base)],
            settings: .object((self.settings.objectValue ?? [:]).merging(settings) { $1 }),
            files: ["groups.jsonl": try groups ?? self.groups()])
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
            (["warm_up_fraction": 2], "warm_up_fraction"), (["rate": 1], "rate"),
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
