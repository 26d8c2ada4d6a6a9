internal import Foundation
internal import SeededRandom

/// A decoder-only transformer: a configuration and one flat buffer with all parameters.
///
/// One writer at a time, and no pass runs while it is written.
public final class Transformer: @unchecked Sendable {
    public let configuration: ModelConfiguration
    public let table: ParameterTable
    public let parameters: FloatBuffer
    let offsets: ModelOffsets

    /// A model whose parameters are all zero.
    /// - Throws: `EngineError.badConfiguration`
    public init(configuration: ModelConfiguration) throws(EngineError) {
        try configuration.validate()
        let layout = ParameterLayout(configuration)
        self.configuration = configuration
        table = layout.table
        offsets = layout.offsets
        parameters = FloatBuffer(count: table.count)
    }

    /// A model with random weights: normal with deviation 0.02, projections into the residual stream divided by
    /// sqrt(2 · layers) (Radford et al. 2019, §2.3), norms 1, biases 0. Each tensor has a random stream of its own.
    public convenience init(configuration: ModelConfiguration, seed: UInt64) throws(EngineError) {
        try self.init(configuration: configuration)
        let names = configuration.family.description.names(configuration)
        let residual = Set(names.layers.flatMap { ["\($0.output).weight", "\($0.down).weight"] })
        for (stream, entry) in table.entries.enumerated() {
            if entry.shape.count == 1 {
                if entry.name.hasSuffix(".weight") { fill(entry, with: 1) }
                continue
            }
            let deviation = residual.contains(entry.name) ? 0.02 / sqrt(2 * Double(configuration.layers)) : 0.02
            var random = SplitMix64(seed: seed, stream: UInt64(stream))
            parameters.store(Self.normals(entry.count, deviation: deviation, &random), at: entry.offset)
        }
    }

    /// A second model with equal parameters.
    public func copy() -> Transformer {
        guard let twin = try? Transformer(configuration: configuration) else {
            preconditionFailure("a model's own configuration is valid")
        }
        twin.parameters.copy(from: parameters)
        return twin
    }

    /// The same trunk under a scalar head (`score.weight`, normal with deviation 1/sqrt(width + 1)); a model that has
    /// one already is copied with it.
    public func withScalarHead(seed: UInt64) throws(EngineError) -> Transformer {
        if configuration.head == .scalar { return copy() }
        var scalar = configuration
        scalar.head = .scalar
        let model = try Transformer(configuration: scalar)
        for entry in model.table.entries {
            if let own = table[entry.name] {
                model.parameters.store(parameters.array(own.range), at: entry.offset)
            } else {
                var random = SplitMix64(seed: seed)
                let deviation = 1 / sqrt(Double(configuration.width + 1))
                model.parameters.store(Self.normals(entry.count, deviation: deviation, &random), at: entry.offset)
            }
        }
        return model
    }

    /// Zeros in the layout of the parameters.
    public func makeGradients() -> FloatBuffer { FloatBuffer(count: table.count) }

    /// A copy of one tensor, row-major, as the file has it.
    public func tensor(_ name: String) -> [Float]? { table[name].map { $0.values(in: parameters) } }

    /// Overwrites one tensor, row-major, as the file has it.
    public func setTensor(_ name: String, _ values: [Float]) throws(EngineError) {
        guard let entry = table[name] else { throw .unknownTensor(name) }
        guard values.count == entry.count else {
            throw .wrongCount(name: name, expected: entry.count, found: values.count)
        }
        entry.store(values, in: parameters)
    }

    private func fill(_ entry: ParameterTable.Entry, with value: Float) {
        parameters.store([Float](repeating: value, count: entry.count), at: entry.offset)
    }

    /// Box and Muller 1958.
    private static func normals(_ count: Int, deviation: Double, _ random: inout SplitMix64) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count + 1)
        while values.count < count {
            let radius = (-2 * log(1 - random.nextUnit())).squareRoot() * deviation
            let angle = 2 * Double.pi * random.nextUnit()
            values.append(Float(radius * cos(angle)))
            values.append(Float(radius * sin(angle)))
        }
        return Array(values.prefix(count))
    }
}
