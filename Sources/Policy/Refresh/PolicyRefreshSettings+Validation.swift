extension PolicyRefreshSettings {
    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try validateCounts()
        try validateNumbers()
        try validateController()
        try tuning.validateForPreferences()
    }

    private func validateCounts() throws(PolicyError) {
        try requireCounts([
            ("iterations", iterations, 1_000_000), ("prompts_per_iteration", promptsPerIteration, 100_000),
            ("responses_per_prompt", responsesPerPrompt, 10_000), ("maximum_tokens", maximumTokens, 1_000_000),
            ("epochs", epochs, 1000), ("minibatches", minibatches, 100_000),
            ("tokens_per_pass", tokensPerPass, 1_000_000_000), ("alarm_patience", alarmPatience, 1_000_000),
            ("rollouts_judged", rolloutsJudged, 64),
            ("pretraining_tokens", pretrainingTokens, 1_000_000_000), ("watch_patience", watchPatience, 1_000_000),
            ("checkpoint_every", checkpointEvery, 1_000_000_000),
        ])
        try require(warmUpIterations >= 0, "warm_up_iterations", "\(warmUpIterations) is negative")
        try require(
            (0...1000).contains(valueWarmUpEpochs), "value_warm_up_epochs", "\(valueWarmUpEpochs) is not in 0…1000")
        try require(
            (0...1000).contains(settlingRollouts), "settling_rollouts", "\(settlingRollouts) is not in 0…1000")
        try require(samplesPerIteration >= 0, "samples_per_iteration", "\(samplesPerIteration) is negative")
        try require(
            responsesPerPrompt > 1 || !method.comparesWithinGroup, "responses_per_prompt",
            "\(responsesPerPrompt) is too few for \(method.rawValue), which compares a response with its siblings")
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
            ("score_clip", scoreClip), ("score_saturation", scoreSaturation), ("kl_target", klTarget),
            ("kl_horizon", klHorizon),
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
            ("entropy_floor", entropyFloor), ("end_floor", endFloor), ("group_diversity_floor", groupDiversityFloor),
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
            ("weight_decay", weightDecay), ("length_penalty", lengthPenalty),
            ("entropy_coefficient", entropyCoefficient), ("value_coefficient", valueCoefficient),
            ("pretraining_coefficient", pretrainingCoefficient), ("watch_deviations", watchDeviations),
            ("ensemble_penalty", ensemblePenalty),
        ] { try require(value >= 0 && value.isFinite, name, "\(value) is negative or no number") }
        try require(
            (1...100).contains(limitPressure), "limit_pressure", "\(limitPressure) is not a factor from 1 to 100")
        for (name, drift) in [("length_drift", lengthDrift), ("member_drift", memberDrift)] {
            try require(drift > 1 && drift.isFinite, name, "\(drift) is not a factor above 1")
        }
        try require(
            klLossEstimator != .k1, "kl_loss_estimator",
            "k1 cannot be in a loss: its gradient is zero on average, whatever the KL; take k2 or k3")
        if let dualClip { try require(dualClip > 1, "dual_clip", "\(dualClip) is not above 1") }
    }

    /// That the adaptive β can move, and cannot jump over 0, where a penalty would become a reward.
    private func validateController() throws(PolicyError) {
        guard klTarget != nil else { return }
        try require(
            klCoefficient > 0, "kl_coefficient",
            "\(klCoefficient) stays 0 whatever the KL, because kl_target steers it by factors; set it above 0, such as to "
                + "0.3, or kl_target to null")
        let responses = promptsPerIteration * responsesPerPrompt
        let least = KLController.largestError * Double(responses)
        try require(
            klHorizon > least, "kl_horizon",
            "\(klHorizon) is too small for the \(responses) responses of a rollout (prompts_per_iteration times "
                + "responses_per_prompt), after one of which β could be 0 or negative; set it above \(rounded(least)), "
                + "better to those of ten rollouts, \(10 * responses)")
    }
}
