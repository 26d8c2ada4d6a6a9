internal import Kernels

/// Products with packed weights, and the work on rows that goes with them.
extension BatchDecoder {
    /// Rows that are computed together where there are many.
    static let rowTile = 64
    /// Columns of the feed-forward's middle that one chunk computes and activates: whole panels and whole int8 groups.
    static let innerColumns = 4 * Int(PLUMB_PANEL)

    /// Work on rows alone: in one piece when there are few.
    func byRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
        let size = rows <= 32 ? max(1, rows) : 32
        pool.run((rows + size - 1) / size) { body($0 * size..<min(rows, ($0 + 1) * size)) }
    }

    /// The residual stream's norm, in the form that products read.
    func normed(_ memory: DecodingMemory, _ weight: Int, _ bias: Int, _ rows: Int) {
        byRows(rows) {
            self.model.norm(weight, bias, memory.residual, memory.normed, nil, $0, self.kernels)
            self.form(memory.normed, self.model.configuration.width, memory.normedForm, $0)
        }
    }

    func formed(_ source: FloatBuffer, _ inputs: Int, _ target: ByteBuffer, _ rows: Int) {
        byRows(rows) { self.form(source, inputs, target, $0) }
    }

    func form(_ source: FloatBuffer, _ inputs: Int, _ target: ByteBuffer, _ rows: Range<Int>) {
        let bytes = Int(plumb_row_form_bytes(precision.kernelPrecision, Int64(inputs)))
        unsafe kernels.table.pointee.row_form(
            precision.kernelPrecision, Int64(rows.count), Int64(inputs), 0, Int64(inputs),
            source.base + rows.lowerBound * inputs, Int64(inputs), target.base + rows.lowerBound * bytes)
    }

    /// y[rows][columns] (+)= form * W + bias; `columns` begin at a panel, `target` points at the first row's.
    func product(
        _ form: ByteBuffer, _ matrix: DecodingWeights.Matrix, rows: Range<Int>, columns: Range<Int>,
        into target: UnsafeMutablePointer<Float>, stride: Int, adding: Bool = false
    ) {
        let table = unsafe kernels.table.pointee
        let bytes = Int(plumb_row_form_bytes(precision.kernelPrecision, Int64(matrix.inputs)))
        let panels = matrix.offset + columns.lowerBound / Int(PLUMB_PANEL) * matrix.panelBytes
        if let bias = matrix.bias {
            let fill = unsafe adding ? table.add_bias : table.fill_bias
            unsafe fill(
                Int64(rows.count), Int64(columns.count), model.parameters.base + bias + columns.lowerBound, target,
                Int64(stride))
        }
        unsafe table.multiply_weights(
            precision.kernelPrecision, Int64(rows.count), Int64(columns.count), Int64(matrix.inputs),
            form.base + rows.lowerBound * bytes, weights.memory.base + panels, target, Int64(stride),
            adding || matrix.bias != nil ? 1 : 0)
    }

    /// y (+)= form * W + bias, cut into tiles of panels and rows.
    func multiply(
        _ form: ByteBuffer, _ matrix: DecodingWeights.Matrix, _ y: FloatBuffer, rows: Int, adding: Bool = false
    ) {
        let panel = Int(PLUMB_PANEL)
        // About 384 KB of weights a chunk (long reads are what the memory likes best: a twentieth more tokens a second of
        // GPT-2 in bf16 than with 96 KB), and at least eight chunks where there are as many panels.
        let panels = max(1, min(393_216 / matrix.panelBytes, matrix.panels / 8))
        let rowTiles = (rows + Self.rowTile - 1) / Self.rowTile
        pool.run((matrix.panels + panels - 1) / panels * rowTiles) { chunk in
            let (part, tile) = (chunk / rowTiles, chunk % rowTiles)
            let columns = part * panels * panel..<min(matrix.outputs, (part + 1) * panels * panel)
            let range = tile * Self.rowTile..<min(rows, (tile + 1) * Self.rowTile)
            unsafe product(
                form, matrix, rows: range, columns: columns,
                into: y.base + range.lowerBound * matrix.outputs + columns.lowerBound, stride: matrix.outputs,
                adding: adding)
        }
    }

    /// The feed-forward's middle: a stretch of columns is computed, activated and brought into the form that the next
    /// product reads while it is in the nearest cache.
    func activated(_ memory: DecodingMemory, _ matrices: [DecodingWeights.Matrix], _ rows: Int) {
        let c = model.configuration
        let rowTiles = (rows + Self.rowTile - 1) / Self.rowTile
        let parts = (c.feedForward + Self.innerColumns - 1) / Self.innerColumns
        let bytes = Int(plumb_row_form_bytes(precision.kernelPrecision, Int64(c.feedForward)))
        pool.runOnWorkers(parts * rowTiles) { chunk, worker in
            let (part, tile) = (chunk / rowTiles, chunk % rowTiles)
            let columns = part * Self.innerColumns..<min(c.feedForward, (part + 1) * Self.innerColumns)
            let range = tile * Self.rowTile..<min(rows, (tile + 1) * Self.rowTile)
            let stride = columns.count * matrices.count
            let inner = unsafe scratch[worker].base
            for (index, matrix) in matrices.enumerated() {
                unsafe product(
                    memory.normedForm, matrix, rows: range, columns: columns,
                    into: inner + index * columns.count, stride: stride)
            }
            let result = unsafe inner + range.count * stride
            unsafe model.activate(inner, result, rows: range.count, columns: columns.count, kernels)
            unsafe kernels.table.pointee.row_form(
                precision.kernelPrecision, Int64(range.count), Int64(c.feedForward), Int64(columns.lowerBound),
                Int64(columns.count), result, Int64(columns.count),
                memory.activatedForm.base + range.lowerBound * bytes)
        }
    }
}
