public import Foundation
internal import Kernels

/// One safetensors file, its header checked in full before anything is read from it.
///
/// The file is mapped, so opening it allocates no more than the header.
/// Format: https://github.com/huggingface/safetensors (8 bytes header length, JSON header, data without gaps).
public struct SafetensorsFile: Sendable {
    /// Names in ascending order.
    public let names: [String]
    let path: String
    /// Element types that occur.
    var types: Set<String> { Set(tensors.values.map(\.type)) }
    private let tensors: [String: SafetensorsHeader.Tensor]
    private let data: Data

    /// - Throws: `CheckpointError` that says what is wrong with the file.
    public init(_ url: URL) throws(CheckpointError) {
        path = url.path
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw .cannotRead(file: path, reason: readingFailure(url, error))
        }
        let start = try Self.headerEnd(data, path)
        let dataBytes = data.count - (start - data.startIndex)
        let header = try SafetensorsHeader(
            json: Array(data[data.startIndex + 8..<start]), dataBytes: dataBytes, file: path)
        tensors = header.tensors.mapValues { $0.moved(by: start) }
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

    func has(_ name: String) -> Bool { tensors[name] != nil }

    public func shape(_ name: String) throws(CheckpointError) -> [Int] { try tensor(name).shape }

    /// The element type as the file names it.
    func type(_ name: String) throws(CheckpointError) -> String { try tensor(name).type }

    /// A tensor's bytes as they lie in the file; not copied.
    func bytes(_ name: String) throws(CheckpointError) -> Data { data[try tensor(name).bytes] }

    /// A tensor of F32, F16 or BF16 as floats, row-major.
    public func floats(_ name: String) throws(CheckpointError) -> [Float] {
        let tensor = try tensor(name)
        guard FloatType.allCases.contains(where: { $0.tag == tensor.type }) else {
            throw .wrongType(file: path, name: name, type: tensor.type)
        }
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

    /// Lets the system take back the memory of a tensor that was read; reading it again fetches it anew.
    func release(_ name: String) {
        guard let bytes = tensors[name]?.bytes else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        unsafe data[bytes].withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return }
            // Whole pages alone: a neighbour's bytes may be in use.
            let first = (UInt(bitPattern: start) + page - 1) / page * page
            let end = (UInt(bitPattern: start) + UInt(raw.count)) / page * page
            guard end > first, let place = unsafe UnsafeMutableRawPointer(bitPattern: first) else { return }
            #if os(Linux)
                // It forgets nothing that is not in the file, and a refusal costs memory alone. MADV_PAGEOUT.
                let pageOut: CInt = 21
                _ = unsafe madvise(place, Int(end - first), pageOut)
            #endif
        }
    }

    private func tensor(_ name: String) throws(CheckpointError) -> SafetensorsHeader.Tensor {
        guard let tensor = tensors[name] else { throw .missingTensor(file: path, name: name) }
        return tensor
    }
}

/// A short reason for a failed read, without Foundation's class names.
func readingFailure(_ url: URL, _ error: any Error) -> String {
    FileManager.default.fileExists(atPath: url.path) ? error.localizedDescription : "there is no such file"
}
