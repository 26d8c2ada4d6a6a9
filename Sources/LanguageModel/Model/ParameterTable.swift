/// Names (Hugging Face), offsets and shapes of every tensor in a flat buffer of floats.
public struct ParameterTable: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let name: String
        /// First float in the buffer.
        public let offset: Int
        public let shape: [Int]
        public var count: Int { shape.reduce(1, *) }
        public var range: Range<Int> { offset..<offset + count }
    }

    public let entries: [Entry]
    /// Floats in the buffer, with the gaps that keep blocks aligned (they stay zero).
    public let count: Int
    private let index: [String: Int]

    init(entries: [Entry], count: Int) {
        self.entries = entries
        self.count = count
        index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    public subscript(name: String) -> Entry? { index[name].map { entries[$0] } }

    /// Numbers the model learns, gaps not counted.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }
}

/// Where the parts of a layer start in the flat buffer. Query, key and value (and gate and up) lie side by side, so
/// that each is one matrix product.
struct LayerOffsets: Sendable {
    var attentionNorm = 0
    var attentionNormBias = 0
    var qkv = 0
    var qkvBias: Int?
    var output = 0
    var outputBias: Int?
    var feedForwardNorm = 0
    var feedForwardNormBias = 0
    var inner = 0
    var innerBias: Int?
    var down = 0
    var downBias: Int?
}

/// Where everything starts in the flat buffer.
struct ModelOffsets: Sendable {
    var embedding = 0
    var positions: Int?
    var layers: [LayerOffsets] = []
    var finalNorm = 0
    var finalNormBias = 0
    /// Logits' matrix [vocabulary, width], or score [1, width].
    var head = 0
}

/// Lays the tensors of a configuration out in one buffer.
struct ParameterLayout {
    private var entries: [ParameterTable.Entry] = []
    private var cursor = 0
    private(set) var offsets = ModelOffsets()

    var table: ParameterTable { ParameterTable(entries: entries, count: (cursor + 15) / 16 * 16) }

    init(_ configuration: ModelConfiguration) {
        let names = configuration.family.description.names(configuration)
        let c = configuration
        offsets.embedding = block([("\(names.embedding).weight", [c.vocabularySize, c.width])])
        if let positions = names.positions {
            offsets.positions = block([("\(positions).weight", [c.contextLength, c.width])])
        }
        for layer in names.layers { offsets.layers.append(add(layer, c)) }
        offsets.finalNorm = block([("\(names.finalNorm).weight", [c.width])])
        if c.norm == .layer { offsets.finalNormBias = block([("\(names.finalNorm).bias", [c.width])]) }
        switch (c.head, c.tiedEmbeddings) {
        case (.scalar, _): offsets.head = block([("score.weight", [1, c.width])])
        case (.languageModel, false): offsets.head = block([("\(names.head).weight", [c.vocabularySize, c.width])])
        case (.languageModel, true): offsets.head = offsets.embedding
        }
    }

    private mutating func add(_ names: WeightNames.Layer, _ c: ModelConfiguration) -> LayerOffsets {
        var layer = LayerOffsets()
        layer.attentionNorm = block([("\(names.attentionNorm).weight", [c.width])])
        if c.norm == .layer { layer.attentionNormBias = block([("\(names.attentionNorm).bias", [c.width])]) }
        let keyValue = c.keyValueHeads * c.headSize
        let parts = names.qkv.count == 1 ? [c.qkvWidth] : [c.attentionWidth, keyValue, keyValue]
        layer.qkv = linear(names.qkv, inputs: c.width, outputs: parts, c)
        if c.attentionBias { layer.qkvBias = biases(names.qkv, parts) }
        layer.output = linear([names.output], inputs: c.attentionWidth, outputs: [c.width], c)
        if c.outputBias { layer.outputBias = biases([names.output], [c.width]) }
        layer.feedForwardNorm = block([("\(names.feedForwardNorm).weight", [c.width])])
        if c.norm == .layer { layer.feedForwardNormBias = block([("\(names.feedForwardNorm).bias", [c.width])]) }
        let inner = names.inner.map { _ in c.feedForward }
        layer.inner = linear(names.inner, inputs: c.width, outputs: inner, c)
        if c.feedForwardBias { layer.innerBias = biases(names.inner, inner) }
        layer.down = linear([names.down], inputs: c.feedForward, outputs: [c.width], c)
        if c.feedForwardBias { layer.downBias = biases([names.down], [c.width]) }
        return layer
    }

    private mutating func linear(
        _ names: [String], inputs: Int, outputs: [Int], _ configuration: ModelConfiguration
    ) -> Int {
        let rows = configuration.weightLayout == .outputRows
        return block(zip(names, outputs).map { ("\($0).weight", rows ? [$1, inputs] : [inputs, $1]) })
    }

    private mutating func biases(_ names: [String], _ counts: [Int]) -> Int {
        block(zip(names, counts).map { ("\($0).bias", [$1]) })
    }

    /// Tensors without gaps between them, from a 64-byte boundary on.
    private mutating func block(_ tensors: [(name: String, shape: [Int])]) -> Int {
        cursor = (cursor + 15) / 16 * 16
        let start = cursor
        for tensor in tensors {
            let entry = ParameterTable.Entry(name: tensor.name, offset: cursor, shape: tensor.shape)
            entries.append(entry)
            cursor += entry.count
        }
        return start
    }
}
