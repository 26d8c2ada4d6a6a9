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
    /// What is trained in the place of the parameters; nil where they are.
    public let tuning: Tuning?
    /// The layers' matrices where they are rounded and not among the parameters.
    let frozen: QuantisedMatrices?

    /// A model whose parameters are all zero.
    /// - Throws: `EngineError.badConfiguration`
    public convenience init(configuration: ModelConfiguration) throws(EngineError) {
        try configuration.validate()
        let layout = ParameterLayout(configuration)
        self.init(
            configuration: configuration, table: layout.table, parameters: FloatBuffer(count: layout.table.count),
            offsets: layout.offsets, tuning: nil, frozen: nil)
    }

    init(
        configuration: ModelConfiguration, table: ParameterTable, parameters: FloatBuffer, offsets: ModelOffsets,
        tuning: Tuning?, frozen: QuantisedMatrices?
    ) {
        self.configuration = configuration
        self.table = table
        self.parameters = parameters
        self.offsets = offsets
        self.tuning = tuning
        self.frozen = frozen
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

    /// A second model with equal parameters; rounded matrices, which never change, are shared.
    public func copy() -> Transformer {
        let twin = FloatBuffer(count: parameters.count)
        twin.copy(from: parameters)
        return Transformer(
            configuration: configuration, table: table, parameters: twin, offsets: offsets, tuning: tuning?.copy(),
            frozen: frozen)
    }

    /// The same trunk under a scalar head (`score.weight`, normal with deviation 1/sqrt(width + 1)); a model that has
    /// one already is copied with it.
    public func withScalarHead(seed: UInt64) throws(EngineError) -> Transformer {
        guard tuning == nil, frozen == nil else {
            throw .badConfiguration("a tuned model gets a scalar head only once its tuning is merged into its weights")
        }
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

    /// Zeros in the layout of what is trained.
    public func makeGradients() -> FloatBuffer { FloatBuffer(count: trainedTable.count) }

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
    static func normals(_ count: Int, deviation: Double, _ random: inout SplitMix64) -> [Float] {
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
