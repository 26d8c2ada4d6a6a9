internal import Kernels

/// A model's matrices packed for products with few rows, in one stretch of memory in the order in which a token reads
/// them.
final class DecodingWeights {
    struct Matrix {
        /// First byte of its panels.
        let offset: Int
        let inputs: Int
        let outputs: Int
        /// Where the bias lies in the model's parameters.
        let bias: Int?
        /// Bytes of one panel.
        let panelBytes: Int

        var panels: Int { (outputs + Int(PLUMB_PANEL) - 1) / Int(PLUMB_PANEL) }
    }
    struct Layer {
        let qkv: Matrix
        let output: Matrix
        /// The feed-forward's first projection: up alone, or gate and up.
        let inner: [Matrix]
        let down: Matrix
    }

    let precision: WeightPrecision
    let layers: [Layer]
    let head: Matrix?
    private(set) var memory: ByteBuffer
    private let bytes: Int
    private let tasks: [Task]

    /// Packs all matrices.
    init(_ model: Transformer, _ precision: WeightPrecision, _ pool: WorkerPool) {
        self.precision = precision
        let c = model.configuration
        var plan = Plan(precision: precision)
        layers = model.offsets.layers.enumerated().map { layer, at in
            let qkv = plan.add(at.qkv, at.qkvBias, c.width, c.qkvWidth, c, (.qkv, layer))
            let output = plan.add(at.output, at.outputBias, c.attentionWidth, c.width, c, (.output, layer))
            let inner = (0..<c.innerWidth / c.feedForward).map { part in
                plan.add(
                    at.inner, at.innerBias, c.width, c.feedForward, c, (.inner, layer), column: part * c.feedForward,
                    of: c.innerWidth)
            }
            return Layer(
                qkv: qkv, output: output, inner: inner,
                down: plan.add(at.down, at.downBias, c.feedForward, c.width, c, (.down, layer)))
        }
        head =
            c.head == .languageModel
            ? plan.add(
                model.offsets.head, model.offsets.headBias, c.width, c.vocabularySize, c, nil, layout: .outputRows)
            : nil
        bytes = plan.bytes
        memory = ByteBuffer(count: bytes)
        tasks = plan.tasks
        pack(model, pool)
    }

    /// Packs all matrices again, as the model's parameters are now.
    func pack(_ model: Transformer, _ pool: WorkerPool) {
        if !arePacked { memory = ByteBuffer(count: bytes) }
        for task in tasks { pack(task, model, pool) }
    }

    /// Gives their memory back until they are packed again.
    func release() { memory = ByteBuffer(count: 0) }

    var arePacked: Bool { memory.count == bytes }

    /// Where a matrix comes from and goes to.
    private struct Task {
        let matrix: Matrix
        /// Of a layer's matrices.
        let place: (matrix: LayerMatrix, layer: Int)?
        let source: Int
        let layout: WeightLayout
        /// Outputs of the matrix that it is a part of, and its first among them.
        let column: Int
        let allOutputs: Int
    }

    private struct Plan {
        let precision: WeightPrecision
        var bytes = 0
        var tasks: [Task] = []

        mutating func add(
            _ source: Int, _ bias: Int?, _ inputs: Int, _ outputs: Int, _ c: ModelConfiguration,
            _ place: (matrix: LayerMatrix, layer: Int)?, column: Int = 0, of all: Int? = nil,
            layout: WeightLayout? = nil
        ) -> Matrix {
            let matrix = Matrix(
                offset: bytes, inputs: inputs, outputs: outputs, bias: bias.map { $0 + column },
                panelBytes: Int(plumb_panel_bytes(precision.kernelPrecision, Int64(inputs))))
            tasks.append(
                Task(
                    matrix: matrix, place: place, source: source, layout: layout ?? c.weightLayout, column: column,
                    allOutputs: all ?? outputs))
            bytes += matrix.panels * matrix.panelBytes
            return matrix
        }
    }

    private func pack(_ task: Task, _ model: Transformer, _ pool: WorkerPool) {
        let matrix = task.matrix
        if let place = task.place, model.hasComputedMatrices {
            return packComputed(task, place, model, pool)
        }
        let rows = task.layout == .outputRows
        // One output a row: a part of the rows is a matrix by itself. Else its columns lie among all outputs.
        let start = unsafe model.parameters.base + task.source + (rows ? task.column * matrix.inputs : 0)
        let (first, end) = rows ? (0, matrix.outputs) : (task.column, task.column + matrix.outputs)
        pool.run(matrix.panels) { panel in
            let from = first + panel * Int(PLUMB_PANEL)
            unsafe plumb_pack_weights(
                precision.kernelPrecision, Int64(task.allOutputs), Int64(matrix.inputs), start, rows ? 1 : 0,
                Int64(from), Int64(min(Int(PLUMB_PANEL), end - from)),
                memory.base + matrix.offset + panel * matrix.panelBytes)
        }
    }

    /// Packs a matrix that is not in memory as it is used: rounded, or with low-rank products to be added.
    private func packComputed(
        _ task: Task, _ place: (matrix: LayerMatrix, layer: Int), _ model: Transformer, _ pool: WorkerPool
    ) {
        let matrix = task.matrix
        pool.run(matrix.panels) { panel in
            let first = panel * Int(PLUMB_PANEL)
            let outputs = first..<min(matrix.outputs, first + Int(PLUMB_PANEL))
            let rows = FloatBuffer(count: outputs.count * matrix.inputs)
            model.computeRows(
                task.column + outputs.lowerBound..<task.column + outputs.upperBound, of: place.matrix,
                ofLayer: place.layer, into: rows)
            unsafe plumb_pack_weights(
                precision.kernelPrecision, Int64(outputs.count), Int64(matrix.inputs), rows.base, 1, 0,
                Int64(outputs.count), memory.base + matrix.offset + panel * matrix.panelBytes)
        }
    }
}
