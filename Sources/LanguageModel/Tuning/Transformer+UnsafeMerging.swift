internal import Kernels

/// Low-rank products and rounded matrices as plain weights.
extension Transformer {
    /// Are the layers' matrices something else than what lies among the parameters?
    var hasComputedMatrices: Bool { frozen != nil || tuning?.offsets.lowRank.isEmpty == false }

    /// Outputs of a layer's joint matrix as rows `[outputs, inputs]`: rounded weights read back, low-rank products added.
    func computeRows(_ outputs: Range<Int>, of matrix: LayerMatrix, ofLayer layer: Int, into target: FloatBuffer) {
        let (inputs, all) = matrix.shape(configuration)
        if configuration.weightLayout == .outputRows {
            let range = outputs.lowerBound * inputs..<outputs.upperBound * inputs
            unsafe read(matrix, layer, range, into: target.base)
        } else {
            let line = FloatBuffer(count: outputs.count)
            for input in 0..<inputs {
                unsafe read(
                    matrix, layer, input * all + outputs.lowerBound..<input * all + outputs.upperBound, into: line.base)
                for index in 0..<outputs.count { target[index * inputs + input] = line[index] }
            }
        }
        guard let tuning, !tuning.offsets.lowRank.isEmpty else { return }
        for product in tuning.offsets.lowRank[layer] where product.module.matrix == matrix {
            let shared = product.module.columns.clamped(to: outputs)
            guard !shared.isEmpty else { continue }
            let own = shared.lowerBound - product.module.columns.lowerBound
            let b = tuning.scaledB(product, own..<own + shared.count)
            unsafe KernelSet.best.table.pointee.product(
                Int64(shared.count), Int64(inputs), Int64(tuning.offsets.rank), b.base, Int64(tuning.offsets.rank),
                tuning.parameters.base + product.a, Int64(inputs), Int64(PLUMB_PANEL),
                target.base + (shared.lowerBound - outputs.lowerBound) * inputs, Int64(inputs), 1)
        }
    }

    private func read(
        _ matrix: LayerMatrix, _ layer: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
        if let frozen {
            unsafe frozen.read(matrix, ofLayer: layer, range, into: target)
        } else {
            let start = matrix.offset(offsets.layers[layer]) + range.lowerBound
            unsafe target.update(from: parameters.base + start, count: range.count)
        }
    }

    /// Adds the low-rank products to the weights, which a model that shares them sees too.
    /// - Returns: the model without its tuning.
    /// - Throws: `EngineError.badSetting` where there is nothing that can be merged, or where weights are rounded.
    public func mergingTuning() throws(EngineError) -> Transformer {
        guard let tuning, case .lowRank = tuning.method else {
            throw .badSetting("only low-rank products can be merged into a model's weights")
        }
        guard frozen == nil else {
            throw .badSetting("products cannot be merged into rounded weights; merge them into the base's files")
        }
        for product in tuning.offsets.lowRank.joined() {
            let (_, all) = product.module.matrix.shape(configuration)
            let rows = configuration.weightLayout == .outputRows
            let start = product.module.matrix.offset(offsets.layers[product.layer])
            let first = product.module.columns.lowerBound
            let b = tuning.scaledB(product, 0..<product.module.columns.count)
            unsafe tuning.addProduct(
                product, b, to: parameters.base + start + (rows ? first * product.inputs : first),
                configuration.weightLayout, allOutputs: all)
        }
        return untuned
    }
}

extension Tuning {
    /// Rows of scale · B `[rows, rank]`, as they lie here.
    func scaledB(_ product: TuningOffsets.LowRank, _ rows: Range<Int>) -> FloatBuffer {
        guard case .lowRank(let settings) = method else { return FloatBuffer(count: 0) }
        let rank = offsets.rank
        let scale = settings.scale
        let from = product.b + rows.lowerBound * rank
        let result = FloatBuffer(count: rows.count * rank)
        result.store(parameters.array(from..<from + rows.count * rank).map { scale * $0 }, at: 0)
        return result
    }

    /// weights += b · A, every element in the same order of terms whichever way the matrix lies.
    /// - Parameters:
    ///   - b: scale · B of the whole module.
    ///   - allOutputs: columns between rows of a matrix that lies `[inputs, outputs]`.
    func addProduct(
        _ product: TuningOffsets.LowRank, _ b: FloatBuffer, to weights: UnsafeMutablePointer<Float>,
        _ layout: WeightLayout, allOutputs: Int
    ) {
        let (rank, inputs, outputs) = (offsets.rank, product.inputs, product.module.columns.count)
        let a = unsafe parameters.base + product.a
        let table = unsafe KernelSet.best.table.pointee
        if layout == .outputRows {
            unsafe table.product(
                Int64(outputs), Int64(inputs), Int64(rank), b.base, Int64(rank), a, Int64(inputs), Int64(PLUMB_PANEL),
                weights, Int64(inputs), 1)
            return
        }
        let (left, right) = (FloatBuffer(count: inputs * rank), FloatBuffer(count: rank * outputs))
        for term in 0..<rank {
            for input in 0..<inputs { unsafe left.base[input * rank + term] = a[term * inputs + input] }
            for output in 0..<outputs { unsafe right.base[term * outputs + output] = b.base[output * rank + term] }
        }
        unsafe table.product(
            Int64(inputs), Int64(outputs), Int64(rank), left.base, Int64(rank), right.base, Int64(outputs),
            Int64(PLUMB_PANEL), weights, Int64(allOutputs), 1)
    }

    /// A module's weight as a file has it, with the product added.
    func merge(_ product: TuningOffsets.LowRank, into weight: FloatBuffer, _ layout: WeightLayout) {
        let b = scaledB(product, 0..<product.module.columns.count)
        let ordered = FloatBuffer(count: b.count)
        ordered.store(product.arrangement.toFile(b.array(0..<b.count), rows: product.module.columns.count), at: 0)
        unsafe addProduct(product, ordered, to: weight.base, layout, allOutputs: product.module.columns.count)
    }
}
