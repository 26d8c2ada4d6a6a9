internal import Kernels

/// Memory of the fused head: logits of one block of rows.
final class HeadMemory {
    let states: FloatBuffer
    let logits: FloatBuffer
    let logSums: FloatBuffer
    let entropies: FloatBuffer
    /// How the head's weights lie in panels.
    let form: PanelForm
    /// Columns of the vocabulary whose logits one task computes: as many panels as the nearest caches hold.
    private let share: Int
    /// A task's panels, one a worker.
    let panels: [FloatBuffer]
    /// For the states' gradients in bf16 alone, since in float32 the weights serve as they lie.
    let backwardWeights: WeightPanels?
    /// States, and gradients of logits, rounded to bf16.
    let roundedStates: FloatBuffer
    let roundedSlopes: FloatBuffer

    private static let panelBytes = 384 << 10

    init(
        _ c: ModelConfiguration, rows: Int, products: ProductPrecision, hasBackward: Bool, threads: Int,
        _ carving: inout Carving
    ) {
        states = carving.floats(rows * c.width)
        logits = carving.floats(rows * c.vocabularySize)
        logSums = carving.floats(rows)
        entropies = carving.floats(rows)
        let form = PanelForm(columns: c.vocabularySize, terms: c.width, precision: products)
        self.form = form
        let share = max(1, min(8, Self.panelBytes / (4 * form.panelFloats))) * Int(PLUMB_PANEL)
        self.share = share
        panels = (0..<threads).map { _ in carving.floats(form.floats(share)) }
        let rounds = products == .bfloat16 && hasBackward
        let back = PanelForm(columns: c.width, terms: c.vocabularySize, precision: products)
        backwardWeights = rounds ? WeightPanels(back) { carving.floats($0) } : nil
        roundedStates = carving.floats(rows * products.rowFloats(c.width))
        roundedSlopes = carving.floats(hasBackward ? rows * products.rowFloats(c.vocabularySize) : 0)
    }

    var taskCount: Int { (form.columns + share - 1) / share }
    func columns(of task: Int) -> Range<Int> { task * share..<min(form.columns, (task + 1) * share) }
}

/// The language-model head, fused with log-softmax and loss: logits exist for one block of rows at a time.
extension PackedPass {
    /// ln p(token) of each target in target order, in nats at `temperature`.
    public func logProbabilities(of targets: PredictionTargets, temperature: Float = 1) -> [Float] {
        logProbabilitiesAndEntropies(of: targets, temperature: temperature, wantsEntropies: false).logProbabilities
    }

    /// The same, with the entropy in nats of the distribution that each target was drawn from.
    public func logProbabilitiesAndEntropies(of targets: PredictionTargets, temperature: Float = 1)
        -> (logProbabilities: [Float], entropies: [Float])
    {
        logProbabilitiesAndEntropies(of: targets, temperature: temperature, wantsEntropies: true)
    }

    /// Head forward and backward: calls `lossGradient` once a target, on the calling thread and in no promised order,
    /// with the target's index and log-probability; it returns dLoss/dlogProbability. Adds the head's gradient into
    /// `gradients` and keeps that of the states for `backward`.
    /// - Parameter entropyGradient: dLoss/dentropy of the distribution that a target is drawn from; nil where the loss has
    ///   no entropy in it.
    /// - Returns: the log-probabilities in target order.
    @discardableResult
    public func headBackward(
        of targets: PredictionTargets, temperature: Float = 1, into gradients: FloatBuffer,
        entropyGradient: ((_ target: Int) -> Float)? = nil,
        lossGradient: (_ target: Int, _ logProbability: Float) -> Float
    ) -> [Float] {
        precondition(gradients.count == model.trainedTable.count, "gradients of another model")
        var results = [Float](repeating: 0, count: targets.count)
        forEachBlock(targets, temperature, entropies: entropyGradient != nil) { block, head in
            var slopes = [Float](repeating: 0, count: targets.count(in: block))
            let first = targets.starts[block.lowerBound]
            for (row, index) in block.enumerated() {
                for place in targets.starts[index]..<targets.starts[index + 1] {
                    let target = targets.order[place]
                    results[target] = logProbability(targets.tokens[target], row, head, temperature)
                    slopes[place - first] = lossGradient(target, results[target])
                }
            }
            let entropySlopes = entropyGradient.map { entropyGradient in
                block.map { index in
                    targets.order[targets.starts[index]..<targets.starts[index + 1]]
                        .reduce(Float(0)) { $0 + entropyGradient($1) }
                }
            }
            slopesOfLogits(targets, block, head, temperature, slopes, entropySlopes: entropySlopes)
            if model.tuning == nil { headWeightGradient(block.count, head, gradients) }
        }
        return results
    }

    /// Logits `[rows.count, vocabulary]`, for small things.
    public func logits(atRows rows: [Int]) -> [Float] {
        let targets = PredictionTargets(rows: rows, tokens: [Int32](repeating: 0, count: rows.count))
        let size = model.configuration.vocabularySize
        var result = [Float](repeating: 0, count: rows.count * size)
        forEachBlock(targets, 1, entropies: false) { block, head in
            for (place, index) in block.enumerated() {
                let values = head.logits.array(place * size..<(place + 1) * size)
                for target in targets.order[targets.starts[index]..<targets.starts[index + 1]] {
                    result.replaceSubrange(target * size..<(target + 1) * size, with: values)
                }
            }
        }
        return result
    }

    private func logProbabilitiesAndEntropies(
        of targets: PredictionTargets, temperature: Float, wantsEntropies: Bool
    ) -> (logProbabilities: [Float], entropies: [Float]) {
        var results = [Float](repeating: 0, count: targets.count)
        var entropies = [Float](repeating: 0, count: wantsEntropies ? targets.count : 0)
        forEachBlock(targets, temperature, entropies: wantsEntropies) { block, head in
            for (row, index) in block.enumerated() {
                for place in targets.starts[index]..<targets.starts[index + 1] {
                    let target = targets.order[place]
                    results[target] = logProbability(targets.tokens[target], row, head, temperature)
                    if wantsEntropies { entropies[target] = head.entropies[row] }
                }
            }
        }
        return (results, entropies)
    }

    /// Log-probability of a token at a row of the block, after its logits and log-sum.
    private func logProbability(_ token: Int32, _ row: Int, _ head: HeadMemory, _ temperature: Float) -> Float {
        head.logits[row * model.configuration.vocabularySize + Int(token)] / temperature - head.logSums[row]
    }

    /// Columns of the vocabulary whose weight gradient one task computes.
    static var headTile: Int { 256 }

    /// Rows of a block: about 16 MB of logits, at least 128 rows; by shape alone.
    var blockRows: Int { max(128, (16 << 20) / model.configuration.vocabularySize / 128 * 128) }

    /// Computes logits and log-sums of one block of distinct rows after the other.
    private func forEachBlock(
        _ targets: PredictionTargets, _ temperature: Float, entropies: Bool,
        _ body: (_ block: Range<Int>, _ head: HeadMemory) -> Void
    ) {
        requireForward()
        precondition(temperature > 0, "a temperature must be positive")
        precondition(model.configuration.head == .languageModel, "the model has no language-model head")
        let distinct = targets.distinctRows
        if let last = distinct.last {
            precondition(distinct[0] >= 0 && last < layout.tokenCount, "row outside the pass")
        }
        guard !distinct.isEmpty else { return }
        let head = headMemory(rows: min(blockRows, distinct.count))
        pool.run(head.backwardWeights?.taskCount ?? 0) { task in
            unsafe head.backwardWeights?.pack(task, from: parametersBase + model.offsets.head, across: false)
        }
        for start in stride(from: 0, to: distinct.count, by: blockRows) {
            let block = start..<min(distinct.count, start + blockRows)
            computeLogits(Array(distinct[block]), head, 1 / temperature, entropies: entropies)
            body(block, head)
        }
    }

    /// Logits by columns of the vocabulary, each over all rows of the block; then log-sums by rows.
    private func computeLogits(_ rows: [Int], _ head: HeadMemory, _ scale: Float, entropies: Bool) {
        let c = model.configuration
        for (index, row) in rows.enumerated() {
            unsafe (head.states.base + index * c.width).update(
                from: memory.hidden.base + row * c.width, count: c.width)
        }
        unsafe kernels.round(
            rows: rows.count, terms: c.width, x: head.states.base, for: head.form.operand(at: head.panels[0].base),
            form: head.roundedStates.base)
        pool.runOnWorkers(head.taskCount) { task, worker in
            let columns = head.columns(of: task)
            let panels = unsafe head.panels[worker].base
            unsafe head.form.pack(columns, from: parametersBase + model.offsets.head, across: true, into: panels)
            let first = unsafe head.logits.base + columns.lowerBound
            if let bias = model.offsets.headBias {
                unsafe kernels.table.pointee.fill_bias(
                    Int64(rows.count), Int64(columns.count), parametersBase + bias + columns.lowerBound, first,
                    Int64(c.vocabularySize))
            }
            unsafe kernels.productOfRounded(
                rows: rows.count, columns: columns.count, terms: c.width, x: head.states.base,
                head.form.operand(at: panels), y: first, yStride: c.vocabularySize,
                adding: model.offsets.headBias != nil, form: head.roundedStates.base)
        }
        let chunks = HeadChunks(rows.count)
        pool.run(chunks.count) { chunk in
            for index in chunks[chunk] {
                let logits = unsafe head.logits.base + index * c.vocabularySize
                unsafe head.logSums.base[index] = kernels.table.pointee.log_sum_exp(
                    Int64(c.vocabularySize), scale, logits, entropies ? head.entropies.base + index : nil)
            }
        }
    }

    /// Logits become their gradients: dlogp(t)/dlogit(c) = ([c = t] - p(c)) / temperature, and of the entropy H
    /// dH/dlogit(c) = -p(c) · (ln p(c) + H) / temperature. Adds the states' gradients.
    /// - Parameter entropySlopes: dLoss/dH by row of the block.
    private func slopesOfLogits(
        _ targets: PredictionTargets, _ block: Range<Int>, _ head: HeadMemory, _ temperature: Float, _ slopes: [Float],
        entropySlopes: [Float]?
    ) {
        let c = model.configuration
        let chunks = HeadChunks(block.count)
        let first = targets.starts[block.lowerBound]
        let scale = 1 / temperature
        let store = backwardMemory
        pool.run(chunks.count) { chunk in
            let part = chunks[chunk]
            for local in part {
                let places = targets.starts[block.lowerBound + local]..<targets.starts[block.lowerBound + local + 1]
                let total = places.reduce(Float(0)) { $0 + slopes[$1 - first] }
                let logits = unsafe head.logits.base + local * c.vocabularySize
                if let entropySlopes {
                    unsafe kernels.table.pointee.softmax_slopes(
                        Int64(c.vocabularySize), scale, head.logSums.base[local], -total * scale,
                        head.entropies.base[local], entropySlopes[local] * scale, logits)
                } else {
                    unsafe kernels.table.pointee.scaled_softmax(
                        Int64(c.vocabularySize), scale, head.logSums.base[local], -total * scale, logits)
                }
                for place in places {
                    unsafe logits[Int(targets.tokens[targets.order[place]])] += slopes[place - first] * scale
                }
            }
            addStateGradients(targets, block, part, head, store)
        }
    }

    private func addStateGradients(
        _ targets: PredictionTargets, _ block: Range<Int>, _ part: Range<Int>, _ head: HeadMemory,
        _ store: BackwardMemory
    ) {
        let c = model.configuration
        // The gradients of the states take a place that the trunk's backward overwrites later.
        let slopes = unsafe store.normed.base + part.lowerBound * c.width
        unsafe kernels.product(
            rows: part.count, columns: c.width, terms: c.vocabularySize,
            x: head.logits.base + part.lowerBound * c.vocabularySize,
            head.backwardWeights?.operand() ?? .asItLies(parametersBase + model.offsets.head, columns: c.width),
            y: slopes, adding: false,
            form: head.roundedSlopes.base + part.lowerBound * products.rowFloats(c.vocabularySize))
        for local in part {
            let row = targets.distinctRows[block.lowerBound + local]
            unsafe kernels.table.pointee.add(
                Int64(c.width), slopes + (local - part.lowerBound) * c.width, store.hidden.base + row * c.width)
        }
    }

    private func headWeightGradient(_ rows: Int, _ head: HeadMemory, _ gradients: FloatBuffer) {
        let c = model.configuration
        let tile = Self.headTile
        pool.runOnWorkers((c.vocabularySize + tile - 1) / tile) { task, worker in
            let columns = task * tile..<min(c.vocabularySize, (task + 1) * tile)
            if let bias = model.offsets.headBias {
                unsafe kernels.table.pointee.column_sums(
                    Int64(rows), Int64(columns.count), head.logits.base + columns.lowerBound, Int64(c.vocabularySize),
                    gradients.base + bias + columns.lowerBound)
            }
            unsafe kernels.addWeightGradient(
                gradients.base + model.offsets.head, .outputRows, inputs: c.width, outputs: c.vocabularySize,
                rows: rows, x: head.states.base, dy: head.logits.base, tile: columns, scratch: productScratch[worker],
                precision: products)
        }
    }
}

/// Rows of a head block in chunks of one size.
private struct HeadChunks {
    static let size = 128
    let rows: Int
    var count: Int { (rows + Self.size - 1) / Self.size }
    init(_ rows: Int) { self.rows = rows }
    subscript(chunk: Int) -> Range<Int> { chunk * Self.size..<min(rows, (chunk + 1) * Self.size) }
}

extension PredictionTargets {
    /// Targets of a block of distinct rows.
    fileprivate func count(in block: Range<Int>) -> Int { starts[block.upperBound] - starts[block.lowerBound] }
}
