internal import Kernels

/// The decoder's forward for rows that are all new tokens, on packed weights. Every value is one chain of operations
/// that depends on its own row alone, so a response's bits do not depend on what else is in the batch.
final class BatchDecoder {
    let model: Transformer
    let pool: WorkerPool
    let kernels: KernelSet
    private(set) var weights: DecodingWeights
    private var rows: RowMemory?
    private var rotary: RotaryTable?
    private var scratch: [FloatBuffer] = []
    private var positions = IndexBuffer([])

    private final class RowMemory {
        let rows, logitRows: Int
        let residual, normed, qkv, attention, inner, activated, logSums, chosen, logits: FloatBuffer
        init(_ c: ModelConfiguration, rows: Int, logitRows: Int) {
            self.rows = rows
            self.logitRows = logitRows
            residual = FloatBuffer(count: rows * c.width)
            normed = FloatBuffer(count: rows * c.width)
            qkv = FloatBuffer(count: rows * c.qkvWidth)
            attention = FloatBuffer(count: rows * c.attentionWidth)
            inner = FloatBuffer(count: rows * c.innerWidth)
            activated = FloatBuffer(count: rows * c.feedForward)
            logSums = FloatBuffer(count: rows * c.heads)
            chosen = FloatBuffer(count: logitRows * c.width)
            logits = FloatBuffer(count: logitRows * c.vocabularySize)
        }
    }

    init(_ model: Transformer, _ pool: WorkerPool, kernels: KernelSet = .best) {
        self.model = model
        self.pool = pool
        self.kernels = kernels
        weights = DecodingWeights(model)
    }

    func refresh() { weights = DecodingWeights(model) }

    /// Computes prompts whole, fills their caches.
    /// - Returns: logits after each prompt's last token, `[prompts, vocabulary]`.
    func prefill(_ prompts: [[Int32]], _ caches: [KeyValueCache]) -> FloatBuffer {
        let c = model.configuration
        var starts: [Int] = []
        var count = 0
        for prompt in prompts {
            starts.append(count)
            count += prompt.count
        }
        let places = prompts.flatMap { $0.indices.map { Int32($0) } }
        let longest = prompts.map(\.count).max() ?? 0
        prepare(
            rows: count, logitRows: prompts.count, positions: longest,
            scratch: Int(plumb_attention_scratch(Int64(c.headSize), Int64(longest))))
        forward(tokens: prompts.flatMap { $0 }, positions: places) { layer, memory in
            pool.runOnWorkers(prompts.count * c.keyValueHeads) { task, worker in
                let (index, head) = (task / c.keyValueHeads, task % c.keyValueHeads)
                attendPrompt(layer, head, starts[index], caches[index], memory, scratch[worker])
            }
        }
        return logits(of: zip(starts, prompts).map { $0 + $1.count - 1 })
    }

    /// Computes one more token for every live response; rows are the responses of cache 0, then of cache 1, …
    /// - Returns: logits, `[rows, vocabulary]`.
    func step(_ tokens: [Int32], _ caches: [KeyValueCache]) -> FloatBuffer {
        let c = model.configuration
        var starts: [Int] = []
        var places: [Int32] = []
        for cache in caches {
            cache.reserve()
            starts.append(places.count)
            places += [Int32](repeating: Int32(cache.prompt + cache.stored), count: cache.tails.count)
        }
        let longest = caches.map { $0.prompt + $0.stored + 1 }.max() ?? 0
        prepare(
            rows: tokens.count, logitRows: tokens.count, positions: longest,
            scratch: caches.map { $0.tails.count * ($0.promptStride + $0.tailStride) }.max() ?? 0)
        forward(tokens: tokens, positions: places) { layer, memory in
            pool.runOnWorkers(caches.count * c.keyValueHeads) { task, worker in
                let (index, head) = (task / c.keyValueHeads, task % c.keyValueHeads)
                attendResponses(layer, head, starts[index], caches[index], memory, worker)
            }
        }
        for cache in caches { cache.advance() }
        return logits(of: Array(tokens.indices))
    }

    /// Sees to memory before the threads start: they only read these properties.
    private func prepare(rows count: Int, logitRows: Int, positions: Int, scratch floats: Int) {
        let c = model.configuration
        if (rows?.rows ?? 0) < count || (rows?.logitRows ?? 0) < logitRows {
            // A prompt has many rows and one row of logits, a step as many of both: each grows by itself, so that
            // neither a long prompt pays for logits nor prompts and steps in turn allocate again and again.
            let (most, mostLogits) = (max(count, rows?.rows ?? 0), max(logitRows, rows?.logitRows ?? 0))
            rows = nil
            rows = RowMemory(c, rows: most, logitRows: mostLogits)
        }
        if case .rotary(let settings) = c.positions, (rotary?.positions ?? 0) < positions {
            rotary = RotaryTable(
                settings, positions: min(c.contextLength, max(positions, 2 * (rotary?.positions ?? 32))))
        }
        if (scratch.first?.count ?? -1) < floats {
            scratch = (0..<pool.threads).map { _ in FloatBuffer(count: floats) }
        }
    }

    private var memory: RowMemory {
        guard let rows else { preconditionFailure("prepare comes first") }
        return rows
    }

    private func forward(tokens: [Int32], positions places: [Int32], attend: (Int, RowMemory) -> Void) {
        let memory = memory
        let tokenBuffer = IndexBuffer(tokens)
        positions = IndexBuffer(places)
        let all = tokens.count
        let sequential = model.configuration.residual == .sequential
        byRows(all) { self.model.embed(tokenBuffer, self.positions, $0, into: memory.residual, self.kernels) }
        for (layer, at) in model.offsets.layers.enumerated() {
            let matrices = weights.layers[layer]
            byRows(all) {
                self.model.norm(
                    at.attentionNorm, at.attentionNormBias, memory.residual, memory.normed, nil, $0, self.kernels)
            }
            multiply(memory.normed, matrices.qkv, memory.qkv, rows: all)
            byRows(all) {
                self.model.normHeads(memory.qkv, at, nil, $0, self.kernels)
                self.model.rotate(memory.qkv, self.positions, $0, self.rotary, sign: 1, self.kernels)
            }
            attend(layer, memory)
            if sequential { multiply(memory.attention, matrices.output, memory.residual, rows: all, adding: true) }
            byRows(all) {
                self.model.norm(
                    at.feedForwardNorm, at.feedForwardNormBias, memory.residual, memory.normed, nil, $0, self.kernels)
            }
            if !sequential { multiply(memory.attention, matrices.output, memory.residual, rows: all, adding: true) }
            multiply(memory.normed, matrices.inner, memory.inner, rows: all)
            byRows(all) { self.model.activate(memory.inner, memory.activated, $0, self.kernels) }
            multiply(memory.activated, matrices.down, memory.residual, rows: all, adding: true)
        }
    }

    private func logits(of chosen: [Int]) -> FloatBuffer {
        let memory = memory
        let width = model.configuration.width
        guard let head = weights.head else { preconditionFailure("the model has no language-model head") }
        for (index, row) in chosen.enumerated() {
            memory.chosen.copy(from: memory.residual, row * width, to: index * width, count: width)
        }
        let at = model.offsets
        model.norm(
            at.finalNorm, at.finalNormBias, memory.chosen, memory.chosen, nil, 0..<chosen.count, kernels)
        multiply(memory.chosen, head, memory.logits, rows: chosen.count)
        return memory.logits
    }

    /// Work on rows alone: in one piece when there are few.
    private func byRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
        let size = rows <= 32 ? max(1, rows) : 32
        pool.run((rows + size - 1) / size) { body($0 * size..<min(rows, ($0 + 1) * size)) }
    }

    /// y (+)= x * W + bias, cut into tiles of rows and panels; small products stay on the calling thread.
    private func multiply(
        _ x: FloatBuffer, _ matrix: DecodingWeights.Matrix, _ y: FloatBuffer, rows: Int, adding: Bool = false
    ) {
        let panel = Int(PLUMB_PANEL)
        let panels = (matrix.outputs + panel - 1) / panel
        let small = rows * matrix.inputs * matrix.outputs < 1 << 19
        let rowTile = small ? rows : min(rows, 64)
        let panelTile = small ? panels : max(1, min(panels, (1 << 18) / max(1, rowTile * matrix.inputs * panel / 8)))
        let columns = (panels + panelTile - 1) / panelTile
        pool.run((rows + rowTile - 1) / rowTile * columns) { task in
            let (firstRow, firstPanel) = (task / columns * rowTile, task % columns * panelTile)
            let count = Int64(min(rowTile, rows - firstRow))
            let from = firstPanel * panel
            let width = Int64(min(panelTile * panel, matrix.outputs - from))
            let target = unsafe y.base + firstRow * matrix.outputs + from
            if let bias = matrix.bias {
                let table = unsafe kernels.table.pointee
                let fill = unsafe adding ? table.add_bias : table.fill_bias
                unsafe fill(count, width, model.parameters.base + bias + from, target, Int64(matrix.outputs))
            }
            unsafe kernels.table.pointee.multiply_panels(
                count, width, Int64(matrix.inputs), x.base + firstRow * matrix.inputs, Int64(matrix.inputs),
                matrix.panels.base + from * matrix.inputs, target, Int64(matrix.outputs),
                adding || matrix.bias != nil ? 1 : 0)
        }
    }

    /// One prompt and one key/value head: attention of its rows, then its keys and values into the cache.
    private func attendPrompt(
        _ layer: Int, _ head: Int, _ row: Int, _ cache: KeyValueCache, _ memory: RowMemory, _ scratch: FloatBuffer
    ) {
        let c = model.configuration
        let shared = c.heads / c.keyValueHeads
        var shape = unsafe plumb_attention(
            prompt: Int64(cache.prompt), responses: 0, lengths: nil, head_size: Int64(c.headSize),
            query_heads: Int64(shared), qkv_stride: Int64(c.qkvWidth), out_stride: Int64(c.attentionWidth),
            head_stride: Int64(c.headSize), out_head_stride: Int64(c.headSize), lse_stride: Int64(c.heads),
            window: Int64(c.window(ofLayer: layer)), scale: c.attentionScale)
        let line = unsafe memory.qkv.base + row * c.qkvWidth
        let key = unsafe line + (c.heads + head) * c.headSize
        let value = unsafe key + c.keyValueHeads * c.headSize
        _ = unsafe kernels.table.pointee.attention_forward(
            &shape, line + head * shared * c.headSize, key, value,
            memory.attention.base + row * c.attentionWidth + head * shared * c.headSize,
            memory.logSums.base + row * c.heads + head * shared, scratch.base)
        let at = cache.offset(layer, head, cache.promptStride)
        for position in 0..<cache.prompt {
            unsafe store(
                key + position * c.qkvWidth, value + position * c.qkvWidth, cache.promptKeys.base + at,
                cache.promptValues.base + at, cache.promptStride, position)
        }
    }

    /// Writes one key (a column) and one value (a row).
    private func store(
        _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ keys: UnsafeMutablePointer<Float>,
        _ values: UnsafeMutablePointer<Float>, _ stride: Int, _ position: Int
    ) {
        let size = model.configuration.headSize
        for index in 0..<size { unsafe keys[index * stride + position] = key[index] }
        unsafe (values + position * size).update(from: value, count: size)
    }

    /// The live responses of one prompt and one key/value head: their new keys and values, then attention to the prompt
    /// and to each response's own tokens.
    private func attendResponses(
        _ layer: Int, _ head: Int, _ row: Int, _ cache: KeyValueCache, _ memory: RowMemory, _ worker: Int
    ) {
        let c = model.configuration
        let shared = c.heads / c.keyValueHeads
        let count = cache.tails.count
        let at = cache.offset(layer, head, cache.tailStride)
        var keys = unsafe [UnsafePointer<Float>]()
        var values = unsafe [UnsafePointer<Float>]()
        for (index, tail) in cache.tails.enumerated() {
            let key = unsafe memory.qkv.base + (row + index) * c.qkvWidth + (c.heads + head) * c.headSize
            unsafe store(
                key, key + c.keyValueHeads * c.headSize, tail.keys.base + at, tail.values.base + at, cache.tailStride,
                cache.stored)
            unsafe keys.append(UnsafePointer(tail.keys.base + at))
            unsafe values.append(UnsafePointer(tail.values.base + at))
        }
        let lengths = [Int32](repeating: Int32(cache.stored + 1), count: count)
        let prefix = cache.offset(layer, head, cache.promptStride)
        let space = scratch[worker]
        let (window, scale) = (Int64(c.window(ofLayer: layer)), c.attentionScale)
        for query in head * shared..<(head + 1) * shared {
            unsafe kernels.table.pointee.attention_decode(
                Int64(c.headSize), Int64(count), memory.qkv.base + row * c.qkvWidth + query * c.headSize,
                Int64(c.qkvWidth), cache.promptKeys.base + prefix, cache.promptValues.base + prefix,
                Int64(cache.promptStride), Int64(cache.prompt), keys, values, Int64(cache.tailStride), lengths, window,
                scale, memory.attention.base + row * c.attentionWidth + query * c.headSize, Int64(c.attentionWidth),
                space.base)
        }
    }
}
