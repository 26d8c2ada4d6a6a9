/// What tuning trains while the rest of the model stays as it is.
public enum TuningMethod: Sendable, Equatable {
    case lowRank(LowRankSettings)
    case bottleneck(BottleneckSettings)
    case promptVectors(PromptVectorSettings)
    /// All weights of some layers, counted from 0.
    case layers([Int])
}

/// A product of two narrow matrices beside each target: y = W x + (alpha / rank) B A x.
/// Source: Hu et al. 2022 ("LoRA"), §4.1; names and defaults as in PEFT's `LoraConfig`.
public struct LowRankSettings: Sendable, Equatable {
    public var rank: Int
    public var alpha: Double
    /// Last parts of modules' names (`q_proj`, …); empty takes every linear module of a layer, as QLoRA does.
    public var targets: [String]
    /// Layers that have it, counted from 0; nil is all.
    public var layers: [Int]?
    /// Share of a target's inputs that is left out of the product while training, the rest enlarged to match.
    public var dropout: Double
    /// alpha / sqrt(rank) in place of alpha / rank (Kalajdzievski 2023).
    public var rankStabilised: Bool

    public init(
        rank: Int = 8, alpha: Double = 16, targets: [String] = [], layers: [Int]? = nil, dropout: Double = 0,
        rankStabilised: Bool = false
    ) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.layers = layers
        self.dropout = dropout
        self.rankStabilised = rankStabilised
    }

    /// Factor of the product B A.
    var scale: Float { Float(alpha / (rankStabilised ? Double(rank).squareRoot() : Double(rank))) }
}

/// Two small networks in each layer, one after attention's projection and one after the feed-forward's:
/// s becomes s + up(gelu(down(s))). Source: Houlsby et al. 2019, §2.1.
public struct BottleneckSettings: Sendable, Equatable {
    /// Width of the middle.
    public var width: Int
    /// Layers that have them, counted from 0; nil is all.
    public var layers: [Int]?

    public init(width: Int = 64, layers: [Int]? = nil) {
        self.width = width
        self.layers = layers
    }
}

/// Vectors that stand before every prompt in the place of token embeddings. Source: Lester et al. 2021.
public struct PromptVectorSettings: Sendable, Equatable {
    public var count: Int

    public init(count: Int = 20) { self.count = count }
}

extension TuningMethod {
    /// - Throws: `EngineError.badSetting` that says what cannot be with this model.
    func validate(_ c: ModelConfiguration) throws(EngineError) {
        switch self {
        case .lowRank(let settings):
            guard (1...4096).contains(settings.rank) else {
                throw .badSetting("a rank of \(settings.rank) is not from 1 to 4096")
            }
            guard settings.alpha > 0, settings.alpha.isFinite else {
                throw .badSetting("an alpha of \(settings.alpha) is not a positive number")
            }
            guard settings.dropout >= 0, settings.dropout < 1 else {
                throw .badSetting("a dropout of \(settings.dropout) is not at least 0 and below 1")
            }
            let known = c.linearModuleNames
            if let unknown = settings.targets.first(where: { target in
                !c.linearModules.contains { $0.answers(to: target) }
            }) {
                throw .badSetting(
                    "the model has no linear module \(unknown); there are " + known.joined(separator: ", "))
            }
            try Self.validate(settings.layers, c)
        case .bottleneck(let settings):
            guard (1...1 << 16).contains(settings.width) else {
                throw .badSetting("an adapter's width of \(settings.width) is not from 1 to \(1 << 16)")
            }
            try Self.validate(settings.layers, c)
        case .promptVectors(let settings):
            guard settings.count >= 1, settings.count < c.contextLength else {
                throw .badSetting(
                    "\(settings.count) prompt vectors are not from 1 to less than the context of \(c.contextLength)")
            }
        case .layers(let layers):
            try Self.validate(layers, c)
        }
    }

    private static func validate(_ layers: [Int]?, _ c: ModelConfiguration) throws(EngineError) {
        guard let layers else { return }
        guard !layers.isEmpty else { throw .badSetting("the list of layers is empty") }
        if let outside = layers.first(where: { !(0..<c.layers).contains($0) }) {
            throw .badSetting("layer \(outside) is not one of the model's, which are 0 to \(c.layers - 1)")
        }
        guard Set(layers).count == layers.count else { throw .badSetting("a layer is named twice") }
    }

    /// Does it train something in the layer?
    func reaches(layer: Int) -> Bool {
        switch self {
        case .lowRank(let settings): settings.layers?.contains(layer) ?? true
        case .bottleneck(let settings): settings.layers?.contains(layer) ?? true
        case .promptVectors: true
        case .layers(let layers): layers.contains(layer)
        }
    }

    /// The first layer whose inputs need no gradient any more once it has its own.
    func lowestLayer(_ c: ModelConfiguration) -> Int { (0..<c.layers).first(where: reaches) ?? 0 }
}

/// One linear module of a layer: the whole of a joint matrix or some of its outputs.
struct LinearModule: Sendable {
    /// In full, as the family names it.
    let name: String
    let matrix: LayerMatrix
    /// Among the joint matrix's outputs.
    let columns: Range<Int>

    var shortName: String { String(name.split(separator: ".").last ?? "") }

    /// A target is the end of a name, as in PEFT: `q_proj`, or `self_attn.q_proj`.
    func answers(to target: String) -> Bool { name == target || name.hasSuffix("." + target) }
}

extension ModelConfiguration {
    /// The linear modules of a layer in the order of their matrices.
    func linearModules(_ names: WeightNames.Layer) -> [LinearModule] {
        let keyValue = keyValueHeads * headSize
        let qkv = names.qkv.count == 1 ? [qkvWidth] : [attentionWidth, keyValue, keyValue]
        func split(_ names: [String], _ widths: [Int], _ matrix: LayerMatrix) -> [LinearModule] {
            var start = 0
            return zip(names, widths).map { name, width in
                defer { start += width }
                return LinearModule(name: name, matrix: matrix, columns: start..<start + width)
            }
        }
        return split(names.qkv, qkv, .qkv) + split([names.output], [width], .output)
            + split(names.inner, names.inner.map { _ in feedForward }, .inner) + split([names.down], [width], .down)
    }

    /// The linear modules of all layers.
    var linearModules: [LinearModule] { family.description.names(self).layers.flatMap { linearModules($0) } }

    /// Last parts of the names of a layer's linear modules, each once.
    var linearModuleNames: [String] {
        linearModules.map(\.shortName).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
