internal import Foundation
import JSON
internal import Kernels

/// Writes float tensors of a flat buffer as one safetensors file.
enum SafetensorsWriter {
    struct Tensor {
        let name: String
        let shape: [Int]
        let buffer: FloatBuffer
        let offset: Int
        var count: Int { shape.reduce(1, *) }
    }

    /// The file's bytes: tensors in the order of their names, keys sorted, header padded to 8 bytes.
    static func data(_ tensors: [Tensor], as type: FloatType, metadata: [String: String]) throws -> Data {
        let ordered = tensors.sorted { $0.name < $1.name }
        var header: [String: JSONValue] = [
            "__metadata__": .object(metadata.mapValues { .string($0) })
        ]
        var offset = 0
        for tensor in ordered {
            let end = offset + tensor.count * type.bytes
            header[tensor.name] = .object([
                "dtype": .string(type.tag), "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ])
            offset = end
        }
        var json = try JSONEncoder.sorted().encode(header)
        json.append(Data(repeating: 0x20, count: (8 - json.count % 8) % 8))
        var file = Data(capacity: 8 + json.count + offset)
        for byte in 0..<8 { file.append(UInt8(truncatingIfNeeded: json.count >> (8 * byte))) }
        file.append(json)
        for tensor in ordered { try append(tensor, type, to: &file) }
        return file
    }

    /// - Throws: `Unstorable` for a number that rounding to 16 bits takes out of the finite ones.
    private static func append(_ tensor: Tensor, _ type: FloatType, to file: inout Data) throws(Unstorable) {
        let source = unsafe tensor.buffer.base + tensor.offset
        if type == .float32 {
            unsafe file.append(
                UnsafeRawBufferPointer(start: source, count: tensor.count * 4).bindMemory(to: UInt8.self))
            return
        }
        var halves = [UInt16](repeating: 0, count: tensor.count)
        if type == .float16 {
            unsafe plumb_float_to_float16(Int64(tensor.count), source, &halves)
        } else {
            unsafe plumb_float_to_bfloat16(Int64(tensor.count), source, &halves)
        }
        // All exponent bits set is infinite or not a number.
        let exponent: UInt16 = type == .float16 ? 0x7C00 : 0x7F80
        if let index = halves.firstIndex(where: { $0 & exponent == exponent }) {
            throw Unstorable(tensor: tensor.name, index: index, value: tensor.buffer[tensor.offset + index], type: type)
        }
        unsafe halves.withUnsafeBytes { bytes in unsafe file.append(bytes.bindMemory(to: UInt8.self)) }
    }

    /// A number that the type of the file cannot hold.
    struct Unstorable: LocalizedError {
        let tensor: String
        let index: Int
        let value: Float
        let type: FloatType

        var errorDescription: String? {
            "tensor \(tensor) holds \(value) (element \(index)), which \(type.rawValue) cannot hold; store another "
                + "precision"
        }
    }
}

/// Replaces files whole or not at all.
enum AtomicFile {
    /// Writes to a temporary file beside `url`, syncs it to disk, renames it over `url` and syncs the folder.
    static func write(_ data: Data, to url: URL) throws(CheckpointError) {
        let temporary = url.deletingLastPathComponent().appending(
            path: ".\(url.lastPathComponent).\(UUID().uuidString)")
        do {
            try data.write(to: temporary)
            let handle = try FileHandle(forWritingTo: temporary)
            try handle.synchronize()
            try handle.close()
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw .cannotWrite(file: url.path, reason: error.localizedDescription)
        }
        guard unsafe rename(temporary.path, url.path) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            try? FileManager.default.removeItem(at: temporary)
            throw .cannotWrite(file: url.path, reason: reason)
        }
        try synchronize(url.deletingLastPathComponent(), for: url)
    }

    /// Puts the folder's entries on the disk: before that, a crash may bring the old file back.
    private static func synchronize(_ folder: URL, for file: URL) throws(CheckpointError) {
        let descriptor = unsafe open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(of: file) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(of: file) }
    }

    /// The system's last error, met at the folder of a file.
    private static func failure(of file: URL) -> CheckpointError {
        let reason = unsafe String(cString: strerror(errno))
        return .cannotWrite(file: file.path, reason: "its folder: \(reason)")
    }
}
