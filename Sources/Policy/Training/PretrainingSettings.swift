import JSON
public import LanguageModel

/// The shape of a model that is trained from nothing, in Llama's form.
public struct ModelShape: Sendable, Codable, Equatable {
    public var width: Int
    public var layers: Int
    public var heads: Int
    public var keyValueHeads: Int
    public var feedForward: Int
    public var contextLength: Int
    /// The output matrix is the embedding: a fifth fewer parameters at this size.
    public var tiedEmbeddings: Bool

    public init(
        width: Int = 160, layers: Int = 5, heads: Int = 5, keyValueHeads: Int = 5, feedForward: Int = 432,
        contextLength: Int = 256, tiedEmbeddings: Bool = true
    ) {
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.feedForward = feedForward
        self.contextLength = contextLength
        self.tiedEmbeddings = tiedEmbeddings
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case width, layers, heads
        case keyValueHeads = "key_value_heads"
        case feedForward = "feed_forward"
        case contextLength = "context_length"
        case tiedEmbeddings = "tied_embeddings"
    }

    public init(from decoder: any Decoder) throws {
        let reader = try SettingsReader(decoder, keys: CodingKeys.self)
        let standard = ModelShape()
        width = try reader.value(.width, default: standard.width)
        layers = try reader.value(.layers, default: standard.layers)
        heads = try reader.value(.heads, default: standard.heads)
        keyValueHeads = try reader.value(.keyValueHeads, default: heads)
        feedForward = try reader.value(.feedForward, default: standard.feedForward)
        contextLength = try reader.value(.contextLength, default: standard.contextLength)
        tiedEmbeddings = try reader.value(.tiedEmbeddings, default: standard.tiedEmbeddings)
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try requireCounts([
            ("model.width", width, 1 << 20), ("model.layers", layers, 1 << 12), ("model.heads", heads, 1 << 20),
            ("model.key_value_heads", keyValueHeads, 1 << 20), ("model.feed_forward", feedForward, 1 << 20),
            ("model.context_length", contextLength, 1 << 20),
        ])
        try require(width % heads == 0, "model.heads", "\(heads) heads do not divide a width of \(width)")
        try require(
            width / heads % 2 == 0, "model.heads",
            "a head of \(width / heads) numbers is odd, and rotary positions turn pairs")
        try require(
            heads % keyValueHeads == 0, "model.key_value_heads",
            "\(keyValueHeads) key-value heads do not divide \(heads) heads")
    }

    /// The configuration with a tokenizer's ids.
    public func configuration(for template: PromptTemplate) -> ModelConfiguration {
        .llama(
            vocabularySize: template.tokenizer.vocabularySize, width: width, layers: layers, heads: heads,
            keyValueHeads: keyValueHeads, feedForward: feedForward, contextLength: contextLength,
            tiedEmbeddings: tiedEmbeddings, endTokenIDs: template.endTokenIDs, padTokenID: template.padTokenID)
    }
}

/// Settings of a `pretraining` run. JSON: the fields of `NextTokenSettings`, and `model`, `special_tokens_in_text`.
public struct PretrainingSettings: Sendable, Codable, Equatable {
    public var training: NextTokenSettings
    /// The model that is made where the run has no parent `base`.
    public var model: ModelShape
    /// Names of special tokens in the corpus (`<|user|>`) are those tokens, so that a corpus can hold conversations.
    /// False for text from outside.
    public var specialTokensInText: Bool

    public init(
        training: NextTokenSettings = .pretraining, model: ModelShape = ModelShape(), specialTokensInText: Bool = true
    ) {
        self.training = training
        self.model = model
        self.specialTokensInText = specialTokensInText
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case model
        case specialTokensInText = "special_tokens_in_text"
    }

    public init(from decoder: any Decoder) throws {
        let own = CodingKeys.allCases.map(\.stringValue)
        training = try NextTokenSettings(from: decoder, standard: .pretraining, siblings: own)
        let reader = try SettingsReader(decoder, keys: CodingKeys.self, siblings: NextTokenSettings.names)
        model = try reader.value(.model, default: ModelShape())
        specialTokensInText = try reader.value(.specialTokensInText, default: true)
    }

    public func encode(to encoder: any Encoder) throws {
        try training.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(model, forKey: .model)
        try container.encode(specialTokensInText, forKey: .specialTokensInText)
    }
}

/// Settings of a `supervised` run. JSON: the fields of `NextTokenSettings` and `TuningSettings`, and `skip_too_long`.
public struct SupervisedSettings: Sendable, Codable, Equatable {
    public var training: NextTokenSettings
    public var tuning: TuningSettings
    /// A demonstration longer than the context is passed over and counted; false makes it an error that names the line.
    public var skipTooLong: Bool

    public init(
        training: NextTokenSettings = .supervised, tuning: TuningSettings = TuningSettings(), skipTooLong: Bool = false
    ) {
        self.training = training
        self.tuning = tuning
        self.skipTooLong = skipTooLong
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case skipTooLong = "skip_too_long" }

    public init(from decoder: any Decoder) throws {
        let own = CodingKeys.allCases.map(\.stringValue)
        training = try NextTokenSettings(
            from: decoder, standard: .supervised, siblings: own + TuningSettings.names)
        tuning = try TuningSettings(from: decoder, siblings: own + NextTokenSettings.names)
        let reader = try SettingsReader(
            decoder, keys: CodingKeys.self, siblings: NextTokenSettings.names + TuningSettings.names)
        skipTooLong = try reader.value(.skipTooLong, default: false)
    }

    public func encode(to encoder: any Encoder) throws {
        try training.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(skipTooLong, forKey: .skipTooLong)
        try tuning.encode(to: encoder)
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try training.validate()
        try tuning.validate()
    }
}
