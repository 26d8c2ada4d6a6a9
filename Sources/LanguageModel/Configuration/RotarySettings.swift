internal import Foundation
import JSON

/// Rotary positions: base, turned part of each head, which coordinates make a pair, and the scaling of the frequencies.
public struct RotarySettings: Sendable, Equatable {
    public enum Scaling: Sendable, Equatable {
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: low frequencies divided by `factor`, high ones kept, a ramp between.
        case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalContext: Int)
    }
    public enum Pairing: Sendable, Equatable {
        /// Coordinates i and i + size/2.
        case halves
        /// Coordinates 2i and 2i + 1 (GPT-J).
        case neighbours
    }
    public var theta: Double
    /// Coordinates of each head that turn, its first ones; even.
    public var size: Int
    public var scaling: Scaling?
    public var pairing: Pairing

    public init(theta: Double, size: Int, scaling: Scaling? = nil, pairing: Pairing = .halves) {
        self.theta = theta
        self.size = size
        self.scaling = scaling
        self.pairing = pairing
    }

    /// Angle per position of each pair, computed in float32 as transformers does.
    var frequencies: [Float] {
        (0..<size / 2).map { pair in
            let base = Float(1) / Float(pow(Float(theta), Float(2 * pair) / Float(size)))
            switch scaling {
            case nil: return base
            case .linear(let factor): return base / Float(factor)
            case .llama3(let factor, let low, let high, let original):
                let wavelength = 2 * Float.pi / base
                if wavelength > Float(original) / Float(low) { return base / Float(factor) }
                if wavelength < Float(original) / Float(high) { return base }
                let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * base / Float(factor) + smooth * base
            }
        }
    }

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

extension ConfigurationReader {
    /// Rotary settings in either spelling: `rope_parameters`, or `rope_theta` with `rope_scaling`.
    /// - Parameters:
    ///   - shareFields: fields that may tell which share of the head turns; none where all of it must.
    ///   - usualShare: the share where no field tells.
    func rotary(headSize: Int, shareFields: [String] = [], usualShare: Double = 1) throws(CheckpointError)
        -> RotarySettings
    {
        let newer = try section("rope_parameters")
        let older = try section("rope_scaling")
        let nested = newer?.fields.filter { if case .object = $1 { true } else { false } }.keys.min()
        if let nested {
            throw .badField(
                file: file, field: "rope_parameters.\(nested)", value: "an object",
                wanted: "one set of rotary settings for all layers")
        }
        let newerTheta = try newer?.optionalNumber("rope_theta")
        let olderTheta = try optionalNumber("rope_theta")
        let oldestTheta = try optionalNumber("rotary_emb_base")
        let theta = newerTheta ?? olderTheta ?? oldestTheta ?? 10_000
        guard theta > 0, theta.isFinite else {
            throw .badField(file: file, field: "rope_theta", value: "\(theta)", wanted: "a positive number")
        }
        let size = try rotarySize(headSize, newer, shareFields, usualShare)
        return RotarySettings(theta: theta, size: size, scaling: try (newer ?? older)?.rotaryScaling())
    }

    private func rotarySize(
        _ headSize: Int, _ newer: ConfigurationReader?, _ shareFields: [String], _ usualShare: Double
    ) throws(CheckpointError) -> Int {
        var found: (field: String, share: Double)?
        for field in shareFields + ["partial_rotary_factor"] where found == nil {
            found = try optionalNumber(field).map { (field, $0) }
        }
        if let share = try newer?.optionalNumber("partial_rotary_factor") {
            found = ("rope_parameters.partial_rotary_factor", share)
        }
        let (field, share) = found ?? (shareFields.first ?? "partial_rotary_factor", usualShare)
        if shareFields.isEmpty && share != 1 {
            throw .badField(file: file, field: field, value: "\(share)", wanted: "1 for this architecture")
        }
        if share == 1 { return headSize }
        guard share > 0, share < 1 else {
            throw .badField(file: file, field: field, value: "\(share)", wanted: "a share above 0 and at most 1")
        }
        let size = Int(Double(headSize) * share)
        guard size > 0, size % 2 == 0 else {
            throw .badField(
                file: file, field: field, value: "\(share)",
                wanted: "a share that is an even number of the \(headSize) coordinates of a head, not \(size)")
        }
        return size
    }

    private func rotaryScaling() throws(CheckpointError) -> RotarySettings.Scaling? {
        guard let kind = value("rope_type") ?? value("type") else { return nil }
        switch kind {
        case .string("default"): return nil
        case .string("linear"): return .linear(factor: try positive("factor"))
        case .string("llama3"):
            return .llama3(
                factor: try positive("factor"), lowFrequency: try positive("low_freq_factor"),
                highFrequency: try positive("high_freq_factor"),
                originalContext: try size("original_max_position_embeddings"))
        default:
            throw .badField(file: file, field: "rope_type", value: kind.words, wanted: "default, linear or llama3")
        }
    }
}
