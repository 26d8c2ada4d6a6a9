public import Foundation

/// A buffer and its table as one safetensors file: for tensors that stand beside a model's own.
public enum TensorFile {
    /// Writes every tensor of the table in float32, whole or not at all.
    public static func write(_ buffer: FloatBuffer, table: ParameterTable, to file: URL) throws(CheckpointError) {
        precondition(buffer.count == table.count, "a buffer of another table")
        let tensors = table.entries.map {
            SafetensorsWriter.Tensor(name: $0.name, shape: $0.shape, buffer: buffer, offset: $0.offset)
        }
        try AtomicFile.write(to: file) { try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: $0) }
    }

    /// Reads a file that holds exactly the table's tensors.
    /// - Throws: `CheckpointError` that names the file, and the tensor that is missing, too many, or of another shape.
    public static func read(_ file: URL, table: ParameterTable) throws(CheckpointError) -> FloatBuffer {
        let stored = try SafetensorsFile(file)
        if let surplus = stored.names.first(where: { table[$0] == nil }) {
            throw .malformed(file: file.path, reason: "it has a tensor \(surplus) that does not belong there")
        }
        let buffer = FloatBuffer(count: table.count)
        for entry in table.entries {
            let shape = try stored.shape(entry.name)
            guard shape == entry.shape else {
                throw .wrongShape(file: file.path, name: entry.name, expected: entry.shape, found: shape)
            }
            let values = try stored.floats(entry.name)
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(file: file.path, name: entry.name, index: index)
            }
            buffer.store(values, at: entry.offset)
        }
        return buffer
    }
}
