internal import COpenBLAS
internal import Kernels

/// How a weight matrix lies in memory.
public enum WeightLayout: Sendable, Equatable {
    /// [output, input], PyTorch's Linear.
    case outputRows
    /// [input, output], GPT-2's Conv1D.
    case inputRows
}

/// Dense products for many rows, through single-threaded OpenBLAS: our own threads share the work.
enum MatrixProducts {
    /// Once in the life of the process: OpenBLAS keeps to the calling thread.
    static let singleThreaded: Void = openblas_set_num_threads(1)

    /// y[rows, outputs] = beta * y + x[rows, inputs] * W.
    static func apply(
        _ weights: UnsafePointer<Float>, _ layout: WeightLayout, inputs: Int, outputs: Int, rows: Int,
        x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, beta: Float
    ) {
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, layout == .outputRows ? CblasTrans : CblasNoTrans, CInt(rows), CInt(outputs),
            CInt(inputs), 1, x, CInt(inputs), weights, CInt(layout == .outputRows ? inputs : outputs), beta, y,
            CInt(outputs))
    }

    /// dx[rows, inputs] = dy[rows, outputs] * W transposed.
    static func applyBackward(
        _ weights: UnsafePointer<Float>, _ layout: WeightLayout, inputs: Int, outputs: Int, rows: Int,
        dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, beta: Float = 0
    ) {
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, layout == .outputRows ? CblasNoTrans : CblasTrans, CInt(rows), CInt(inputs),
            CInt(outputs), 1, dy, CInt(outputs), weights, CInt(layout == .outputRows ? inputs : outputs), beta, dx,
            CInt(inputs))
    }

    /// Rows `tile` of dW += (dy or x) transposed * (x or dy): outputs are its rows with `outputRows`, inputs otherwise.
    static func addWeightGradient(
        _ gradient: UnsafeMutablePointer<Float>, _ layout: WeightLayout, inputs: Int, outputs: Int, rows: Int,
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, tile: Range<Int>
    ) {
        let (left, leftStride, right, rightStride) =
            unsafe layout == .outputRows ? (dy, outputs, x, inputs) : (x, inputs, dy, outputs)
        unsafe cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, CInt(tile.count), CInt(rightStride), CInt(rows), 1,
            left + tile.lowerBound, CInt(leftStride), right, CInt(rightStride), 1,
            gradient + tile.lowerBound * rightStride, CInt(rightStride))
    }
}
