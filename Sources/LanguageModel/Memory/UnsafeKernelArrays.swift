internal import Kernels

/// The kernels on arrays, for checks of each instruction set against plain arithmetic.
package extension KernelSet {
    /// a [m, k] (or [k, m] when transposed) times b [k, n].
    func multiply(_ m: Int, _ n: Int, _ k: Int, _ a: [Float], _ b: [Float], transposed: Bool = false) -> [Float] {
        var c = [Float](repeating: 0, count: m * n)
        unsafe table.pointee.multiply(
            Int64(m), Int64(n), Int64(k), a, transposed ? 1 : Int64(k), transposed ? Int64(m) : 1, b, Int64(n), &c,
            Int64(n), 0)
        return c
    }

    /// x [rows, k] times weights [n, k] transposed ([k, n] where `inputRows`), through panels of a precision.
    func multiplyWeights(
        _ precision: WeightPrecision, _ rows: Int, _ n: Int, _ k: Int, _ x: [Float], _ weights: [Float],
        inputRows: Bool = false, onto start: [Float]? = nil
    ) -> [Float] {
        let kind = precision.kernelPrecision
        let panelBytes = Int(plumb_panel_bytes(kind, Int64(k)))
        let panels = (n + Int(PLUMB_PANEL) - 1) / Int(PLUMB_PANEL)
        let packed = ByteBuffer(count: panels * panelBytes)
        for panel in 0..<panels {
            let from = panel * Int(PLUMB_PANEL)
            unsafe plumb_pack_weights(
                kind, Int64(n), Int64(k), weights, inputRows ? 0 : 1, Int64(from),
                Int64(min(Int(PLUMB_PANEL), n - from)), packed.base + panel * panelBytes)
        }
        let form = ByteBuffer(count: rows * Int(plumb_row_form_bytes(kind, Int64(k))))
        unsafe table.pointee.row_form(kind, Int64(rows), Int64(k), 0, Int64(k), x, Int64(k), form.base)
        var y = start ?? [Float](repeating: .nan, count: rows * n)
        unsafe table.pointee.multiply_weights(
            kind, Int64(rows), Int64(n), Int64(k), form.base, packed.base, &y, Int64(n), start == nil ? 0 : 1)
        return y
    }

    /// x [rows, k] times weights [n, k] transposed, by the product for many rows: through panels, or with the weights
    /// turned first and read as they lie. Added to `start` [rows, n].
    func product(
        _ rows: Int, _ n: Int, _ k: Int, _ x: [Float], _ weights: [Float], packed: Bool, addedTo start: [Float]? = nil,
        precision: ProductPrecision = .float32
    ) -> [Float] {
        var y = start ?? [Float](repeating: .nan, count: rows * n)
        let form = FloatBuffer(count: rows * precision.rowFloats(k))
        var turned = [Float](repeating: 0, count: n * k)
        for column in 0..<n { for term in 0..<k { turned[term * n + column] = weights[column * k + term] } }
        unsafe turned.withUnsafeBufferPointer { turned in
            guard let base = turned.baseAddress else { return }
            let panels = WeightPanels(PanelForm(columns: n, terms: k, precision: precision)) { FloatBuffer(count: $0) }
            // One from each side, so that both ways of packing are checked against each other.
            for task in 0..<panels.taskCount {
                if task % 2 == 0 {
                    unsafe panels.pack(task, from: base, across: false)
                } else {
                    unsafe weights.withUnsafeBufferPointer {
                        if let base = $0.baseAddress { unsafe panels.pack(task, from: base, across: true) }
                    }
                }
            }
            let operand = unsafe packed ? panels.operand() : .asItLies(base, columns: n)
            unsafe product(
                rows: rows, columns: n, terms: k, x: x, operand, y: &y, adding: start != nil, form: form.base)
        }
        return y
    }

    /// dW `[outputs, inputs]` (or `[inputs, outputs]`) plus what the slopes dy `[rows, outputs]` and x `[rows, inputs]`
    /// add, in tiles of `tile` of its rows.
    func addedWeightGradient(
        _ start: [Float], _ layout: WeightLayout, inputs: Int, outputs: Int, x: [Float], dy: [Float], tile: Int,
        precision: ProductPrecision = .float32
    ) -> [Float] {
        var result = start
        let scratch = FloatBuffer(count: Int(plumb_product_scratch(Int64(tile))))
        let rows = layout == .outputRows ? outputs : inputs
        for first in stride(from: 0, to: rows, by: tile) {
            unsafe addWeightGradient(
                &result, layout, inputs: inputs, outputs: outputs, rows: x.count / inputs, x: x, dy: dy,
                tile: first..<min(rows, first + tile), scratch: scratch, precision: precision)
        }
        return result
    }

    func rootMeanSquareNorm(_ width: Int, _ x: [Float], _ weight: [Float], epsilon: Float) -> (
        y: [Float], inverse: [Float]
    ) {
        let rows = x.count / width
        var y = x
        var inverse = [Float](repeating: 0, count: rows)
        unsafe table.pointee.rms_norm(Int64(rows), Int64(width), epsilon, x, weight, &y, &inverse)
        return (y, inverse)
    }

    func rootMeanSquareNormBackward(_ width: Int, _ dy: [Float], _ x: [Float], _ weight: [Float], _ inverse: [Float])
        -> (dx: [Float], dweight: [Float])
    {
        var dx = [Float](repeating: 0, count: x.count)
        var dweight = [Float](repeating: 0, count: width)
        unsafe table.pointee.rms_norm_backward(
            Int64(x.count / width), Int64(width), dy, x, weight, inverse, &dx, &dweight)
        return (dx, dweight)
    }

    func layerNorm(_ width: Int, _ x: [Float], _ weight: [Float], _ bias: [Float], epsilon: Float) -> (
        y: [Float], mean: [Float], inverse: [Float]
    ) {
        let rows = x.count / width
        var y = x
        var mean = [Float](repeating: 0, count: rows)
        var inverse = mean
        unsafe table.pointee.layer_norm(Int64(rows), Int64(width), epsilon, x, weight, bias, &y, &mean, &inverse)
        return (y, mean, inverse)
    }

    func layerNormBackward(
        _ width: Int, _ dy: [Float], _ x: [Float], _ weight: [Float], _ mean: [Float], _ inverse: [Float]
    ) -> (dx: [Float], dweight: [Float], dbias: [Float]) {
        var dx = [Float](repeating: 0, count: x.count)
        var dweight = [Float](repeating: 0, count: width)
        var dbias = dweight
        unsafe table.pointee.layer_norm_backward(
            Int64(x.count / width), Int64(width), dy, x, weight, mean, inverse, &dx, &dweight, &dbias)
        return (dx, dweight, dbias)
    }

    /// gateUp [rows, 2n] to [rows, n].
    func swiglu(_ n: Int, _ gateUp: [Float]) -> [Float] {
        var y = [Float](repeating: 0, count: gateUp.count / 2)
        unsafe table.pointee.swiglu(Int64(y.count / n), Int64(n), gateUp, &y)
        return y
    }

    func swigluBackward(_ n: Int, _ gateUp: [Float], _ dy: [Float]) -> (slopes: [Float], y: [Float]) {
        var slopes = gateUp
        var y = dy
        unsafe table.pointee.swiglu_backward(Int64(dy.count / n), Int64(n), gateUp, dy, &slopes, &y)
        return (slopes, y)
    }

    func gelu(_ x: [Float]) -> [Float] {
        var y = x
        unsafe table.pointee.gelu(Int64(x.count), x, &y)
        return y
    }

    func geluBackward(_ x: [Float], _ dy: [Float]) -> (slopes: [Float], y: [Float]) {
        var slopes = x
        var y = x
        unsafe table.pointee.gelu_backward(Int64(x.count), x, dy, &slopes, &y)
        return (slopes, y)
    }

    func exactGelu(_ x: [Float]) -> [Float] {
        var y = x
        unsafe table.pointee.exact_gelu(Int64(x.count), x, &y)
        return y
    }

    func exactGeluBackward(_ x: [Float], _ dy: [Float]) -> (slopes: [Float], y: [Float]) {
        var slopes = x
        var y = x
        unsafe table.pointee.exact_gelu_backward(Int64(x.count), x, dy, &slopes, &y)
        return (slopes, y)
    }

    func logSumExp(_ x: [Float], scale: Float) -> (logSum: Float, entropy: Float) {
        var entropy: Float = 0
        let logSum = unsafe table.pointee.log_sum_exp(Int64(x.count), scale, x, &entropy)
        return (logSum, entropy)
    }

    /// factor · exp(scale · x − logSum).
    func scaledSoftmax(_ x: [Float], scale: Float, logSum: Float, factor: Float) -> [Float] {
        var y = x
        unsafe table.pointee.scaled_softmax(Int64(x.count), scale, logSum, factor, &y)
        return y
    }

    /// p · (factor − entropyFactor · (ln p + entropy)) with p = exp(scale · x − logSum).
    func softmaxSlopes(
        _ x: [Float], scale: Float, logSum: Float, factor: Float, entropy: Float, entropyFactor: Float
    ) -> [Float] {
        var y = x
        unsafe table.pointee.softmax_slopes(Int64(x.count), scale, logSum, factor, entropy, entropyFactor, &y)
        return y
    }

    func rotate(
        _ x: [Float], heads: Int, headSize: Int, positions: [Int32], cosines: [Float], sines: [Float], rotary: Int,
        sign: Float, neighbours: Bool = false
    ) -> [Float] {
        var y = x
        let turn = unsafe neighbours ? table.pointee.rotate_neighbours : table.pointee.rotate
        unsafe turn(
            Int64(positions.count), Int64(heads), Int64(headSize), Int64(rotary), &y, Int64(heads * headSize),
            positions, cosines, sines, sign)
        return y
    }

    func sumOfSquares(_ x: [Float]) -> Double { unsafe table.pointee.sum_of_squares(Int64(x.count), x) }

    func dot(_ x: [Float], _ y: [Float]) -> Float { unsafe table.pointee.dot(Int64(x.count), x, y) }

    /// One update at step 1 of parameters with the given moments.
    func adamw(
        _ parameters: [Float], _ gradients: [Float], _ first: [Float], _ second: [Float], _ settings: AdamWSettings
    ) -> (parameters: [Float], first: [Float], second: [Float]) {
        var (p, m, v) = (parameters, first, second)
        var update = plumb_adamw(
            learning_rate: settings.learningRate, beta1: settings.beta1, beta2: settings.beta2,
            epsilon: settings.epsilon, weight_decay: settings.weightDecay, gradient_scale: 1,
            correction1: 1 - settings.beta1, correction2: 1 - settings.beta2)
        unsafe table.pointee.adamw(Int64(p.count), &update, &p, gradients, &m, &v)
        return (p, m, v)
    }

    /// One group and one key/value head: rows are the prompt's, then each response's.
    struct AttentionCase: Sendable {
        package var prompt: Int
        package var responses: [Int]
        package var headSize: Int
        package var queryHeads: Int
        package var window: Int
        package var scale: Float

        package init(
            prompt: Int, responses: [Int], headSize: Int, queryHeads: Int, window: Int = 0, scale: Float? = nil
        ) {
            self.prompt = prompt
            self.responses = responses
            self.headSize = headSize
            self.queryHeads = queryHeads
            self.window = window
            self.scale = scale ?? 1 / Float(headSize).squareRoot()
        }
        package var rows: Int { responses.reduce(prompt, +) }
        /// Queries, then the key, then the value.
        package var columns: Int { (queryHeads + 2) * headSize }

        fileprivate func shape(_ lengths: UnsafePointer<Int32>) -> plumb_attention {
            unsafe plumb_attention(
                prompt: Int64(prompt), responses: Int64(responses.count), lengths: lengths, head_size: Int64(headSize),
                query_heads: Int64(queryHeads), qkv_stride: Int64(columns), out_stride: Int64(queryHeads * headSize),
                head_stride: Int64(headSize), out_head_stride: Int64(headSize), lse_stride: Int64(queryHeads),
                window: Int64(window), scale: scale)
        }
        fileprivate var scratch: FloatBuffer {
            let longest = prompt + (responses.max() ?? 0)
            return FloatBuffer(count: Int(plumb_attention_scratch(Int64(headSize), Int64(longest))))
        }
    }

    /// qkv [rows, columns] to the output [rows, queryHeads * headSize], the log-sums [rows, queryHeads], and the
    /// query-key pairs computed for one query head.
    func attention(_ shape: AttentionCase, _ qkv: [Float]) -> (out: [Float], logSums: [Float], pairs: Int) {
        let width = shape.queryHeads * shape.headSize
        let source = FloatBuffer(count: qkv.count)
        source.store(qkv, at: 0)
        let out = FloatBuffer(count: shape.rows * width)
        let logSums = FloatBuffer(count: shape.rows * shape.queryHeads)
        let lengths = IndexBuffer(shape.responses.map { Int32($0) })
        var settings = unsafe shape.shape(lengths.base)
        let pairs = withExtendedLifetime((source, out, logSums, lengths, shape.scratch)) { held in
            unsafe table.pointee.attention_forward(
                &settings, source.base, source.base + width, source.base + width + shape.headSize, out.base,
                logSums.base, held.4.base)
        }
        return (out.array(0..<out.count), logSums.array(0..<logSums.count), Int(pairs))
    }

    func attentionBackward(
        _ shape: AttentionCase, _ qkv: [Float], _ out: [Float], _ logSums: [Float], _ dout: [Float]
    ) -> [Float] {
        let width = shape.queryHeads * shape.headSize
        let source = FloatBuffer(count: qkv.count)
        source.store(qkv, at: 0)
        let slopes = FloatBuffer(count: qkv.count)
        let lengths = IndexBuffer(shape.responses.map { Int32($0) })
        var settings = unsafe shape.shape(lengths.base)
        withExtendedLifetime((source, slopes, lengths, shape.scratch)) { held in
            unsafe table.pointee.attention_backward(
                &settings, source.base, source.base + width, source.base + width + shape.headSize, out, logSums, dout,
                slopes.base, slopes.base + width, slopes.base + width + shape.headSize, held.3.base)
        }
        return slopes.array(0..<slopes.count)
    }
}
