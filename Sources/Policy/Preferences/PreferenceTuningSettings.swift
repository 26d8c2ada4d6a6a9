import JSON
package import LanguageModel

/// Settings of a `preference-tuning` run: DPO and IPO on people's orders, without a reward model.
public struct PreferenceTuningSettings: Sendable, Equatable {
    /// The loss. DPO: best known; IPO holds back where everybody agrees.
    public var method = PreferenceObjective.Method.dpo
    /// What an order of K responses is to the loss: all its pairs, as the reward model learns them, or Plackett–Luce.
    public var order = PreferenceObjective.Order.pairs
    /// β: how dear it is to leave the reference (Rafailov et al. 2023, TRL: 0.1). Settings that choose `ipo` and name no β get
    /// the method's own.
    public var beta = PreferenceObjective.Method.dpo.usualBeta
    /// Share of pairs that are taken to be judged the wrong way round (cDPO). Off: with 0.1 or more pairs flipped it pays.
    public var labelSmoothing = 0.0
    /// What is trained: all weights, or something beside them that leaves the base as it is.
    public var tuning = TuningSettings()
    /// Labelled groups of one optimiser step.
    public var groupsPerStep = 4
    /// Passes over the groups: three, as in TRL. One pass over 333 rankings moves the demo policy next to nowhere (0.2 nats, a win
    /// rate of 0.55), three 1.5 nats (0.66), six more than ten and past the end of some responses (docs/studies/methods.md).
    public var epochs = 3
    /// Peak rate: models of a few million parameters take 1e-4; 5e-7 to 5e-6 above a hundred million (Rafailov et al.).
    public var learningRate = 1e-4
    /// Share of the steps in which the rate rises from 0 (Rafailov et al.: 150 steps).
    public var warmUpFraction = 0.1
    /// The rate falls linearly to this share of the peak.
    public var finalLearningRateFraction = 0.1
    /// AdamW's decay rates and ε, as in a policy refresh.
    public var beta1 = 0.9
    public var beta2 = 0.95
    public var epsilon = 1e-5
    /// Decoupled weight decay: none, β already holds the weights.
    public var weightDecay = 0.0
    /// The gradient's norm is cut to this; null leaves it alone.
    public var clipNorm: Double? = 1
    /// Tokens of one packed pass: bounds memory, changes no result beyond rounding.
    public var tokensPerPass = 2048
    /// Looks at the held-out groups over the run.
    public var evaluations = 10
    /// Responses that the policy writes before the run, four times on the way and at the end, to say how far it has gone and
    /// to raise alarms; 0 for none. As many as a rollout of a refresh.
    public var samples = 128
    /// Most tokens of such a response.
    public var maximumTokens = 160
    /// Most KL to the reference, nats a response, before people are told: that of a refresh. It stops nothing.
    public var klBudget = 16.0
    /// Most steps between two checkpoints; time may bring one earlier.
    public var checkpointEvery = 50
    /// Format of the stored weights.
    public var precision = StoredPrecision.float32

    public init() {}

    var objective: PreferenceObjective {
        PreferenceObjective(method: method, order: order, beta: beta, labelSmoothing: labelSmoothing)
    }

    package var optimiser: AdamWSettings {
        AdamWSettings(
            learningRate: Float(learningRate), beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
            weightDecay: Float(weightDecay), decay: .matrices, clipNorm: clipNorm.map { Float($0) })
    }

    func schedule(steps: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            kind: .linear, peak: Float(learningRate), warmUpSteps: Int(warmUpFraction * Double(steps)),
            totalSteps: steps, finalFraction: Float(finalLearningRateFraction))
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try requireCounts([
            ("groups_per_step", groupsPerStep, 1_000_000), ("epochs", epochs, 1000),
            ("tokens_per_pass", tokensPerPass, 1_000_000_000), ("evaluations", evaluations, 100_000),
            ("maximum_tokens", maximumTokens, 1_000_000), ("checkpoint_every", checkpointEvery, 1_000_000_000),
        ])
        try require((0...100_000).contains(samples), "samples", "\(samples) is not from 0 to 100000")
        let positive: [(String, Double?)] = [
            ("beta", beta), ("learning_rate", learningRate), ("epsilon", epsilon), ("clip_norm", clipNorm),
            ("kl_budget", klBudget),
        ]
        for (name, value) in positive {
            guard let value else { continue }
            try require(Float(value) > 0 && value.isFinite, name, "\(value) is not a positive number")
        }
        let shares = [
            ("warm_up_fraction", warmUpFraction), ("final_learning_rate_fraction", finalLearningRateFraction),
        ]
        for (name, value) in shares { try require((0...1).contains(value), name, "\(value) is not in 0…1") }
        for (name, value) in [("beta1", beta1), ("beta2", beta2)] {
            try require((0..<1).contains(value), name, "\(value) is not at least 0 and below 1")
        }
        try require((0..<0.5).contains(labelSmoothing), "label_smoothing", "\(labelSmoothing) is not in 0…0.5")
        try require(weightDecay >= 0 && weightDecay.isFinite, "weight_decay", "\(weightDecay) is negative or no number")
        try tuning.validateForPreferences()
        try require(
            method == .dpo || order == .pairs, "order",
            "plackett-luce is an order for dpo; ipo compares pairs")
        try require(
            labelSmoothing == 0 || (method == .dpo && order == .pairs), "label_smoothing",
            "it is for the pairs of dpo; set it to 0")
    }
}

extension PreferenceTuningSettings: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case method, order, beta
        case labelSmoothing = "label_smoothing"
        case groupsPerStep = "groups_per_step"
        case epochs
        case learningRate = "learning_rate"
        case warmUpFraction = "warm_up_fraction"
        case finalLearningRateFraction = "final_learning_rate_fraction"
        case beta1, beta2, epsilon
        case weightDecay = "weight_decay"
        case clipNorm = "clip_norm"
        case tokensPerPass = "tokens_per_pass"
        case evaluations, samples
        case maximumTokens = "maximum_tokens"
        case klBudget = "kl_budget"
        case checkpointEvery = "checkpoint_every"
        case precision
    }

    private typealias Field = SettingsField<PreferenceTuningSettings, CodingKeys>

    private static var fields: [Field] {
        [
            .init(.method, \.method),
            .init(.order, \.order),
            .init(.beta, \.beta),
            .init(.labelSmoothing, \.labelSmoothing),
            .init(.groupsPerStep, \.groupsPerStep),
            .init(.epochs, \.epochs),
            .init(.learningRate, \.learningRate),
            .init(.warmUpFraction, \.warmUpFraction),
            .init(.finalLearningRateFraction, \.finalLearningRateFraction),
            .init(.beta1, \.beta1),
            .init(.beta2, \.beta2),
            .init(.epsilon, \.epsilon),
            .init(.weightDecay, \.weightDecay),
            .init(optional: .clipNorm, \.clipNorm),
            .init(.tokensPerPass, \.tokensPerPass),
            .init(.evaluations, \.evaluations),
            .init(.samples, \.samples),
            .init(.maximumTokens, \.maximumTokens),
            .init(.klBudget, \.klBudget),
            .init(.checkpointEvery, \.checkpointEvery),
            .init(.precision, \.precision),
        ]
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        try Field.read(Self.fields, of: &self, from: decoder, siblings: TuningSettings.names)
        if try !decoder.container(keyedBy: CodingKeys.self).contains(.beta) { beta = method.usualBeta }
        tuning = try TuningSettings(from: decoder, siblings: CodingKeys.allCases.map(\.stringValue))
    }

    public func encode(to encoder: any Encoder) throws {
        try Field.write(Self.fields, of: self, to: encoder)
        try tuning.encode(to: encoder)
    }
}
