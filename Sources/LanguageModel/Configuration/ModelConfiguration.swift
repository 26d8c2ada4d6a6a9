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
        /// Su et al. 2021: pairs of coordinates of each query and key are turned by the position.
        case rotary(RotarySettings)
    }
    public enum Activation: Sendable, Equatable {
        /// Shazeer 2020: silu(gate) * up.
        case swiglu
        /// GELU, tanh approximation ("gelu_new").
        case gelu
        /// GELU, x · Φ(x) with the normal distribution's Φ ("gelu").
        case exactGelu
    }
    public enum Residual: Sendable, Equatable {
        /// The feed-forward reads the residual stream with the attention's output added.
        case sequential
        /// Attention and feed-forward read the stream before the layer, each through a norm of its own (GPT-NeoX).
        case parallel
        /// The same through one norm (GPT-J).
        case parallelSharedNorm
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
    /// Keys that a query sees in each layer, itself included, nil = all before it; empty = all in every layer.
    public var windows: [Int?] = []
    /// Scores are divided by the square root of the head size (Vaswani et al. 2017).
    public var scaledScores = true
    /// Each head of queries and keys goes through a norm before it is turned (Qwen3); always `rootMeanSquare`.
    public var queryKeyNorm = false
    public var residual = Residual.sequential
    /// The head uses the embedding's matrix.
    public var tiedEmbeddings: Bool
    /// The language model's head has a bias, `[vocabulary]` (GPT-J).
    public var headBias = false
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
            tiedEmbeddings: tiedEmbeddings, head: .languageModel, beginTokenID: beginTokenID,
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
            tiedEmbeddings: true, head: .languageModel, beginTokenID: beginTokenID,
            endTokenIDs: endTokenIDs, padTokenID: padTokenID)
    }

    /// Columns of the joint query, key and value projection.
    var qkvWidth: Int { (heads + 2 * keyValueHeads) * headSize }
    /// Columns of the attention's output before its projection.
    var attentionWidth: Int { heads * headSize }
    /// Columns of the feed-forward's first projection: gate and up side by side, or up alone.
    var innerWidth: Int { activation == .swiglu ? 2 * feedForward : feedForward }

    /// Keys that a query sees in a layer; 0 = all before it, as the kernels count.
    func window(ofLayer layer: Int) -> Int { windows.isEmpty ? 0 : windows[layer] ?? 0 }
    var widestWindow: Int? { windows.compactMap { $0 }.max() }
    /// Factor of the scores.
    var attentionScale: Float { scaledScores ? 1 / Float(headSize).squareRoot() : 1 }

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
        let names = family.description.names(ModelConfiguration.oneLayer(of: self))
        if queryKeyNorm, names.layers.first?.queryNorm == nil {
            throw fail("the family \(family.rawValue) has no norm of queries and keys")
        }
        if names.qkvByHead, heads != keyValueHeads {
            throw fail("the family \(family.rawValue) has as many key/value heads as heads")
        }
        guard windows.isEmpty || windows.count == layers else {
            throw fail("\(windows.count) windows for \(layers) layers")
        }
        if let window = windows.compactMap({ $0 }).first(where: { $0 < 1 }) {
            throw fail("a window of \(window) keys hides a token from itself, it must be 1 or more")
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

extension ModelConfiguration {
    /// Its names tell what the family has, however many layers are claimed.
    private static func oneLayer(of configuration: ModelConfiguration) -> ModelConfiguration {
        var one = configuration
        one.layers = 1
        return one
    }
}

extension ModelConfiguration.Activation {
    /// As config.json spells the two forms of GELU.
    var geluName: String { self == .exactGelu ? "gelu" : "gelu_new" }
}
