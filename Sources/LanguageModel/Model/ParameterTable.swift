/// Names (Hugging Face), offsets and shapes of every tensor in a flat buffer of floats.
public struct ParameterTable: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let name: String
        /// First float in the buffer.
        public let offset: Int
        public let shape: [Int]
        var arrangement = Arrangement.plain
        public var count: Int { shape.reduce(1, *) }
        public var range: Range<Int> { offset..<offset + count }

        /// The tensor out of a buffer of the model's layout (parameters, gradients), in the order of the file's rows.
        public func values(in buffer: FloatBuffer) -> [Float] {
            arrangement.toFile(buffer.array(range), rows: shape[0])
        }

        /// Puts a tensor in the order of the file's rows into a buffer of the model's layout.
        func store(_ values: [Float], in buffer: FloatBuffer) {
            buffer.store(arrangement.fromFile(values, rows: shape[0]), at: offset)
        }
    }

    /// How a tensor's rows lie here, compared with the file.
    enum Arrangement: Sendable, Equatable {
        /// As in the file.
        case plain
        /// In the file head by head, q, k and v of each; here the q of all heads, then k, then v.
        case byPart(heads: Int)

        func toFile(_ values: [Float], rows: Int) -> [Float] { reorder(values, rows) { here, file in (here, file) } }
        func fromFile(_ values: [Float], rows: Int) -> [Float] { reorder(values, rows) { here, file in (file, here) } }

        private func reorder(
            _ values: [Float], _ rows: Int, _ direction: (_ here: Int, _ file: Int) -> (from: Int, to: Int)
        ) -> [Float] {
            guard case .byPart(let heads) = self else { return values }
            let width = values.count / rows
            let block = rows / (3 * heads) * width
            var result = [Float](repeating: 0, count: values.count)
            for part in 0..<3 {
                for head in 0..<heads {
                    let (from, to) = direction((part * heads + head) * block, (head * 3 + part) * block)
                    result.replaceSubrange(to..<to + block, with: values[from..<from + block])
                }
            }
            return result
        }
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

    /// Tensors one after the other, in an order of the caller's; each starts on a cache line.
    public init(tensors: [(name: String, shape: [Int])]) {
        var offset = 0
        var entries: [Entry] = []
        for tensor in tensors {
            let entry = Entry(name: tensor.name, offset: offset, shape: tensor.shape)
            entries.append(entry)
            offset += (entry.count + 15) / 16 * 16
        }
        self.init(entries: entries, count: offset)
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
    var queryNorm: Int?
    var keyNorm: Int?
    var output = 0
    var outputBias: Int?
    /// That of attention again where one norm serves both: its gradients add up.
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
    var headBias: Int?
}

/// Lays the tensors of a configuration out in one buffer.
struct ParameterLayout {
    private var entries: [ParameterTable.Entry] = []
    private var cursor = 0
    private let qkvByHead: Bool
    private let hasMatrices: Bool
    private(set) var offsets = ModelOffsets()

    var table: ParameterTable { ParameterTable(entries: entries, count: (cursor + 15) / 16 * 16) }

    /// - Parameter hasMatrices: false leaves the layers' matrices out, which are held elsewhere then.
    init(_ configuration: ModelConfiguration, hasMatrices: Bool = true) {
        self.hasMatrices = hasMatrices
        let names = configuration.family.description.names(configuration)
        let c = configuration
        qkvByHead = names.qkvByHead
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
        if c.head == .languageModel, c.headBias {
            offsets.headBias = block([("\(names.head).bias", [c.vocabularySize])])
        }
    }

    private mutating func add(_ names: WeightNames.Layer, _ c: ModelConfiguration) -> LayerOffsets {
        var layer = LayerOffsets()
        layer.attentionNorm = block([("\(names.attentionNorm).weight", [c.width])])
        if c.norm == .layer { layer.attentionNormBias = block([("\(names.attentionNorm).bias", [c.width])]) }
        let keyValue = c.keyValueHeads * c.headSize
        let parts = names.qkv.count == 1 ? [c.qkvWidth] : [c.attentionWidth, keyValue, keyValue]
        let arrangement: ParameterTable.Arrangement = qkvByHead ? .byPart(heads: c.heads) : .plain
        layer.qkv = linear(names.qkv, inputs: c.width, outputs: parts, c, arrangement)
        if c.attentionBias { layer.qkvBias = biases(names.qkv, parts, arrangement) }
        if c.queryKeyNorm, let query = names.queryNorm, let key = names.keyNorm {
            layer.queryNorm = block([("\(query).weight", [c.headSize])])
            layer.keyNorm = block([("\(key).weight", [c.headSize])])
        }
        layer.output = linear([names.output], inputs: c.attentionWidth, outputs: [c.width], c)
        if c.outputBias { layer.outputBias = biases([names.output], [c.width]) }
        if c.residual == .parallelSharedNorm {
            layer.feedForwardNorm = layer.attentionNorm
            layer.feedForwardNormBias = layer.attentionNormBias
        } else {
            layer.feedForwardNorm = block([("\(names.feedForwardNorm).weight", [c.width])])
            if c.norm == .layer { layer.feedForwardNormBias = block([("\(names.feedForwardNorm).bias", [c.width])]) }
        }
        let inner = names.inner.map { _ in c.feedForward }
        layer.inner = linear(names.inner, inputs: c.width, outputs: inner, c)
        if c.feedForwardBias { layer.innerBias = biases(names.inner, inner) }
        layer.down = linear([names.down], inputs: c.feedForward, outputs: [c.width], c)
        if c.feedForwardBias { layer.downBias = biases([names.down], [c.width]) }
        return layer
    }

    private mutating func linear(
        _ names: [String], inputs: Int, outputs: [Int], _ configuration: ModelConfiguration,
        _ arrangement: ParameterTable.Arrangement = .plain
    ) -> Int {
        guard hasMatrices else { return cursor }
        let rows = configuration.weightLayout == .outputRows
        return block(zip(names, outputs).map { ("\($0).weight", rows ? [$1, inputs] : [inputs, $1]) }, arrangement)
    }

    private mutating func biases(
        _ names: [String], _ counts: [Int], _ arrangement: ParameterTable.Arrangement = .plain
    ) -> Int {
        block(zip(names, counts).map { ("\($0).bias", [$1]) }, arrangement)
    }

    /// Tensors without gaps between them, from a 64-byte boundary on.
    private mutating func block(
        _ tensors: [(name: String, shape: [Int])], _ arrangement: ParameterTable.Arrangement = .plain
    ) -> Int {
        cursor = (cursor + 15) / 16 * 16
        let start = cursor
        for tensor in tensors {
            let entry = ParameterTable.Entry(
                name: tensor.name, offset: cursor, shape: tensor.shape, arrangement: arrangement)
            entries.append(entry)
            cursor += entry.count
        }
        return start
    }
}
