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
    /// Passes over the training groups, unless `minimumSteps` asks for more (InstructGPT: 1 with 33,000 prompts; held-out
    /// log-loss ends training in time).
    public var epochs = 3.0
    /// A hundred rankings would be 25 steps a pass.
    public var minimumSteps = 100
    /// Peak of the cosine schedule. Measured for a model of 1.3 million parameters with 100 noisy rankings of the demo world:
    /// 1e-3 beat 3e-4 and 1e-4 in log-loss on unseen prompts for each of three golds.
    public var learningRate: Float = 1e-3
    /// Share of the steps in which the rate rises from 0 (Llama 2: 3%).
    public var warmUpFraction = 0.05
    /// Share of the peak that is left at the last step (InstructGPT, Llama 2: 10%).
    public var finalRateFraction: Float = 0.1
    /// Decoupled decay of matrices; little, since steps are few.
    public var weightDecay: Float = 0.01
    /// Gradients are scaled down to this global norm (Llama 2).
    public var clipNorm: Float = 1
    /// Pull of the mean score towards zero (Eisenstein et al. 2023).
    public var centring = 0.01
    /// Margins of graded comparisons (Llama 2, tables 27 and 28; small is the safer scale).
    public var margins = MarginScale.small
    /// What one judgement teaches; K-wise pairs use all that a ranking says, and ties and margins go with them.
    public var loss = RankingObjective.kwise
    /// What a tie teaches; dropped, since most people's ties mean that they did not look closer (Ouyang et al. 2022).
    public var ties = TieTreatment.drop
    /// Share of the labels that is taken to be the wrong way round; 0 because held-out log-loss already chooses the step.
    public var labelSmoothing = 0.0
    /// Merges all labels of a group into one with the shares of the votes; off, so that a group with more labels weighs
    /// more.
    public var softLabels = false
    /// Weight of the loss of a head that predicts 1 to 7 ratings (Ziegler et al. 2019, scalar ratings); 0 is none.
    public var ratingWeight = 0.0
    /// Weight of the loss of a threshold on the score, above which a response will do; 0 is none.
    public var acceptabilityWeight = 0.0
    /// Weight of the loss of a head that says whether a response is safe (Llama 2, §3.2.3); 0 is none.
    public var safetyWeight = 0.0
    /// Flags of a rating that call a response unsafe, where there is a safety head.
    public var unsafeFlags = ["denigrates", "encourages_harm", "harmful_advice", "sexual", "violent"]
    /// Heads on one trunk, each taught on prompts drawn with replacement; 1 is no ensemble (Coste et al. 2023: 4 or 5).
    public var ensembleMembers = 1
    /// Weighs labels by their annotators' reliability (Chen et al. 2013); off, because it needs prompts that several
    /// people labelled.
    public var reliabilityWeights = false
    /// What scores are normalised to; gain and bias, because PPO's critic needs scores of deviation 1.
    public var normalisation = NormalisationRule.gainAndBias
    /// Smaller halves of the labels on which a model is trained for the learning curve of the card; 0 is none, because
    /// each costs a training.
    public var learningCurvePoints = 0
    /// Whose prompts' labels are learnt: all, or one half, so that a model of the other half can watch a refresh.
    public var labels = LabelHalf.all
    /// Name of the policy whose responses the card has a figure of its own for; nil takes the last one in the data that wrote
    /// several responses to one prompt. A server names the project's current policy.
    public var newestPolicy: String?
    /// How many times the held-out groups are looked at during training: each costs a forward pass over them.
    public var evaluations = 20
    /// Looks without a better held-out log-loss, after `minimumSteps`, until training stops.
    public var patience = 5
    /// Samples of the reference policy that the scores are normalised on (256: Ziegler's code).
    public var referenceSamples = 256
    /// Of those samples: what a refresh samples at.
    public var referenceTemperature: Float = 1
    /// Longest reference sample, in tokens.
    public var maximumResponseTokens = 128
    /// Upper bound of a pass in tokens, for memory.
    public var tokensPerPass = 2048
    /// How matrix products are computed while training; held-out figures and scores are always float32's.
    public var products = ProductPrecision.float32
    /// Most steps between two checkpoints; time may bring one earlier.
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
        try validateLosses(require)
        // Logits divided by less leave float32.
        try require(
            (1e-4...100).contains(referenceTemperature), .referenceTemperature, "must be from 0.0001 to 100")
    }
}

extension RewardModelSettings {
    private func validateLosses(
        _ require: (Bool, CodingKeys, String) throws(RewardModelError) -> Void
    ) throws(RewardModelError) {
        let isKwise = loss == .kwise
        try require(isKwise || ties == .drop, .ties, "must be drop with the loss \(loss.rawValue)")
        try require(isKwise || !softLabels, .softLabels, "goes with the loss kwise only")
        try require((0..<0.5).contains(labelSmoothing), .labelSmoothing, "must be from 0 to below 0.5")
        try require(isKwise || labelSmoothing == 0, .labelSmoothing, "must be 0 with the loss \(loss.rawValue)")
        let weights: [(CodingKeys, Double)] = [
            (.ratingWeight, ratingWeight), (.acceptabilityWeight, acceptabilityWeight), (.safetyWeight, safetyWeight),
        ]
        for (field, weight) in weights {
            try require(weight >= 0 && weight <= 1000, field, "must be from 0 to 1000")
        }
        try require((1...64).contains(ensembleMembers), .ensembleMembers, "must be from 1 to 64")
        try require((0...10).contains(learningCurvePoints), .learningCurvePoints, "must be from 0 to 10")
    }

    /// The loss of one judgement.
    var preferenceLoss: PreferenceLoss {
        var own = PreferenceLoss()
        own.objective = loss
        own.ties = ties
        own.labelSmoothing = labelSmoothing
        own.centring = centring
        return own
    }

    /// What of the labels is read.
    public var reading: LabelReading {
        var reading = LabelReading(margins: margins)
        reading.ties = ties
        reading.half = labels
        reading.ratings = ratingWeight > 0
        reading.acceptability = acceptabilityWeight > 0
        reading.safety = safetyWeight > 0
        reading.unsafeFlags = Set(unsafeFlags)
        return reading
    }

    /// The heads that these settings ask for.
    public var heads: HeadLayout {
        var heads = HeadLayout()
        heads.members = ensembleMembers
        heads.ties = ties
        heads.safety = safetyWeight > 0
        heads.safetyMembers = heads.safety ? ensembleMembers : 1
        heads.rating = ratingWeight > 0
        heads.acceptability = acceptabilityWeight > 0
        return heads
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
        case centring, margins, loss, ties, labels, normalisation, evaluations, patience
        case labelSmoothing = "label_smoothing"
        case softLabels = "soft_labels"
        case ratingWeight = "rating_weight"
        case acceptabilityWeight = "acceptability_weight"
        case safetyWeight = "safety_weight"
        case unsafeFlags = "unsafe_flags"
        case ensembleMembers = "ensemble_members"
        case reliabilityWeights = "reliability_weights"
        case learningCurvePoints = "learning_curve_points"
        case newestPolicy = "newest_policy"
        case referenceSamples = "reference_samples"
        case referenceTemperature = "reference_temperature"
        case maximumResponseTokens = "maximum_response_tokens"
        case tokensPerPass = "tokens_per_pass"
        case products
        case checkpointEvery = "checkpoint_every"
    }

    private typealias Field = SettingsField<RewardModelSettings, CodingKeys>

    private static var fields: [Field] {
        [
            .init(.groupsPerStep, \.groupsPerStep),
            .init(.epochs, \.epochs),
            .init(.minimumSteps, \.minimumSteps),
            .init(.learningRate, \.learningRate),
            .init(.warmUpFraction, \.warmUpFraction),
            .init(.finalRateFraction, \.finalRateFraction),
            .init(.weightDecay, \.weightDecay),
            .init(.clipNorm, \.clipNorm),
            .init(.centring, \.centring),
            .init(.margins, \.margins),
            .init(.loss, \.loss),
            .init(.ties, \.ties),
            .init(.labels, \.labels),
            .init(.normalisation, \.normalisation),
            .init(.evaluations, \.evaluations),
            .init(.patience, \.patience),
            .init(.labelSmoothing, \.labelSmoothing),
            .init(.softLabels, \.softLabels),
            .init(.ratingWeight, \.ratingWeight),
            .init(.acceptabilityWeight, \.acceptabilityWeight),
            .init(.safetyWeight, \.safetyWeight),
            .init(.unsafeFlags, \.unsafeFlags),
            .init(.ensembleMembers, \.ensembleMembers),
            .init(.reliabilityWeights, \.reliabilityWeights),
            .init(.learningCurvePoints, \.learningCurvePoints),
            .init(optional: .newestPolicy, \.newestPolicy),
            .init(.referenceSamples, \.referenceSamples),
            .init(.referenceTemperature, \.referenceTemperature),
            .init(.maximumResponseTokens, \.maximumResponseTokens),
            .init(.tokensPerPass, \.tokensPerPass),
            .init(.products, \.products),
            .init(.checkpointEvery, \.checkpointEvery),
        ]
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        try Field.read(Self.fields, of: &self, from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try Field.write(Self.fields, of: self, to: encoder)
    }
}
