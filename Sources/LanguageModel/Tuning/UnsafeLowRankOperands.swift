internal import Kernels

/// The low-rank products' matrices as a pass reads them, made anew for each pass from the tuning's parameters.
final class LowRankOperands {
    /// Rank rounded up, so that products have whole vectors of columns.
    let columns: Int
    let tuning: Tuning
    private let products: [TuningOffsets.LowRank]
    /// A transposed `[inputs, columns]`, B transposed and scaled `[rank, outputs]`, B scaled `[outputs, columns]`.
    private let down: [FloatBuffer]
    private let up: [FloatBuffer]
    private let upBackward: [FloatBuffer]

    init(_ tuning: Tuning, hasBackward: Bool) {
        self.tuning = tuning
        let rank = tuning.offsets.rank
        let columns = (rank + 15) / 16 * 16
        self.columns = columns
        products = tuning.offsets.lowRank.flatMap { $0 }
        down = products.map { FloatBuffer(count: $0.inputs * columns) }
        up = products.map { FloatBuffer(count: $0.module.columns.count * rank) }
        upBackward = products.map { FloatBuffer(count: hasBackward ? $0.module.columns.count * columns : 0) }
    }

    /// Reads the parameters as they are now.
    func prepare(_ pool: WorkerPool) {
        let rank = tuning.offsets.rank
        guard case .lowRank(let settings) = tuning.method else { return }
        let scale = settings.scale
        pool.run(products.count) { index in
            let product = products[index]
            let outputs = product.module.columns.count
            let a = unsafe tuning.parameters.base + product.a
            let b = unsafe tuning.parameters.base + product.b
            let (down, up, back) = (down[index], up[index], upBackward[index])
            for term in 0..<rank {
                for input in 0..<product.inputs {
                    unsafe down.base[input * columns + term] = a[term * product.inputs + input]
                }
                for output in 0..<outputs { unsafe up.base[term * outputs + output] = scale * b[output * rank + term] }
            }
            guard back.count > 0 else { return }
            for output in 0..<outputs {
                for term in 0..<rank { unsafe back.base[output * columns + term] = scale * b[output * rank + term] }
            }
        }
    }

    /// inner = x Aᵀ.
    func goDown(
        _ product: TuningOffsets.LowRank, rows: Int, x: UnsafePointer<Float>, inner: UnsafeMutablePointer<Float>,
        _ kernels: KernelSet
    ) {
        unsafe kernels.table.pointee.product(
            Int64(rows), Int64(columns), Int64(product.inputs), x, Int64(product.inputs), down[product.index].base,
            Int64(columns), Int64(PLUMB_PANEL), inner, Int64(columns), 0)
    }

    /// The module's columns of y += scale · inner Bᵀ.
    func goUp(
        _ product: TuningOffsets.LowRank, rows: Int, inner: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>,
        yStride: Int, _ kernels: KernelSet
    ) {
        let outputs = product.module.columns.count
        unsafe kernels.table.pointee.product(
            Int64(rows), Int64(outputs), Int64(tuning.offsets.rank), inner, Int64(columns), up[product.index].base,
            Int64(outputs), Int64(PLUMB_PANEL), y + product.module.columns.lowerBound, Int64(yStride), 1)
    }

    /// Gradient of `inner`: scale · dy B, from the module's columns of dy.
    func goUpBackward(
        _ product: TuningOffsets.LowRank, rows: Int, dy: UnsafePointer<Float>, dyStride: Int,
        slopes: UnsafeMutablePointer<Float>, _ kernels: KernelSet
    ) {
        let outputs = product.module.columns
        unsafe kernels.table.pointee.product(
            Int64(rows), Int64(columns), Int64(outputs.count), dy + outputs.lowerBound, Int64(dyStride),
            upBackward[product.index].base, Int64(columns), Int64(PLUMB_PANEL), slopes, Int64(columns), 0)
    }

    /// dx (+)= slopes A.
    func goDownBackward(
        _ product: TuningOffsets.LowRank, rows: Int, slopes: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>,
        adding: Bool, _ kernels: KernelSet
    ) {
        unsafe kernels.table.pointee.product(
            Int64(rows), Int64(product.inputs), Int64(tuning.offsets.rank), slopes, Int64(columns),
            tuning.parameters.base + product.a, Int64(product.inputs), Int64(PLUMB_PANEL), dx, Int64(product.inputs),
            adding ? 1 : 0)
    }
}

/// What low-rank products keep from the forward to the backward.
final class LowRankMemory {
    let operands: LowRankOperands
    /// x Aᵀ by product `[rows, columns]`; one for all where no backward follows.
    let inner: [FloatBuffer]
    /// Its gradient by product of the layer in work.
    let slopes: [FloatBuffer]
    /// Rows with some inputs left out.
    let masked: FloatBuffer

    init(
        _ operands: LowRankOperands, _ c: ModelConfiguration, rows: Int, keepsActivations: Bool,
        _ carving: inout Carving
    ) {
        self.operands = operands
        let count = rows * operands.columns
        let products = operands.tuning.offsets.lowRank
        let total = products.reduce(0) { $0 + $1.count }
        if keepsActivations {
            inner = (0..<total).map { _ in carving.floats(count) }
            slopes = (0..<(products.map(\.count).max() ?? 0)).map { _ in carving.floats(count) }
        } else {
            inner = Array(repeating: carving.floats(count), count: total)
            slopes = []
        }
        masked = carving.floats(keepsActivations && operands.tuning.dropout > 0 ? rows * c.widestTerms : 0)
    }
}

/// Which inputs of low-rank products a training pass leaves out: drawn from the seed, the row and the product, so that
/// neither threads nor the cutting of a step into passes changes it.
public struct DropoutMask: Sendable, Equatable {
    public var seed: UInt64
    /// Number of the pass's first row among the step's.
    public var firstRow: Int

    public init(seed: UInt64, firstRow: Int) {
        self.seed = seed
        self.firstRow = firstRow
    }
}
