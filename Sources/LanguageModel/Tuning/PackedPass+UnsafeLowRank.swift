internal import Kernels
internal import SeededRandom

/// Low-rank products beside the layers' matrices, forward and backward.
extension PackedPass {
    private func products(_ matrix: LayerMatrix, _ layer: Int) -> [TuningOffsets.LowRank] {
        guard let all = model.tuning?.offsets.lowRank, layer < all.count else { return [] }
        return all[layer].filter { $0.module.matrix == matrix }
    }

    /// target += low-rank products of source, for rows.
    func addLowRank(
        _ source: FloatBuffer, _ target: FloatBuffer, _ matrix: LayerMatrix, ofLayer layer: Int, _ rows: Range<Int>
    ) {
        guard let store = memory.lowRank else { return }
        let (inputs, outputs) = matrix.shape(model.configuration)
        for product in products(matrix, layer) {
            let whole = unsafe UnsafePointer(source.base + rows.lowerBound * inputs)
            let x = unsafe masked(source, product, store, rows) ?? whole
            let inner = unsafe store.inner[product.index].base + rows.lowerBound * store.operands.columns
            unsafe store.operands.goDown(product, rows: rows.count, x: x, inner: inner, kernels)
            unsafe store.operands.goUp(
                product, rows: rows.count, inner: inner, y: target.base + rows.lowerBound * outputs, yStride: outputs,
                kernels)
        }
    }

    /// target += what goes back through the low-rank products, for rows; keeps the gradients of their middles.
    func addLowRankBackward(
        _ slopes: FloatBuffer, _ target: FloatBuffer, _ matrix: LayerMatrix, ofLayer layer: Int, _ rows: Range<Int>
    ) {
        guard let store = memory.lowRank else { return }
        let (inputs, outputs) = matrix.shape(model.configuration)
        for product in products(matrix, layer) {
            let middle = unsafe slopesOfInner(product, store).base + rows.lowerBound * store.operands.columns
            unsafe store.operands.goUpBackward(
                product, rows: rows.count, dy: slopes.base + rows.lowerBound * outputs, dyStride: outputs,
                slopes: middle, kernels)
            let dx = unsafe target.base + rows.lowerBound * inputs
            guard dropoutShare > 0 else {
                unsafe store.operands.goDownBackward(
                    product, rows: rows.count, slopes: middle, dx: dx, adding: true, kernels)
                continue
            }
            let whole = unsafe store.masked.base + rows.lowerBound * model.configuration.widestTerms
            unsafe store.operands.goDownBackward(
                product, rows: rows.count, slopes: middle, dx: whole, adding: false, kernels)
            for row in rows {
                let offset = (row - rows.lowerBound) * inputs
                unsafe mask(whole + offset, into: dx + offset, adding: true, product, row: row)
            }
        }
    }

    private func slopesOfInner(_ product: TuningOffsets.LowRank, _ store: LowRankMemory) -> FloatBuffer {
        store.slopes[product.index - (model.tuning?.offsets.lowRank[product.layer].first?.index ?? 0)]
    }

    /// One product's weight gradients over all rows of the pass.
    struct LowRankGradientTask {
        let product: TuningOffsets.LowRank
        /// What the product read, and the gradient of what it added to.
        let source: FloatBuffer
        let slopes: FloatBuffer
        let isOfA: Bool
    }

    func lowRankGradientTasks(
        _ matrices: [(LayerMatrix, source: FloatBuffer, slopes: FloatBuffer)], ofLayer layer: Int
    ) -> [LowRankGradientTask] {
        matrices.flatMap { matrix, source, slopes in
            products(matrix, layer).flatMap { product in
                [true, false].map {
                    LowRankGradientTask(product: product, source: source, slopes: slopes, isOfA: $0)
                }
            }
        }
    }

    /// Rows of the rank that are computed together.
    private static var rankTile: Int { 64 }

    func run(_ task: LowRankGradientTask, _ gradients: FloatBuffer, _ worker: Int) {
        guard let store = memory.lowRank, let rank = model.tuning?.offsets.rank else { return }
        for first in stride(from: 0, to: rank, by: Self.rankTile) {
            let terms = first..<min(rank, first + Self.rankTile)
            if task.isOfA {
                addGradientOfA(task, terms, store, gradients, worker)
            } else {
                addGradientOfB(task, terms, store, gradients, worker, rank: rank)
            }
        }
    }

    private func addGradientOfA(
        _ task: LowRankGradientTask, _ terms: Range<Int>, _ store: LowRankMemory, _ gradients: FloatBuffer,
        _ worker: Int
    ) {
        let product = task.product
        let columns = store.operands.columns
        let slopes = slopesOfInner(product, store)
        let target = unsafe gradients.base + product.a + terms.lowerBound * product.inputs
        func add(_ x: UnsafePointer<Float>, _ rows: Range<Int>) {
            unsafe kernels.table.pointee.add_column_products(
                Int64(terms.count), Int64(product.inputs), Int64(rows.count),
                slopes.base + rows.lowerBound * columns + terms.lowerBound, Int64(columns), x, Int64(product.inputs),
                target, Int64(product.inputs), productScratch[worker].base)
        }
        guard dropoutShare > 0 else {
            unsafe add(task.source.base, 0..<layout.tokenCount)
            return
        }
        // As long as one chain of the kernel, so that the sums are those of all rows at once.
        let piece = Int(PLUMB_CHAIN)
        let masked = FloatBuffer(count: piece * product.inputs)
        for start in stride(from: 0, to: layout.tokenCount, by: piece) {
            let rows = start..<min(layout.tokenCount, start + piece)
            for row in rows {
                unsafe mask(
                    task.source.base + row * product.inputs, into: masked.base + (row - start) * product.inputs,
                    adding: false, product, row: row)
            }
            unsafe add(masked.base, rows)
        }
    }

    /// Computed across, `[terms, outputs]`, where sums have whole vectors of columns.
    private func addGradientOfB(
        _ task: LowRankGradientTask, _ terms: Range<Int>, _ store: LowRankMemory, _ gradients: FloatBuffer,
        _ worker: Int, rank: Int
    ) {
        guard case .lowRank(let settings)? = model.tuning?.method else { return }
        let outputs = task.product.module.columns
        let stride = task.product.module.matrix.shape(model.configuration).outputs
        let columns = store.operands.columns
        let across = FloatBuffer(count: terms.count * outputs.count)
        unsafe kernels.table.pointee.add_column_products(
            Int64(terms.count), Int64(outputs.count), Int64(layout.tokenCount),
            store.inner[task.product.index].base + terms.lowerBound, Int64(columns),
            task.slopes.base + outputs.lowerBound, Int64(stride), across.base, Int64(outputs.count),
            productScratch[worker].base)
        let scale = settings.scale
        let target = unsafe gradients.base + task.product.b
        for (row, term) in terms.enumerated() {
            for output in 0..<outputs.count {
                unsafe target[output * rank + term] += scale * across.base[row * outputs.count + output]
            }
        }
    }

    // Dropout

    private var dropoutShare: Double { dropout == nil || !keepsActivations ? 0 : model.tuning?.dropout ?? 0 }

    /// The rows with some inputs left out, in a place of their own; nil where all stay.
    private func masked(
        _ source: FloatBuffer, _ product: TuningOffsets.LowRank, _ store: LowRankMemory, _ rows: Range<Int>
    ) -> UnsafePointer<Float>? {
        guard dropoutShare > 0 else { return nil }
        let target = unsafe store.masked.base + rows.lowerBound * model.configuration.widestTerms
        for row in rows {
            unsafe mask(
                source.base + row * product.inputs, into: target + (row - rows.lowerBound) * product.inputs,
                adding: false, product, row: row)
        }
        return unsafe UnsafePointer(target)
    }

    /// y (+)= x / (1 - share) where the mask keeps an input, 0 elsewhere, of one row.
    private func mask(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, adding: Bool, _ product: TuningOffsets.LowRank,
        row: Int
    ) {
        guard let dropout else { return }
        let least = UInt64((dropoutShare * 65_536).rounded())
        let factor = Float(65_536 / (65_536 - Double(least)))
        var random = SplitMix64(
            seed: dropout.seed, stream: UInt64(dropout.firstRow + row) << 20 | UInt64(product.index))
        var bits: UInt64 = 0
        for column in 0..<product.inputs {
            if column % 4 == 0 { bits = random.next() }
            let kept = unsafe bits & 0xFFFF >= least ? factor * x[column] : 0
            unsafe y[column] = adding ? y[column] + kept : kept
            bits >>= 16
        }
    }
}
