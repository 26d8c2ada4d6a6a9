import Foundation
import JSON
import LanguageModel
import Runs

/// Writes what a training run made: a Hugging Face folder with its lineage.
struct PolicyOutput {
    let attempt: RunAttempt
    /// The run's settings with every default filled in, so that a later default cannot change what a lineage says.
    let settings: JSONValue
    /// SHA-256 of the file that was learnt from.
    let snapshot: String

    static let folderName = "policy"

    /// - Parameters:
    ///   - parent: where the tokenizer's files come from.
    ///   - metrics: numbers that are the same in every run of these bytes; no time, no host.
    func write(
        _ model: Transformer, tokenizerOf parent: URL, precision: StoredPrecision, metrics: [String: JSONValue],
        details: JSONValue = .object([:]), notes: [String] = []
    ) throws -> JobOutcome {
        let folder = attempt.outputURL.appending(path: Self.folderName)
        try model.requireFiniteWeights(folder: folder.path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Checkpoint.save(model, to: folder, as: precision.floatType)
        try TokenizerFiles.copy(from: parent, to: folder)
        var lineage = Lineage(
            specification: attempt.specification, snapshot: snapshot, metrics: metrics, processor: Machine.processor,
            blas: Machine.blas, details: details)
        lineage.settings = settings
        try lineage.write(to: folder)
        return JobOutcome(folders: [Self.folderName: Self.folderName], metrics: metrics, notes: notes)
    }
}
