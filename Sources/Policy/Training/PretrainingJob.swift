import Foundation
import JSON
import LanguageModel
import Runs

/// The `pretraining` job: learns every next token of a corpus, from nothing or from a parent `base`.
struct PretrainingJob {
    let attempt: RunAttempt
    let pool: WorkerPool

    func run() throws -> JobOutcome {
        let settings = try attempt.specification.settings(as: PretrainingSettings.self)
        try settings.training.validate()
        let hasBase = attempt.specification.parents.contains { $0.role == "base" }
        let parent = try attempt.run.parentURL(role: hasBase ? "base" : "tokenizer")
        let template = try PromptTemplate(folder: parent, tokenizer: try Tokenizer(folder: parent))
        let base = hasBase ? try LoadedPolicy(folder: parent) : nil
        try base?.requireNoTuning()
        let model = try base?.model ?? fresh(settings, template: template)
        let file = try corpusFile()
        let documents = try CorpusReader.documents(in: file)
        let sources = try CorpusTokens(
            template: template, specialTokensInText: settings.specialTokensInText,
            contextLength: model.configuration.contextLength
        ).sources(of: documents)
        guard !sources.isEmpty else {
            throw PolicyError.nothingToLearn(file: file.lastPathComponent, reason: "no document has two tokens")
        }
        let tokens = sources.reduce(0) { $0 + $1.examples.reduce(0) { $0 + $1.tokenCount } }
        attempt.log("\(documents.count) documents, \(tokens) tokens, \(model.table.parameterCount) parameters")
        let loop = NextTokenRun(
            attempt: attempt, settings: settings.training, targets: .all, pool: pool, sources: sources)
        let trained = try loop.train(model)
        return try PolicyOutput(
            attempt: attempt, settings: try JSONValue(encoding: settings), snapshot: try Digest.file(file)
        ).write(
            trained.model, tokenizerOf: parent, precision: settings.training.precision,
            metrics: trained.metrics.merging(
                ["documents": .integer(documents.count), "corpus_tokens": .integer(tokens)]
            ) { own, _ in own }, notes: loop.notes)
    }

    private func fresh(_ settings: PretrainingSettings, template: PromptTemplate) throws -> Transformer {
        try settings.model.validate()
        return try Transformer(
            configuration: settings.model.configuration(for: template), seed: attempt.specification.seed)
    }

    private func corpusFile() throws -> URL {
        let lines = attempt.run.inputURL.appending(path: CorpusReader.linesName)
        if FileManager.default.fileExists(atPath: lines.path) { return lines }
        return try attempt.run.inputFile(CorpusReader.textName)
    }
}
