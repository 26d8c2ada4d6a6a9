/// How a token is drawn.
public struct SamplingSettings: Sendable, Codable, Equatable {
    /// Divides the logits; 0 takes the most probable token.
    public var temperature: Float
    /// Draws among this many most probable tokens; 0 = all.
    public var topK: Int
    /// Draws among the most probable tokens that together reach this probability (Holtzman et al. 2020); 1 = all.
    public var topP: Float
    /// Leaves out tokens less probable than this share of the most probable one (Nguyen et al. 2024); 0 = none.
    public var minP: Float
    /// Logits of tokens that stand in prompt or response already are divided by this where they are positive and
    /// multiplied where they are not (Keskar et al. 2019); 1 = off.
    public var repetitionPenalty: Float
    /// Added to the logits of single tokens, -100…100.
    public var logitBias: [Int32: Float]
    /// Most tokens of a response, the end token included.
    public var maximumTokens: Int
    /// Tokens that end a response.
    public var endTokens: [Int32]
    /// How many of the most probable tokens to report at each place.
    public var alternatives: Int

    public init(
        temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
        logitBias: [Int32: Float] = [:], maximumTokens: Int, endTokens: [Int32], alternatives: Int = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.logitBias = logitBias
        self.maximumTokens = maximumTokens
        self.endTokens = endTokens
        self.alternatives = alternatives
    }

    /// The least temperature above 0: below it, logits divided by the temperature leave float32.
    public static let leastTemperature: Float = 1e-4

    /// - Throws: `EngineError.badSetting` that names the setting.
    public func validate() throws(EngineError) {
        guard temperature == 0 || (SamplingSettings.leastTemperature...100).contains(temperature) else {
            throw .badSetting(
                "temperature \(temperature) must be 0 (the most probable token) or from "
                    + "\(SamplingSettings.leastTemperature) to 100")
        }
        guard topK >= 0 else { throw .badSetting("top-k \(topK) must be 0 (off) or more") }
        guard topP > 0, topP <= 1 else { throw .badSetting("top-p \(topP) must be above 0 and at most 1") }
        guard minP >= 0, minP <= 1 else { throw .badSetting("min-p \(minP) must be from 0 (off) to 1") }
        guard repetitionPenalty >= 0.01, repetitionPenalty <= 100 else {
            throw .badSetting("repetition penalty \(repetitionPenalty) must be from 0.01 to 100; 1 is off")
        }
        if let wrong = logitBias.sorted(by: { $0.key < $1.key }).first(where: { !(abs($0.value) <= 100) }) {
            throw .badSetting("the logit bias \(wrong.value) of token \(wrong.key) must be from -100 to 100")
        }
        guard maximumTokens >= 1 else { throw .badSetting("maximum tokens \(maximumTokens) must be at least 1") }
        guard alternatives >= 0 else { throw .badSetting("alternatives \(alternatives) must be 0 or more") }
    }
}

/// One prompt to answer several times.
public struct SamplingRequest: Sendable, Equatable {
    public var prompt: [Int32]
    /// One random seed a response; their number is K.
    public var seeds: [UInt64]
    public var settings: SamplingSettings

    public init(prompt: [Int32], seeds: [UInt64], settings: SamplingSettings) {
        self.prompt = prompt
        self.seeds = seeds
        self.settings = settings
    }
}

/// A token as it is drawn, with what the model says of its place.
public struct SampledToken: Sendable, Equatable {
    public let token: Int32
    /// As in `SampledResponse`.
    public let logProbability: Float
    public let alternatives: [SampledResponse.Alternative]
}

/// A response as drawn.
public struct SampledResponse: Sendable, Equatable {
    public enum Ending: String, Sendable, Codable {
        /// An end token came; it is the last of `tokens`.
        case endToken
        /// `maximumTokens` or the model's context was reached.
        case length
        /// The caller's callback stopped it.
        case stopped
    }
    public struct Alternative: Sendable, Equatable {
        public let token: Int32
        /// ln p under the full softmax.
        public let logProbability: Float
    }

    public internal(set) var tokens: [Int32] = []
    /// ln p of each token under the full softmax at the temperature (at 1 when greedy), before anything that changes
    /// or leaves out tokens: what the model itself says.
    public internal(set) var logProbabilities: [Float] = []
    /// The most probable tokens at each place, in falling order; empty unless asked for.
    public internal(set) var alternatives: [[Alternative]] = []
    public internal(set) var ending = Ending.length

    /// Whether an end token ended it.
    public var finished: Bool { ending == .endToken }

    /// The newest token.
    var last: SampledToken? {
        guard let token = tokens.last, let logProbability = logProbabilities.last else { return nil }
        return SampledToken(token: token, logProbability: logProbability, alternatives: alternatives.last ?? [])
    }
}
