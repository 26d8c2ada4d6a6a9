public import Foundation

extension Transformer {
    /// Writes what training changes beside the weights, for an exact resume.
    public func saveTuning(to file: URL) throws(CheckpointError) {
        let tensors = trainedTable.entries.map {
            SafetensorsWriter.Tensor(
                name: $0.name, shape: $0.shape, buffer: trainedParameters, offset: $0.offset)
        }
        try AtomicFile.write(to: file) { handle in
            try SafetensorsWriter.write(tensors, metadata: [:], to: handle)
        }
    }

    /// Reads what `saveTuning` wrote for a model that is tuned alike.
    public func loadTuning(from file: URL) throws(CheckpointError) {
        let stored = try SafetensorsFile(file)
        for entry in trainedTable.entries {
            let shape = try stored.shape(entry.name)
            guard shape == entry.shape else {
                throw .wrongShape(file: file.path, name: entry.name, expected: entry.shape, found: shape)
            }
            try stored.read(entry.name, into: trainedParameters, at: entry.offset)
        }
        publishTrained()
    }
}
