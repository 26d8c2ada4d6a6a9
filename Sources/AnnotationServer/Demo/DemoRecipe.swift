import DemoWorld
import Foundation
import Runs

/// How the embedded policies are made from nothing: corpus, tokenizer, base, and two supervised children.
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

    /// A Llama form of 1,878,240 parameters.
    static let shape = #"{"width":160,"layers":5,"heads":5,"feed_forward":432,"context_length":256}"#

    /// The base: three passes over the corpus.
    static let pretraining = ["model": shape, "epochs": "3", "precision": "bfloat16"]

    /// The good policy: two passes over the demonstrations.
    static let supervised = ["epochs": "2", "precision": "bfloat16"]

    /// The weaker early version: a base that saw a tenth of the corpus, and a short tuning.
    static let earlyPretraining = ["model": shape, "steps": "200", "precision": "bfloat16"]
    static let earlySupervised = ["steps": "60", "precision": "bfloat16"]

    func build() async throws {
        let files = DemoCorpusFiles(folder: work.appending(path: "corpus"))
        let corpus = try await onOwnThread { try files.write(seed: Self.seed) }
        print(corpus)
        let tokenizer = work.appending(path: "tokenizer")
        let text = ["corpus.txt": files.corpus.path]
        let demonstrations = ["demonstrations.jsonl": files.demonstrations.path]
        try await stage("tokenizer", kind: "tokenizer", Self.vocabulary, to: tokenizer).execute(
            files: text, parents: [:])

        let base = output.appending(path: DemoProject.base)
        try await stage("base", kind: "pretraining", Self.pretraining, to: base)
            .execute(files: text, parents: ["tokenizer": tokenizer.path])
        try await stage(
            "supervised", kind: "supervised", Self.supervised, to: output.appending(path: DemoProject.supervised)
        )
        .execute(files: demonstrations, parents: ["base": base.path])

        let earlyBase = work.appending(path: "early-base")
        try await stage("early-base", kind: "pretraining", Self.earlyPretraining, to: earlyBase)
            .execute(files: text, parents: ["tokenizer": tokenizer.path])
        try await stage(
            "early", kind: "supervised", Self.earlySupervised, to: output.appending(path: DemoProject.early)
        )
        .execute(files: demonstrations, parents: ["base": earlyBase.path])
    }

    private func stage(_ name: String, kind: String, _ settings: [String: String], to folder: URL) -> TrainingRun {
        TrainingRun(
            kind: kind, directory: work.appending(path: "runs/\(name)"), seed: Self.trainingSeed, settings: settings,
            output: folder)
    }
}
