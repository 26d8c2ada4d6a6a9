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

    init(_ c: ModelConfiguration, rows: Int, keepsActivations: Bool, _ carving: inout Carving) {
        qkv = carving.floats(rows * c.qkvWidth)
        attention = carving.floats(rows * c.attentionWidth)
        logSums = carving.floats(rows * c.heads)
        middle = carving.floats(rows * c.width)
        inner = carving.floats(rows * c.innerWidth)
        attentionNorm = NormMemory(rows, &carving)
        feedForwardNorm = NormMemory(rows, &carving)
        headNorm = keepsActivations && c.queryKeyNorm ? HeadNormMemory(c, rows, &carving) : nil
    }
}

/// What the norm of each head's queries and keys keeps for its backward.
final class HeadNormMemory {
    /// Queries and keys before the norm, [rows, heads + key/value heads, head size].
    let inputs: FloatBuffer
    /// [rows, heads + key/value heads].
    let inverse: FloatBuffer
    init(_ c: ModelConfiguration, _ rows: Int, _ carving: inout Carving) {
        let heads = c.heads + c.keyValueHeads
        inputs = carving.floats(rows * heads * c.headSize)
        inverse = carving.floats(rows * heads)
    }
}

/// A norm's statistics by row.
final class NormMemory {
    let mean: FloatBuffer
    let inverse: FloatBuffer
    init(_ rows: Int, _ carving: inout Carving) {
        mean = carving.floats(rows)
        inverse = carving.floats(rows)
    }
}

/// All memory of a pass for up to `rows` rows, cut from an arena's slab. What the trunk needs while it runs shares its place
/// with what the language-model head needs between the trunk's forward and its backward.
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
    /// Where in the slab the head's memory begins.
    let headStart: Int

    /// - Parameter headRows: rows of the head's largest block; 0 without a language-model head.
    init(
        _ model: Transformer, _ operands: PassOperands, rows: Int, headRows: Int, keepsActivations: Bool,
        products: ProductPrecision, threads: Int, _ carving: inout Carving
    ) {
        let c = model.configuration
        self.rows = rows
        hidden = carving.floats(rows * c.width)
        let gradients = keepsActivations ? BackwardMemory.Kept(c, rows: rows, &carving) : nil
        lowRank = operands.lowRank.map {
            LowRankMemory($0, c, rows: rows, keepsActivations: keepsActivations, &carving)
        }
        bottleneck = operands.bottleneck.map {
            BottleneckMemory($0, c, rows: rows, keepsActivations: keepsActivations, &carving)
        }
        var layers: [LayerMemory] = []
        var residuals: [FloatBuffer] = []
        if keepsActivations {
            for _ in 0..<c.layers {
                layers.append(LayerMemory(c, rows: rows, keepsActivations: true, &carving))
                residuals.append(carving.floats(rows * c.width))
            }
            residuals.append(carving.floats(rows * c.width))
        }
        finalNorm = NormMemory(rows, &carving)
        headStart = carving.next
        if !keepsActivations {
            let shared = LayerMemory(c, rows: rows, keepsActivations: false, &carving)
            layers = Array(repeating: shared, count: c.layers)
            residuals = Array(repeating: carving.floats(rows * c.width), count: c.layers + 1)
        }
        (self.layers, self.residuals) = (layers, residuals)
        normed = carving.floats(rows * c.width)
        activated = carving.floats(rows * c.feedForward)
        rounded = carving.floats(rows * products.rowFloats(c.widestTerms))
        panels = LayerPanels(c, keepsActivations: keepsActivations, precision: products, &carving)
        backward = gradients.map { BackwardMemory($0, c, rows: rows, &carving) }
        carving.goBack(to: headStart)
        if headRows > 0 {
            _ = HeadMemory(
                c, rows: headRows, products: products, hasBackward: keepsActivations, threads: threads, &carving)
        }
    }
}

/// What a pass makes of a tuned model's parameters before it runs, and its rounded matrices read back. They are the
/// model's, not the rows'.
final class PassOperands {
    let lowRank: LowRankOperands?
    let bottleneck: BottleneckOperands?
    /// The layer in work of a model whose matrices are rounded.
    let dequantised: DequantisedLayer?

    init(_ model: Transformer, keepsActivations: Bool) {
        lowRank = model.tuning.flatMap { tuning in
            tuning.offsets.lowRank.isEmpty ? nil : LowRankOperands(tuning, hasBackward: keepsActivations)
        }
        bottleneck = BottleneckOperands(model.tuning)
        dequantised = model.frozen == nil ? nil : DequantisedLayer(model.configuration)
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

    /// What heads write before the trunk's backward begins.
    struct Kept {
        let hidden: FloatBuffer
        let normed: FloatBuffer
        init(_ c: ModelConfiguration, rows: Int, _ carving: inout Carving) {
            hidden = carving.floats(rows * c.width)
            normed = carving.floats(rows * c.width)
        }
    }

    init(_ kept: Kept, _ c: ModelConfiguration, rows: Int, _ carving: inout Carving) {
        (hidden, normed) = (kept.hidden, kept.normed)
        residual = carving.floats(rows * c.width)
        middle = carving.floats(rows * c.width)
        qkv = carving.floats(rows * c.qkvWidth)
        attention = carving.floats(rows * c.attentionWidth)
        inner = carving.floats(rows * c.innerWidth)
        attentionNormed = carving.floats(rows * c.width)
        normPartials = carving.floats(RowChunks(rows).count * 2 * c.width)
        headNormPartials = carving.floats(c.queryKeyNorm ? RowChunks(rows).count * 2 * c.headSize : 0)
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
