public import Foundation

extension Checkpoint {
    /// Reads a model with its layers' matrices rounded as they come from the mapped files: at no time is more than one of
    /// them in memory as floats.
    /// - Throws: what `load` throws; `CheckpointError.invalidModel` for a folder that is an adapter.
    public static func load(_ folder: URL, frozen settings: FrozenWeights, pool: WorkerPool) throws(CheckpointError)
        -> Transformer
    {
        guard !AdapterFolder.isAdapter(folder) else {
            throw .invalidModel(
                file: folder.path, reason: "its weights are another model's with an adapter; merge it before rounding")
        }
        let configuration = try configuration(of: folder)
        let weights = try WeightFiles(folder)
        try requireLayers(of: configuration, in: weights, folder)
        let whole = ParameterLayout(configuration)
        let kept = ParameterLayout(configuration, hasMatrices: false)
        let sources = Dictionary(
            uniqueKeysWithValues: zip(
                whole.table.entries.map(\.name), try weights.sources(of: whole.table, configuration)))
        let parameters = FloatBuffer(count: kept.table.count)
        for entry in kept.table.entries {
            try read(entry, from: sources[entry.name], into: parameters, at: entry.offset)
        }
        let frozen = try QuantisedMatrices(configuration, settings, pool: pool) {
            (layer, matrix, buffer) throws(CheckpointError) in
            let start = matrix.offset(whole.offsets.layers[layer])
            for entry in whole.table.entries where (start..<start + buffer.count).contains(entry.offset) {
                try read(entry, from: sources[entry.name], into: buffer, at: entry.offset - start)
            }
        }
        return Transformer(
            configuration: configuration, table: kept.table, parameters: parameters, offsets: kept.offsets, tuning: nil,
            frozen: frozen)
    }

    private static func read(
        _ entry: ParameterTable.Entry, from source: WeightFiles.Source?, into buffer: FloatBuffer, at offset: Int
    ) throws(CheckpointError) {
        guard let source else { throw .missingTensor(file: "", name: entry.name) }
        if entry.arrangement == .plain {
            try source.file.read(source.name, into: buffer, at: offset)
        } else {
            let values = try source.file.floats(source.name)
            buffer.store(entry.arrangement.fromFile(values, rows: entry.shape[0]), at: offset)
        }
        source.file.release(source.name)
        let values = buffer.array(offset..<offset + entry.count)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(file: source.file.path, name: source.name, index: index)
        }
    }

    /// Writes a base's weights with low-rank products merged in, tensor by tensor from the mapped files.
    /// - Parameter model: tuned from the base by low-rank products; its own weights are not read, so they may be rounded.
    public static func saveMerged(
        _ model: Transformer, base: URL, to folder: URL, as type: FloatType
    ) throws(CheckpointError) {
        guard let tuning = model.tuning, case .lowRank = tuning.method else {
            throw .invalidModel(file: folder.path, reason: "there are no low-rank products to merge")
        }
        let weights = try WeightFiles(base)
        let c = model.configuration
        let table = ParameterLayout(c).table
        let products = Dictionary(
            uniqueKeysWithValues: tuning.offsets.lowRank.joined().map { ("\($0.module.name).weight", $0) })
        var tensors: [SafetensorsWriter.Tensor] = []
        for (entry, source) in zip(table.entries, try weights.sources(of: table, c)) {
            tensors.append(
                SafetensorsWriter.Tensor(
                    name: entry.name, type: type.tag, shape: entry.shape, byteCount: entry.count * type.bytes
                ) {
                    let buffer = FloatBuffer(count: entry.count)
                    try source.file.read(source.name, into: buffer, at: 0)
                    source.file.release(source.name)
                    if let product = products[entry.name] { tuning.merge(product, into: buffer, c.weightLayout) }
                    return try SafetensorsWriter.Tensor(name: entry.name, shape: entry.shape, buffer: buffer, as: type)
                        .bytes()
                })
        }
        try write(tensors, of: c, to: folder, as: type, shardBytes: nil)
    }
}
