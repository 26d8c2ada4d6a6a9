internal import Kernels

/// How a weight matrix lies in memory.
public enum WeightLayout: Sendable, Equatable {
    /// [output, input], PyTorch's Linear.
    case outputRows
    /// [input, output], GPT-2's Conv1D.
    case inputRows
}

/// How the matrix products of a training pass are computed. Weights, sums, attention, norms and losses are float32 in
/// both.
public enum ProductPrecision: String, Sendable, Codable, CaseIterable {
    case float32
    /// Both factors of a product are rounded to bf16 first (mixed precision): about twice as fast where the processor has
    /// instructions for it. Not for log-probabilities that reinforcement learning compares.
    case bfloat16

    var packed: plumb_precision { self == .float32 ? PLUMB_FLOAT32 : PLUMB_BFLOAT16 }
}

/// A matrix `[terms, columns]` as a product reads it.
@safe enum ProductOperand {
    /// Float32: rows are so many floats apart, and so the first columns of neighbouring panels of 48.
    case float32(UnsafePointer<Float>, rowStride: Int, panelStride: Int)
    /// Panels of bf16 pairs.
    case bfloat16(UnsafeRawPointer)

    /// A row-major float32 matrix as it lies.
    static func asItLies(_ base: UnsafePointer<Float>, columns: Int) -> ProductOperand {
        unsafe .float32(base, rowStride: columns, panelStride: Int(PLUMB_PANEL))
    }
}

/// Dense products for many rows. Every output is summed in an order that its place alone decides, so the bits depend
/// neither on how rows and columns are shared among threads nor on which of the fused instruction sets computes them.
extension KernelSet {
    /// y[rows, columns] (+)= x[rows, terms] * operand.
    /// - Parameter form: place for the rows rounded to bf16 where the operand is, `rows` times
    ///   `ProductPrecision.rowFloats(terms)` floats.
    func product(
        rows: Int, columns: Int, terms: Int, x: UnsafePointer<Float>, _ operand: ProductOperand,
        y: UnsafeMutablePointer<Float>, yStride: Int? = nil, adding: Bool, form: UnsafeMutablePointer<Float>
    ) {
        unsafe round(rows: rows, terms: terms, x: x, for: operand, form: form)
        unsafe productOfRounded(
            rows: rows, columns: columns, terms: terms, x: x, operand, y: y, yStride: yStride ?? columns,
            adding: adding,
            form: form)
    }

    /// The first half of `product`: rows that several products read are rounded once.
    func round(
        rows: Int, terms: Int, x: UnsafePointer<Float>, for operand: ProductOperand, form: UnsafeMutablePointer<Float>
    ) {
        guard case .bfloat16 = operand else { return }
        unsafe table.pointee.row_form(PLUMB_BFLOAT16, Int64(rows), Int64(terms), 0, Int64(terms), x, Int64(terms), form)
    }

    /// The second half of `product`.
    func productOfRounded(
        rows: Int, columns: Int, terms: Int, x: UnsafePointer<Float>, _ operand: ProductOperand,
        y: UnsafeMutablePointer<Float>, yStride: Int, adding: Bool, form: UnsafePointer<Float>
    ) {
        switch operand {
        case .float32(let base, let rowStride, let panelStride):
            unsafe table.pointee.product(
                Int64(rows), Int64(columns), Int64(terms), x, Int64(terms), base, Int64(rowStride), Int64(panelStride),
                y, Int64(yStride), adding ? 1 : 0)
        case .bfloat16(let panels):
            unsafe table.pointee.multiply_weights(
                PLUMB_BFLOAT16, Int64(rows), Int64(columns), Int64(terms), form, panels, y, Int64(yStride),
                adding ? 1 : 0)
        }
    }

    /// Rows `tile` of dW += (dy or x) transposed * (x or dy): outputs are its rows with `outputRows`, inputs otherwise.
    func addWeightGradient(
        _ gradient: UnsafeMutablePointer<Float>, _ layout: WeightLayout, inputs: Int, outputs: Int, rows: Int,
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, tile: Range<Int>, scratch: FloatBuffer,
        precision: ProductPrecision
    ) {
        let (left, leftStride, right, rightStride) =
            unsafe layout == .outputRows ? (dy, outputs, x, inputs) : (x, inputs, dy, outputs)
        let add =
            unsafe precision == .float32
            ? table.pointee.add_column_products : table.pointee.add_column_products_bfloat16
        unsafe add(
            Int64(tile.count), Int64(rightStride), Int64(rows), left + tile.lowerBound, Int64(leftStride), right,
            Int64(rightStride), gradient + tile.lowerBound * rightStride, Int64(rightStride), scratch.base)
    }
}

extension ProductPrecision {
    /// Floats of memory that a row of so many terms takes when it is rounded; none where it is not.
    func rowFloats(_ terms: Int) -> Int { self == .float32 ? 0 : (terms + 1) / 2 }
}

/// How a matrix lies in the panels that products read fastest.
struct PanelForm {
    let columns: Int
    let terms: Int
    let precision: ProductPrecision
    /// Floats of one panel.
    let panelFloats: Int

    init(columns: Int, terms: Int, precision: ProductPrecision) {
        self.columns = columns
        self.terms = terms
        self.precision = precision
        panelFloats = Int(plumb_panel_bytes(precision.packed, Int64(terms))) / 4
    }

    /// Floats of memory that so many columns take.
    func floats(_ columns: Int) -> Int { (columns + Int(PLUMB_PANEL) - 1) / Int(PLUMB_PANEL) * panelFloats }

    /// Panels as a product reads them, from the first on.
    func operand(at base: UnsafePointer<Float>) -> ProductOperand {
        switch precision {
        case .float32: unsafe .float32(base, rowStride: Int(PLUMB_PANEL), panelStride: panelFloats)
        case .bfloat16: unsafe .bfloat16(base)
        }
    }

    /// Packs some columns, which begin at a panel.
    /// - Parameter across: the weights' rows are the product's columns; else their columns are.
    func pack(
        _ part: Range<Int>, from weights: UnsafePointer<Float>, across: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        for first in stride(from: part.lowerBound, to: part.upperBound, by: Int(PLUMB_PANEL)) {
            unsafe plumb_pack_weights(
                precision.packed, Int64(columns), Int64(terms), weights, across ? 1 : 0, Int64(first),
                Int64(min(columns - first, Int(PLUMB_PANEL))),
                target + (first - part.lowerBound) / Int(PLUMB_PANEL) * panelFloats)
        }
    }
}

/// A matrix in panels, packed anew whenever the weights have changed.
final class WeightPanels {
    private let form: PanelForm
    private let memory: FloatBuffer
    /// Columns that one task packs.
    private static let share = 8 * Int(PLUMB_PANEL)

    /// - Parameter allocate: finds memory for so many floats.
    init(_ form: PanelForm, _ allocate: (_ floats: Int) -> FloatBuffer) {
        self.form = form
        memory = allocate(form.floats(form.columns))
    }

    func operand() -> ProductOperand { unsafe form.operand(at: memory.base) }

    var taskCount: Int { (form.columns + Self.share - 1) / Self.share }

    /// Packs the columns of one task.
    /// - Parameter across: the weights' rows are the product's columns; else their columns are.
    func pack(_ task: Int, from weights: UnsafePointer<Float>, across: Bool) {
        let part = task * Self.share..<min(form.columns, (task + 1) * Self.share)
        unsafe form.pack(
            part, from: weights, across: across,
            into: memory.base + part.lowerBound / Int(PLUMB_PANEL) * form.panelFloats)
    }
}
