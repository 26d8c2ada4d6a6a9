import JSON
public import LanguageModel

/// What a run trains, as flat fields of its settings. docs/methods.md says when to take which.
public struct TuningSettings: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// All weights.
        case full
        /// Low-rank products beside the weights (Hu et al. 2022).
        case lora
        /// Bottleneck adapters behind attention and feed-forward (Houlsby et al. 2019).
        case adapters
        /// Vectors before every prompt (Lester et al. 2021).
        case prompt
        /// The weights of some layers.
        case layers
    }
    /// How the weights that stay as they are are held meanwhile.
    public enum BaseWeights: String, Sendable, Codable, CaseIterable {
        case float32, int8, nf4
    }
    /// What the run writes.
    public enum Kept: String, Sendable, Codable, CaseIterable {
        /// A model that needs nothing else: products merged, other adapters beside a copy of the base's weights.
        case model
        /// The adapter alone, in PEFT's layout; the base's folder must stay where it is, or beside it.
        case adapter
    }

    public var kind = Kind.full
    /// Layers that are tuned, counted from 0; nil is all. `layers` needs it.
    public var layers: [Int]? = nil
    /// 8 and twice that for alpha: PEFT's default rank, and the ratio that Hu et al. and QLoRA's followers settled on.
    public var rank = 8
    public var alpha = 16.0
    /// Ends of modules' names; empty is every linear module, which QLoRA found necessary to match full tuning.
    public var targets: [String] = []
    /// Off: what it helps with, too little data, shows in the held-out loss, and then 0.05 to 0.1 is usual.
    public var dropout = 0.0
    /// α / √rank in place of α / rank (Kalajdzievski 2023); off, as in PEFT: it matters at ranks far above 8.
    public var rankStabilised = false
    /// Width of a bottleneck adapter's middle (Houlsby et al. 2019 tried 8 to 256).
    public var adapterWidth = 64
    /// Vectors before the prompt; 20 is where Lester et al. saw little more to gain.
    public var promptVectors = 20
    /// `int8` and `nf4` go with `lora` alone: gradients pass through rounded weights, and cannot change them.
    public var baseWeights = BaseWeights.float32
    /// Round the scales of `baseWeights` too.
    public var doubleQuantisation = false
    public var keep = Kept.model

    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind = "tuning"
        case layers = "tuned_layers"
        case rank = "lora_rank"
        case alpha = "lora_alpha"
        case targets = "lora_targets"
        case dropout = "lora_dropout"
        case rankStabilised = "lora_rank_stabilised"
        case adapterWidth = "adapter_width"
        case promptVectors = "prompt_vectors"
        case baseWeights = "base_weights"
        case doubleQuantisation = "double_quantisation"
        case keep = "kept"
    }

    static let names = CodingKeys.allCases.map(\.stringValue)

    private typealias Field = SettingsField<TuningSettings, CodingKeys>

    private static var fields: [Field] {
        [
            .init(.kind, \.kind),
            .init(optional: .layers, \.layers),
            .init(.rank, \.rank),
            .init(.alpha, \.alpha),
            .init(.targets, \.targets),
            .init(.dropout, \.dropout),
            .init(.rankStabilised, \.rankStabilised),
            .init(.adapterWidth, \.adapterWidth),
            .init(.promptVectors, \.promptVectors),
            .init(.baseWeights, \.baseWeights),
            .init(.doubleQuantisation, \.doubleQuantisation),
            .init(.keep, \.keep),
        ]
    }

    public init(from decoder: any Decoder) throws { try self.init(from: decoder, siblings: []) }

    /// `siblings` are the other fields of the same object.
    init(from decoder: any Decoder, siblings: [String]) throws {
        try Field.read(Self.fields, of: &self, from: decoder, siblings: siblings)
    }

    /// Every field, also those that are off.
    public func encode(to encoder: any Encoder) throws {
        try Field.write(Self.fields, of: self, to: encoder)
    }

    /// What can be said without the model.
    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try requireCounts([
            ("lora_rank", rank, 4096), ("adapter_width", adapterWidth, 65_536),
            ("prompt_vectors", promptVectors, 65_536),
        ])
        try require(alpha > 0 && alpha.isFinite, "lora_alpha", "\(alpha) is not a positive number")
        try require(dropout >= 0 && dropout < 1, "lora_dropout", "\(dropout) is not at least 0 and below 1")
        if kind == .layers {
            try require(layers?.isEmpty == false, "tuned_layers", "tuning=layers needs a list of layers, such as [2,3]")
            try require(keep == .model, "kept", "tuning=layers changes weights, so it has no adapter to keep")
        }
        try require(
            layers == nil || kind != .full && kind != .prompt, "tuned_layers",
            "tuning=\(kind.rawValue) knows no layers; take lora, adapters or layers")
        try require(kind != .full || keep == .model, "kept", "tuning=full has no adapter to keep")
        try require(
            kind == .lora || baseWeights == .float32, "base_weights",
            "\(baseWeights.rawValue) goes with tuning=lora, not with \(kind.rawValue)")
        try require(
            !doubleQuantisation || baseWeights != .float32, "double_quantisation",
            "there are no scales to round with base_weights=float32")
    }

    /// The engine's name for it; nil trains all weights.
    public var method: TuningMethod? {
        switch kind {
        case .full: nil
        case .lora:
            .lowRank(
                LowRankSettings(
                    rank: rank, alpha: alpha, targets: targets, layers: layers, dropout: dropout,
                    rankStabilised: rankStabilised))
        case .adapters: .bottleneck(BottleneckSettings(width: adapterWidth, layers: layers))
        case .prompt: .promptVectors(PromptVectorSettings(count: promptVectors))
        case .layers: .layers(layers ?? [])
        }
    }

    /// How the base's matrices are rounded; nil where they are not.
    public var frozenWeights: FrozenWeights? {
        switch baseWeights {
        case .float32: nil
        case .int8: FrozenWeights(precision: .int8, doubleQuantised: doubleQuantisation)
        case .nf4: FrozenWeights(precision: .nf4, doubleQuantised: doubleQuantisation)
        }
    }

    /// The base with what is to be trained, which as it is made computes what the base computes.
    /// - Throws: `PolicyError.badOption` where the base has not what is to be tuned.
    public func tuned(_ base: Transformer, seed: UInt64) throws(PolicyError) -> Transformer {
        guard let method else { return base }
        do {
            return try base.tuned(method, seed: seed)
        } catch {
            throw .badOption(field: CodingKeys.kind.stringValue, reason: error.description)
        }
    }
}
