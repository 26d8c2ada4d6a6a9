internal import Kernels

/// How a weight matrix lies in memory.
public enum WeightLayout: Sendable, Equatable {
    /// [output, input], PyTorch's Linear.
    case outputRows
    /// [input, output], GPT-2's Conv1D.
    case inputRows
}

/// A matrix `[terms, columns]` as a product reads it: as it lies, or in panels of 48 columns that were packed before.
@safe struct ProductOperand {
    let base: UnsafePointer<Float>
    /// Floats between rows, and between the first columns of neighbouring panels.
    let rowStride: Int
    let panelStride: Int

    /// A row-major matrix as it lies.
    static func asItLies(_ base: UnsafePointer<Float>, columns: Int) -> ProductOperand {
        unsafe ProductOperand(base: base, rowStride: columns, panelStride: Int(PLUMB_PANEL))
    }
}

/// Dense products for many rows. Every output is summed in an order that its place alone decides, so the bits depend
/// neither on how rows and columns are shared among threads nor on which of the fused instruction sets computes them.
extension KernelSet {
    /// y[rows, columns] (+)= x[rows, terms] * operand.
    func product(
        rows: Int, columns: Int, terms: Int, x: UnsafePointer<Float>, _ operand: ProductOperand,
        y: UnsafeMutablePointer<Float>, yStride: Int? = nil, adding: Bool
    ) {
        unsafe table.pointee.product(
            Int64(rows), Int64(columns), Int64(terms), x, Int64(terms), operand.base, Int64(operand.rowStride),
            Int64(operand.panelStride), y, Int64(yStride ?? columns), adding ? 1 : 0)
    }

    /// Rows `tile` of dW += (dy or x) transposed * (x or dy): outputs are its rows with `outputRows`, inputs otherwise.
    func addWeightGradient(
        _ gradient: UnsafeMutablePointer<Float>, _ layout: WeightLayout, inputs: Int, outputs: Int, rows: Int,
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, tile: Range<Int>, scratch: FloatBuffer
    ) {
        let (left, leftStride, right, rightStride) =
            unsafe layout == .outputRows ? (dy, outputs, x, inputs) : (x, inputs, dy, outputs)
        unsafe table.pointee.add_column_products(
            Int64(tile.count), Int64(rightStride), Int64(rows), left + tile.lowerBound, Int64(leftStride), right,
            Int64(rightStride), gradient + tile.lowerBound * rightStride, Int64(rightStride), scratch.base)
    }
}

/// A matrix in the panels that products read fastest, packed anew whenever the weights have changed.
final class WeightPanels {
    let columns: Int
    let terms: Int
    let memory: FloatBuffer
    /// Columns that one task packs.
    private static let share = 8 * Int(PLUMB_PANEL)

    init(columns: Int, terms: Int) {
        self.columns = columns
        self.terms = terms
        memory = FloatBuffer(count: Int(plumb_panel_count(Int64(columns), Int64(terms))))
    }

    var operand: ProductOperand { operand(from: 0) }

    /// The matrix from a column on that a task begins with.
    func operand(from column: Int) -> ProductOperand {
        unsafe ProductOperand(
            base: memory.base + column * terms, rowStride: Int(PLUMB_PANEL), panelStride: Int(PLUMB_PANEL) * terms)
    }

    /// Columns that a task stands for.
    func columns(of task: Int) -> Range<Int> { task * Self.share..<min(columns, (task + 1) * Self.share) }

    var taskCount: Int { (columns + Self.share - 1) / Self.share }

    /// Packs the columns of one task from a matrix whose rows are the columns of the product.
    func pack(_ task: Int, from weights: UnsafePointer<Float>) {
        let part = columns(of: task)
        unsafe plumb_pack_columns(
            Int64(columns), Int64(terms), Int64(part.lowerBound), Int64(part.upperBound), weights, 1, memory.base)
    }
}
