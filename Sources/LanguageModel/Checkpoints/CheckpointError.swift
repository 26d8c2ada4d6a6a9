public import Foundation

/// What can be wrong with a checkpoint on disk. Every text names the file, and the field or tensor where there is one.
public enum CheckpointError: Error, Equatable, CustomStringConvertible, LocalizedError {
    case cannotRead(file: String, reason: String)
    case cannotWrite(file: String, reason: String)
    case notJSON(file: String, reason: String)
    case missingField(file: String, field: String)
    case badField(file: String, field: String, value: String, wanted: String)
    case unknownArchitecture(file: String, value: String, known: [String])
    case malformed(file: String, reason: String)
    case missingTensor(file: String, name: String)
    case surplusTensor(file: String, name: String)
    case wrongShape(file: String, name: String, expected: [Int], found: [Int])
    case wrongType(file: String, name: String, type: String)
    case notFinite(file: String, name: String, index: Int)
    case invalidModel(file: String, reason: String)

    public var description: String {
        switch self {
        case .cannotRead(let file, let reason): "cannot read \(file): \(reason)"
        case .cannotWrite(let file, let reason): "cannot write \(file): \(reason)"
        case .notJSON(let file, let reason): "\(file) is not valid JSON: \(reason)"
        case .missingField(let file, let field): "\(file) has no field \(field), which the model needs"
        case .badField(let file, let field, let value, let wanted):
            "\(file): field \(field) is \(value), this program needs \(wanted)"
        case .unknownArchitecture(let file, let value, let known):
            "\(file): architecture \(value) is not one this program knows (\(known.joined(separator: ", ")))"
        case .malformed(let file, let reason): "\(file) is damaged: \(reason)"
        case .missingTensor(let file, let name): "\(file) lacks the tensor \(name)"
        case .surplusTensor(let file, let name): "\(file) holds a tensor that the model does not have: \(name)"
        case .wrongShape(let file, let name, let expected, let found):
            "\(file): tensor \(name) has shape \(found), its config.json asks for \(expected)"
        case .wrongType(let file, let name, let type):
            "\(file): tensor \(name) has type \(type), which is not read here"
        case .notFinite(let file, let name, let index):
            "\(file): tensor \(name) holds a value that is infinite or not a number (element \(index))"
        case .invalidModel(let file, let reason): "\(file): \(reason)"
        }
    }

    public var errorDescription: String? { description }
}

/// How numbers are stored in a file.
public enum FloatType: String, Sendable, Codable, CaseIterable {
    case float32
    case float16
    case bfloat16

    /// In safetensors headers.
    var tag: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        }
    }
    var bytes: Int { self == .float32 ? 4 : 2 }
}
