public import Preferences

/// Settings of a `reward-model` run. JSON in snake_case; every field may be absent, an unknown one is an error.
///
/// The defaults are for small models and tens to hundreds of labels; large models with many labels want learning rates
/// of 1e-5 and below, batches of 64 and one epoch.
public struct RewardModelSettings: Sendable, Equatable {
    /// Groups in one update, 2 to 8 for few labels.
    public var groupsPerStep = 4
    /// Passes over the training groups, unless `minimumSteps` asks for more.
    public var epochs = 3.0
    public var minimumSteps = 100
    /// Peak of the cosine schedule. Measured for a model of 1.3 million parameters with 100 noisy rankings of the demo world:
    /// 1e-3 beat 3e-4 and 1e-4 in log-loss on unseen prompts for each of three golds.
    public var learningRate: Float = 1e-3
    /// Share of the steps in which the rate rises from 0.
    public var warmUpFraction = 0.05
    /// Share of the peak that is left at the last step (InstructGPT, Llama 2: 10%).
    public var finalRateFraction: Float = 0.1
    public var weightDecay: Float = 0.01
    /// Gradients are scaled down to this global norm.
    public var clipNorm: Float = 1
    /// Pull of the mean score towards zero (Eisenstein et al. 2023).
    public var centring = 0.01
    /// Margins of graded comparisons (Llama 2, tables 27 and 28; small is the safer scale).
    public var margins = MarginScale.small
    /// How many times the held-out groups are looked at during training.
    public var evaluations = 20
    /// Looks without a better held-out log-loss, after `minimumSteps`, until training stops.
    public var patience = 5
    /// Samples of the reference policy that the scores are normalised on.
    public var referenceSamples = 256
    public var referenceTemperature: Float = 1
    /// Longest reference sample, in tokens.
    public var maximumResponseTokens = 128
    /// Upper bound of a pass in tokens, for memory.
    public var tokensPerPass = 2048
    public var checkpointEvery = 50

    public init() {}

    /// - Throws: `RewardModelError.badSetting`, which names the field.
    public func validate() throws(RewardModelError) {
        func require(_ holds: Bool, _ field: CodingKeys, _ reason: String) throws(RewardModelError) {
            if !holds { throw .badSetting(field: field.stringValue, reason: reason) }
        }
        try require(groupsPerStep >= 1, .groupsPerStep, "must be at least 1")
        try require(epochs.isFinite && epochs > 0, .epochs, "must be above 0")
        try require(minimumSteps >= 1, .minimumSteps, "must be at least 1")
        try require(learningRate.isFinite && learningRate > 0, .learningRate, "must be above 0")
        try require((0...1).contains(warmUpFraction), .warmUpFraction, "must lie between 0 and 1")
        try require((0...1).contains(finalRateFraction), .finalRateFraction, "must lie between 0 and 1")
        try require(weightDecay.isFinite && weightDecay >= 0, .weightDecay, "must not be negative")
        try require(clipNorm.isFinite && clipNorm > 0, .clipNorm, "must be above 0")
        try require(centring.isFinite && centring >= 0, .centring, "must not be negative")
        try require(evaluations >= 1, .evaluations, "must be at least 1")
        try require(patience >= 1, .patience, "must be at least 1")
        try require(referenceSamples >= 2, .referenceSamples, "must be at least 2")
        try require(
            referenceTemperature.isFinite && referenceTemperature > 0, .referenceTemperature, "must be above 0")
        try require(maximumResponseTokens >= 1, .maximumResponseTokens, "must be at least 1")
        try require(tokensPerPass >= 1, .tokensPerPass, "must be at least 1")
        try require(checkpointEvery >= 1, .checkpointEvery, "must be at least 1")
    }
}

extension RewardModelSettings: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case groupsPerStep = "groups_per_step"
        case epochs
        case minimumSteps = "minimum_steps"
        case learningRate = "learning_rate"
        case warmUpFraction = "warm_up_fraction"
        case finalRateFraction = "final_rate_fraction"
        case weightDecay = "weight_decay"
        case clipNorm = "clip_norm"
        case centring, margins, evaluations, patience
        case referenceSamples = "reference_samples"
        case referenceTemperature = "reference_temperature"
        case maximumResponseTokens = "maximum_response_tokens"
        case tokensPerPass = "tokens_per_pass"
        case checkpointEvery = "checkpoint_every"
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    public init(from decoder: any Decoder) throws {
        let known = CodingKeys.allCases.map(\.stringValue)
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        if let unknown = given.filter({ !known.contains($0) }).min() {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath + [AnyKey(stringValue: unknown)],
                    debugDescription: "is not a setting; there are \(known.sorted().joined(separator: ", "))"))
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into field: inout Value) throws {
            if let value = try container.decodeIfPresent(Value.self, forKey: key) { field = value }
        }
        try read(.groupsPerStep, into: &groupsPerStep)
        try read(.epochs, into: &epochs)
        try read(.minimumSteps, into: &minimumSteps)
        try read(.learningRate, into: &learningRate)
        try read(.warmUpFraction, into: &warmUpFraction)
        try read(.finalRateFraction, into: &finalRateFraction)
        try read(.weightDecay, into: &weightDecay)
        try read(.clipNorm, into: &clipNorm)
        try read(.centring, into: &centring)
        try read(.margins, into: &margins)
        try read(.evaluations, into: &evaluations)
        try read(.patience, into: &patience)
        try read(.referenceSamples, into: &referenceSamples)
        try read(.referenceTemperature, into: &referenceTemperature)
        try read(.maximumResponseTokens, into: &maximumResponseTokens)
        try read(.tokensPerPass, into: &tokensPerPass)
        try read(.checkpointEvery, into: &checkpointEvery)
    }
}
