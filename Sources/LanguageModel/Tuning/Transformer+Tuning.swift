extension Transformer {
    /// The table of what training changes: a tuning's where there is one, else all parameters.
    public var trainedTable: ParameterTable { tuning?.table ?? table }

    /// What training changes, laid out as `trainedTable` says. Whoever writes it calls `publishTrained` afterwards.
    public var trainedParameters: FloatBuffer { tuning?.parameters ?? parameters }

    /// Puts a trained subset of layers where passes read it; any other tuning is read where it lies.
    public func publishTrained() {
        guard let tuning, case .layers = tuning.method else { return }
        for entry in tuning.table.entries {
            guard let own = table[entry.name] else { continue }
            parameters.store(tuning.parameters.array(entry.range), at: own.offset)
        }
    }

    /// The same model with something to train beside its weights, which it shares with this one; of a subset of layers
    /// they are written when those are trained. As it is made, it computes what this model computes.
    /// - Parameter seed: of the first values.
    /// - Throws: `EngineError.badSetting` for what cannot be with this model.
    public func tuned(_ method: TuningMethod, seed: UInt64) throws(EngineError) -> Transformer {
        adopting(Tuning(method, try tuningLayout(method), for: self, seed: seed))
    }

    /// Where everything lies that a method trains; no memory is taken for it.
    /// - Throws: `EngineError.badSetting` for what cannot be with this model.
    func tuningLayout(_ method: TuningMethod) throws(EngineError) -> TuningLayout {
        guard tuning == nil else {
            throw .badSetting("the model has adapters or prompt vectors of its own, and they cannot be tuned over")
        }
        if case .layers = method, frozen != nil {
            throw .badSetting("layers of a model whose weights are rounded cannot be trained; take low-rank products")
        }
        try method.validate(configuration)
        return TuningLayout(method, self)
    }

    /// The same weights with another tuning, or without.
    func adopting(_ tuning: Tuning?) -> Transformer {
        Transformer(
            configuration: configuration, table: table, parameters: parameters, offsets: offsets, tuning: tuning,
            frozen: frozen)
    }

    /// The model without its tuning, sharing its weights: the reference of a policy that is tuned beside them.
    public var untuned: Transformer { adopting(nil) }

    /// Positions that are left to tokens: the context without prompt vectors.
    public var usableContextLength: Int { configuration.contextLength - (tuning?.promptVectorCount ?? 0) }

    /// Ids beyond the vocabulary that stand for the vectors before every prompt.
    var promptVectorIDs: [Int32] {
        (0..<(tuning?.promptVectorCount ?? 0)).map { Int32(configuration.vocabularySize + $0) }
    }

    /// Bytes of parameters and rounded matrices, trained ones counted once.
    public var weightBytes: Int { 4 * (parameters.count + (tuning?.parameters.count ?? 0)) + (frozen?.byteCount ?? 0) }

    /// The same model with the layers' matrices rounded and its other parameters copied.
    /// - Throws: `EngineError.badSetting` for a model with a tuning.
    public func freezing(_ settings: FrozenWeights, pool: WorkerPool) throws(EngineError) -> Transformer {
        guard tuning == nil, frozen == nil else { throw .badSetting("a tuned model's weights cannot be rounded") }
        let layout = ParameterLayout(configuration, hasMatrices: false)
        let kept = FloatBuffer(count: layout.table.count)
        for entry in layout.table.entries {
            if let own = table[entry.name] { kept.store(parameters.array(own.range), at: entry.offset) }
        }
        let matrices = QuantisedMatrices(configuration, settings, pool: pool) { layer, matrix, buffer in
            let start = matrix.offset(offsets.layers[layer])
            buffer.store(parameters.array(start..<start + buffer.count), at: 0)
        }
        return Transformer(
            configuration: configuration, table: layout.table, parameters: kept, offsets: layout.offsets, tuning: nil,
            frozen: matrices)
    }
}

extension Tuning {
    /// A second one with equal parameters.
    func copy() -> Tuning {
        let twin = FloatBuffer(count: parameters.count)
        twin.copy(from: parameters)
        return Tuning(method, configuration, table: table, parameters: twin, offsets: offsets)
    }
}

extension Transformer {
    /// A tensor of `whole` as this model's rounded matrices have it, for checks.
    package func roundedWeights(_ name: String, of whole: Transformer) -> [Float] {
        guard let frozen, let entry = whole.table[name] else { return [] }
        for (layer, at) in whole.offsets.layers.enumerated() {
            for matrix in LayerMatrix.allCases {
                let (inputs, outputs) = matrix.shape(configuration)
                let start = matrix.offset(at)
                guard (start..<start + inputs * outputs).contains(entry.offset) else { continue }
                let buffer = FloatBuffer(count: inputs * outputs)
                frozen.read(matrix, ofLayer: layer, into: buffer, WorkerPool(threads: 1))
                return buffer.array(entry.offset - start..<entry.offset - start + entry.count)
            }
        }
        return []
    }
}
