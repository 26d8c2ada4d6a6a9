import JSON

extension PolicyRefreshSettings {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case method
        case iterations
        case promptsPerIteration = "prompts_per_iteration"
        case responsesPerPrompt = "responses_per_prompt"
        case maximumTokens = "maximum_tokens"
        case temperature
        case ensemble
        case ensemblePenalty = "ensemble_penalty"
        case safety
        case scoreClip = "score_clip"
        case missingEndPenalty = "missing_end_penalty"
        case scoreSaturation = "score_saturation"
        case lengthPenalty = "length_penalty"
        case klEstimator = "kl_estimator"
        case klLossEstimator = "kl_loss_estimator"
        case klCoefficient = "kl_coefficient"
        case klTarget = "kl_target"
        case klHorizon = "kl_horizon"
        case whitenRewards = "whiten_rewards"
        case discount
        case decay
        case whitenAdvantages = "whiten_advantages"
        case epochs
        case minibatches
        case tokensPerPass = "tokens_per_pass"
        case policyLearningRate = "policy_learning_rate"
        case valueLearningRate = "value_learning_rate"
        case warmUpIterations = "warm_up_iterations"
        case finalLearningRateFraction = "final_learning_rate_fraction"
        case beta1
        case beta2
        case epsilon
        case weightDecay = "weight_decay"
        case clipNorm = "clip_norm"
        case clipRange = "clip_range"
        case valueClipRange = "value_clip_range"
        case valueNetwork = "value_network"
        case valueCoefficient = "value_coefficient"
        case dualClip = "dual_clip"
        case entropyCoefficient = "entropy_coefficient"
        case approximateKLLimit = "approximate_kl_limit"
        case valueWarmUpEpochs = "value_warm_up_epochs"
        case averageDecay = "average_decay"
        case pretrainingCoefficient = "pretraining_coefficient"
        case pretrainingTokens = "pretraining_tokens"
        case klBudget = "kl_budget"
        case rolloutsJudged = "rollouts_judged"
        case distinctFloor = "distinct_floor"
        case endFloor = "end_floor"
        case groupDiversityFloor = "group_diversity_floor"
        case limitPressure = "limit_pressure"
        case alarmPatience = "alarm_patience"
        case settlingRollouts = "settling_rollouts"
        case lengthDrift = "length_drift"
        case entropyFloor = "entropy_floor"
        case memberDrift = "member_drift"
        case watchDeviations = "watch_deviations"
        case watchPatience = "watch_patience"
        case checkpointEvery = "checkpoint_every"
        case samplesPerIteration = "samples_per_iteration"
        case precision
    }

    private typealias Field = SettingsField<PolicyRefreshSettings, CodingKeys>

    private static var fields: [Field] { rolloutFields + updateFields + limitFields }

    private static var rolloutFields: [Field] {
        [
            .init(.method, \.method),
            .init(.iterations, \.iterations),
            .init(.promptsPerIteration, \.promptsPerIteration),
            .init(.responsesPerPrompt, \.responsesPerPrompt),
            .init(.maximumTokens, \.maximumTokens),
            .init(.temperature, \.temperature),
            .init(.ensemble, \.ensemble),
            .init(.ensemblePenalty, \.ensemblePenalty),
            .init(.safety, \.safety),
            .init(optional: .scoreClip, \.scoreClip),
            .init(.missingEndPenalty, \.missingEndPenalty),
            .init(optional: .scoreSaturation, \.scoreSaturation),
            .init(.lengthPenalty, \.lengthPenalty),
            .init(.klEstimator, \.klEstimator),
            .init(.klLossEstimator, \.klLossEstimator),
            .init(.klCoefficient, \.klCoefficient),
            .init(optional: .klTarget, \.klTarget),
            .init(.klHorizon, \.klHorizon),
            .init(.whitenRewards, \.whitenRewards),
            .init(.discount, \.discount),
            .init(.decay, \.decay),
            .init(.whitenAdvantages, \.whitenAdvantages),
        ]
    }

    private static var updateFields: [Field] {
        [
            .init(.epochs, \.epochs),
            .init(.minibatches, \.minibatches),
            .init(.tokensPerPass, \.tokensPerPass),
            .init(.policyLearningRate, \.policyLearningRate),
            .init(.valueLearningRate, \.valueLearningRate),
            .init(.warmUpIterations, \.warmUpIterations),
            .init(.finalLearningRateFraction, \.finalLearningRateFraction),
            .init(.beta1, \.beta1),
            .init(.beta2, \.beta2),
            .init(.epsilon, \.epsilon),
            .init(.weightDecay, \.weightDecay),
            .init(optional: .clipNorm, \.clipNorm),
            .init(.clipRange, \.clipRange),
            .init(optional: .valueClipRange, \.valueClipRange),
            .init(.valueNetwork, \.valueNetwork),
            .init(.valueCoefficient, \.valueCoefficient),
            .init(optional: .dualClip, \.dualClip),
            .init(.entropyCoefficient, \.entropyCoefficient),
            .init(.approximateKLLimit, \.approximateKLLimit),
            .init(.valueWarmUpEpochs, \.valueWarmUpEpochs),
            .init(optional: .averageDecay, \.averageDecay),
            .init(.pretrainingCoefficient, \.pretrainingCoefficient),
            .init(.pretrainingTokens, \.pretrainingTokens),
        ]
    }

    private static var limitFields: [Field] {
        [
            .init(.klBudget, \.klBudget),
            .init(.rolloutsJudged, \.rolloutsJudged),
            .init(.distinctFloor, \.distinctFloor),
            .init(.endFloor, \.endFloor),
            .init(.groupDiversityFloor, \.groupDiversityFloor),
            .init(.limitPressure, \.limitPressure),
            .init(.alarmPatience, \.alarmPatience),
            .init(.settlingRollouts, \.settlingRollouts),
            .init(.lengthDrift, \.lengthDrift),
            .init(.entropyFloor, \.entropyFloor),
            .init(.memberDrift, \.memberDrift),
            .init(.watchDeviations, \.watchDeviations),
            .init(.watchPatience, \.watchPatience),
            .init(.checkpointEvery, \.checkpointEvery),
            .init(.samplesPerIteration, \.samplesPerIteration),
            .init(.precision, \.precision),
        ]
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        try Field.read(Self.fields, of: &self, from: decoder, siblings: TuningSettings.names)
        tuning = try TuningSettings(from: decoder, siblings: CodingKeys.allCases.map(\.stringValue))
    }

    public func encode(to encoder: any Encoder) throws {
        try Field.write(Self.fields, of: self, to: encoder)
        try tuning.encode(to: encoder)
    }
}
