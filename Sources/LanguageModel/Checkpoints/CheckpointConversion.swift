public import Foundation
import JSON

extension Checkpoint {
    /// Writes a model folder anew: the same tensors under the same names, tensor by tensor from the mapped files, so that
    /// memory does not grow with the model.
    /// - Parameters:
    ///   - type: the type of all floats; nil keeps each tensor's own, byte for byte.
    ///   - shardBytes: data bytes of a shard at most; nil writes one file.
    /// - Throws: `CheckpointError`: what `load` throws for a folder that is no model; a target that holds something.
    public static func convert(_ source: URL, to target: URL, as type: FloatType? = nil, shardBytes: Int? = nil)
        throws(CheckpointError)
    {
        let configuration = try configuration(of: source)
        let weights = try WeightFiles(source)
        try requireLayers(of: configuration, in: weights, source)
        for tensor in try weights.sources(of: ParameterLayout(configuration).table, configuration) {
            let stored = try tensor.file.type(tensor.name)
            guard FloatType.allCases.contains(where: { $0.tag == stored }) else {
                throw .wrongType(file: tensor.file.path, name: tensor.name, type: stored)
            }
        }
        let manager = FileManager.default
        if let found = try? manager.contentsOfDirectory(atPath: target.path), !found.isEmpty {
            throw .cannotWrite(file: target.path, reason: "the folder is not empty")
        }
        do {
            try manager.createDirectory(at: target, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(file: target.path, reason: error.localizedDescription)
        }
        var tensors: [SafetensorsWriter.Tensor] = []
        for name in weights.names { tensors.append(try converted(try weights.source(name), type)) }
        try WeightWriter.write(tensors, to: target, shardBytes: shardBytes)
        try copyConfiguration(source, target, type)
    }

    private static func converted(_ source: WeightFiles.Source, _ type: FloatType?) throws(CheckpointError)
        -> SafetensorsWriter.Tensor
    {
        let (file, name) = (source.file, source.name)
        let (stored, shape) = (try file.type(name), try file.shape(name))
        let isFloat = FloatType.allCases.contains { $0.tag == stored }
        guard let type, isFloat, type.tag != stored else {
            let bytes = try file.bytes(name)
            return SafetensorsWriter.Tensor(
                name: name, type: stored, shape: shape, byteCount: bytes.count, bytes: { bytes })
        }
        let count = shape.reduce(1, *)
        return SafetensorsWriter.Tensor(name: name, type: type.tag, shape: shape, byteCount: count * type.bytes) {
            let buffer = FloatBuffer(count: count)
            try file.read(name, into: buffer, at: 0)
            return try SafetensorsWriter.Tensor(name: name, shape: shape, buffer: buffer, as: type).bytes()
        }
    }

    /// config.json with the new type where there is one, under the name that the file has for it.
    private static func copyConfiguration(_ source: URL, _ target: URL, _ type: FloatType?) throws(CheckpointError) {
        let url = target.appending(path: "config.json")
        do {
            guard let type else {
                try AtomicFile.write(try Data(contentsOf: source.appending(path: "config.json")), to: url)
                return
            }
            var fields: [String: JSONValue] = try decode(source.appending(path: "config.json"))
            fields[fields["dtype"] == nil ? "torch_dtype" : "dtype"] = .string(type.rawValue)
            try AtomicFile.write(try JSONEncoder.sorted(pretty: true).encode(fields) + Data("\n".utf8), to: url)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .cannotWrite(file: url.path, reason: error.localizedDescription)
        }
    }
}
