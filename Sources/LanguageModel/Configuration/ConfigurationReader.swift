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

    func optionalSize(_ name: String) throws(CheckpointError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let size) = value, size > 0, size <= 1 << 28 else {
            throw .badField(file: file, field: name, value: value.words, wanted: "a whole number from 1 to \(1 << 28)")
        }
        return size
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

    /// Token ids of a field that holds one, a list, or nothing. transformers writes -1 for none.
    func tokens(_ name: String) throws(CheckpointError) -> [Int32] {
        guard let value = value(name) else { return [] }
        let list: [JSONValue] = if case .array(let items) = value { items } else { [value] }
        var tokens: [Int32] = []
        for item in list {
            guard case .integer(let number) = item, let token = Int32(exactly: number), token >= -1 else {
                throw .badField(file: file, field: name, value: item.words, wanted: "a token id")
            }
            if token >= 0 { tokens.append(token) }
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

    /// Rotary settings in either spelling: `rope_parameters`, or `rope_theta` with `rope_scaling`.
    func rotary(size: Int) throws(CheckpointError) -> RotarySettings {
        let newer = try section("rope_parameters")
        let older = try section("rope_scaling")
        let scaling = newer ?? older
        let newerTheta = try newer?.optionalNumber("rope_theta")
        let olderTheta = try optionalNumber("rope_theta")
        let theta = newerTheta ?? olderTheta ?? 10_000
        guard theta > 0, theta.isFinite else {
            throw .badField(file: file, field: "rope_theta", value: "\(theta)", wanted: "a positive number")
        }
        var settings = RotarySettings(theta: theta, size: size)
        guard let scaling else { return settings }
        guard let kind = scaling.value("rope_type") ?? scaling.value("type") else { return settings }
        switch kind {
        case .string("default"): break
        case .string("linear"): settings.scaling = .linear(factor: try scaling.positive("factor"))
        case .string("llama3"):
            settings.scaling = .llama3(
                factor: try scaling.positive("factor"), lowFrequency: try scaling.positive("low_freq_factor"),
                highFrequency: try scaling.positive("high_freq_factor"),
                originalContext: try scaling.size("original_max_position_embeddings"))
        default:
            throw .badField(
                file: file, field: "rope_type", value: kind.words, wanted: "default, linear or llama3")
        }
        return settings
    }

    private func positive(_ name: String) throws(CheckpointError) -> Double {
        guard let number = try optionalNumber(name) else { throw .missingField(file: file, field: name) }
        guard number > 0, number.isFinite else {
            throw .badField(file: file, field: name, value: "\(number)", wanted: "a positive number")
        }
        return number
    }

    private func section(_ name: String) throws(CheckpointError) -> ConfigurationReader? {
        guard let value = value(name) else { return nil }
        guard case .object(let inner) = value else {
            throw .badField(file: file, field: name, value: value.words, wanted: "an object")
        }
        return ConfigurationReader(file: file, fields: inner)
    }
}

extension RotarySettings {
    /// `rope_scaling` as config.json spells it.
    var scalingFields: JSONValue? {
        switch scaling {
        case nil: nil
        case .linear(let factor): .object(["rope_type": .string("linear"), "factor": .number(factor)])
        case .llama3(let factor, let low, let high, let original):
            .object([
                "rope_type": .string("llama3"), "factor": .number(factor), "low_freq_factor": .number(low),
                "high_freq_factor": .number(high), "original_max_position_embeddings": .integer(original),
            ])
        }
    }
}
