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
    ///   - parent: the model that training began with; the tokenizer's files come from there.
    ///   - keep: what of a tuned model is written.
    ///   - metrics: numbers that are the same in every run of these bytes; no time, no host.
    func write(
        _ model: Transformer, tokenizerOf parent: URL, precision: StoredPrecision,
        keep: TuningSettings.Kept = .model, metrics: [String: JSONValue],
        details: JSONValue = .object([:]), notes: [String] = []
    ) throws -> JobOutcome {
        let folder = attempt.outputURL.appending(path: Self.folderName)
        try model.requireFiniteWeights(folder: folder.path)
        let weights = keep == .adapter ? 0 : model.parameters.count
        try attempt.requireRoom(for: Int64(weights * (precision == .float32 ? 4 : 2)), at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try save(model, to: folder, base: parent, keep: keep, as: precision.floatType)
        try TokenizerFiles.copy(from: parent, to: folder)
        var lineage = Lineage(
            specification: attempt.specification, snapshot: snapshot, metrics: metrics, processor: Machine.processor,
            blas: Machine.blas, details: details)
        lineage.settings = settings
        try lineage.write(to: folder)
        return JobOutcome(folders: [Self.folderName: Self.folderName], metrics: metrics, notes: notes)
    }

    private func save(
        _ model: Transformer, to folder: URL, base: URL, keep: TuningSettings.Kept, as type: FloatType
    ) throws {
        guard let tuning = model.tuning else { return try Checkpoint.save(model, to: folder, as: type) }
        switch (tuning.method, keep) {
        case (.layers, _): try Checkpoint.save(model, to: folder, as: type)
        case (.lowRank, .model) where AdapterFolder.isAdapter(base):
            try Checkpoint.save(model.mergingTuning(), to: folder, as: type)
        case (.lowRank, .model): try Checkpoint.saveMerged(model, base: base, to: folder, as: type)
        case (.bottleneck, .model), (.promptVectors, .model):
            try Checkpoint.save(model, to: folder, as: type)
            try AdapterFolder.save(model, to: folder, base: ".")
        case (_, .adapter):
            try AdapterFolder.save(model, to: folder, base: base.path)
            try copyConfiguration(of: base, to: folder)
        }
    }

    /// What is read of a model without its weights.
    private func copyConfiguration(of base: URL, to folder: URL) throws {
        let name = "config.json"
        try FileManager.default.copyItem(at: base.appending(path: name), to: folder.appending(path: name))
    }
}
