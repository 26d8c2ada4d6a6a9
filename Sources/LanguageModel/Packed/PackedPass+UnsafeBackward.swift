internal import Kernels

/// The trunk's backward, layer by layer from the last, in four phases each:
/// rows (feed-forward and output projection), attention with the weight gradients of those, rows (query/key/value),
/// weight gradients of that. Norm outputs and activations are computed again; probabilities too, from the log-sums.
/// Gradients of weights are made for what is trained alone, and it ends at the lowest layer that something needs.
extension PackedPass {
    /// Rows of a weight gradient that one task computes over all rows of the pass.
    static var gradientTile: Int { 128 }

    func runBackward(into gradients: FloatBuffer) {
        let chunks = RowChunks(layout.tokenCount)
        let at = model.offsets
        let layers = model.configuration.layers
        let store = backwardMemory
        let lowest = model.tuning?.method.lowestLayer(model.configuration) ?? 0
        let packs = packing([.down, .inner, .output], ofLayer: layers - 1, for: .backward)
        pool.run(packs.count) { run(packs[$0]) }
        pool.run(chunks.count) { chunk in
            zeroRows(store.residual, chunks[chunk])
            normBackward(
                at.finalNorm, store.hidden, memory.residuals[layers], memory.finalNorm, adding: store.residual, chunk,
                chunks[chunk])
        }
        if model.tuning == nil { addNormGradients(at.finalNorm, at.finalNormBias, chunks.count, gradients) }
        for layer in (lowest..<layers).reversed() {
            layerBackward(layer, below: layer > lowest ? layer - 1 : nil, chunks, gradients)
        }
        embeddingBackward(gradients)
    }

    /// Where the gradients of a layer's own tensors go; nil where it stays as it is.
    private func gradientOffsets(_ layer: Int) -> LayerOffsets? {
        guard let tuning = model.tuning else { return model.offsets.layers[layer] }
        return tuning.offsets.layers.isEmpty ? nil : tuning.offsets.layers[layer]
    }

    private func layerBackward(_ layer: Int, below: Int?, _ chunks: RowChunks, _ gradients: FloatBuffer) {
        let own = gradientOffsets(layer)
        let sequential = model.configuration.residual == .sequential
        pool.run(chunks.count) { chunk in
            feedForwardBackward(layer, chunks[chunk])
            if sequential { feedForwardNormBackward(layer, chunk, chunks[chunk]) }
            attentionOutputBackward(layer, chunks[chunk])
        }
        if sequential, let own {
            addNormGradients(own.feedForwardNorm, own.feedForwardNormBias, chunks.count, gradients)
        }

        let late = own.map { outputGradientTasks(layer, $0) } ?? []
        let tuned = outputTuningTasks(layer)
        let attention = layout.groupCount * model.configuration.keyValueHeads
        let packs = packing([.qkv], ofLayer: layer, for: .backward)
        let packsFrom = attention + late.count
        let tunedFrom = packsFrom + packs.count
        pool.runOnWorkers(tunedFrom + tuned.count) { task, worker in
            if task < attention {
                attentionBackward(layer, task, worker)
            } else if task < packsFrom {
                run(late[task - attention], gradients, worker)
            } else if task < tunedFrom {
                run(packs[task - packsFrom])
            } else {
                run(tuned[task - tunedFrom], ofLayer: layer, gradients, worker)
            }
        }

        if !sequential {
            // Only now: the weight gradients needed the slopes of the attention's output alone.
            pool.run(chunks.count) { feedForwardNormBackward(layer, $0, chunks[$0]) }
            if let own { addNormGradients(own.feedForwardNorm, own.feedForwardNormBias, chunks.count, gradients) }
        }
        pool.run(chunks.count) { attentionInputBackward(layer, $0, chunks[$0]) }
        if let own {
            addNormGradients(own.attentionNorm, own.attentionNormBias, chunks.count, gradients)
            addHeadNormGradients(own, chunks.count, gradients)
        }
        let early = own.map { inputGradientTasks(layer, $0) } ?? []
        let tunedEarly = inputTuningTasks(layer)
        let next = packing([.down, .inner, .output], ofLayer: below ?? -1, for: .backward)
        pool.runOnWorkers(early.count + next.count + tunedEarly.count) { task, worker in
            if task < early.count {
                run(early[task], gradients, worker)
            } else if task < early.count + next.count {
                run(next[task - early.count])
            } else {
                run(tunedEarly[task - early.count - next.count], ofLayer: layer, gradients, worker)
            }
        }
    }

    /// From the gradient after the layer to those of the inner projection and the feed-forward norm's output; the
    /// middle of the residual stream starts with the former.
    private func feedForwardBackward(_ layer: Int, _ rows: Range<Int>) {
        let at = model.offsets.layers[layer]
        let forward = memory.layers[layer]
        let store = backwardMemory
        norm(
            at.feedForwardNorm, at.feedForwardNormBias, feedForwardSource(layer), memory.normed,
            forward.feedForwardNorm, rows)
        let slopes = bottleneckBackward(.afterFeedForward, ofLayer: layer, store.residual, rows)
        projectBackward(slopes, memory.activated, .down, ofLayer: layer, rows)
        activateBackward(forward.inner, memory.activated, store.inner, rows)
        projectBackward(store.inner, store.normed, .inner, ofLayer: layer, rows)
        copyRows(store.residual, to: store.middle, rows)
    }

    /// Adds the gradient of what the feed-forward's norm read to the middle of the residual stream.
    private func feedForwardNormBackward(_ layer: Int, _ chunk: Int, _ rows: Range<Int>) {
        let store = backwardMemory
        normBackward(
            model.offsets.layers[layer].feedForwardNorm, store.normed, feedForwardSource(layer),
            memory.layers[layer].feedForwardNorm, adding: store.middle, chunk, rows)
    }

    private func attentionOutputBackward(_ layer: Int, _ rows: Range<Int>) {
        let store = backwardMemory
        let slopes = bottleneckBackward(.afterAttention, ofLayer: layer, store.middle, rows)
        projectBackward(slopes, store.attention, .output, ofLayer: layer, rows)
    }

    private func attentionBackward(_ layer: Int, _ task: Int, _ worker: Int) {
        let heads = model.configuration.keyValueHeads
        let (group, head) = (task / heads, task % heads)
        let forward = memory.layers[layer]
        let slopes = backwardMemory
        var shape = unsafe attentionShape(group, layer)
        let at = attentionOffsets(group, head)
        unsafe kernels.table.pointee.attention_backward(
            &shape, forward.qkv.base + at.query, forward.qkv.base + at.key, forward.qkv.base + at.value,
            forward.attention.base + at.out, forward.logSums.base + at.logSum, slopes.attention.base + at.out,
            slopes.qkv.base + at.query, slopes.qkv.base + at.key, slopes.qkv.base + at.value, scratch[worker].base)
    }

    /// From the gradients of queries, keys and values to that of the residual stream before the layer.
    private func attentionInputBackward(_ layer: Int, _ chunk: Int, _ rows: Range<Int>) {
        let at = model.offsets.layers[layer]
        let forward = memory.layers[layer]
        let store = backwardMemory
        rotate(store.qkv, rows, sign: -1)
        if let headNorm = forward.headNorm { headNormBackward(headNorm, at, chunk, rows) }
        norm(
            at.attentionNorm, at.attentionNormBias, memory.residuals[layer], store.attentionNormed,
            forward.attentionNorm, rows)
        projectBackward(store.qkv, store.normed, .qkv, ofLayer: layer, rows)
        copyRows(store.middle, to: store.residual, rows)
        normBackward(
            at.attentionNorm, store.normed, memory.residuals[layer], forward.attentionNorm, adding: store.residual,
            chunk, rows)
    }

    /// `activated` holds the gradient of the activation's output and receives that output itself.
    private func activateBackward(
        _ inner: FloatBuffer, _ activated: FloatBuffer, _ slopes: FloatBuffer, _ rows: Range<Int>
    ) {
        let c = model.configuration
        let from = rows.lowerBound * c.innerWidth
        let both = unsafe activated.base + rows.lowerBound * c.feedForward
        switch c.activation {
        case .swiglu:
            unsafe kernels.table.pointee.swiglu_backward(
                Int64(rows.count), Int64(c.feedForward), inner.base + from, both, slopes.base + from, both)
        case .gelu:
            unsafe kernels.table.pointee.gelu_backward(
                Int64(rows.count * c.feedForward), inner.base + from, both, slopes.base + from, both)
        case .exactGelu:
            unsafe kernels.table.pointee.exact_gelu_backward(
                Int64(rows.count * c.feedForward), inner.base + from, both, slopes.base + from, both)
        }
    }

    private func zeroRows(_ buffer: FloatBuffer, _ rows: Range<Int>) {
        let width = model.configuration.width
        unsafe (buffer.base + rows.lowerBound * width).update(repeating: 0, count: rows.count * width)
    }

    /// target += gradient of the norm's input; the weights' gradients go to this chunk's partial sums.
    private func normBackward(
        _ weight: Int, _ slopes: FloatBuffer, _ source: FloatBuffer, _ statistics: NormMemory,
        adding target: FloatBuffer, _ chunk: Int, _ rows: Range<Int>
    ) {
        let c = model.configuration
        let from = rows.lowerBound * c.width
        let partial = unsafe backwardMemory.normPartials.base + chunk * 2 * c.width
        unsafe partial.update(repeating: 0, count: 2 * c.width)
        switch c.norm {
        case .rootMeanSquare:
            unsafe kernels.table.pointee.rms_norm_backward(
                Int64(rows.count), Int64(c.width), slopes.base + from, source.base + from, parametersBase + weight,
                statistics.inverse.base + rows.lowerBound, target.base + from, partial)
        case .layer:
            unsafe kernels.table.pointee.layer_norm_backward(
                Int64(rows.count), Int64(c.width), slopes.base + from, source.base + from, parametersBase + weight,
                statistics.mean.base + rows.lowerBound, statistics.inverse.base + rows.lowerBound, target.base + from,
                partial, partial + c.width)
        }
    }

    /// Adds the chunks' partial sums in their order.
    private func addNormGradients(_ weight: Int, _ bias: Int, _ chunks: Int, _ gradients: FloatBuffer) {
        let width = model.configuration.width
        for chunk in 0..<chunks {
            let partial = unsafe backwardMemory.normPartials.base + chunk * 2 * width
            unsafe kernels.table.pointee.add(Int64(width), partial, gradients.base + weight)
            if model.configuration.norm == .layer {
                unsafe kernels.table.pointee.add(Int64(width), partial + width, gradients.base + bias)
            }
        }
    }

    /// Gradients of queries and keys become those of what their norms read.
    private func headNormBackward(_ forward: HeadNormMemory, _ at: LayerOffsets, _ chunk: Int, _ rows: Range<Int>) {
        guard let query = at.queryNorm, let key = at.keyNorm else { return }
        let c = model.configuration
        let store = backwardMemory
        let size = c.headSize
        let partial = unsafe store.headNormPartials.base + chunk * 2 * size
        unsafe partial.update(repeating: 0, count: 2 * size)
        let parts = [(c.heads, 0, query, 0), (c.keyValueHeads, c.heads, key, size)]
        for row in rows {
            for (heads, first, weight, sums) in parts {
                let slopes = unsafe store.qkv.base + row * c.qkvWidth + first * size
                // The gradients of the attention's output have done their work: their place takes the slopes' copy.
                let copy = unsafe store.attention.base + row * c.attentionWidth
                unsafe copy.update(from: slopes, count: heads * size)
                unsafe slopes.update(repeating: 0, count: heads * size)
                let at = row * (c.heads + c.keyValueHeads) + first
                unsafe kernels.table.pointee.rms_norm_backward(
                    Int64(heads), Int64(size), copy, forward.inputs.base + at * size, parametersBase + weight,
                    forward.inverse.base + at, slopes, partial + sums)
            }
        }
    }

    private func addHeadNormGradients(_ at: LayerOffsets, _ chunks: Int, _ gradients: FloatBuffer) {
        guard let query = at.queryNorm, let key = at.keyNorm else { return }
        let size = model.configuration.headSize
        for chunk in 0..<chunks {
            let partial = unsafe backwardMemory.headNormPartials.base + chunk * 2 * size
            unsafe kernels.table.pointee.add(Int64(size), partial, gradients.base + query)
            unsafe kernels.table.pointee.add(Int64(size), partial + size, gradients.base + key)
        }
    }

    /// A piece of a weight's or a bias's gradient, over all rows of the pass.
    private struct GradientTask {
        let source: FloatBuffer
        let slopes: FloatBuffer
        let weights: Int
        let bias: Int?
        let inputs: Int
        let outputs: Int
        let tile: Range<Int>
    }

    private func tasks(
        _ source: FloatBuffer, _ slopes: FloatBuffer, _ weights: Int, bias: Int?, inputs: Int, outputs: Int
    ) -> [GradientTask] {
        let rows = model.configuration.weightLayout == .outputRows ? outputs : inputs
        return stride(from: 0, to: rows, by: Self.gradientTile).map { start in
            GradientTask(
                source: source, slopes: slopes, weights: weights, bias: start == 0 ? bias : nil, inputs: inputs,
                outputs: outputs, tile: start..<min(rows, start + Self.gradientTile))
        }
    }

    private func outputGradientTasks(_ layer: Int, _ at: LayerOffsets) -> [GradientTask] {
        let c = model.configuration
        let forward = memory.layers[layer]
        let store = backwardMemory
        return tasks(
            memory.normed, store.inner, at.inner, bias: at.innerBias, inputs: c.width, outputs: c.innerWidth)
            + tasks(
                memory.activated, store.residual, at.down, bias: at.downBias, inputs: c.feedForward, outputs: c.width)
            + tasks(
                forward.attention, store.middle, at.output, bias: at.outputBias, inputs: c.attentionWidth,
                outputs: c.width)
    }

    private func inputGradientTasks(_ layer: Int, _ at: LayerOffsets) -> [GradientTask] {
        let c = model.configuration
        let store = backwardMemory
        return tasks(
            store.attentionNormed, store.qkv, at.qkv, bias: at.qkvBias, inputs: c.width, outputs: c.qkvWidth)
    }

    private func run(_ task: GradientTask, _ gradients: FloatBuffer, _ worker: Int) {
        if let bias = task.bias {
            unsafe kernels.table.pointee.column_sums(
                Int64(layout.tokenCount), Int64(task.outputs), task.slopes.base, Int64(task.outputs),
                gradients.base + bias)
        }
        unsafe kernels.addWeightGradient(
            gradients.base + task.weights, model.configuration.weightLayout, inputs: task.inputs,
            outputs: task.outputs, rows: layout.tokenCount, x: task.source.base, dy: task.slopes.base, tile: task.tile,
            scratch: productScratch[worker], precision: products)
    }

    /// Each task owns a range of columns, so that a token that occurs twice is added in the order of its rows.
    private func embeddingBackward(_ gradients: FloatBuffer) {
        if model.tuning != nil { return promptVectorBackward(gradients) }
        let width = model.configuration.width
        let slice = 32
        let slopes = backwardMemory.residual
        pool.run((width + slice - 1) / slice) { task in
            let first = task * slice
            let count = Int64(min(slice, width - first))
            for row in 0..<layout.tokenCount {
                let slope = unsafe slopes.base + row * width + first
                let token = unsafe model.offsets.embedding + Int(tokens.base[row]) * width + first
                unsafe kernels.table.pointee.add(count, slope, gradients.base + token)
                if let learned = model.offsets.positions {
                    let position = unsafe learned + Int(positions.base[row]) * width + first
                    unsafe kernels.table.pointee.add(count, slope, gradients.base + position)
                }
            }
        }
    }
}
