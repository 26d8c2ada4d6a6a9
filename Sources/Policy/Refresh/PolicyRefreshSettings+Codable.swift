import JSON

extension PolicyRefreshSettings {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case iterations
        case promptsPerIteration = "prompts_per_iteration"
        case responsesPerPrompt = "responses_per_prompt"
        case maximumTokens = "maximum_tokens"
        case temperature
        case scoreClip = "score_clip"
        case missingEndPenalty = "missing_end_penalty"
        case klEstimator = "kl_estimator"
        case klCoefficient = "kl_coefficient"
        case klTarget = "kl_target"
        case klHorizon = "kl_horizon"
        case whitenRewards = "whiten_rewards"
        case discount, decay
        case whitenAdvantages = "whiten_advantages"
        case epochs, minibatches
        case tokensPerPass = "tokens_per_pass"
        case policyLearningRate = "policy_learning_rate"
        case valueLearningRate = "value_learning_rate"
        case warmUpIterations = "warm_up_iterations"
        case finalLearningRateFraction = "final_learning_rate_fraction"
        case beta1, beta2, epsilon
        case weightDecay = "weight_decay"
        case clipNorm = "clip_norm"
        case clipRange = "clip_range"
        case valueClipRange = "value_clip_range"
        case dualClip = "dual_clip"
        case approximateKLLimit = "approximate_kl_limit"
        case valueWarmUpEpochs = "value_warm_up_epochs"
        case averageDecay = "average_decay"
        case klBudget = "kl_budget"
        case rolloutsJudged = "rollouts_judged"
        case distinctFloor = "distinct_floor"
        case endFloor = "end_floor"
        case groupDiversityFloor = "group_diversity_floor"
        case limitPressure = "limit_pressure"
        case alarmPatience = "alarm_patience"
        case checkpointEvery = "checkpoint_every"
        case samplesPerIteration = "samples_per_iteration"
        case precision
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        let reader = try SettingsReader(decoder, keys: CodingKeys.self)
        try readRollouts(reader)
        try readUpdates(reader)
        try readLimits(reader)
    }

    private mutating func readRollouts(_ reader: SettingsReader<CodingKeys>) throws {
        iterations = try reader.value(.iterations, default: iterations)
        promptsPerIteration = try reader.value(.promptsPerIteration, default: promptsPerIteration)
        responsesPerPrompt = try reader.value(.responsesPerPrompt, default: responsesPerPrompt)
        maximumTokens = try reader.value(.maximumTokens, default: maximumTokens)
        temperature = try reader.value(.temperature, default: temperature)
        scoreClip = try reader.optional(.scoreClip, default: scoreClip)
        missingEndPenalty = try reader.value(.missingEndPenalty, default: missingEndPenalty)
        klEstimator = try reader.value(.klEstimator, default: klEstimator)
        klCoefficient = try reader.value(.klCoefficient, default: klCoefficient)
        klTarget = try reader.optional(.klTarget, default: klTarget)
        klHorizon = try reader.value(.klHorizon, default: klHorizon)
        whitenRewards = try reader.value(.whitenRewards, default: whitenRewards)
        discount = try reader.value(.discount, default: discount)
        decay = try reader.value(.decay, default: decay)
        whitenAdvantages = try reader.value(.whitenAdvantages, default: whitenAdvantages)
    }

    private mutating func readUpdates(_ reader: SettingsReader<CodingKeys>) throws {
        epochs = try reader.value(.epochs, default: epochs)
        minibatches = try reader.value(.minibatches, default: minibatches)
        tokensPerPass = try reader.value(.tokensPerPass, default: tokensPerPass)
        policyLearningRate = try reader.value(.policyLearningRate, default: policyLearningRate)
        valueLearningRate = try reader.value(.valueLearningRate, default: valueLearningRate)
        warmUpIterations = try reader.value(.warmUpIterations, default: warmUpIterations)
        finalLearningRateFraction = try reader.value(.finalLearningRateFraction, default: finalLearningRateFraction)
        beta1 = try reader.value(.beta1, default: beta1)
        beta2 = try reader.value(.beta2, default: beta2)
        epsilon = try reader.value(.epsilon, default: epsilon)
        weightDecay = try reader.value(.weightDecay, default: weightDecay)
        clipNorm = try reader.optional(.clipNorm, default: clipNorm)
        clipRange = try reader.value(.clipRange, default: clipRange)
        valueClipRange = try reader.optional(.valueClipRange, default: valueClipRange)
        dualClip = try reader.optional(.dualClip, default: dualClip)
        approximateKLLimit = try reader.value(.approximateKLLimit, default: approximateKLLimit)
        valueWarmUpEpochs = try reader.value(.valueWarmUpEpochs, default: valueWarmUpEpochs)
        averageDecay = try reader.optional(.averageDecay, default: averageDecay)
    }

    private mutating func readLimits(_ reader: SettingsReader<CodingKeys>) throws {
        klBudget = try reader.value(.klBudget, default: klBudget)
        rolloutsJudged = try reader.value(.rolloutsJudged, default: rolloutsJudged)
        distinctFloor = try reader.value(.distinctFloor, default: distinctFloor)
        endFloor = try reader.value(.endFloor, default: endFloor)
        groupDiversityFloor = try reader.value(.groupDiversityFloor, default: groupDiversityFloor)
        limitPressure = try reader.value(.limitPressure, default: limitPressure)
        alarmPatience = try reader.value(.alarmPatience, default: alarmPatience)
        checkpointEvery = try reader.value(.checkpointEvery, default: checkpointEvery)
        samplesPerIteration = try reader.value(.samplesPerIteration, default: samplesPerIteration)
        precision = try reader.value(.precision, default: precision)
    }

    /// Every field, also those that are off: an absent field would be read as its default.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try writeRollouts(&container)
        try writeUpdates(&container)
        try container.encode(klBudget, forKey: .klBudget)
        try container.encode(rolloutsJudged, forKey: .rolloutsJudged)
        try container.encode(distinctFloor, forKey: .distinctFloor)
        try container.encode(endFloor, forKey: .endFloor)
        try container.encode(groupDiversityFloor, forKey: .groupDiversityFloor)
        try container.encode(limitPressure, forKey: .limitPressure)
        try container.encode(alarmPatience, forKey: .alarmPatience)
        try container.encode(checkpointEvery, forKey: .checkpointEvery)
        try container.encode(samplesPerIteration, forKey: .samplesPerIteration)
        try container.encode(precision, forKey: .precision)
    }

    private func writeRollouts(_ container: inout KeyedEncodingContainer<CodingKeys>) throws {
        try container.encode(iterations, forKey: .iterations)
        try container.encode(promptsPerIteration, forKey: .promptsPerIteration)
        try container.encode(responsesPerPrompt, forKey: .responsesPerPrompt)
        try container.encode(maximumTokens, forKey: .maximumTokens)
        try container.encode(temperature, forKey: .temperature)
        try container.encode(scoreClip, forKey: .scoreClip)
        try container.encode(missingEndPenalty, forKey: .missingEndPenalty)
        try container.encode(klEstimator, forKey: .klEstimator)
        try container.encode(klCoefficient, forKey: .klCoefficient)
        try container.encode(klTarget, forKey: .klTarget)
        try container.encode(klHorizon, forKey: .klHorizon)
        try container.encode(whitenRewards, forKey: .whitenRewards)
        try container.encode(discount, forKey: .discount)
        try container.encode(decay, forKey: .decay)
        try container.encode(whitenAdvantages, forKey: .whitenAdvantages)
    }

    private func writeUpdates(_ container: inout KeyedEncodingContainer<CodingKeys>) throws {
        try container.encode(epochs, forKey: .epochs)
        try container.encode(minibatches, forKey: .minibatches)
        try container.encode(tokensPerPass, forKey: .tokensPerPass)
        try container.encode(policyLearningRate, forKey: .policyLearningRate)
        try container.encode(valueLearningRate, forKey: .valueLearningRate)
        try container.encode(warmUpIterations, forKey: .warmUpIterations)
        try container.encode(finalLearningRateFraction, forKey: .finalLearningRateFraction)
        try container.encode(beta1, forKey: .beta1)
        try container.encode(beta2, forKey: .beta2)
        try container.encode(epsilon, forKey: .epsilon)
        try container.encode(weightDecay, forKey: .weightDecay)
        try container.encode(clipNorm, forKey: .clipNorm)
        try container.encode(clipRange, forKey: .clipRange)
        try container.encode(valueClipRange, forKey: .valueClipRange)
        try container.encode(dualClip, forKey: .dualClip)
        try container.encode(approximateKLLimit, forKey: .approximateKLLimit)
        try container.encode(valueWarmUpEpochs, forKey: .valueWarmUpEpochs)
        try container.encode(averageDecay, forKey: .averageDecay)
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try validateCounts()
        try validateNumbers()
    }

    private func validateCounts() throws(PolicyError) {
        try requireCounts([
            ("iterations", iterations, 1_000_000), ("prompts_per_iteration", promptsPerIteration, 100_000),
            ("responses_per_prompt", responsesPerPrompt, 10_000), ("maximum_tokens", maximumTokens, 1_000_000),
            ("epochs", epochs, 1000), ("minibatches", minibatches, 100_000),
            ("tokens_per_pass", tokensPerPass, 1_000_000_000), ("alarm_patience", alarmPatience, 1_000_000),
            ("rollouts_judged", rolloutsJudged, 64),
            ("checkpoint_every", checkpointEvery, 1_000_000_000),
        ])
        try require(warmUpIterations >= 0, "warm_up_iterations", "\(warmUpIterations) is negative")
        try require(
            (0...1000).contains(valueWarmUpEpochs), "value_warm_up_epochs", "\(valueWarmUpEpochs) is not in 0…1000")
        try require(samplesPerIteration >= 0, "samples_per_iteration", "\(samplesPerIteration) is negative")
        try require(
            minibatches <= promptsPerIteration, "minibatches",
            "\(minibatches) minibatches of whole groups cannot be cut from \(promptsPerIteration) prompts")
    }

    private func validateNumbers() throws(PolicyError) {
        try require(
            (SamplingOptions.leastTemperature...SamplingOptions.mostTemperature).contains(temperature), "temperature",
            "\(temperature) is not from \(SamplingOptions.leastTemperature) to \(SamplingOptions.mostTemperature)")
        try require(Float(epsilon) > 0, "epsilon", "\(epsilon) is not a positive number in single precision")
        let positive: [(String, Double?)] = [
            ("score_clip", scoreClip), ("kl_target", klTarget), ("kl_horizon", klHorizon),
            ("policy_learning_rate", policyLearningRate), ("value_learning_rate", valueLearningRate),
            ("epsilon", epsilon), ("clip_norm", clipNorm), ("clip_range", clipRange),
            ("value_clip_range", valueClipRange), ("approximate_kl_limit", approximateKLLimit),
            ("kl_budget", klBudget),
        ]
        for (name, value) in positive {
            guard let value else { continue }
            try require(value > 0 && value.isFinite, name, "\(value) is not a positive number")
        }
        let shares: [(String, Double?)] = [
            ("discount", discount), ("decay", decay), ("final_learning_rate_fraction", finalLearningRateFraction),
            ("beta1", beta1), ("beta2", beta2), ("average_decay", averageDecay), ("distinct_floor", distinctFloor),
            ("end_floor", endFloor), ("group_diversity_floor", groupDiversityFloor),
        ]
        for (name, value) in shares {
            guard let value else { continue }
            try require(value >= 0 && value <= 1, name, "\(value) is not in 0…1")
        }
        for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
            try require(beta < 1, name, "\(beta) is not below 1")
        }
        for (name, value) in [
            ("kl_coefficient", klCoefficient), ("missing_end_penalty", missingEndPenalty),
            ("weight_decay", weightDecay),
        ] { try require(value >= 0 && value.isFinite, name, "\(value) is negative or no number") }
        try require(
            (1...100).contains(limitPressure), "limit_pressure", "\(limitPressure) is not a factor from 1 to 100")
        if let dualClip { try require(dualClip > 1, "dual_clip", "\(dualClip) is not above 1") }
    }
}
