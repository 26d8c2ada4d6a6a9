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
            let file = try SafetensorsFile(single)
            files = [file]
            places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
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
        var used: Set<String> = []
        var sources: [Source] = []
        for entry in table.entries {
            guard let name = storedName(entry.name, family), let place = places[name] else {
                throw .missingTensor(file: files.first?.path ?? folder.path, name: entry.name)
            }
            let shape = try files[place].shape(name)
            guard shape == entry.shape else {
                throw .wrongShape(file: files[place].path, name: name, expected: entry.shape, found: shape)
            }
            used.insert(name)
            sources.append(Source(file: files[place], name: name))
        }
        let head = family.names(configuration).head + ".weight"
        for name in names where !used.contains(name) {
            let computed = family.ignoredSuffixes.contains { name.hasSuffix($0) }
            let tied = name == head && configuration.tiedEmbeddings && configuration.head == .languageModel
            guard computed || tied else {
                throw .surplusTensor(file: files[places[name] ?? 0].path, name: name)
            }
        }
        return sources
    }

    private func storedName(_ name: String, _ family: FamilyDescription) -> String? {
        if places[name] != nil { return name }
        guard let prefix = family.optionalPrefix, name.hasPrefix(prefix) else { return nil }
        let short = String(name.dropFirst(prefix.count))
        return places[short] != nil ? short : nil
    }
}
