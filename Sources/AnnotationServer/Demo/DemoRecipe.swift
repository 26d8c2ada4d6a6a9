import DemoWorld
import Foundation
import Runs

/// How the embedded policies are made from nothing: corpus, tokenizer, base, a supervised policy that is tuned on its own
/// sound answers, and a weaker early one.
///
/// Every stage is a run directory below `work`, so a stopped build goes on where it was, and the lineage of each
/// policy tells the rest. All numbers of the recipe are here.
struct DemoRecipe: Sendable {
    let work: URL
    let output: URL

    /// Seed of the corpus.
    static let seed = DemoWorld.seed

    /// Seed of every training run of the recipe.
    static let trainingSeed: UInt64 = 0

    /// Entries of the vocabulary, control tokens included: most words of the world are one token.
    static let vocabulary = ["vocabulary_size": "2048", "context_length": "256"]

    /// A Llama form of 2,939,328 parameters.
    static let shape = #"{"width":192,"layers":6,"heads":6,"feed_forward":480,"context_length":256}"#

    /// The base: five passes over the corpus in small steps, which is what a model of this size learns most from.
    static let pretraining = [
        "model": shape, "epochs": "5", "tokens_per_step": "2048", "learning_rate": "3e-3", "precision": "bfloat16",
    ]

    /// The good policy begins with two passes over the demonstrations.
    static let supervised = ["epochs": "2", "precision": "bfloat16"]

    /// Rounds of rejection sampling that follow: the policy's own answers that the grammar accepts, and two passes over
    /// them. They take out the stray words.
    static let selectionRounds = 3
    static let responsesPerPrompt = 6
    static let selection = ["epochs": "2", "learning_rate": "7e-4", "precision": "bfloat16"]

    /// The weaker early version: a smaller base of 1,878,240 parameters that saw a third of the corpus once, and a short
    /// tuning.
    static let earlyShape = #"{"width":160,"layers":5,"heads":5,"feed_forward":432,"context_length":256}"#
    static let earlyPretraining = ["model": earlyShape, "steps": "200", "precision": "bfloat16"]
    static let earlySupervised = ["steps": "60", "precision": "bfloat16"]

    func build() async throws {
        let files = DemoCorpusFiles(folder: work.appending(path: "corpus"))
        let corpus = try await onOwnThread { try files.write(seed: Self.seed) }
        print(corpus)
        let tokenizer = work.appending(path: "tokenizer")
        let text = ["corpus.txt": files.corpus.path]
        try await stage("tokenizer", kind: "tokenizer", Self.vocabulary, to: tokenizer).execute(
            files: text, parents: [:])

        let base = output.appending(path: DemoProject.base)
        try await stage("base", kind: "pretraining", Self.pretraining, to: base)
            .execute(files: text, parents: ["tokenizer": tokenizer.path])
        var policy = work.appending(path: "supervised-0")
        try await tune("supervised-0", Self.supervised, on: files.demonstrations, from: base, to: policy)
        for round in 1...Self.selectionRounds {
            let selected = try await select(round: round, from: policy)
            let isLast = round == Self.selectionRounds
            let next =
                isLast ? output.appending(path: DemoProject.supervised) : work.appending(path: "supervised-\(round)")
            try await tune("supervised-\(round)", Self.selection, on: selected, from: policy, to: next)
            policy = next
        }

        let earlyBase = work.appending(path: "early-base")
        try await stage("early-base", kind: "pretraining", Self.earlyPretraining, to: earlyBase)
            .execute(files: text, parents: ["tokenizer": tokenizer.path])
        try await tune(
            "early", Self.earlySupervised, on: files.demonstrations, from: earlyBase,
            to: output.appending(path: DemoProject.early))
    }

    /// The sound answers of a policy, sampled anew unless an earlier call of the same build wrote them.
    private func select(round: Int, from policy: URL) async throws -> URL {
        let file = work.appending(path: "selected-\(round).jsonl")
        guard !FileManager.default.fileExists(atPath: file.path) else { return file }
        let selection = DemoSelection(
            model: policy, responsesPerPrompt: Self.responsesPerPrompt, seed: UInt64(round) << 32)
        print(try await onOwnThread { try selection.write(to: file) })
        return file
    }

    private func tune(
        _ name: String, _ settings: [String: String], on demonstrations: URL, from base: URL, to folder: URL
    ) async throws {
        try await stage(name, kind: "supervised", settings, to: folder)
            .execute(files: ["demonstrations.jsonl": demonstrations.path], parents: ["base": base.path])
    }

    private func stage(_ name: String, kind: String, _ settings: [String: String], to folder: URL) -> TrainingRun {
        TrainingRun(
            kind: kind, directory: work.appending(path: "runs/\(name)"), seed: Self.trainingSeed, settings: settings,
            output: folder)
    }
}
