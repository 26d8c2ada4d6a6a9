public import Foundation
import JSON

/// A folder with what tuning trained: `adapter_config.json` and `adapter_model.safetensors`, as PEFT has them. The base's
/// weights lie in the same folder, or where the configuration says.
public enum AdapterFolder {
    static let weightsName = "adapter_model.safetensors"
    /// What PEFT puts before the names of a wrapped model.
    private static let prefix = "base_model.model."
    /// Adapters on adapters: more is a circle.
    private static let mostBases = 8

    public static func isAdapter(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: AdapterConfiguration.fileName).path)
    }

    /// Does a folder hold a model's weights itself?
    public static func hasWeights(_ folder: URL) -> Bool {
        ["model.safetensors", "model.safetensors.index.json"].contains {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
    }

    /// Writes a model's tuning, in float32.
    /// - Parameter base: folder of the model that it was tuned from, or its name.
    /// - Throws: `CheckpointError`, also for a model without a tuning of its own.
    public static func save(_ model: Transformer, to folder: URL, base: String) throws(CheckpointError) {
        guard let tuning = model.tuning, let names = storedNames(tuning.method, tuning.table) else {
            throw .invalidModel(file: folder.path, reason: "the model has no adapter to write")
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(file: folder.path, reason: error.localizedDescription)
        }
        let tensors = zip(tuning.table.entries, names).map { entry, name in
            let copy = FloatBuffer(count: entry.count)
            copy.store(entry.values(in: tuning.parameters), at: 0)
            return SafetensorsWriter.Tensor(name: name, shape: entry.shape, buffer: copy)
        }
        try AtomicFile.write(to: folder.appending(path: weightsName)) { file in
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: file)
        }
        let fields = AdapterConfiguration.fields(tuning, base: base)
        try AtomicFile.write(to: folder.appending(path: AdapterConfiguration.fileName)) { file in
            try file.write(contentsOf: JSONEncoder.sorted(pretty: true).encode(fields) + Data("\n".utf8))
        }
    }

    private static func storedNames(_ method: TuningMethod, _ table: ParameterTable) -> [String]? {
        switch method {
        case .lowRank, .bottleneck: table.entries.map { prefix + $0.name }
        case .promptVectors: table.entries.map(\.name)
        case .layers: nil
        }
    }

    /// Reads a folder's tuning for a model, which it must fit. Memory is taken once the file has been found to hold all
    /// that the configuration asks for, and so for no more than the file's size.
    public static func load(_ folder: URL, onto model: Transformer) throws(CheckpointError) -> Transformer {
        let config = folder.appending(path: AdapterConfiguration.fileName).path
        let method = try AdapterConfiguration.method(in: folder)
        let layout: TuningLayout
        do {
            layout = try model.tuningLayout(method)
        } catch {
            throw .invalidModel(file: config, reason: error.description)
        }
        let table = layout.table
        guard let names = storedNames(method, table) else {
            throw .invalidModel(file: config, reason: "it does not tell of an adapter")
        }
        let file = try SafetensorsFile(folder.appending(path: weightsName))
        for (entry, name) in zip(table.entries, names) {
            let shape = try file.shape(name)
            guard shape == entry.shape else {
                throw .wrongShape(file: file.path, name: name, expected: entry.shape, found: shape)
            }
        }
        let known = Set(names)
        if let surplus = file.names.first(where: { !known.contains($0) }) {
            throw .surplusTensor(file: file.path, name: surplus)
        }
        let tuning = Tuning(
            method, model.configuration, table: table, parameters: FloatBuffer(count: table.count),
            offsets: layout.offsets)
        for (entry, name) in zip(table.entries, names) {
            let values = try file.floats(name)
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(file: file.path, name: name, index: index)
            }
            entry.store(values, in: tuning.parameters)
        }
        return model.adopting(tuning)
    }

    /// Where the weights that an adapter belongs to lie: the folder itself, the path that its configuration gives, or a
    /// folder of that name beside it (the models have moved together).
    /// - Throws: `CheckpointError` that says where they were looked for.
    public static func base(of folder: URL) throws(CheckpointError) -> URL {
        if hasWeights(folder) { return folder }
        let config = folder.appending(path: AdapterConfiguration.fileName).path
        guard case .string(let path)? = try AdapterConfiguration.read(folder)["base_model_name_or_path"], !path.isEmpty
        else { throw .missingField(file: config, field: "base_model_name_or_path") }
        let given = URL(filePath: path, directoryHint: .isDirectory, relativeTo: folder).standardizedFileURL
        let beside = folder.deletingLastPathComponent().appending(
            path: given.lastPathComponent, directoryHint: .isDirectory)
        for place in [given, beside] where hasWeights(place) || isAdapter(place) && place.path != folder.path {
            return place
        }
        throw .badField(
            file: config, field: "base_model_name_or_path", value: path,
            wanted: "the folder of the base's weights, there or beside \(folder.lastPathComponent)")
    }

    /// All folders whose files make a model: its own, and those that its adapters lie on.
    public static func folders(of folder: URL) throws(CheckpointError) -> [URL] {
        let chain = try chain(folder)
        return chain.adapters.last == chain.weights ? chain.adapters : chain.adapters + [chain.weights]
    }

    /// The folders that a model is made of: adapters, outermost first, then the one with the weights.
    static func chain(_ folder: URL) throws(CheckpointError) -> (adapters: [URL], weights: URL) {
        var adapters: [URL] = []
        var place = folder
        while isAdapter(place) {
            guard adapters.count < mostBases else {
                throw .malformed(file: folder.path, reason: "its bases go on for more than \(mostBases) adapters")
            }
            adapters.append(place)
            let next = try base(of: place)
            if next.path == place.path { break }
            place = next
        }
        return (adapters, place)
    }
}
