internal import Foundation
import JSON

/// Writes a model's tensors as `model.safetensors`, or as shards with an index, under Hugging Face's names.
enum WeightWriter {
    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    /// Each file whole or not at all; weight files of an older form in the folder go when the new ones are there.
    /// - Parameter shardBytes: data bytes of a shard at most (a larger tensor gets a shard of its own); nil: one file.
    static func write(_ tensors: [SafetensorsWriter.Tensor], to folder: URL, shardBytes: Int?) throws(CheckpointError) {
        let shards = split(tensors, shardBytes: shardBytes)
        guard shards.count > 1 else {
            try write(tensors, to: folder.appending(path: single))
            try removeStale(in: folder, keeping: [single])
            return
        }
        var map: [String: JSONValue] = [:]
        var names: Set<String> = [index]
        for (place, shard) in shards.enumerated() {
            let name = "model-\(digits(place + 1))-of-\(digits(shards.count)).safetensors"
            names.insert(name)
            for tensor in shard { map[tensor.name] = .string(name) }
            try write(shard, to: folder.appending(path: name))
        }
        let total = tensors.reduce(0) { $0 + $1.byteCount }
        let fields: [String: JSONValue] = [
            "metadata": .object(["total_size": .integer(total)]), "weight_map": .object(map),
        ]
        try AtomicFile.write(to: folder.appending(path: index)) { file in
            try file.write(contentsOf: JSONEncoder.sorted(pretty: true).encode(fields) + Data("\n".utf8))
        }
        try removeStale(in: folder, keeping: names)
    }

    private static func write(_ tensors: [SafetensorsWriter.Tensor], to file: URL) throws(CheckpointError) {
        try AtomicFile.write(to: file) { handle in
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: handle)
        }
    }

    private static func split(
        _ tensors: [SafetensorsWriter.Tensor], shardBytes: Int?
    ) -> [[SafetensorsWriter.Tensor]] {
        guard let shardBytes else { return [tensors] }
        var shards: [[SafetensorsWriter.Tensor]] = [[]]
        var bytes = 0
        for tensor in tensors {
            if bytes + tensor.byteCount > shardBytes, !shards[shards.count - 1].isEmpty {
                shards.append([])
                bytes = 0
            }
            shards[shards.count - 1].append(tensor)
            bytes += tensor.byteCount
        }
        return shards
    }

    private static func digits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func removeStale(in folder: URL, keeping names: Set<String>) throws(CheckpointError) {
        let manager = FileManager.default
        let found = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        let stale = found.filter { name in
            let isShard = name.wholeMatch(of: /model-[0-9]{5,}-of-[0-9]{5,}\.safetensors/) != nil
            return !names.contains(name) && (name == single || name == index || isShard)
        }
        // The index before its shards.
        for name in stale.sorted(by: { ($0 != index ? 1 : 0, $0) < ($1 != index ? 1 : 0, $1) }) {
            do {
                try manager.removeItem(at: folder.appending(path: name))
            } catch {
                throw .cannotWrite(file: folder.appending(path: name).path, reason: error.localizedDescription)
            }
        }
    }
}
