/// The header of a safetensors file, checked in full: every tensor inside the data, none over another, no gaps.
///
/// Read strictly in one pass, so that its memory grows with the number of tensors and not with what a hostile header
/// writes elsewhere.
struct SafetensorsHeader {
    struct Tensor: Sendable {
        let type: String
        let shape: [Int]
        let bytes: Range<Int>

        func moved(by offset: Int) -> Tensor {
            Tensor(type: type, shape: shape, bytes: bytes.lowerBound + offset..<bytes.upperBound + offset)
        }
    }

    /// More than any real tensor has.
    static let mostDimensions = 64

    private(set) var tensors: [String: Tensor] = [:]
    private let file: String

    /// - Parameters:
    ///   - json: the header's bytes.
    ///   - dataBytes: how many bytes follow the header.
    /// - Throws: `CheckpointError` that says what is wrong.
    init(json: [UInt8], dataBytes: Int, file: String) throws(CheckpointError) {
        self.file = file
        do {
            try read(json, dataBytes: dataBytes)
        } catch let error as CheckpointError {
            throw error
        } catch TokenizerError.notJSON(_, _, let reason) {
            throw .malformed(file: file, reason: "its header is not the JSON of a safetensors file: \(reason)")
        } catch {
            throw .malformed(file: file, reason: "its header is not the JSON of a safetensors file")
        }
        try checkNoGaps(dataBytes: dataBytes)
    }

    private mutating func read(_ json: [UInt8], dataBytes: Int) throws {
        var reader = TokenizerJSON.Reader(bytes: json, file: file)
        var hasMetadata = false
        try reader.eachMember { reader, key in
            let name = String(decoding: key, as: UTF8.self)
            guard tensors[name] == nil, name != "__metadata__" || !hasMetadata else {
                throw CheckpointError.malformed(file: file, reason: "its header names \(name) twice")
            }
            if name == "__metadata__" {
                hasMetadata = true
                try reader.eachMember { reader, _ in _ = try reader.text() }
            } else {
                tensors[name] = try tensor(name, &reader, dataBytes: dataBytes)
            }
        }
        reader.skipSpace()
        guard reader.position == json.count else { throw reader.wrong("something follows the end of the document") }
    }

    private func tensor(_ name: String, _ reader: inout TokenizerJSON.Reader, dataBytes: Int) throws -> Tensor {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.eachMember { reader, key in
            switch String(decoding: key, as: UTF8.self) {
            case "dtype" where type == nil: type = String(decoding: try reader.text(), as: UTF8.self)
            case "shape" where shape == nil: shape = try reader.wholeNumbers(atMost: Self.mostDimensions)
            case "data_offsets" where offsets == nil: offsets = try reader.wholeNumbers(atMost: 2)
            case let field:
                throw CheckpointError.malformed(
                    file: file, reason: "its header has a second or unknown field \(field) for tensor \(name)")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw CheckpointError.malformed(
                file: file, reason: "tensor \(name) lacks dtype, shape or two data_offsets")
        }
        guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataBytes else {
            throw CheckpointError.malformed(
                file: file,
                reason:
                    "tensor \(name) lies at \(offsets[0])..<\(offsets[1]) of \(dataBytes) bytes: cut short or damaged")
        }
        let bytes = try size(name, type, shape)
        guard bytes == offsets[1] - offsets[0] else {
            throw CheckpointError.malformed(
                file: file,
                reason: "tensor \(name) of shape \(shape) needs \(bytes) bytes, has \(offsets[1] - offsets[0])")
        }
        return Tensor(type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// Bytes of a tensor.
    private func size(_ name: String, _ type: String, _ shape: [Int]) throws(CheckpointError) -> Int {
        guard var bytes = Self.elementBytes[type] else { throw .wrongType(file: file, name: name, type: type) }
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw .malformed(file: file, reason: "tensor \(name) has the impossible shape \(shape)")
            }
            bytes = product
        }
        return bytes
    }

    private func checkNoGaps(dataBytes: Int) throws(CheckpointError) {
        var end = 0
        let ordered = tensors.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
        }
        for (name, tensor) in ordered {
            guard tensor.bytes.lowerBound == end else {
                let what = tensor.bytes.lowerBound < end ? "overlaps another tensor" : "leaves a gap before it"
                throw .malformed(file: file, reason: "tensor \(name) \(what)")
            }
            end = tensor.bytes.upperBound
        }
        guard end == dataBytes else {
            throw .malformed(file: file, reason: "\(dataBytes - end) bytes follow its last tensor")
        }
    }

    private static let elementBytes = [
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1, "U16": 2,
        "U32": 4, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1,
    ]
}

extension TokenizerJSON.Reader {
    /// Goes through an object; `read` takes each member's value.
    mutating func eachMember(_ read: (inout TokenizerJSON.Reader, [UInt8]) throws -> Void) throws {
        skipSpace()
        guard try take(UInt8(ascii: "{")) else { throw wrong("expected an object") }
        skipSpace()
        if try take(UInt8(ascii: "}")) { return }
        while true {
            let key = try text()
            skipSpace()
            guard try take(UInt8(ascii: ":")) else { throw wrong("expected : after a member name") }
            try read(&self, key)
            skipSpace()
            if try take(UInt8(ascii: "}")) { return }
            guard try take(UInt8(ascii: ",")) else { throw wrong("expected , or } in an object") }
        }
    }

    mutating func text() throws -> [UInt8] {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw wrong("expected a text") }
        return try string()
    }

    /// A list of whole numbers.
    mutating func wholeNumbers(atMost limit: Int) throws -> [Int] {
        skipSpace()
        guard try take(UInt8(ascii: "[")) else { throw wrong("expected a list of whole numbers") }
        var numbers: [Int] = []
        skipSpace()
        if try take(UInt8(ascii: "]")) { return numbers }
        while true {
            skipSpace()
            guard case .number(let number) = try number(), let whole = Int(exactly: number), numbers.count < limit
            else {
                throw wrong("expected a list of at most \(limit) whole numbers")
            }
            numbers.append(whole)
            skipSpace()
            if try take(UInt8(ascii: "]")) { return numbers }
            guard try take(UInt8(ascii: ",")) else { throw wrong("expected , or ] in an array") }
        }
    }
}
