internal import Foundation

/// The safetensors files of a folder: one, or shards listed by an index.
struct WeightFiles {
    /// Where one tensor is.
    struct Source {
        let file: SafetensorsFile
        let name: String
    }
    private struct Index: Decodable {
        let weight_map: [String: String]
    }

    private let folder: URL
    private let files: [SafetensorsFile]
    private let places: [String: Int]
    var names: [String] { places.keys.sorted() }
    /// Element types that occur.
    var types: Set<String> { files.reduce(into: []) { $0.formUnion($1.types) } }

    init(_ folder: URL) throws(CheckpointError) {
        self.folder = folder
        let single = folder.appending(path: "model.safetensors")
        let index = folder.appending(path: "model.safetensors.index.json")
        let manager = FileManager.default
        if !manager.fileExists(atPath: single.path), manager.fileExists(atPath: index.path) {
            let map: Index = try Checkpoint.decode(index)
            let shards = Set(map.weight_map.values).sorted()
            var files: [SafetensorsFile] = []
            for shard in shards {
                guard !shard.contains("/"), !shard.isEmpty, shard != ".." else {
                    throw .malformed(file: index.path, reason: "\"\(shard)\" is not the name of a file beside it")
                }
                files.append(try SafetensorsFile(folder.appending(path: shard)))
            }
            var places: [String: Int] = [:]
            for (name, shard) in map.weight_map.sorted(by: { $0.key < $1.key }) {
                guard let place = shards.firstIndex(of: shard), files[place].has(name) else {
                    throw .missingTensor(file: folder.appending(path: shard).path, name: name)
                }
                places[name] = place
            }
            for (place, file) in files.enumerated() {
                if let name = file.names.first(where: { places[$0] != place }) {
                    throw .malformed(
                        file: index.path, reason: "it does not say that \(name) is in \(shards[place]), as it is")
                }
            }
            self.files = files
            self.places = places
        } else {
            if !manager.fileExists(atPath: single.path), let other = Self.otherForm(in: folder) {
                throw .cannotRead(
                    file: single.path,
                    reason:
                        "there is no such file, and \(other) is of a form that is not read here; write the model as "
                        + "safetensors (in transformers, from_pretrained and then save_pretrained)")
            }
            let file = try SafetensorsFile(single)
            files = [file]
            places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
        }
    }

    /// Weights that PyTorch has pickled, or another program's.
    private static func otherForm(in folder: URL) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { name in
            [".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack"].contains { name.hasSuffix($0) }
        }
    }

    /// A stored tensor by its own name.
    func source(_ name: String) throws(CheckpointError) -> Source {
        guard let place = places[name] else { throw .missingTensor(file: folder.path, name: name) }
        return Source(file: files[place], name: name)
    }

    /// The stored tensor of each entry of the table, shapes checked; nothing may be left over but what is computed.
    func sources(of table: ParameterTable, _ configuration: ModelConfiguration) throws(CheckpointError) -> [Source] {
        let family = configuration.family.description
        let names = family.names(configuration)
        let (embedding, head) = (names.embedding + ".weight", names.head + ".weight")
        let isTied = configuration.tiedEmbeddings && configuration.head == .languageModel
        var used: Set<String> = []
        var sources: [Source] = []
        for entry in table.entries {
            // Of two names for one matrix, either may be the one that is stored.
            let other = isTied && entry.name == embedding && places[head] != nil ? head : nil
            guard let name = storedName(entry.name, family) ?? other, let place = places[name] else {
                throw .missingTensor(file: files.first?.path ?? folder.path, name: entry.name)
            }
            let shape = try files[place].shape(name)
            guard shape == entry.shape else {
                throw .wrongShape(file: files[place].path, name: name, expected: entry.shape, found: shape)
            }
            used.insert(name)
            sources.append(Source(file: files[place], name: name))
        }
        for name in self.names where !used.contains(name) {
            if family.ignoredSuffixes.contains(where: { name.hasSuffix($0) }) { continue }
            guard isTied, name == head,
                let source = zip(table.entries, sources).first(where: { $0.0.name == embedding })
            else {
                throw .surplusTensor(file: files[places[name] ?? 0].path, name: name)
            }
            try requireSame(try self.source(head), source.1)
        }
        return sources
    }

    /// A head that config.json ties to the embedding must hold the embedding's values.
    private func requireSame(_ head: Source, _ embedding: Source) throws(CheckpointError) {
        let alike =
            try head.file.type(head.name) == embedding.file.type(embedding.name)
            ? head.file.bytes(head.name) == embedding.file.bytes(embedding.name)
            : head.file.floats(head.name) == embedding.file.floats(embedding.name)
        guard alike else {
            throw .invalidModel(
                file: head.file.path,
                reason: "config.json ties the head to the embedding, and \(head.name) holds other values than "
                    + "\(embedding.name); if the head is one of its own, set tie_word_embeddings to false")
        }
    }

    private func storedName(_ name: String, _ family: FamilyDescription) -> String? {
        if places[name] != nil { return name }
        guard let prefix = family.optionalPrefix, name.hasPrefix(prefix) else { return nil }
        let short = String(name.dropFirst(prefix.count))
        return places[short] != nil ? short : nil
    }
}
