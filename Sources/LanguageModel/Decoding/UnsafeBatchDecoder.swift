internal import Kernels

/// The decoder's forward on packed weights, for new tokens of responses and for pieces of prompts, mixed. Every value is
/// one chain of operations that depends on its own row alone, so a response's bits do not depend on what else is in the
/// batch.
final class BatchDecoder {
    /// Rows of one request.
    struct Part {
        enum Kind {
            /// The next tokens of the prompt.
            case prompt
            /// One new token of each live response.
            case responses
        }
        let kind: Kind
        let cache: KeyValueCache
        let tokens: [Int32]
    }

    let model: Transformer
    let pool: WorkerPool
    let kernels: KernelSet
    let precision: WeightPrecision
    let weights: DecodingWeights
    private let bottleneck: DecodingBottleneck?
    private var rows: DecodingMemory?
    private var logitRows: LogitMemory?
    private(set) var rotary: RotaryTable?
    /// One a worker.
    private(set) var scratch: [FloatBuffer] = []
    private var positions = IndexBuffer([])

    init(_ model: Transformer, _ pool: WorkerPool, precision: WeightPrecision, kernels: KernelSet = .best) {
        self.model = model
        self.pool = pool
        self.kernels = kernels
        self.precision = precision
        weights = DecodingWeights(model, precision, pool)
        bottleneck = DecodingBottleneck(model, pool)
    }

    func refresh() {
        weights.pack(model, pool)
        bottleneck?.prepare(pool)
    }

    /// Gives back the memory of weights and rows until `refresh`.
    func release() {
        weights.release()
        (rows, logitRows, scratch) = (nil, nil, [])
    }

    /// Computes the parts' tokens, which follow what their caches have, and adds them to the caches.
    /// - Parameter chosen: rows whose logits are wanted, counted over all parts, each with the factor of its logits in
    ///   the sums.
    /// - Returns: the chosen rows' logits, overwritten by the next call.
    func forward(_ parts: [Part], chosen: [(row: Int, scale: Float)]) -> LogitMemory {
        precondition(weights.arePacked, "the weights were released: refresh comes first")
        let c = model.configuration
        var places: [Int32] = []
        var starts: [Int] = []
        for part in parts {
            starts.append(places.count)
            switch part.kind {
            case .prompt: places += part.tokens.indices.map { Int32(part.cache.prefilled + $0) }
            case .responses:
                part.cache.reserve()
                places += part.tokens.map { _ in Int32(part.cache.prompt + part.cache.stored) }
            }
        }
        prepare(parts, places)
        let memory = memory
        let tokens = IndexBuffer(parts.flatMap(\.tokens))
        positions = IndexBuffer(places)
        let all = tokens.count
        let tasks = attentionTasks(parts, starts)
        byRows(all) { self.model.embed(tokens, self.positions, $0, into: memory.residual, self.kernels) }
        for (layer, at) in model.offsets.layers.enumerated() {
            let matrices = weights.layers[layer]
            normed(memory, at.attentionNorm, at.attentionNormBias, all)
            multiply(memory.normedForm, matrices.qkv, memory.qkv, rows: all)
            pool.runOnWorkers(tasks.count) { self.attend(tasks[$0], layer, at, self.positions, memory, $1) }
            if c.residual == .sequential {
                formed(memory.attention, c.attentionWidth, memory.attentionForm, all)
                addProjection(memory.attentionForm, matrices.output, .afterAttention, layer, memory, all)
                normed(memory, at.feedForwardNorm, at.feedForwardNormBias, all)
            } else {
                normed(memory, at.feedForwardNorm, at.feedForwardNormBias, all)
                formed(memory.attention, c.attentionWidth, memory.attentionForm, all)
                addProjection(memory.attentionForm, matrices.output, .afterAttention, layer, memory, all)
            }
            activated(memory, matrices.inner, all)
            addProjection(memory.activatedForm, matrices.down, .afterFeedForward, layer, memory, all)
        }
        for part in parts {
            switch part.kind {
            case .prompt: part.cache.advancePrompt(part.tokens.count)
            case .responses: part.cache.advance()
            }
        }
        return logits(of: chosen, memory)
    }

    /// A sublayer's projection into the residual stream, and the adapter behind it where there is one.
    private func addProjection(
        _ form: ByteBuffer, _ matrix: DecodingWeights.Matrix, _ place: BottleneckPlace, _ layer: Int,
        _ memory: DecodingMemory, _ rows: Int
    ) {
        let adapter = bottleneck?.operands.has(layer: layer) == true ? bottleneck : nil
        adapter?.keep(memory.residual, rows: rows)
        multiply(form, matrix, memory.residual, rows: rows, adding: true)
        if let adapter { byRows(rows) { adapter.apply(place, layer, memory.residual, $0, self.kernels) } }
    }

    /// Sees to memory before the threads start: they only read these properties.
    private func prepare(_ parts: [Part], _ places: [Int32]) {
        let c = model.configuration
        let positions = Int(places.max() ?? 0) + 1
        if (rows?.rows ?? 0) < places.count {
            rows = nil
            rows = DecodingMemory(c, precision, rows: places.count)
        }
        if case .rotary(let settings) = c.positions, (rotary?.positions ?? 0) < positions {
            rotary = RotaryTable(
                settings, positions: min(c.contextLength, max(positions, 2 * (rotary?.positions ?? 32))))
        }
        let attention = parts.map { part -> Int in
            var shape = decodeShape(part.cache, layer: 0, responses: min(part.tokens.count, responsesATask))
            return unsafe Int(plumb_decode_scratch(&shape))
        }
        let inner = min(places.count, Self.rowTile) * Self.innerColumns * 3
        let floats = max(attention.max() ?? 0, inner)
        if (scratch.first?.count ?? -1) < floats {
            scratch = (0..<pool.threads).map { _ in FloatBuffer(count: floats) }
        }
    }

    private var memory: DecodingMemory {
        guard let rows else { preconditionFailure("prepare comes first") }
        return rows
    }

    private func logits(of chosen: [(row: Int, scale: Float)], _ memory: DecodingMemory) -> LogitMemory {
        let c = model.configuration
        guard let head = weights.head else { preconditionFailure("the model has no language-model head") }
        if (logitRows?.rows ?? -1) < chosen.count {
            logitRows = nil
            logitRows = LogitMemory(c, precision, rows: max(1, chosen.count))
        }
        guard let target = logitRows, !chosen.isEmpty else { return logitRows ?? LogitMemory(c, precision, rows: 1) }
        for (index, one) in chosen.enumerated() {
            target.chosen.copy(from: memory.residual, one.row * c.width, to: index * c.width, count: c.width)
        }
        let at = model.offsets
        byRows(chosen.count) {
            self.model.norm(at.finalNorm, at.finalNormBias, target.chosen, target.chosen, nil, $0, self.kernels)
            self.form(target.chosen, c.width, target.chosenForm, $0)
        }
        let stretches = LogitStretches(c.vocabularySize)
        pool.run(stretches.count) { index in
            let columns = stretches[index]
            unsafe product(
                target.chosenForm, head, rows: 0..<chosen.count, columns: columns,
                into: target.logits.base + columns.lowerBound, stride: c.vocabularySize)
            for (row, one) in chosen.enumerated() {
                let sums = unsafe target.sums.base + row * 2 * stretches.count + index
                unsafe kernels.table.pointee.logit_sum(
                    Int64(columns.count), one.scale, target.logits.base + row * c.vocabularySize + columns.lowerBound,
                    sums, sums + stretches.count)
            }
        }
        return target
    }
}
