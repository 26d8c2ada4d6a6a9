internal import Foundation
import JSON
internal import Kernels

/// Writes safetensors files.
enum SafetensorsWriter {
    /// What the header says of a tensor, and its bytes when their turn comes.
    struct Tensor {
        let name: String
        /// The element type as the format names it.
        let type: String
        let shape: [Int]
        let byteCount: Int
        let bytes: () throws -> Data
    }

    /// Writes one file: tensors in the order of their names, keys sorted, header padded to 8 bytes. One tensor at a time
    /// is in memory.
    static func write(_ tensors: [Tensor], metadata: [String: String], to file: FileHandle) throws {
        let ordered = tensors.sorted { $0.name < $1.name }
        var header: [String: JSONValue] = [
            "__metadata__": .object(metadata.mapValues { .string($0) })
        ]
        var offset = 0
        for tensor in ordered {
            let end = offset + tensor.byteCount
            header[tensor.name] = .object([
                "dtype": .string(tensor.type), "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ])
            offset = end
        }
        var json = try JSONEncoder.sorted().encode(header)
        json.append(Data(repeating: 0x20, count: (8 - json.count % 8) % 8))
        try file.write(contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }) + json)
        for tensor in ordered { try file.write(contentsOf: try tensor.bytes()) }
    }

    /// The bytes of floats in a type.
    /// - Throws: `Unstorable` for a number that rounding to 16 bits takes out of the finite ones.
    fileprivate static func bytes(
        _ name: String, _ buffer: FloatBuffer, _ range: Range<Int>, _ type: FloatType
    ) throws(Unstorable) -> Data {
        let source = unsafe buffer.base + range.lowerBound
        if type == .float32 { return unsafe Data(bytes: source, count: range.count * 4) }
        var halves = [UInt16](repeating: 0, count: range.count)
        if type == .float16 {
            unsafe plumb_float_to_float16(Int64(range.count), source, &halves)
        } else {
            unsafe plumb_float_to_bfloat16(Int64(range.count), source, &halves)
        }
        // All exponent bits set is infinite or not a number.
        let exponent: UInt16 = type == .float16 ? 0x7C00 : 0x7F80
        if let index = halves.firstIndex(where: { $0 & exponent == exponent }) {
            throw Unstorable(tensor: name, index: index, value: buffer[range.lowerBound + index], type: type)
        }
        return unsafe halves.withUnsafeBytes { unsafe Data($0) }
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

extension SafetensorsWriter.Tensor {
    /// Floats of a buffer from `offset` on, as `type`.
    init(name: String, shape: [Int], buffer: FloatBuffer, offset: Int = 0, as type: FloatType = .float32) {
        let count = shape.reduce(1, *)
        self.init(name: name, type: type.tag, shape: shape, byteCount: count * type.bytes) {
            try SafetensorsWriter.bytes(name, buffer, offset..<offset + count, type)
        }
    }
}
