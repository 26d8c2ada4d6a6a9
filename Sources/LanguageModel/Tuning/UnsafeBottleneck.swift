internal import Kernels

/// Where in a layer a bottleneck adapter stands.
enum BottleneckPlace: Int, CaseIterable {
    case afterAttention, afterFeedForward
}

/// The bottleneck adapters' matrices as products read them, made anew for each pass from the tuning's parameters.
final class BottleneckOperands {
    let middle: Int
    private let width: Int
    private let tuning: Tuning
    /// By layer and place: down transposed `[width, middle]`, up transposed `[middle, width]`.
    private let down: [[FloatBuffer]]
    private let up: [[FloatBuffer]]

    /// Nil where the tuning has none.
    init?(_ tuning: Tuning?) {
        guard let tuning, case .bottleneck(let settings) = tuning.method else { return nil }
        self.tuning = tuning
        let size = settings.width * tuning.configuration.width
        middle = settings.width
        width = tuning.configuration.width
        down = tuning.offsets.bottlenecks.map { $0.map { _ in FloatBuffer(count: size) } }
        up = tuning.offsets.bottlenecks.map { $0.map { _ in FloatBuffer(count: size) } }
    }

    func has(layer: Int) -> Bool { layer < down.count && !down[layer].isEmpty }

    /// Reads the parameters as they are now.
    func prepare(_ pool: WorkerPool) {
        pool.run(down.count) { layer in
            for (place, at) in tuning.offsets.bottlenecks[layer].enumerated() {
                let (downWeight, upWeight) =
                    unsafe (tuning.parameters.base + at.down, tuning.parameters.base + at.up)
                for unit in 0..<middle {
                    for column in 0..<width {
                        unsafe down[layer][place].base[column * middle + unit] = downWeight[unit * width + column]
                        unsafe up[layer][place].base[unit * width + column] = upWeight[column * middle + unit]
                    }
                }
            }
        }
    }

    /// after += up(gelu(down(after - before))), of `rows` rows.
    ///
    /// The difference is what the sublayer added to the residual stream, and the adapter's input.
    /// - Parameters:
    ///   - inputs: `[rows, width]`, receives that difference.
    ///   - inner, activated: `[rows, middle]`, before and after the activation.
    func apply(
        layer: Int, _ place: BottleneckPlace, before: UnsafePointer<Float>, after: UnsafeMutablePointer<Float>,
        rows: Int, inputs: UnsafeMutablePointer<Float>, inner: UnsafeMutablePointer<Float>,
        activated: UnsafeMutablePointer<Float>, _ kernels: KernelSet
    ) {
        let table = unsafe kernels.table.pointee
        let at = tuning.offsets.bottlenecks[layer][place.rawValue]
        let parameters = unsafe tuning.parameters.base
        unsafe inputs.update(from: after, count: rows * width)
        unsafe table.add_scaled(Int64(rows * width), -1, before, inputs)
        unsafe table.fill_bias(Int64(rows), Int64(middle), parameters + at.downBias, inner, Int64(middle))
        unsafe table.product(
            Int64(rows), Int64(middle), Int64(width), inputs, Int64(width), down[layer][place.rawValue].base,
            Int64(middle), Int64(PLUMB_PANEL), inner, Int64(middle), 1)
        unsafe table.gelu(Int64(rows * middle), inner, activated)
        unsafe table.add_bias(Int64(rows), Int64(width), parameters + at.upBias, after, Int64(width))
        unsafe table.product(
            Int64(rows), Int64(width), Int64(middle), activated, Int64(middle), up[layer][place.rawValue].base,
            Int64(width), Int64(PLUMB_PANEL), after, Int64(width), 1)
    }

    /// From the gradient after the adapter to that of the sublayer's output, which goes to `slopes`.
    /// - Parameters:
    ///   - inner: as the forward left it.
    ///   - activated: receives the activation again.
    ///   - innerSlopes: `[rows, middle]`, receives the gradient of `inner`.
    func applyBackward(
        layer: Int, _ place: BottleneckPlace, after: UnsafePointer<Float>, rows: Int, inner: UnsafePointer<Float>,
        activated: UnsafeMutablePointer<Float>, innerSlopes: UnsafeMutablePointer<Float>,
        slopes: UnsafeMutablePointer<Float>, _ kernels: KernelSet
    ) {
        let table = unsafe kernels.table.pointee
        let at = tuning.offsets.bottlenecks[layer][place.rawValue]
        let parameters = unsafe tuning.parameters.base
        unsafe table.product(
            Int64(rows), Int64(middle), Int64(width), after, Int64(width), parameters + at.up, Int64(middle),
            Int64(PLUMB_PANEL), activated, Int64(middle), 0)
        unsafe table.gelu_backward(Int64(rows * middle), inner, activated, innerSlopes, activated)
        unsafe slopes.update(from: after, count: rows * width)
        unsafe table.product(
            Int64(rows), Int64(width), Int64(middle), innerSlopes, Int64(middle), parameters + at.down, Int64(width),
            Int64(PLUMB_PANEL), slopes, Int64(width), 1)
    }
}

/// What bottleneck adapters keep from the forward to the backward.
final class BottleneckMemory {
    let operands: BottleneckOperands
    /// By layer and place; shared by all where no backward follows.
    let inputs: [[FloatBuffer]]
    let inner: [[FloatBuffer]]
    /// Of the layer in work, by place.
    let activated: [FloatBuffer]
    let innerSlopes: [FloatBuffer]
    let slopes: [FloatBuffer]

    init(
        _ operands: BottleneckOperands, _ c: ModelConfiguration, rows: Int, keepsActivations: Bool,
        _ carving: inout Carving
    ) {
        self.operands = operands
        let middle = rows * operands.middle
        let places = BottleneckPlace.allCases
        func buffers(_ count: Int, _ carving: inout Carving) -> [[FloatBuffer]] {
            let shared = carving.floats(keepsActivations ? 0 : count)
            return (0..<c.layers).map { layer in
                places.map { _ in
                    guard keepsActivations else { return shared }
                    return carving.floats(operands.has(layer: layer) ? count : 0)
                }
            }
        }
        inputs = buffers(rows * c.width, &carving)
        inner = buffers(middle, &carving)
        activated = places.map { _ in carving.floats(middle) }
        innerSlopes = places.map { _ in carving.floats(keepsActivations ? middle : 0) }
        slopes = places.map { _ in carving.floats(keepsActivations ? rows * c.width : 0) }
    }
}

extension PackedPass {
    /// Puts the adapter of a place behind the sublayer that turned `before` into `after`, for rows.
    func addBottleneck(
        _ place: BottleneckPlace, ofLayer layer: Int, before: FloatBuffer, after: FloatBuffer, _ rows: Range<Int>
    ) {
        guard let store = memory.bottleneck, store.operands.has(layer: layer) else { return }
        let (wide, narrow) = (
            rows.lowerBound * model.configuration.width, rows.lowerBound * store.operands.middle
        )
        unsafe store.operands.apply(
            layer: layer, place, before: before.base + wide, after: after.base + wide, rows: rows.count,
            inputs: store.inputs[layer][place.rawValue].base + wide,
            inner: store.inner[layer][place.rawValue].base + narrow,
            activated: store.activated[place.rawValue].base + narrow, kernels)
    }

    /// The gradient of a sublayer's output from that of what its adapter made of it, for rows: `slopes` itself where
    /// there is no adapter.
    func bottleneckBackward(
        _ place: BottleneckPlace, ofLayer layer: Int, _ slopes: FloatBuffer, _ rows: Range<Int>
    ) -> FloatBuffer {
        guard let store = memory.bottleneck, store.operands.has(layer: layer) else { return slopes }
        let (wide, narrow) = (
            rows.lowerBound * model.configuration.width, rows.lowerBound * store.operands.middle
        )
        unsafe store.operands.applyBackward(
            layer: layer, place, after: slopes.base + wide, rows: rows.count,
            inner: store.inner[layer][place.rawValue].base + narrow,
            activated: store.activated[place.rawValue].base + narrow,
            innerSlopes: store.innerSlopes[place.rawValue].base + narrow,
            slopes: store.slopes[place.rawValue].base + wide, kernels)
        return store.slopes[place.rawValue]
    }

    /// Adapters' weight gradients over all rows; `after` is the gradient behind each place's adapter.
    func addBottleneckGradients(
        _ place: BottleneckPlace, ofLayer layer: Int, after: FloatBuffer, _ gradients: FloatBuffer, _ worker: Int
    ) {
        guard let store = memory.bottleneck, let tuning = model.tuning else { return }
        let at = tuning.offsets.bottlenecks[layer][place.rawValue]
        let (width, middle, rows) = (model.configuration.width, store.operands.middle, layout.tokenCount)
        let table = unsafe kernels.table.pointee
        let inner = store.innerSlopes[place.rawValue]
        let pieces = [
            (after, width, store.activated[place.rawValue], middle, at.up, at.upBias),
            (inner, middle, store.inputs[layer][place.rawValue], width, at.down, at.downBias),
        ]
        for (dy, outputs, x, inputs, weight, bias) in pieces {
            unsafe table.column_sums(
                Int64(rows), Int64(outputs), dy.base, Int64(outputs), gradients.base + bias)
            for first in stride(from: 0, to: outputs, by: Self.gradientTile) {
                let tile = first..<min(outputs, first + Self.gradientTile)
                unsafe kernels.addWeightGradient(
                    gradients.base + weight, .outputRows, inputs: inputs, outputs: outputs, rows: rows, x: x.base,
                    dy: dy.base, tile: tile, scratch: productScratch[worker], precision: .float32)
            }
        }
    }

    /// Places of a layer that have an adapter.
    func bottleneckPlaces(_ layer: Int) -> [BottleneckPlace] {
        memory.bottleneck?.operands.has(layer: layer) == true ? BottleneckPlace.allCases : []
    }
}
