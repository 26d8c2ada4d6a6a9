internal import Kernels

/// Steps that training and decoding share and that work on rows alone.
extension Transformer {
    /// residual = embedding of the token, plus that of its position where positions are learned.
    func embed(
        _ tokens: IndexBuffer, _ positions: IndexBuffer, _ rows: Range<Int>, into residual: FloatBuffer,
        _ kernels: KernelSet
    ) {
        let width = configuration.width
        for row in rows {
            let target = unsafe residual.base + row * width
            unsafe target.update(from: embedding(tokens.base[row]), count: width)
            if let learned = offsets.positions {
                let position = unsafe learned + Int(positions.base[row]) * width
                unsafe kernels.table.pointee.add(Int64(width), parameters.base + position, target)
            }
        }
    }

    /// A token's embedding, or the prompt vector that an id beyond the vocabulary stands for.
    private func embedding(_ token: Int32) -> UnsafePointer<Float> {
        let (width, size) = (configuration.width, configuration.vocabularySize)
        if let tuning, let vectors = tuning.offsets.promptVectors, Int(token) >= size {
            return unsafe UnsafePointer(tuning.parameters.base + vectors + (Int(token) - size) * width)
        }
        return unsafe UnsafePointer(parameters.base + offsets.embedding + Int(token) * width)
    }

    /// Norm of rows with the weights at `weight` (and `bias`); keeps the statistics where there is a place for them.
    func norm(
        _ weight: Int, _ bias: Int, _ source: FloatBuffer, _ target: FloatBuffer, _ statistics: NormMemory?,
        _ rows: Range<Int>, _ kernels: KernelSet
    ) {
        let c = configuration
        let x = unsafe source.base + rows.lowerBound * c.width
        let y = unsafe target.base + rows.lowerBound * c.width
        let count = Int64(rows.count)
        let inverse = unsafe statistics.map { unsafe $0.inverse.base + rows.lowerBound }
        switch c.norm {
        case .rootMeanSquare:
            unsafe kernels.table.pointee.rms_norm(
                count, Int64(c.width), Float(c.normEpsilon), x, parameters.base + weight, y, inverse)
        case .layer:
            let mean = unsafe statistics.map { unsafe $0.mean.base + rows.lowerBound }
            unsafe kernels.table.pointee.layer_norm(
                count, Int64(c.width), Float(c.normEpsilon), x, parameters.base + weight, parameters.base + bias, y,
                mean, inverse)
        }
    }

    /// The feed-forward's activation of rows.
    func activate(_ inner: FloatBuffer, _ activated: FloatBuffer, _ rows: Range<Int>, _ kernels: KernelSet) {
        let c = configuration
        unsafe activate(
            inner.base + rows.lowerBound * c.innerWidth, activated.base + rows.lowerBound * c.feedForward,
            rows: rows.count, columns: c.feedForward, kernels)
    }

    /// The same of some columns: `source` is `[rows, columns]`, or with gates `[rows, 2 * columns]`, gates first.
    func activate(
        _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
        _ kernels: KernelSet
    ) {
        let table = unsafe kernels.table.pointee
        switch configuration.activation {
        case .swiglu: unsafe table.swiglu(Int64(rows), Int64(columns), source, target)
        case .gelu: unsafe table.gelu(Int64(rows * columns), source, target)
        case .exactGelu: unsafe table.exact_gelu(Int64(rows * columns), source, target)
        }
    }

    /// Norm of each query's and key's head in place, where the model has one; keeps what came in and the statistics
    /// where there is a place for them.
    func normHeads(
        _ qkv: FloatBuffer, _ at: LayerOffsets, _ store: HeadNormMemory?, _ rows: Range<Int>, _ kernels: KernelSet
    ) {
        guard let query = at.queryNorm, let key = at.keyNorm else { return }
        let c = configuration
        let table = unsafe kernels.table.pointee
        let (size, epsilon) = (Int64(c.headSize), Float(c.normEpsilon))
        let heads = c.heads + c.keyValueHeads
        for row in rows {
            let queries = unsafe qkv.base + row * c.qkvWidth
            let keys = unsafe queries + c.attentionWidth
            if let store {
                unsafe (store.inputs.base + row * heads * c.headSize).update(from: queries, count: heads * c.headSize)
            }
            let inverse = unsafe store.map { unsafe $0.inverse.base + row * heads }
            unsafe table.rms_norm(
                Int64(c.heads), size, epsilon, queries, parameters.base + query, queries, inverse)
            unsafe table.rms_norm(
                Int64(c.keyValueHeads), size, epsilon, keys, parameters.base + key, keys,
                inverse.map { unsafe $0 + c.heads })
        }
    }

    /// Turns queries and keys by their positions (sign 1), or back (sign -1).
    func rotate(
        _ qkv: FloatBuffer, _ positions: IndexBuffer, _ rows: Range<Int>, _ rotary: RotaryTable?, sign: Float,
        _ kernels: KernelSet
    ) {
        guard let rotary else { return }
        let c = configuration
        let table = unsafe kernels.table.pointee
        let turn = unsafe rotary.settings.pairing == .halves ? table.rotate : table.rotate_neighbours
        unsafe turn(
            Int64(rows.count), Int64(c.heads + c.keyValueHeads), Int64(c.headSize), Int64(rotary.settings.size),
            qkv.base + rows.lowerBound * c.qkvWidth, Int64(c.qkvWidth), positions.base + rows.lowerBound,
            rotary.cosines.base, rotary.sines.base, sign)
    }
}
