import JSON
public import LanguageModel
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
    /// How matrix products are computed while training; held-out figures and scores are always float32's.
    public var products = ProductPrecision.float32
    public var checkpointEvery = 50

    public init() {}

    /// - Throws: `RewardModelError.badSetting`, which names the field.
    public func validate() throws(RewardModelError) {
        func require(_ holds: Bool, _ field: CodingKeys, _ reason: String) throws(RewardModelError) {
            if !holds { throw .badSetting(field: field.stringValue, reason: reason) }
        }
        // The bounds keep the plan's products whole numbers and the samples in memory.
        let counts: [(CodingKeys, Int, Int)] = [
            (.groupsPerStep, groupsPerStep, 1_000_000), (.minimumSteps, minimumSteps, 1_000_000),
            (.evaluations, evaluations, 100_000), (.patience, patience, 1_000_000),
            (.maximumResponseTokens, maximumResponseTokens, 1_000_000), (.tokensPerPass, tokensPerPass, 1_000_000_000),
            (.checkpointEvery, checkpointEvery, 1_000_000_000),
        ]
        for (field, count, most) in counts {
            try require(count >= 1, field, "must be at least 1")
            try require(count <= most, field, "must be at most \(most)")
        }
        try require(epochs > 0, .epochs, "must be above 0")
        try require(epochs <= 1000, .epochs, "must be at most 1000")
        try require(learningRate.isFinite && learningRate > 0, .learningRate, "must be above 0")
        try require((0...1).contains(warmUpFraction), .warmUpFraction, "must lie between 0 and 1")
        try require((0...1).contains(finalRateFraction), .finalRateFraction, "must lie between 0 and 1")
        try require(weightDecay.isFinite && weightDecay >= 0, .weightDecay, "must not be negative")
        try require(clipNorm.isFinite && clipNorm > 0, .clipNorm, "must be above 0")
        try require(centring.isFinite && centring >= 0, .centring, "must not be negative")
        try require((2...100_000).contains(referenceSamples), .referenceSamples, "must be from 2 to 100000")
        // Logits divided by less leave float32.
        try require(
            (1e-4...100).contains(referenceTemperature), .referenceTemperature, "must be from 0.0001 to 100")
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
        case products
        case checkpointEvery = "checkpoint_every"
    }

    public init(from decoder: any Decoder) throws {
        let reader = try SettingsReader(decoder, keys: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into field: inout Value) throws {
            field = try reader.value(key, default: field)
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
        try read(.products, into: &products)
        try read(.checkpointEvery, into: &checkpointEvery)
    }
}
