internal import Kernels

/// Attention of new tokens of responses and of pieces of prompts, through the caches.
extension BatchDecoder {
    /// Some rows of one part and one key/value head.
    struct AttentionTask {
        let kind: Part.Kind
        let cache: KeyValueCache
        let head: Int
        /// First row in the batch.
        let row: Int
        /// Rows in the part.
        let rows: Range<Int>
    }

    /// Responses whose queries make up one task: with the heads that share a key/value head, about eight rows.
    var responsesATask: Int {
        let c = model.configuration
        return max(1, 8 / (c.heads / c.keyValueHeads))
    }

    /// A prompt's piece is one task a head, for its rows need one another's keys; responses do not.
    func attentionTasks(_ parts: [Part], _ starts: [Int]) -> [AttentionTask] {
        var tasks: [AttentionTask] = []
        for (part, start) in zip(parts, starts) {
            let size = part.kind == .prompt ? part.tokens.count : responsesATask
            for head in 0..<model.configuration.keyValueHeads {
                for first in stride(from: 0, to: part.tokens.count, by: max(1, size)) {
                    tasks.append(
                        AttentionTask(
                            kind: part.kind, cache: part.cache, head: head, row: start + first,
                            rows: first..<min(part.tokens.count, first + size)))
                }
            }
        }
        return tasks
    }

    func decodeShape(_ cache: KeyValueCache, layer: Int, responses: Int) -> plumb_decode {
        let c = model.configuration
        return plumb_decode(
            precision: cache.precision.kernelPrecision, head_size: Int64(c.headSize),
            query_heads: Int64(c.heads / c.keyValueHeads), responses: Int64(responses), prompt: Int64(cache.prompt),
            prompt_stride: Int64(cache.promptStride), stored: Int64(cache.stored + 1),
            stride: Int64(cache.tailStride), q_stride: Int64(c.qkvWidth), out_stride: Int64(c.attentionWidth),
            window: Int64(c.window(ofLayer: layer)), scale: c.attentionScale)
    }

    /// The rows' queries and keys are normed and turned, keys and values stored, and the queries answered.
    func attend(
        _ task: AttentionTask, _ layer: Int, _ at: LayerOffsets, _ positions: IndexBuffer, _ memory: DecodingMemory,
        _ worker: Int
    ) {
        let c = model.configuration
        let (shared, count) = (c.heads / c.keyValueHeads, task.rows.count)
        let first = unsafe memory.qkv.base + task.row * c.qkvWidth
        let queries = unsafe first + task.head * shared * c.headSize
        let keys = unsafe first + (c.heads + task.head) * c.headSize
        let values = unsafe keys + c.keyValueHeads * c.headSize
        unsafe turn(queries, heads: shared, norm: at.queryNorm, rows: count, positions.base + task.row)
        unsafe turn(keys, heads: 1, norm: at.keyNorm, rows: count, positions.base + task.row)
        let out = unsafe memory.attention.base + task.row * c.attentionWidth + task.head * shared * c.headSize
        let cache = task.cache
        let prefix = cache.offset(layer, task.head, cache.promptStride)
        var shape = decodeShape(cache, layer: layer, responses: count)
        let table = unsafe kernels.table.pointee
        func store(_ row: Int, _ stride: Int, _ position: Int, _ keyStore: ByteBuffer, _ valueStore: ByteBuffer) {
            let start = cache.offset(layer, task.head, stride)
            unsafe table.store_key_value(
                shape.precision, Int64(c.headSize), Int64(stride), Int64(position), keys + row * c.qkvWidth,
                values + row * c.qkvWidth, keyStore.base + start, valueStore.base + start)
        }
        switch task.kind {
        case .prompt:
            for row in 0..<count {
                store(row, cache.promptStride, cache.prefilled + row, cache.promptKeys, cache.promptValues)
            }
            unsafe table.attention_prompt(
                &shape, Int64(cache.prefilled), Int64(count), queries, cache.promptKeys.base + prefix,
                cache.promptValues.base + prefix, out, scratch[worker].base)
        case .responses:
            let start = cache.offset(layer, task.head, cache.tailStride)
            var ownKeys = unsafe [UnsafeRawPointer]()
            var ownValues = unsafe [UnsafeRawPointer]()
            for (row, tail) in cache.tails[task.rows].enumerated() {
                store(row, cache.tailStride, cache.stored, tail.keys, tail.values)
                unsafe ownKeys.append(UnsafeRawPointer(tail.keys.base + start))
                unsafe ownValues.append(UnsafeRawPointer(tail.values.base + start))
            }
            unsafe table.attention_decode(
                &shape, queries, cache.promptKeys.base + prefix, cache.promptValues.base + prefix, ownKeys, ownValues,
                out, scratch[worker].base)
        }
    }

    /// Norms and turns neighbouring heads of some rows, where the model does.
    private func turn(
        _ x: UnsafeMutablePointer<Float>, heads: Int, norm: Int?, rows: Int, _ positions: UnsafePointer<Int32>
    ) {
        let c = model.configuration
        let table = unsafe kernels.table.pointee
        if let norm {
            for row in 0..<rows {
                let line = unsafe x + row * c.qkvWidth
                unsafe table.rms_norm(
                    Int64(heads), Int64(c.headSize), Float(c.normEpsilon), line, model.parameters.base + norm, line,
                    nil)
            }
        }
        guard let rotary else { return }
        let rotate = unsafe rotary.settings.pairing == .halves ? table.rotate : table.rotate_neighbours
        unsafe rotate(
            Int64(rows), Int64(heads), Int64(c.headSize), Int64(rotary.settings.size), x, Int64(c.qkvWidth), positions,
            rotary.cosines.base, rotary.sines.base, 1)
    }
}
