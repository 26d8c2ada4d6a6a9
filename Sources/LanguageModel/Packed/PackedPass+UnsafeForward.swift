internal import Kernels

/// The trunk's forward. Each layer is two phases: attention by group and key/value head, and everything that works on
/// rows alone, by chunks of rows that stay in the cache.
extension PackedPass {
    var parametersBase: UnsafeMutablePointer<Float> { unsafe model.parameters.base }

    func attentionScratch(keys: Int) -> Int {
        Int(plumb_attention_scratch(Int64(model.configuration.headSize), Int64(keys)))
    }

    func runForward() {
        operands.lowRank?.prepare(pool)
        operands.bottleneck?.prepare(pool)
        let chunks = RowChunks(layout.tokenCount)
        let layers = model.configuration.layers
        let first = packing([.qkv], ofLayer: 0, for: .forward)
        pool.run(first.count) { run(first[$0]) }
        pool.run(chunks.count) { chunk in
            embed(chunks[chunk])
            attentionInput(0, chunks[chunk])
        }
        for layer in 0..<layers {
            attend(layer)
            pool.run(chunks.count) { chunk in
                layerOutput(layer, chunks[chunk])
                if layer + 1 < layers {
                    attentionInput(layer + 1, chunks[chunk])
                } else {
                    finalNorm(chunks[chunk])
                }
            }
        }
    }

    private func embed(_ rows: Range<Int>) {
        model.embed(tokens, positions, rows, into: memory.residuals[0], kernels)
    }

    /// Norm, query/key/value projection, rotation of rows `rows` of `layer`.
    private func attentionInput(_ layer: Int, _ rows: Range<Int>) {
        let at = model.offsets.layers[layer]
        let store = memory.layers[layer]
        norm(
            at.attentionNorm, at.attentionNormBias, memory.residuals[layer], memory.normed, store.attentionNorm, rows)
        project(memory.normed, store.qkv, .qkv, ofLayer: layer, bias: at.qkvBias, rows)
        model.normHeads(store.qkv, at, store.headNorm, rows, kernels)
        rotate(store.qkv, rows, sign: 1)
    }

    func rotate(_ qkv: FloatBuffer, _ rows: Range<Int>, sign: Float) {
        model.rotate(qkv, positions, rows, rotaryTable, sign: sign, kernels)
    }

    /// Attention by group and head, beside the packing of the matrices that the rows need next.
    private func attend(_ layer: Int) {
        let heads = model.configuration.keyValueHeads
        let store = memory.layers[layer]
        let attention = layout.groupCount * heads
        let packs =
            packing([.output, .inner, .down], ofLayer: layer, for: .forward)
            + packing([.qkv], ofLayer: layer + 1, for: .forward)
        var pairs = [Int](repeating: 0, count: layout.groupCount)
        unsafe pairs.withUnsafeMutableBufferPointer { pairs in
            nonisolated(unsafe) let pairs = unsafe pairs
            pool.runOnWorkers(attention + packs.count) { task, worker in
                guard task < attention else {
                    run(packs[task - attention])
                    return
                }
                let (group, head) = (task / heads, task % heads)
                var shape = unsafe attentionShape(group, layer)
                let at = attentionOffsets(group, head)
                let counted = unsafe kernels.table.pointee.attention_forward(
                    &shape, store.qkv.base + at.query, store.qkv.base + at.key, store.qkv.base + at.value,
                    store.attention.base + at.out, store.logSums.base + at.logSum, scratch[worker].base)
                if head == 0 { unsafe pairs[group] = Int(counted) }
            }
        }
        attentionPairs = pairs.reduce(0, +)
    }

    /// First floats of one group's part of one key/value head and of the query heads that share it.
    func attentionOffsets(_ group: Int, _ head: Int) -> (query: Int, key: Int, value: Int, out: Int, logSum: Int) {
        let c = model.configuration
        let row = layout.wholePromptRows(group).lowerBound
        let shared = c.heads / c.keyValueHeads
        let line = row * c.qkvWidth
        let key = line + (c.heads + head) * c.headSize
        return (
            line + head * shared * c.headSize, key, key + c.keyValueHeads * c.headSize,
            row * c.attentionWidth + head * shared * c.headSize, row * c.heads + head * shared
        )
    }

    func attentionShape(_ group: Int, _ layer: Int) -> plumb_attention {
        let c = model.configuration
        let responses = layout.responseCount(group)
        return unsafe plumb_attention(
            prompt: Int64(layout.wholePromptRows(group).count), responses: Int64(responses),
            lengths: lengths.base + lengthStarts[group], head_size: Int64(c.headSize),
            query_heads: Int64(c.heads / c.keyValueHeads), qkv_stride: Int64(c.qkvWidth),
            out_stride: Int64(c.attentionWidth), head_stride: Int64(c.headSize), out_head_stride: Int64(c.headSize),
            lse_stride: Int64(c.heads), window: Int64(c.window(ofLayer: layer)), scale: c.attentionScale)
    }

    /// Attention's projection into the residual stream, then the feed-forward.
    private func layerOutput(_ layer: Int, _ rows: Range<Int>) {
        let at = model.offsets.layers[layer]
        let store = memory.layers[layer]
        copyRows(memory.residuals[layer], to: store.middle, rows)
        project(
            store.attention, store.middle, .output, ofLayer: layer, bias: at.outputBias, rows, adding: true)
        addBottleneck(.afterAttention, ofLayer: layer, before: memory.residuals[layer], after: store.middle, rows)
        norm(
            at.feedForwardNorm, at.feedForwardNormBias, feedForwardSource(layer), memory.normed, store.feedForwardNorm,
            rows)
        project(memory.normed, store.inner, .inner, ofLayer: layer, bias: at.innerBias, rows)
        model.activate(store.inner, memory.activated, rows, kernels)
        copyRows(store.middle, to: memory.residuals[layer + 1], rows)
        project(
            memory.activated, memory.residuals[layer + 1], .down, ofLayer: layer, bias: at.downBias, rows, adding: true)
        addBottleneck(
            .afterFeedForward, ofLayer: layer, before: store.middle, after: memory.residuals[layer + 1], rows)
    }

    /// What the feed-forward's norm reads: the stream with the attention's output, or the stream before the layer.
    func feedForwardSource(_ layer: Int) -> FloatBuffer {
        model.configuration.residual == .sequential ? memory.layers[layer].middle : memory.residuals[layer]
    }

    private func finalNorm(_ rows: Range<Int>) {
        let at = model.offsets
        norm(
            at.finalNorm, at.finalNormBias, memory.residuals[model.configuration.layers], memory.hidden,
            memory.finalNorm, rows)
    }

    func copyRows(_ source: FloatBuffer, to target: FloatBuffer, _ rows: Range<Int>) {
        let width = model.configuration.width
        unsafe (target.base + rows.lowerBound * width).update(
            from: source.base + rows.lowerBound * width, count: rows.count * width)
    }

    func norm(
        _ weight: Int, _ bias: Int, _ source: FloatBuffer, _ target: FloatBuffer, _ statistics: NormMemory,
        _ rows: Range<Int>
    ) {
        model.norm(weight, bias, source, target, statistics, rows, kernels)
    }
}
