import Foundation
import LanguageModel

/// What training changes of a model, all its weights or a tuning beside them, as one thing.
extension Transformer {
    /// Overwrites it.
    func setTrained(_ values: FloatBuffer) {
        trainedParameters.copy(from: values)
        publishTrained()
    }

    /// A copy of it.
    func trainedCopy() -> FloatBuffer {
        let copy = FloatBuffer(count: trainedParameters.count)
        copy.copy(from: trainedParameters)
        return copy
    }

    private static var tuningFile: String { "tuning.safetensors" }

    /// Writes it into a folder of a checkpoint: a whole model, or the tuning alone.
    func saveTrained(to folder: URL) throws {
        guard tuning != nil else { return try Checkpoint.save(self, to: folder, as: .float32) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try saveTuning(to: folder.appending(path: Self.tuningFile))
    }

    /// Reads what `saveTrained` wrote of a model that is tuned alike.
    func loadTrained(from folder: URL) throws {
        if tuning == nil {
            parameters.copy(from: try Checkpoint.load(folder).parameters)
        } else {
            try loadTuning(from: folder.appending(path: Self.tuningFile))
        }
    }
}
