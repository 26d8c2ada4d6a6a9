public import Foundation
import JSON

/// Models as Hugging Face folders: `config.json` and `model.safetensors` (or shards with an index).
public enum Checkpoint {
    /// Reads config.json alone.
    /// - Throws: `CheckpointError` that names the field or the architecture.
    public static func configuration(of folder: URL) throws(CheckpointError) -> ModelConfiguration {
        let url = try AdapterFolder.chain(folder).weights.appending(path: "config.json")
        let fields: [String: JSONValue] = try decode(url)
        let file = ConfigurationReader(file: url.path, fields: fields)
        let (family, head) = try architecture(file)
        try requireNumbers(file)
        var configuration = try family.description.read(file)
        configuration.family = family
        configuration.head = head
        let size = configuration.vocabularySize
        configuration.beginTokenID = try file.tokens("bos_token_id", vocabularySize: size).first
        configuration.endTokenIDs = try file.tokens("eos_token_id", vocabularySize: size)
        configuration.padTokenID = try file.tokens("pad_token_id", vocabularySize: size).first
        do {
            try configuration.validate()
        } catch {
            throw .invalidModel(file: url.path, reason: error.description)
        }
        return configuration
    }

    private static func architecture(_ file: ConfigurationReader) throws(CheckpointError)
        -> (ModelFamily, ModelConfiguration.Head)
    {
        let known = ModelFamily.allCases.map(\.description)
        let names = known.flatMap { [$0.causalArchitecture, $0.classifierArchitecture] }
        if case .array(let list)? = file.value("architectures"), case .string(let name)? = list.first {
            for family in ModelFamily.allCases {
                if name == family.description.causalArchitecture { return (family, .languageModel) }
                if name == family.description.classifierArchitecture {
                    try requireOneLabel(file)
                    return (family, .scalar)
                }
            }
            throw .unknownArchitecture(file: file.file, value: name, known: names)
        }
        guard let type = file.value("model_type") else { throw .missingField(file: file.file, field: "architectures") }
        for family in ModelFamily.allCases where type == .string(family.description.modelType) {
            return (family, .languageModel)
        }
        throw .unknownArchitecture(file: file.file, value: type.words, known: names)
    }

    /// Weights that other software has packed into fewer bits are no numbers to read.
    private static func requireNumbers(_ file: ConfigurationReader) throws(CheckpointError) {
        guard let packing = try file.section("quantization_config") else { return }
        throw .badField(
            file: file.file, field: "quantization_config", value: packing.value("quant_method")?.words ?? "an object",
            wanted: "weights in float32, float16 or bfloat16; --precision holds them in fewer bits here")
    }

    private static func requireOneLabel(_ file: ConfigurationReader) throws(CheckpointError) {
        if case .object(let labels)? = file.value("id2label"), labels.count != 1 {
            throw .badField(file: file.file, field: "id2label", value: "\(labels.count) labels", wanted: "one label")
        }
        if let labels = try file.optionalSize("num_labels"), labels != 1 {
            throw .badField(file: file.file, field: "num_labels", value: "\(labels)", wanted: "1")
        }
    }

    /// The type in which a folder's weights are stored: what to give `save` to write the same bytes again. Nil where
    /// several types are mixed.
    public static func storedType(of folder: URL) throws(CheckpointError) -> FloatType? {
        let tags = try WeightFiles(folder).types
        return FloatType.allCases.first { tags == [$0.tag] }
    }

    /// Reads a model: a language model or a sequence classifier with one label, as `architectures` says. Of a folder with
    /// an adapter, low-rank products are merged into the base's weights; others stay the model's tuning.
    /// - Throws: `CheckpointError`: damaged file; missing, surplus or mis-shaped tensor; values that are not finite.
    public static func load(_ folder: URL) throws(CheckpointError) -> Transformer {
        let (adapters, weights) = try AdapterFolder.chain(folder)
        var model = try loadWeights(weights)
        for adapter in adapters.reversed() {
            model = try AdapterFolder.load(adapter, onto: model)
            guard case .lowRank? = model.tuning?.method else { continue }
            do {
                model = try model.mergingTuning()
            } catch {
                throw .invalidModel(file: adapter.path, reason: error.description)
            }
        }
        return model
    }

    private static func loadWeights(_ folder: URL) throws(CheckpointError) -> Transformer {
        let configuration = try configuration(of: folder)
        let weights = try WeightFiles(folder)
        try requireLayers(of: configuration, in: weights, folder)
        let table = ParameterLayout(configuration).table
        let sources = try weights.sources(of: table, configuration)
        let model: Transformer
        do {
            model = try Transformer(configuration: configuration)
        } catch {
            throw .invalidModel(file: folder.appending(path: "config.json").path, reason: error.description)
        }
        for (entry, source) in zip(table.entries, sources) {
            if entry.arrangement == .plain {
                try source.file.read(source.name, into: model.parameters, at: entry.offset)
            } else {
                entry.store(try source.file.floats(source.name), in: model.parameters)
            }
            let values = model.parameters.array(entry.range)
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(file: source.file.path, name: source.name, index: index)
            }
        }
        return model
    }

    /// Before anything is laid out: a hostile config.json may ask for any number of layers.
    static func requireLayers(
        of configuration: ModelConfiguration, in weights: WeightFiles, _ folder: URL
    ) throws(CheckpointError) {
        guard configuration.layers <= weights.names.count else {
            throw .invalidModel(
                file: folder.appending(path: "config.json").path,
                reason: "\(configuration.layers) layers, but only \(weights.names.count) tensors are stored")
        }
    }

    /// Writes config.json and model.safetensors (or shards with an index), each whole or not at all. `pad_token_id` is
    /// always written and is never an end token; classifiers get one label.
    /// - Parameter shardBytes: data bytes of a shard at most; nil writes one file.
    public static func save(
        _ model: Transformer, to folder: URL, as type: FloatType = .float32, shardBytes: Int? = nil
    ) throws(CheckpointError) {
        guard model.frozen == nil else {
            throw .invalidModel(
                file: folder.path, reason: "rounded weights are not written; merge into the base's files")
        }
        try write(
            model.table.entries.map { stored($0, of: model, as: type) }, of: model.configuration, to: folder, as: type,
            shardBytes: shardBytes)
    }

    static func write(
        _ tensors: [SafetensorsWriter.Tensor], of configuration: ModelConfiguration, to folder: URL, as type: FloatType,
        shardBytes: Int?
    ) throws(CheckpointError) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(file: folder.path, reason: error.localizedDescription)
        }
        try WeightWriter.write(tensors, to: folder, shardBytes: shardBytes)
        let config = folder.appending(path: "config.json")
        do {
            try AtomicFile.write(try encode(configurationFields(configuration, type)), to: config)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .cannotWrite(file: config.path, reason: error.localizedDescription)
        }
    }

    /// The tensor as the file has it: in place, or a copy where its rows are arranged otherwise.
    private static func stored(
        _ entry: ParameterTable.Entry, of model: Transformer, as type: FloatType
    ) -> SafetensorsWriter.Tensor {
        if entry.arrangement == .plain {
            return SafetensorsWriter.Tensor(
                name: entry.name, shape: entry.shape, buffer: model.parameters, offset: entry.offset, as: type)
        }
        return SafetensorsWriter.Tensor(
            name: entry.name, type: type.tag, shape: entry.shape, byteCount: entry.count * type.bytes
        ) {
            let copy = FloatBuffer(count: entry.count)
            copy.store(entry.values(in: model.parameters), at: 0)
            return try SafetensorsWriter.Tensor(name: entry.name, shape: entry.shape, buffer: copy, as: type).bytes()
        }
    }

    private static func configurationFields(_ c: ModelConfiguration, _ type: FloatType) -> [String: JSONValue] {
        let family = c.family.description
        var fields = family.write(c)
        let classifier = c.head == .scalar
        fields["model_type"] = .string(family.modelType)
        fields["architectures"] = .array([
            .string(classifier ? family.classifierArchitecture : family.causalArchitecture)
        ])
        fields["vocab_size"] = .integer(c.vocabularySize)
        fields["torch_dtype"] = .string(type.rawValue)
        fields["initializer_range"] = .number(0.02)
        fields["use_cache"] = .bool(true)
        fields["bos_token_id"] = c.beginTokenID.map { .integer(Int($0)) } ?? .null
        let ends = c.endTokenIDs.map { JSONValue.integer(Int($0)) }
        fields["eos_token_id"] = ends.count > 1 ? .array(ends) : ends.first ?? .null
        fields["pad_token_id"] = .integer(Int(c.writtenPadTokenID))
        if classifier {
            fields["id2label"] = .object(["0": .string("LABEL_0")])
            fields["label2id"] = .object(["LABEL_0": .integer(0)])
        }
        return fields
    }

    private static func encode(_ fields: [String: JSONValue]) throws -> Data {
        try JSONEncoder.sorted(pretty: true).encode(fields) + Data("\n".utf8)
    }

    static func decode<Value: Decodable>(_ url: URL) throws(CheckpointError) -> Value {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw .cannotRead(file: url.path, reason: readingFailure(url, error))
        }
        guard !data.isEmpty else { throw .notJSON(file: url.path, reason: "the file is empty") }
        guard String(validating: data, as: UTF8.self) != nil else {
            throw .notJSON(file: url.path, reason: "it is not UTF-8 text")
        }
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw .notJSON(file: url.path, reason: "an object of fields was expected")
        }
    }
}

extension ModelConfiguration {
    /// The pad token to write: the configured one unless it is an end token; then the begin token, which no sequence
    /// ends in; then the highest id that is not an end token.
    var writtenPadTokenID: Int32 {
        let ends = Set(endTokenIDs)
        for candidate in [padTokenID, beginTokenID].compactMap({ $0 }) where !ends.contains(candidate) {
            return candidate
        }
        var candidate = Int32(vocabularySize - 1)
        while candidate > 0, ends.contains(candidate) { candidate -= 1 }
        return candidate
    }
}
