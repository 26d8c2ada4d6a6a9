internal import Foundation
import JSON

/// Typed access to the fields of a config.json; every error names the file, the field and the value found.
struct ConfigurationReader: Sendable {
    let file: String
    let fields: [String: JSONValue]

    func value(_ name: String) -> JSONValue? {
        guard let value = fields[name], value != .null else { return nil }
        return value
    }

    func size(_ name: String) throws(CheckpointError) -> Int {
        guard let size = try optionalSize(name) else { throw .missingField(file: file, field: name) }
        return size
    }

    /// A number of layers; bounded before anything is laid out for each.
    func layerCount(_ name: String) throws(CheckpointError) -> Int {
        let layers = try size(name)
        guard layers <= 1 << 16 else {
            throw .badField(file: file, field: name, value: "\(layers)", wanted: "at most \(1 << 16) layers")
        }
        return layers
    }

    func optionalSize(_ name: String) throws(CheckpointError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let size) = value, size > 0, size <= 1 << 28 else {
            throw .badField(file: file, field: name, value: value.words, wanted: "a whole number from 1 to \(1 << 28)")
        }
        return size
    }

    /// A whole number that may be 0.
    func optionalCount(_ name: String) throws(CheckpointError) -> Int? {
        if value(name) == .integer(0) { return 0 }
        return try optionalSize(name)
    }

    func optionalNumber(_ name: String) throws(CheckpointError) -> Double? {
        guard let value = value(name) else { return nil }
        switch value {
        case .integer(let number): return Double(number)
        case .number(let number): return number
        default: throw .badField(file: file, field: name, value: value.words, wanted: "a number")
        }
    }

    func optionalFlag(_ name: String) throws(CheckpointError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else {
            throw .badField(file: file, field: name, value: value.words, wanted: "true or false")
        }
        return flag
    }

    /// Token ids of a field that holds one, a list, or nothing. An id outside the vocabulary names no token and is left
    /// out: transformers writes -1 for none, and leaves its own 50256 beside the smaller vocabularies that people train.
    func tokens(_ name: String, vocabularySize: Int) throws(CheckpointError) -> [Int32] {
        guard let value = value(name) else { return [] }
        let list: [JSONValue] = if case .array(let items) = value { items } else { [value] }
        var tokens: [Int32] = []
        for item in list {
            guard case .integer(let number) = item, let token = Int32(exactly: number), token >= -1 else {
                throw .badField(file: file, field: name, value: item.words, wanted: "a token id")
            }
            if token >= 0, token < vocabularySize { tokens.append(token) }
        }
        return tokens
    }

    /// Refuses a choice that the engine does not have; a missing field means the usual choice.
    func require(_ name: String, oneOf choices: [String]) throws(CheckpointError) {
        guard let value = value(name) else { return }
        guard case .string(let text) = value, choices.contains(text) else {
            throw .badField(file: file, field: name, value: value.words, wanted: choices.joined(separator: " or "))
        }
    }

    func require(_ name: String, is wanted: Bool) throws(CheckpointError) {
        guard let flag = try optionalFlag(name), flag != wanted else { return }
        throw .badField(file: file, field: name, value: "\(flag)", wanted: "\(wanted)")
    }

    /// The feed-forward's activation: exact GELU or its tanh form, by the names that transformers has for them.
    func gelu(_ name: String, usual: ModelConfiguration.Activation) throws(CheckpointError)
        -> ModelConfiguration.Activation
    {
        switch value(name) {
        case nil: usual
        case .string("gelu"): .exactGelu
        case .string("gelu_new"), .string("gelu_fast"), .string("gelu_pytorch_tanh"): .gelu
        case .some(let other):
            throw .badField(
                file: file, field: name, value: other.words,
                wanted: "gelu, gelu_new, gelu_fast or gelu_pytorch_tanh")
        }
    }

    /// Columns of each of `heads` heads that share `width` evenly.
    func headSize(width: Int, heads: Int, field: String) throws(CheckpointError) -> Int {
        guard width % heads == 0 else {
            throw .badField(file: file, field: field, value: "\(heads)", wanted: "a divisor of the width \(width)")
        }
        return width / heads
    }

    /// A list with one of `choices` for each layer.
    func layerKinds(_ name: String, layers: Int, oneOf choices: [String]) throws(CheckpointError) -> [String]? {
        guard let value = value(name) else { return nil }
        guard case .array(let items) = value, items.count == layers else {
            throw .badField(file: file, field: name, value: value.words, wanted: "a list with a word for each layer")
        }
        var kinds: [String] = []
        for item in items {
            guard case .string(let kind) = item, choices.contains(kind) else {
                throw .badField(
                    file: file, field: name, value: item.words, wanted: choices.joined(separator: " or "))
            }
            kinds.append(kind)
        }
        return kinds
    }

    func positive(_ name: String) throws(CheckpointError) -> Double {
        guard let number = try optionalNumber(name) else { throw .missingField(file: file, field: name) }
        guard number > 0, number.isFinite else {
            throw .badField(file: file, field: name, value: "\(number)", wanted: "a positive number")
        }
        return number
    }

    func section(_ name: String) throws(CheckpointError) -> ConfigurationReader? {
        guard let value = value(name) else { return nil }
        guard case .object(let inner) = value else {
            throw .badField(file: file, field: name, value: value.words, wanted: "an object")
        }
        return ConfigurationReader(file: file, fields: inner)
    }
}
