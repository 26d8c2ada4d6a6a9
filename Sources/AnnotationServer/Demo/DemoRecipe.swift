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

    static let seed = DemoWorld.seed

    /// Entries of the vocabulary, control tokens included.
    static let vocabulary = ["vocabulary_size": "1024"]

    /// A Llama form of about 1.5 million parameters.
    static let pretraining = [
        "width": "160", "layers": "5", "heads": "5", "key_value_heads": "5", "feed_forward": "432",
        "context_length": "320", "epochs": "4", "weight_type": "\"bfloat16\"",
    ]

    /// The good policy: two passes over the demonstrations.
    static let supervised = ["epochs": "2", "weight_type": "\"bfloat16\""]

    /// The weaker early version: a few steps from the base only.
    static let early = ["epochs": "0.1", "weight_type": "\"bfloat16\""]

    func build() async throws {
        let files = DemoCorpusFiles(folder: work.appending(path: "corpus"))
        let corpus = try await onOwnThread { try files.write(seed: Self.seed) }
        print(corpus)
        let tokenizer = work.appending(path: "tokenizer")
        let base = output.appending(path: DemoProject.base)
        try await stage("tokenizer", kind: "tokenizer", Self.vocabulary, to: tokenizer)
            .execute(files: ["corpus.txt": files.corpus.path], parents: [:])
        try await stage("base", kind: "pretraining", Self.pretraining, to: base)
            .execute(files: ["corpus.txt": files.corpus.path], parents: ["tokenizer": tokenizer.path])
        for (name, settings) in [(DemoProject.early, Self.early), (DemoProject.supervised, Self.supervised)] {
            try await stage(name, kind: "supervised", settings, to: output.appending(path: name))
                .execute(
                    files: ["demonstrations.jsonl": files.demonstrations.path], parents: ["base": base.path])
        }
    }

    private func stage(_ name: String, kind: String, _ settings: [String: String], to folder: URL) -> TrainingRun {
        TrainingRun(
            kind: kind, directory: work.appending(path: "runs/\(name)"), seed: Self.seed, settings: settings,
            output: folder)
    }
}
