import JSON

/// How to sample responses. Temperature 1 without top-k and top-p is the policy itself.
public struct SamplingOptions: Sendable, Codable, Equatable {
    /// Divides the logits; 0 takes the most probable token.
    public var temperature: Double
    /// Only the k most probable tokens; nil is all.
    public var topK: Int?
    /// The smallest set of tokens that holds this much probability; 1 is all. Source: Holtzman et al. 2020.
    public var topP: Double
    /// Leaves out tokens less probable than this share of the most probable one; 0 leaves out none. Source: Nguyen et al.
    /// 2024.
    public var minP: Double
    /// Divides the positive logits of tokens that stand in prompt or response already, and multiplies the others; 1 is off.
    /// Source: Keskar et al. 2019.
    public var repetitionPenalty: Double
    /// Added to the logits of single tokens, by token id.
    public var logitBias: [Int32: Double]
    /// Most tokens of a response, the end token included; less where the context ends earlier.
    public var maximumTokens: Int
    /// A response ends before the first of these texts; it is not kept.
    public var stop: [String]
    /// How many of the most probable tokens to report at each place.
    public var alternatives: Int

    public init(
        temperature: Double = 1, topK: Int? = nil, topP: Double = 1, minP: Double = 0, repetitionPenalty: Double = 1,
        logitBias: [Int32: Double] = [:], maximumTokens: Int = 128, stop: [String] = [], alternatives: Int = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.logitBias = logitBias
        self.maximumTokens = maximumTokens
        self.stop = stop
        self.alternatives = alternatives
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case logitBias = "logit_bias"
        case maximumTokens = "maximum_tokens"
        case stop, alternatives
    }

    public init(from decoder: any Decoder) throws {
        let reader = try SettingsReader(decoder, keys: CodingKeys.self)
        let standard = SamplingOptions()
        temperature = try reader.value(.temperature, default: standard.temperature)
        topK = try reader.optional(.topK, default: standard.topK)
        topP = try reader.value(.topP, default: standard.topP)
        minP = try reader.value(.minP, default: standard.minP)
        repetitionPenalty = try reader.value(.repetitionPenalty, default: standard.repetitionPenalty)
        logitBias = try reader.value(.logitBias, default: standard.logitBias)
        maximumTokens = try reader.value(.maximumTokens, default: standard.maximumTokens)
        stop = try reader.value(.stop, default: standard.stop)
        alternatives = try reader.value(.alternatives, default: standard.alternatives)
    }

    /// The least temperature above 0: logits divided by less leave single precision.
    public static let leastTemperature = 1e-4
    public static let mostTemperature = 100.0
    /// What a temperature may be, in words.
    public static let temperatureWords = "0, or from 0.0001 to 100"
    /// What top-p may be, in words.
    public static let topPWords = "above 0 in single precision, and at most 1"

    /// What min-p, a repetition penalty and a bias may be, in words.
    public static let minPWords = "from 0 to 1"
    public static let repetitionPenaltyWords = "from 0.01 to 100"
    public static let biasWords = "from -100 to 100"

    public static func acceptsMinP(_ value: Double) -> Bool { (0...1).contains(value) }

    public static func acceptsRepetitionPenalty(_ value: Double) -> Bool { (0.01...100).contains(value) }

    public static func acceptsBias(_ value: Double) -> Bool { (-100...100).contains(value) }

    public static func acceptsTemperature(_ value: Double) -> Bool {
        value == 0 || (leastTemperature...mostTemperature).contains(value)
    }

    public static func acceptsTopP(_ value: Double) -> Bool { Float(value) > 0 && value <= 1 }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try require(
            Self.acceptsTemperature(temperature), "temperature", "\(temperature) is not \(Self.temperatureWords)")
        if let topK { try require(topK > 0, "top_k", "\(topK) is not a positive number of tokens") }
        try require(Self.acceptsTopP(topP), "top_p", "\(topP) is not \(Self.topPWords)")
        try require(Self.acceptsMinP(minP), "min_p", "\(minP) is not \(Self.minPWords)")
        try require(
            Self.acceptsRepetitionPenalty(repetitionPenalty), "repetition_penalty",
            "\(repetitionPenalty) is not \(Self.repetitionPenaltyWords)")
        for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            try require(Self.acceptsBias(bias), "logit_bias", "\(bias) of token \(token) is not \(Self.biasWords)")
        }
        try require(maximumTokens > 0, "maximum_tokens", "\(maximumTokens) is not a positive number of tokens")
        try require(alternatives >= 0, "alternatives", "\(alternatives) is negative")
        try require(!stop.contains(""), "stop", "an empty text stops every response before it begins")
    }
}

/// Why a response ended.
public enum FinishReason: String, Sendable, Codable {
    /// The policy wrote its end token.
    case endToken = "end_token"
    /// One of the stop texts came.
    case stopString = "stop_string"
    /// The token limit or the context came first.
    case length
    /// Whoever read along did not want more.
    case cancelled
}

/// A token that could have stood at a place, with its log-probability in nats at the response's temperature.
public struct TokenAlternative: Sendable, Equatable {
    public let token: Int32
    public let logProbability: Double

    public init(token: Int32, logProbability: Double) {
        self.token = token
        self.logProbability = logProbability
    }
}

/// A sampled token with the model's own log-probability of it in nats, at the temperature.
public struct PolicyToken: Sendable, Equatable {
    public let id: Int32
    public let logProbability: Double
    /// The most probable tokens at its place, in falling order; empty unless asked for.
    public let alternatives: [TokenAlternative]
}

/// New text of a response, never empty, with the tokens that came since the piece before.
public struct ResponsePiece: Sendable, Equatable {
    public let text: String
    public let tokens: [PolicyToken]
}

/// One sampled response with what is known of it.
public struct PolicyResponse: Sendable, Equatable {
    /// The text without the end token and without the stop text.
    public let text: String
    /// The tokens as sampled, the end token included where it came.
    public let tokenIDs: [Int32]
    /// Log-probability of each token in nats under softmax(logits/temperature) of the policy itself, before anything that
    /// changes or leaves out tokens `[tokens]`.
    /// At temperature 0 those of temperature 1.
    public let tokenLogProbabilities: [Double]
    /// The temperature it was sampled at.
    public let temperature: Double
    /// The seed of this response alone.
    public let seed: UInt64
    public let finishReason: FinishReason
    /// The most probable tokens at each place, in falling order; empty unless asked for.
    public let alternatives: [[TokenAlternative]]

    public init(
        text: String, tokenIDs: [Int32], tokenLogProbabilities: [Double], temperature: Double, seed: UInt64,
        finishReason: FinishReason, alternatives: [[TokenAlternative]] = []
    ) {
        self.text = text
        self.tokenIDs = tokenIDs
        self.tokenLogProbabilities = tokenLogProbabilities
        self.temperature = temperature
        self.seed = seed
        self.finishReason = finishReason
        self.alternatives = alternatives
    }

    /// Each token with what is known of it.
    public var tokens: [PolicyToken] {
        tokenIDs.indices.map {
            PolicyToken(
                id: tokenIDs[$0], logProbability: tokenLogProbabilities[$0],
                alternatives: alternatives.isEmpty ? [] : alternatives[$0])
        }
    }

    /// Sum over the response's tokens, the end token included, nats at `temperature`.
    public var logProbability: Double { tokenLogProbabilities.reduce(0, +) }

    /// Ended with the end token.
    public var finished: Bool { finishReason == .endToken }
}
