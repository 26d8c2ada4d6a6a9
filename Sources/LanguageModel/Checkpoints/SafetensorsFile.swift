public import Foundation
internal import Kernels

/// One safetensors file, its header checked in full before anything is read from it.
///
/// The file is mapped, so opening it allocates no more than the header.
/// Format: https://github.com/huggingface/safetensors (8 bytes header length, JSON header, data without gaps).
public struct SafetensorsFile: Sendable {
    struct Tensor: Sendable {
        let type: String
        let shape: [Int]
        let bytes: Range<Int>
    }

    /// Names in ascending order.
    public let names: [String]
    let path: String
    /// Element types that occur.
    var types: Set<String> { Set(tensors.values.map(\.type)) }
    private let tensors: [String: Tensor]
    private let data: Data

    private struct Entry: Decodable {
        let dtype: String?
        let shape: [Int]?
        let data_offsets: [Int]?
    }

    /// - Throws: `CheckpointError` that says what is wrong with the file.
    public init(_ url: URL) throws(CheckpointError) {
        path = url.path
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw .cannotRead(file: path, reason: readingFailure(url, error))
        }
        let start = try Self.headerEnd(data, path)
        let header: [String: Entry]
        do {
            header = try JSONDecoder().decode([String: Entry].self, from: data[data.startIndex + 8..<start])
        } catch {
            throw .malformed(file: path, reason: "its header is not the JSON of a safetensors file")
        }
        var tensors: [String: Tensor] = [:]
        for (name, entry) in header where name != "__metadata__" {
            tensors[name] = try Self.tensor(name, entry, dataBytes: data.count - (start - data.startIndex), path)
        }
        try Self.checkNoGaps(tensors, dataBytes: data.count - (start - data.startIndex), path)
        let first = start
        self.tensors = tensors.mapValues { tensor in
            Tensor(
                type: tensor.type, shape: tensor.shape,
                bytes: first + tensor.bytes.lowerBound..<first + tensor.bytes.upperBound)
        }
        names = tensors.keys.sorted()
    }

    /// Index of the first byte of data.
    private static func headerEnd(_ data: Data, _ path: String) throws(CheckpointError) -> Int {
        guard data.count >= 8 else {
            throw .malformed(file: path, reason: "\(data.count) bytes are too few for a safetensors file")
        }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(data.count - 8), length <= 100_000_000 else {
            throw .malformed(file: path, reason: "its header claims \(length) bytes of a file of \(data.count)")
        }
        return data.startIndex + 8 + Int(length)
    }

    private static func tensor(_ name: String, _ entry: Entry, dataBytes: Int, _ path: String)
        throws(CheckpointError) -> Tensor
    {
        guard let type = entry.dtype, let shape = entry.shape, let offsets = entry.data_offsets, offsets.count == 2
        else { throw .malformed(file: path, reason: "tensor \(name) lacks dtype, shape or two data_offsets") }
        guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataBytes else {
            throw .malformed(
                file: path,
                reason:
                    "tensor \(name) lies at \(offsets[0])..<\(offsets[1]) of \(dataBytes) bytes: cut short or damaged")
        }
        guard let size = elementBytes[type] else { throw .wrongType(file: path, name: name, type: type) }
        var bytes = size
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw .malformed(file: path, reason: "tensor \(name) has the impossible shape \(shape)")
            }
            bytes = product
        }
        guard bytes == offsets[1] - offsets[0] else {
            throw .malformed(
                file: path,
                reason: "tensor \(name) of shape \(shape) needs \(bytes) bytes, has \(offsets[1] - offsets[0])")
        }
        return Tensor(type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    private static func checkNoGaps(_ tensors: [String: Tensor], dataBytes: Int, _ path: String)
        throws(CheckpointError)
    {
        var end = 0
        let ordered = tensors.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
        }
        for (name, tensor) in ordered {
            guard tensor.bytes.lowerBound == end else {
                let what = tensor.bytes.lowerBound < end ? "overlaps another tensor" : "leaves a gap before it"
                throw .malformed(file: path, reason: "tensor \(name) \(what)")
            }
            end = tensor.bytes.upperBound
        }
        guard end == dataBytes else {
            throw .malformed(file: path, reason: "\(dataBytes - end) bytes follow its last tensor")
        }
    }

    private static let elementBytes = [
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1, "U16": 2,
        "U32": 4, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1,
    ]

    public func shape(_ name: String) throws(CheckpointError) -> [Int] { try tensor(name).shape }

    /// A tensor of F32, F16 or BF16 as floats, row-major.
    public func floats(_ name: String) throws(CheckpointError) -> [Float] {
        let tensor = try tensor(name)
        let buffer = FloatBuffer(count: tensor.shape.reduce(1, *))
        try read(name, into: buffer, at: 0)
        return buffer.array(0..<buffer.count)
    }

    /// A tensor of I64 or I32 as integers, row-major.
    public func integers(_ name: String) throws(CheckpointError) -> [Int] {
        let tensor = try tensor(name)
        let bytes = data[tensor.bytes]
        switch tensor.type {
        case "I64":
            return unsafe bytes.withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 8).map {
                    unsafe Int(raw.loadUnaligned(fromByteOffset: $0, as: Int64.self))
                }
            }
        case "I32":
            return unsafe bytes.withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 4).map {
                    unsafe Int(raw.loadUnaligned(fromByteOffset: $0, as: Int32.self))
                }
            }
        default: throw .wrongType(file: path, name: name, type: tensor.type)
        }
    }

    /// Writes a float tensor into a buffer.
    func read(_ name: String, into buffer: FloatBuffer, at offset: Int) throws(CheckpointError) {
        let tensor = try tensor(name)
        let count = tensor.shape.reduce(1, *)
        precondition(offset >= 0 && offset + count <= buffer.count, "\(name) does not fit the buffer")
        let target = unsafe buffer.base + offset
        let bytes = data[tensor.bytes]
        if tensor.type == "F32" {
            unsafe bytes.withUnsafeBytes { raw in
                guard let start = raw.baseAddress else { return }
                unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: raw.count)
            }
            return
        }
        guard tensor.type == "F16" || tensor.type == "BF16" else {
            throw .wrongType(file: path, name: name, type: tensor.type)
        }
        var halves = [UInt16](repeating: 0, count: count)
        unsafe halves.withUnsafeMutableBytes { copy in _ = unsafe bytes.copyBytes(to: copy) }
        if tensor.type == "F16" {
            unsafe plumb_float16_to_float(Int64(count), halves, target)
        } else {
            unsafe plumb_bfloat16_to_float(Int64(count), halves, target)
        }
    }

    private func tensor(_ name: String) throws(CheckpointError) -> Tensor {
        guard let tensor = tensors[name] else { throw .missingTensor(file: path, name: name) }
        return tensor
    }
}

/// A short reason for a failed read, without Foundation's class names.
func readingFailure(_ url: URL, _ error: any Error) -> String {
    FileManager.default.fileExists(atPath: url.path) ? error.localizedDescription : "there is no such file"
}
