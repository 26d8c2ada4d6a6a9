internal import Foundation

/// What a layer's forward keeps for its backward; `[rows, columns]` each.
final class LayerMemory {
    /// Queries, keys, values after rotation.
    let qkv: FloatBuffer
    let attention: FloatBuffer
    /// Log of the sum of exponentials, [rows, heads].
    let logSums: FloatBuffer
    /// Residual stream between attention and feed-forward.
    let middle: FloatBuffer
    /// Before the activation.
    let inner: FloatBuffer
    let attentionNorm: NormMemory
    let feedForwardNorm: NormMemory
    /// Only where a backward follows and queries and keys have norms.
    let headNorm: HeadNormMemory?

    init(_ c: ModelConfiguration, rows: Int, keepsActivations: Bool) {
        qkv = FloatBuffer(count: rows * c.qkvWidth)
        attention = FloatBuffer(count: rows * c.attentionWidth)
        logSums = FloatBuffer(count: rows * c.heads)
        middle = FloatBuffer(count: rows * c.width)
        inner = FloatBuffer(count: rows * c.innerWidth)
        attentionNorm = NormMemory(rows)
        feedForwardNorm = NormMemory(rows)
        headNorm = keepsActivations && c.queryKeyNorm ? HeadNormMemory(c, rows) : nil
    }
}

/// What the norm of each head's queries and keys keeps for its backward.
final class HeadNormMemory {
    /// Queries and keys before the norm, [rows, heads + key/value heads, head size].
    let inputs: FloatBuffer
    /// [rows, heads + key/value heads].
    let inverse: FloatBuffer
    init(_ c: ModelConfiguration, _ rows: Int) {
        let heads = c.heads + c.keyValueHeads
        inputs = FloatBuffer(count: rows * heads * c.headSize)
        inverse = FloatBuffer(count: rows * heads)
    }
}

/// A norm's statistics by row.
final class NormMemory {
    let mean: FloatBuffer
    let inverse: FloatBuffer
    init(_ rows: Int) {
        mean = FloatBuffer(count: rows)
        inverse = FloatBuffer(count: rows)
    }
}

/// All memory of a pass for up to `rows` rows, kept from one pass to the next.
final class PassMemory {
    let rows: Int
    let layers: [LayerMemory]
    /// Residual stream before layer 0 … after the last layer.
    let residuals: [FloatBuffer]
    let finalNorm: NormMemory
    /// After the last norm.
    let hidden: FloatBuffer
    /// Of the layer in work.
    let normed: FloatBuffer
    let activated: FloatBuffer
    let backward: BackwardMemory?
    let panels: LayerPanels
    /// Rows rounded to bf16 for the product in work.
    let rounded: FloatBuffer
    /// Of a model that is tuned by these.
    let lowRank: LowRankMemory?
    let bottleneck: BottleneckMemory?
    /// The layer in work of a model whose matrices are rounded.
    let dequantised: DequantisedLayer?

    init(_ model: Transformer, rows: Int, keepsActivations: Bool, products: ProductPrecision) {
        let c = model.configuration
        self.rows = rows
        lowRank = model.tuning.flatMap { tuning in
            tuning.offsets.lowRank.isEmpty
                ? nil : LowRankMemory(tuning, c, rows: rows, keepsActivations: keepsActivations)
        }
        bottleneck = BottleneckMemory(model.tuning, c, rows: rows, keepsActivations: keepsActivations)
        dequantised = model.frozen == nil ? nil : DequantisedLayer(c)
        panels = LayerPanels(c, keepsActivations: keepsActivations, precision: products)
        rounded = FloatBuffer(count: rows * products.rowFloats(c.widestTerms))
        if keepsActivations {
            layers = (0..<c.layers).map { _ in LayerMemory(c, rows: rows, keepsActivations: true) }
            residuals = (0...c.layers).map { _ in FloatBuffer(count: rows * c.width) }
            backward = BackwardMemory(c, rows: rows)
        } else {
            let shared = LayerMemory(c, rows: rows, keepsActivations: false)
            layers = Array(repeating: shared, count: c.layers)
            residuals = Array(repeating: FloatBuffer(count: rows * c.width), count: c.layers + 1)
            backward = nil
        }
        finalNorm = NormMemory(rows)
        hidden = FloatBuffer(count: rows * c.width)
        normed = FloatBuffer(count: rows * c.width)
        activated = FloatBuffer(count: rows * c.feedForward)
    }
}

extension PackedPass {
    /// Most tokens that a pass without activations can have where its memory for them may come to so many bytes; the
    /// layer's packed weights and the head's block of logits come on top.
    public static func scoredTokens(of model: Transformer, bytes: Int) -> Int {
        let c = model.configuration
        // Four of the residual stream's width, statistics of norms, ids and positions; cosines and sines.
        var floats =
            c.qkvWidth + c.attentionWidth + c.innerWidth + c.feedForward + 4 * c.width + c.heads + 8 + c.headSize
        if case .bottleneck(let settings)? = model.tuning?.method { floats += c.width + 3 * settings.width }
        return max(0, bytes / (4 * floats) - (c.contextLength - model.usableContextLength))
    }
}

/// Gradients of the activations of the layer in work.
final class BackwardMemory {
    let hidden: FloatBuffer
    /// Residual stream after and before the feed-forward.
    let residual: FloatBuffer
    let middle: FloatBuffer
    let qkv: FloatBuffer
    let attention: FloatBuffer
    let inner: FloatBuffer
    let normed: FloatBuffer
    /// The attention norm's output, computed again.
    let attentionNormed: FloatBuffer
    /// Norm weight and bias gradients, one partial sum a chunk of rows: [chunks, 2 * width].
    let normPartials: FloatBuffer
    /// The same for the norms of queries and keys: [chunks, 2 * head size].
    let headNormPartials: FloatBuffer

    init(_ c: ModelConfiguration, rows: Int) {
        hidden = FloatBuffer(count: rows * c.width)
        residual = FloatBuffer(count: rows * c.width)
        middle = FloatBuffer(count: rows * c.width)
        qkv = FloatBuffer(count: rows * c.qkvWidth)
        attention = FloatBuffer(count: rows * c.attentionWidth)
        inner = FloatBuffer(count: rows * c.innerWidth)
        normed = FloatBuffer(count: rows * c.width)
        attentionNormed = FloatBuffer(count: rows * c.width)
        normPartials = FloatBuffer(count: RowChunks(rows).count * 2 * c.width)
        headNormPartials = FloatBuffer(count: c.queryKeyNorm ? RowChunks(rows).count * 2 * c.headSize : 0)
    }
}

extension ModelConfiguration {
    /// The most terms that a product of a layer sums.
    var widestTerms: Int { LayerMatrix.allCases.map { max($0.shape(self).inputs, $0.shape(self).outputs) }.max() ?? 0 }
}

/// Rows cut into chunks of one size, whatever the number of threads.
struct RowChunks {
    static let size = 128
    let rows: Int
    var count: Int { (rows + Self.size - 1) / Self.size }
    init(_ rows: Int) { self.rows = rows }
    subscript(chunk: Int) -> Range<Int> { chunk * Self.size..<min(rows, (chunk + 1) * Self.size) }
}

/// Cosines and sines of the rotary positions 0 ..< positions, `[positions, size/2]`.
final class RotaryTable {
    let settings: RotarySettings
    let positions: Int
    let cosines: FloatBuffer
    let sines: FloatBuffer

    init(_ settings: RotarySettings, positions: Int) {
        self.settings = settings
        self.positions = positions
        let frequencies = settings.frequencies
        let half = frequencies.count
        cosines = FloatBuffer(count: positions * half)
        sines = FloatBuffer(count: positions * half)
        for position in 0..<positions {
            let angles = frequencies.map { Double(Float(position) * $0) }
            cosines.store(angles.map { Float(cos($0)) }, at: position * half)
            sines.store(angles.map { Float(sin($0)) }, at: position * half)
        }
    }
}
