internal import Kernels

/// The gradients of what a tuning trains, beside the backward of the layers.
extension PackedPass {
    /// A piece of the gradient of a layer's tuning.
    enum TuningTask {
        case lowRank(LowRankGradientTask)
        /// The adapter of a place, with the gradient behind it.
        case bottleneck(BottleneckPlace, after: FloatBuffer)
    }

    /// What must be done before the residual stream's gradient moves on to the layer's input.
    func outputTuningTasks(_ layer: Int) -> [TuningTask] {
        guard model.tuning != nil else { return [] }
        let store = backwardMemory
        let products = lowRankGradientTasks(
            [
                (.inner, memory.normed, store.inner), (.down, memory.activated, store.residual),
                (.output, memory.layers[layer].attention, store.middle),
            ], ofLayer: layer)
        return products.map { .lowRank($0) }
            + bottleneckPlaces(layer).map {
                .bottleneck($0, after: $0 == .afterAttention ? store.middle : store.residual)
            }
    }

    /// What needs the gradients of queries, keys and values.
    func inputTuningTasks(_ layer: Int) -> [TuningTask] {
        guard model.tuning != nil else { return [] }
        let store = backwardMemory
        return lowRankGradientTasks([(.qkv, store.attentionNormed, store.qkv)], ofLayer: layer).map { .lowRank($0) }
    }

    func run(_ task: TuningTask, ofLayer layer: Int, _ gradients: FloatBuffer, _ worker: Int) {
        switch task {
        case .lowRank(let task): run(task, gradients, worker)
        case .bottleneck(let place, let after):
            addBottleneckGradients(place, ofLayer: layer, after: after, gradients, worker)
        }
    }

    /// Each vector's gradient is the sum over the groups in their order.
    func promptVectorBackward(_ gradients: FloatBuffer) {
        guard let tuning = model.tuning, let vectors = tuning.offsets.promptVectors else { return }
        let width = model.configuration.width
        for group in 0..<layout.groupCount {
            let first = layout.wholePromptRows(group).lowerBound
            for index in 0..<tuning.promptVectorCount {
                unsafe kernels.table.pointee.add(
                    Int64(width), backwardMemory.residual.base + (first + index) * width,
                    gradients.base + vectors + index * width)
            }
        }
    }
}
