internal import Kernels

/// One product of packed weights, ready to be repeated by a benchmark.
package final class PackedProduct {
    private let kernels: KernelSet
    private let precision: WeightPrecision
    private let rows, outputs, inputs: Int
    private let panels, form: ByteBuffer
    private let result: FloatBuffer

    /// - Parameter outputs: a multiple of 48, so that all panels are whole.
    package init(_ kernels: KernelSet, _ precision: WeightPrecision, rows: Int, outputs: Int, inputs: Int) {
        precondition(outputs % Int(PLUMB_PANEL) == 0, "\(outputs) outputs are not whole panels")
        (self.kernels, self.precision) = (kernels, precision)
        (self.rows, self.outputs, self.inputs) = (rows, outputs, inputs)
        let kind = precision.kernelPrecision
        let weights = (0..<outputs * inputs).map { Float($0 % 977) / 488 - 1 }
        let panel = Int(plumb_panel_bytes(kind, Int64(inputs)))
        panels = ByteBuffer(count: outputs / Int(PLUMB_PANEL) * panel)
        for first in stride(from: 0, to: outputs, by: Int(PLUMB_PANEL)) {
            unsafe plumb_pack_weights(
                kind, Int64(outputs), Int64(inputs), weights, 1, Int64(first), Int64(PLUMB_PANEL),
                panels.base + first / Int(PLUMB_PANEL) * panel)
        }
        form = ByteBuffer(count: rows * Int(plumb_row_form_bytes(kind, Int64(inputs))))
        unsafe kernels.table.pointee.row_form(
            kind, Int64(rows), Int64(inputs), 0, Int64(inputs), weights, Int64(inputs), form.base)
        result = FloatBuffer(count: rows * outputs)
    }

    /// Computes it once.
    package func run() {
        unsafe kernels.table.pointee.multiply_weights(
            precision.kernelPrecision, Int64(rows), Int64(outputs), Int64(inputs), form.base, panels.base, result.base,
            Int64(outputs), 0)
    }
}
