internal import Foundation

/// A decoder's architecture as a table of choices; a family (`ModelFamily`) adds the names of its weights.
public struct ModelConfiguration: Sendable, Equatable {
    public enum Norm: Sendable, Equatable {
        /// Zhang and Sennrich 2019: x / rms(x) * weight.
        case rootMeanSquare
        /// Ba et al. 2016, with weight and bias.
        case layer
    }
    public enum Positions: Sendable, Equatable {
        /// One learned vector a position, added to the token's.
        case learned
        /// Su et al. 2021: pairs (i, i + rotarySize/2) of each query and key are turned by the position.
        case rotary(RotarySettings)
    }
    public enum Activation: Sendable, Equatable {
        /// Shazeer 2020: silu(gate) * up.
        case swiglu
        /// GELU, tanh approximation ("gelu_new").
        case gelu
    }
    public enum Head: Sendable, Equatable {
        /// Logits over the vocabulary.
        case languageModel
        /// One number a row, `score.weight` [1, width]: a sequence classifier with one label.
        case scalar
    }

    public var family: ModelFamily
    public var vocabularySize: Int
    public var width: Int
    public var layers: Int
    public var heads: Int
    /// Key/value heads; a divisor of `heads` (grouped-query attention).
    public var keyValueHeads: Int
    public var headSize: Int
    public var feedForward: Int
    /// Most positions a sequence may have.
    public var contextLength: Int
    public var norm: Norm
    public var normEpsilon: Double
    public var positions: Positions
    public var activation: Activation
    public var weightLayout: WeightLayout
    /// Biases of query, key and value projections.
    public var attentionBias: Bool
    /// Bias of the attention's output projection.
    public var outputBias: Bool
    public var feedForwardBias: Bool
    /// Keys a query sees, itself included; nil = all before it.
    public var slidingWindow: Int?
    /// The head uses the embedding's matrix.
    public var tiedEmbeddings: Bool
    public var head: Head
    public var beginTokenID: Int32?
    public var endTokenIDs: [Int32]
    public var padTokenID: Int32?

    /// A Llama-form model (RMSNorm, rotary positions, grouped heads, SwiGLU).
    public static func llama(
        vocabularySize: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil, headSize: Int? = nil,
        feedForward: Int, contextLength: Int, tiedEmbeddings: Bool = true, ropeTheta: Double = 10_000,
        normEpsilon: Double = 1e-5, beginTokenID: Int32? = nil, endTokenIDs: [Int32] = [], padTokenID: Int32? = nil
    ) -> ModelConfiguration {
        let size = headSize ?? width / max(1, heads)
        return ModelConfiguration(
            family: .llama, vocabularySize: vocabularySize, width: width, layers: layers, heads: heads,
            keyValueHeads: keyValueHeads ?? heads, headSize: size, feedForward: feedForward,
            contextLength: contextLength, norm: .rootMeanSquare, normEpsilon: normEpsilon,
            positions: .rotary(RotarySettings(theta: ropeTheta, size: size)), activation: .swiglu,
            weightLayout: .outputRows, attentionBias: false, outputBias: false, feedForwardBias: false,
            slidingWindow: nil, tiedEmbeddings: tiedEmbeddings, head: .languageModel, beginTokenID: beginTokenID,
            endTokenIDs: endTokenIDs, padTokenID: padTokenID)
    }

    /// A GPT-2 model (LayerNorm, learned positions, GELU).
    public static func gpt2(
        vocabularySize: Int, width: Int, layers: Int, heads: Int, feedForward: Int? = nil, contextLength: Int,
        normEpsilon: Double = 1e-5, beginTokenID: Int32? = nil, endTokenIDs: [Int32] = [], padTokenID: Int32? = nil
    ) -> ModelConfiguration {
        ModelConfiguration(
            family: .gpt2, vocabularySize: vocabularySize, width: width, layers: layers, heads: heads,
            keyValueHeads: heads, headSize: width / max(1, heads), feedForward: feedForward ?? 4 * width,
            contextLength: contextLength, norm: .layer, normEpsilon: normEpsilon, positions: .learned,
            activation: .gelu, weightLayout: .inputRows, attentionBias: true, outputBias: true, feedForwardBias: true,
            slidingWindow: nil, tiedEmbeddings: true, head: .languageModel, beginTokenID: beginTokenID,
            endTokenIDs: endTokenIDs, padTokenID: padTokenID)
    }

    /// Columns of the joint query, key and value projection.
    var qkvWidth: Int { (heads + 2 * keyValueHeads) * headSize }
    /// Columns of the attention's output before its projection.
    var attentionWidth: Int { heads * headSize }
    /// Columns of the feed-forward's first projection: gate and up side by side, or up alone.
    var innerWidth: Int { activation == .swiglu ? 2 * feedForward : feedForward }

    /// - Throws: `EngineError.badConfiguration` that names the choice that cannot be.
    func validate() throws(EngineError) {
        func fail(_ what: String) -> EngineError { .badConfiguration(what) }
        let sizes = [
            ("vocabularySize", vocabularySize), ("width", width), ("layers", layers), ("heads", heads),
            ("keyValueHeads", keyValueHeads), ("headSize", headSize), ("feedForward", feedForward),
            ("contextLength", contextLength),
        ]
        for (name, size) in sizes where size < 1 || size > 1 << 28 {
            throw fail("\(name) is \(size), it must be between 1 and \(1 << 28)")
        }
        guard heads % keyValueHeads == 0 else {
            throw fail("\(heads) heads cannot share \(keyValueHeads) key/value heads evenly")
        }
        guard heads <= 1 << 16, headSize <= 1 << 16, layers <= 1 << 16 else {
            throw fail("heads, headSize and layers must be at most \(1 << 16)")
        }
        if case .rotary(let settings) = positions {
            guard settings.size > 0, settings.size % 2 == 0, settings.size <= headSize else {
                throw fail("rotary size \(settings.size) must be even and at most the head size \(headSize)")
            }
            guard settings.theta > 0 else { throw fail("rotary theta \(settings.theta) must be positive") }
        }
        guard normEpsilon > 0 else { throw fail("normEpsilon \(normEpsilon) must be positive") }
        let tokens = endTokenIDs + [beginTokenID, padTokenID].compactMap { $0 }
        if let outside = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw fail("special token id \(outside) is outside the vocabulary of \(vocabularySize)")
        }
        let parameters =
            Double(vocabularySize) * Double(width) * (tiedEmbeddings ? 1 : 2)
            + Double(layers) * Double(width) * Double(qkvWidth + attentionWidth + innerWidth + feedForward)
        guard parameters < 1e11 else { throw fail("a model of \(parameters) parameters is too large") }
    }
}

/// Rotary positions: base, turned part of each head, and the scaling of the frequencies.
public struct RotarySettings: Sendable, Equatable {
    public enum Scaling: Sendable, Equatable {
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: low frequencies divided by `factor`, high ones kept, a ramp between.
        case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalContext: Int)
    }
    public var theta: Double
    /// Coordinates of each head that turn; even.
    public var size: Int
    public var scaling: Scaling?

    public init(theta: Double, size: Int, scaling: Scaling? = nil) {
        self.theta = theta
        self.size = size
        self.scaling = scaling
    }

    /// Angle per position of each pair, computed in float32 as transformers does.
    var frequencies: [Float] {
        (0..<size / 2).map { pair in
            let base = Float(1) / Float(pow(Float(theta), Float(2 * pair) / Float(size)))
            switch scaling {
            case nil: return base
            case .linear(let factor): return base / Float(factor)
            case .llama3(let factor, let low, let high, let original):
                let wavelength = 2 * Float.pi / base
                if wavelength > Float(original) / Float(low) { return base / Float(factor) }
                if wavelength < Float(original) / Float(high) { return base }
                let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * base / Float(factor) + smooth * base
            }
        }
    }
}
