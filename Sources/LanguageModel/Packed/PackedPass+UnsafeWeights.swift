internal import Kernels

/// The weight matrices of a layer.
enum LayerMatrix: CaseIterable {
    case qkv, output, inner, down

    /// What it maps from and to.
    func shape(_ c: ModelConfiguration) -> (inputs: Int, outputs: Int) {
        switch self {
        case .qkv: (c.width, c.qkvWidth)
        case .output: (c.attentionWidth, c.width)
        case .inner: (c.width, c.innerWidth)
        case .down: (c.feedForward, c.width)
        }
    }

    func offset(_ at: LayerOffsets) -> Int {
        switch self {
        case .qkv: at.qkv
        case .output: at.output
        case .inner: at.inner
        case .down: at.down
        }
    }
}

/// Which way a product goes through a weight matrix.
enum ProductDirection {
    case forward, backward

    /// Whether the matrix lies across the product's way: a row-major matrix serves as it lies where its columns are the
    /// product's.
    func isAcross(_ layout: WeightLayout) -> Bool { (self == .forward) == (layout == .outputRows) }

    /// Whether it must be packed: in float32 only where it lies across, in bf16 always.
    func needsPanels(_ layout: WeightLayout, _ precision: ProductPrecision) -> Bool {
        precision == .bfloat16 || isAcross(layout)
    }
}

/// Panels of one layer's matrices at a time, for the directions that need them.
final class LayerPanels {
    private let forward: [LayerMatrix: WeightPanels]
    private let backward: [LayerMatrix: WeightPanels]

    init(
        _ c: ModelConfiguration, keepsActivations: Bool, precision: ProductPrecision, _ carving: inout Carving
    ) {
        forward = Self.panels(.forward, c, precision, &carving)
        backward = keepsActivations ? Self.panels(.backward, c, precision, &carving) : [:]
    }

    private static func panels(
        _ direction: ProductDirection, _ c: ModelConfiguration, _ precision: ProductPrecision, _ carving: inout Carving
    ) -> [LayerMatrix: WeightPanels] {
        guard direction.needsPanels(c.weightLayout, precision) else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: LayerMatrix.allCases.map { matrix in
                let (inputs, outputs) = matrix.shape(c)
                let (columns, terms) = direction == .forward ? (outputs, inputs) : (inputs, outputs)
                let form = PanelForm(columns: columns, terms: terms, precision: precision)
                return (matrix, WeightPanels(form) { carving.floats($0) })
            })
    }

    subscript(matrix: LayerMatrix, direction: ProductDirection) -> WeightPanels {
        guard let found = (direction == .forward ? forward : backward)[matrix] else {
            preconditionFailure("a pass for scoring has no backward")
        }
        return found
    }
}

/// Products with the layers' weights, and the packing that goes before them.
extension PackedPass {
    /// One task's share of packing a matrix of a layer.
    struct PackTask {
        let matrix: LayerMatrix
        let layer: Int
        let direction: ProductDirection
        let part: Int
    }

    /// Tasks that pack matrices of a layer for products of a direction; none where the matrices serve as they lie, or
    /// where there is no such layer. Rounded matrices are read back at once. No product with the same matrix of another
    /// layer may run at the same time.
    func packing(_ matrices: [LayerMatrix], ofLayer layer: Int, for direction: ProductDirection) -> [PackTask] {
        let c = model.configuration
        guard c.layers > layer, layer >= 0 else { return [] }
        if let frozen = model.frozen, let plain = operands.dequantised {
            for matrix in matrices { frozen.read(matrix, ofLayer: layer, into: plain[matrix], pool) }
        }
        guard direction.needsPanels(c.weightLayout, products) else { return [] }
        return matrices.flatMap { matrix in
            (0..<memory.panels[matrix, direction].taskCount).map {
                PackTask(matrix: matrix, layer: layer, direction: direction, part: $0)
            }
        }
    }

    func run(_ task: PackTask) {
        unsafe memory.panels[task.matrix, task.direction].pack(
            task.part, from: weights(task.matrix, task.layer),
            across: task.direction.isAcross(model.configuration.weightLayout))
    }

    /// A layer's matrix as floats; of rounded ones the layer in work.
    private func weights(_ matrix: LayerMatrix, _ layer: Int) -> UnsafePointer<Float> {
        if let plain = operands.dequantised { return unsafe UnsafePointer(plain[matrix].base) }
        return unsafe UnsafePointer(parametersBase + matrix.offset(model.offsets.layers[layer]))
    }

    private func operand(_ matrix: LayerMatrix, _ layer: Int, _ direction: ProductDirection) -> ProductOperand {
        let c = model.configuration
        guard !direction.needsPanels(c.weightLayout, products) else {
            return memory.panels[matrix, direction].operand()
        }
        let (inputs, outputs) = matrix.shape(c)
        return unsafe .asItLies(weights(matrix, layer), columns: direction == .forward ? outputs : inputs)
    }

    /// target (+)= source * W + bias, and what low-rank products add to it, for rows.
    func project(
        _ source: FloatBuffer, _ target: FloatBuffer, _ matrix: LayerMatrix, ofLayer layer: Int, bias: Int?,
        _ rows: Range<Int>, adding: Bool = false
    ) {
        let (inputs, outputs) = matrix.shape(model.configuration)
        let y = unsafe target.base + rows.lowerBound * outputs
        if let bias {
            let table = unsafe kernels.table.pointee
            let fill = unsafe adding ? table.add_bias : table.fill_bias
            unsafe fill(Int64(rows.count), Int64(outputs), parametersBase + bias, y, Int64(outputs))
        }
        unsafe kernels.product(
            rows: rows.count, columns: outputs, terms: inputs, x: source.base + rows.lowerBound * inputs,
            operand(matrix, layer, .forward), y: y, adding: adding || bias != nil, form: rounded(rows))
        addLowRank(source, target, matrix, ofLayer: layer, rows)
    }

    /// target = slopes * W transposed, and what goes back through low-rank products, for rows.
    func projectBackward(
        _ slopes: FloatBuffer, _ target: FloatBuffer, _ matrix: LayerMatrix, ofLayer layer: Int, _ rows: Range<Int>
    ) {
        let (inputs, outputs) = matrix.shape(model.configuration)
        unsafe kernels.product(
            rows: rows.count, columns: inputs, terms: outputs, x: slopes.base + rows.lowerBound * outputs,
            operand(matrix, layer, .backward), y: target.base + rows.lowerBound * inputs, adding: false,
            form: rounded(rows))
        addLowRankBackward(slopes, target, matrix, ofLayer: layer, rows)
    }

    /// Where rows of the pass are rounded for a product: every chunk of rows has a place of its own.
    private func rounded(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        unsafe memory.rounded.base + rows.lowerBound * products.rowFloats(model.configuration.widestTerms)
    }
}
