import Foundation
import JSON
import LanguageModel
import Preferences
import RewardModel
import Runs

enum Fixtures {
    /// `Tests/Fixtures`, beside this file's folder.
    static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
}

/// A folder of one test's own, removed with it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "reward-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// A tiny chat policy with random weights, and labelled groups whose better responses speak of apples.
struct TinyWorld {
    static let good = ["a red apple", "one sweet apple", "the apple is ripe", "fresh apple pie"]
    static let bad = ["an old stone", "the grey stone", "stone on stone", "cold hard stone"]
    static let subjects = ["lunch", "the garden", "a gift", "the market", "winter", "my desk", "the sea", "a walk"]

    let template: PromptTemplate
    let tokenizer: Tokenizer

    init() throws {
        let texts = Self.good + Self.bad + Self.subjects.map { "Say something about \($0)." }
        tokenizer = try TokenizerTrainer(vocabularySize: 285, minimumFrequency: 2).train(on: texts)
        template = try PromptTemplate(form: .chat, tokenizer: tokenizer)
    }

    func model(seed: UInt64 = 3, contextLength: Int = 96) throws -> Transformer {
        try Transformer(
            configuration: .llama(
                vocabularySize: tokenizer.vocabularySize, width: 24, layers: 2, heads: 4, keyValueHeads: 2,
                feedForward: 40, contextLength: contextLength, endTokenIDs: template.endTokenIDs,
                padTokenID: template.padTokenID), seed: seed)
    }

    /// Writes the policy as a Hugging Face folder.
    func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(try model(), to: folder)
        try TokenizerFiles.write(tokenizer, form: .chat, contextLength: 96, to: folder)
    }

    /// Group number `index`: two good and two bad responses in a changing order, ranked; every third is a comparison of two.
    func group(_ index: Int, split: Split = .train) throws -> LabelledGroup {
        let texts = [
            Self.good[index % 4], Self.bad[(index + 1) % 4], Self.good[(index + 2) % 4], Self.bad[(index + 3) % 4],
        ]
        let order = [[0, 1, 2, 3], [1, 0, 3, 2], [1, 0]][index % 3]
        let responses = order.map { place in
            GroupResponse(id: "r\(place)", text: texts[place], finished: true)
        }
        let judgement: Judgement =
            index % 3 == 2
            ? .comparison(try Comparison(winner: "r0", loser: "r1", grade: .better))
            : .ranking(try Ranking(rows: [["r0", "r2"], ["r1"], ["r3"]]))
        return LabelledGroup(
            group: ResponseGroup(
                id: "g\(index)", prompt: .text("Say something about \(Self.subjects[index % 8])."),
                responses: responses),
            labels: [GroupLabel(labelID: "l\(index)", annotator: "ann", revision: 1, judgement: judgement)],
            split: split)
    }

    /// The same group with everything said of it that people can say: ties, a line, ratings, flags, safety.
    func fullyJudged(_ index: Int, split: Split = .train) throws -> LabelledGroup {
        var labelled = try group(index, split: split)
        let ratings = [
            "r0": try ResponseRating(overall: 7), "r1": try ResponseRating(overall: 1, flags: ["violent"]),
        ]
        labelled.labels[0].judgement =
            index % 3 == 2
            ? .comparison(
                try Comparison(winner: "r0", loser: "r1", grade: .better, unsafe: ["r1"], ratings: ratings))
            : .ranking(try Ranking(rows: [["r0", "r2"], ["r1"], ["r3"]], unacceptable: ["r3"], ratings: ratings))
        if index % 3 == 2 {
            labelled.labels.append(
                GroupLabel(
                    labelID: "both\(index)", annotator: "bob", revision: 1,
                    judgement: .comparison(try Comparison(between: "r0", and: "r1", verdict: .bothUnacceptable))))
        } else {
            labelled.labels.append(
                GroupLabel(
                    labelID: "second\(index)", annotator: "bob", revision: 1,
                    judgement: .ranking(try Ranking(rows: [["r2"], ["r0"], ["r1", "r3"]]))))
        }
        return labelled
    }

    func example(_ index: Int) throws -> RewardExample {
        try RewardExample(try group(index), template: template, margins: .small)
    }

    /// A run directory with `training` and `heldOut` groups and the policy beside it.
    func run(
        in folder: URL, name: String = "run", training: Int = 6, heldOut: Int = 2, seed: UInt64 = 11,
        settings: JSONValue = [:]
    ) throws -> RunDirectory {
        let policy = folder.appending(path: "policy")
        if !FileManager.default.fileExists(atPath: policy.path) { try write(to: policy) }
        let groups =
            try (0..<training).map { try group($0) }
            + (training..<training + heldOut).map { try group($0, split: .heldOut) }
        return try run(in: folder, name: name, groups: groups, seed: seed, settings: settings)
    }

    func run(
        in folder: URL, name: String = "run", groups: [LabelledGroup], seed: UInt64 = 11, settings: JSONValue = [:]
    ) throws -> RunDirectory {
        let policy = folder.appending(path: "policy")
        if !FileManager.default.fileExists(atPath: policy.path) { try write(to: policy) }
        let lines = try groups.map { try JSONLines.line($0) + "\n" }.joined()
        return try RunDirectory.create(
            at: folder.appending(path: name),
            specification: RunSpecification(
                kind: "reward-model", seed: seed,
                parents: [RunParent(role: "base", path: "../policy", sha256: try Digest.folder(policy))],
                settings: settings, version: "test"),
            files: ["groups.jsonl": .data(Data(lines.utf8))])
    }
}
