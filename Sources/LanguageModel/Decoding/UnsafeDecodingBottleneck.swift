internal import Kernels

/// Bottleneck adapters while decoding.
final class DecodingBottleneck {
    let operands: BottleneckOperands
    private let width: Int
    private var rows = 0
    private var before = FloatBuffer(count: 0)
    private var inputs = FloatBuffer(count: 0)
    private var inner = FloatBuffer(count: 0)
    private var activated = FloatBuffer(count: 0)

    /// Nil where the model has none.
    init?(_ model: Transformer, _ pool: WorkerPool) {
        guard let operands = BottleneckOperands(model.tuning) else { return nil }
        self.operands = operands
        width = model.configuration.width
        prepare(pool)
    }

    /// Reads the parameters as they are now.
    func prepare(_ pool: WorkerPool) { operands.prepare(pool) }

    /// Keeps the residual stream as it is before a sublayer adds to it.
    func keep(_ residual: FloatBuffer, rows: Int) {
        if self.rows < rows {
            self.rows = rows
            before = FloatBuffer(count: rows * width)
            inputs = FloatBuffer(count: rows * width)
            inner = FloatBuffer(count: rows * operands.middle)
            activated = FloatBuffer(count: rows * operands.middle)
        }
        unsafe before.base.update(from: residual.base, count: rows * width)
    }

    /// Puts the adapter of a place behind what was added since `keep`, for rows.
    func apply(
        _ place: BottleneckPlace, _ layer: Int, _ residual: FloatBuffer, _ rows: Range<Int>, _ kernels: KernelSet
    ) {
        let (wide, narrow) = (rows.lowerBound * width, rows.lowerBound * operands.middle)
        unsafe operands.apply(
            layer: layer, place, before: before.base + wide, after: residual.base + wide, rows: rows.count,
            inputs: inputs.base + wide, inner: inner.base + narrow, activated: activated.base + narrow, kernels)
    }
}
