package import LanguageModel

/// Settings of a `policy-refresh` run: reinforcement learning on responses that the policy samples itself.
///
/// Bytes never depend on time: the budget is a number of iterations. Sources: Ouyang et al. 2022 (InstructGPT),
/// Ziegler et al. 2019, Schulman et al. 2017, Huang et al. 2024 ("The N+ Implementation Details of RLHF with PPO").
public struct PolicyRefreshSettings: Sendable, Codable, Equatable {
    /// How advantages are made of rewards, and a loss of advantages. PPO: its value network judges tokens, which takes the
    /// fewest responses.
    public var method = PolicyMethod.ppo

    // MARK: Rollouts

    /// Rollouts, each followed by its updates. With `klCoefficient` as it is, the policy has settled by then.
    public var iterations = 25
    /// Prompts of one rollout: with four responses each 128 of those; large models take 512 (InstructGPT).
    public var promptsPerIteration = 32
    /// Responses of one group, K. Four share a prompt's computation and give a group-wise baseline something to compare.
    public var responsesPerPrompt = 4
    /// Most tokens of a response, the end token included.
    public var maximumTokens = 160
    /// Temperature of sampling and of every log-probability. 1, without top-k and top-p: what people rank is then exactly
    /// the policy that is trained, and k1 cannot be gamed below zero.
    public var temperature = 1.0

    // MARK: Reward

    /// What becomes of a reward model with several heads: their mean, or a score that is careful where they disagree (Coste
    /// et al. 2024). The mean: most reward models have one head.
    public var ensemble = EnsembleUse.mean
    /// What a unit of variance between heads costs with `variance-penalised` (Coste et al.: 0.1 for PPO).
    public var ensemblePenalty = 0.1

    /// Whether the reward model's safety head steers: then Llama 2's combination of both scores is the reward (Touvron et al.
    /// 2023, §3.2.3). As trained: who had it learnt wants it heeded.
    public var safety = SafetyUse.asTrained

    /// Normalised scores are cut to ± this (DeepSpeed-Chat: 5); null does not cut. Five deviations out the reward model has seen
    /// nothing, so what it says there is a guess.
    public var scoreClip: Double? = 5
    /// How early gains over the reference's mean score level off (`ScoreShaping.saturation`); null counts them in full.
    /// Levelled off, a refresh lifts the answers that people would not prefer to the reference's before it lifts the best
    /// ones further: on the demo world the same win rate for fewer words.
    /// 2, because scores have deviation 1 and their log-odds about 2.
    public var scoreSaturation: Double? = 2
    /// Subtracted from the score of a response without an end token (TRL). A deviation of the score: an answer that does not
    /// end is worse than the usual one.
    public var missingEndPenalty = 1.0
    /// Subtracted from a response's score for each of its tokens, in deviations of the score. Off: where people like short
    /// answers, the reward model has learnt it (Singhal et al. 2023, "A Long Way to Go", on when it has not).
    public var lengthPenalty = 0.0
    /// Estimator of the per-token KL to the reference in the reward: k1, whose policy gradient there is that of the KL
    /// (Schulman 2020).
    public var klEstimator = KLEstimator.k1
    /// Estimator of the per-token KL in the loss of `grpo` and `dr-grpo`: k2, whose gradient is that of the KL where the
    /// policy sampled the tokens itself. k3 is DeepSeekMath's; its gradient is that of the KL the other way round.
    public var klLossEstimator = KLEstimator.k2
    /// β, with `klTarget` the first one. Scores have deviation 1, so it is the price of a nat in those. The 0.02 to 0.05
    /// of large models (InstructGPT, N+) let a small one run through its diversity before it has found what is cheap:
    /// on the demo world 0.05 spends three times the KL for the same score, and more distinct-2.
    public var klCoefficient = 0.3
    /// Steers β so that the token-sum KL comes to this, nats a response (Ziegler et al. 2019); null keeps β, so that the price of
    /// a nat stays what it was set to.
    public var klTarget: Double? = nil
    /// Responses over which the controller integrates (Ziegler et al.: 10,000): fewer, for a run samples a few thousand. More
    /// than a fifth of a rollout's, or β could become negative.
    public var klHorizon = 2_000.0
    /// Divide rewards by their standard deviation over the batch, keeping the mean (Ziegler's code). Off, as
    /// in N+: scores are normalised already.
    public var whitenRewards = false

    // MARK: Advantages

    /// γ: 1, because a response is short and only its whole is judged.
    public var discount = 1.0
    /// λ of generalised advantage estimation (Schulman et al. 2016; 0.95 as in Ziegler et al. and N+).
    public var decay = 0.95
    /// Zero mean and unit variance over the tokens of the rollout (TRL, verl: unbiased).
    public var whitenAdvantages = true

    // MARK: Updates

    /// What is trained: all weights, or something beside them that leaves the base as it is.
    public var tuning = TuningSettings()

    /// Passes over a rollout. More gain less than fresh responses and drift further from the policy that sampled.
    public var epochs = 1
    /// Optimiser steps of one pass, each on whole groups.
    public var minibatches = 4
    /// Tokens of one packed pass: bounds memory, changes no result beyond rounding.
    public var tokensPerPass = 2048
    /// Peak rate of the policy. Models of a few million parameters take 1e-4…3e-4; 1e-5 above a hundred million.
    public var policyLearningRate = 2e-4
    /// Peak rate of the value network, one to three times the policy's.
    public var valueLearningRate = 4e-4
    /// Iterations of linear warm-up (InstructGPT: 10 of its 500).
    public var warmUpIterations = 2
    /// The rates fall linearly towards this share of the peak, which the iteration after the last would have, so that the
    /// last ones still learn.
    public var finalLearningRateFraction = 0.1
    /// AdamW's decay rates (InstructGPT, Llama 2) and ε (lm-human-preferences, Llama 2).
    public var beta1 = 0.9
    public var beta2 = 0.95
    public var epsilon = 1e-5
    /// Decoupled weight decay: none, the KL penalty already holds the weights.
    public var weightDecay = 0.0
    /// The gradients' norms are cut to this (Llama 2); null leaves them alone.
    public var clipNorm: Double? = 1
    /// ε of the policy's ratio (Schulman et al. 2017: 0.2, as in every trainer since).
    public var clipRange = 0.2
    /// ε of the value, in units of the score; null does not clip (0.2: Ziegler's code, N+).
    public var valueClipRange: Double? = 0.2
    /// Who values states: `separate`, a network of its own that starts as the reward model, or `shared`, a head on the
    /// policy's trunk (Ziegler et al. 2019), which takes half the memory and learns slower.
    public var valueNetwork = ValueNetworkKind.separate
    /// What the value loss counts in a shared trunk beside the policy's (Ziegler et al. 2019: 0.1).
    public var valueCoefficient = 0.1
    /// A token with a negative advantage loses at most this times −advantage (Ye et al. 2020; verl: 3). Null is off: one pass
    /// over fresh responses leaves ratios near 1.
    public var dualClip: Double? = nil
    /// Weight of the entropy of the next-token distribution in the loss (Mnih et al. 2016, §4). Off, as in every trainer
    /// that tunes language models: the KL penalty holds the entropy up.
    public var entropyCoefficient = 0.0
    /// The rest of a rollout's updates is skipped when the approximate KL of one passes this, nats a token: the clip bounds how
    /// far a token goes and not how many go.
    public var approximateKLLimit = 0.03
    /// Value-only passes over the first rollout before the policy's first update: the reward model has never been asked
    /// for a score in the middle of a response.
    public var valueWarmUpEpochs = 4
    /// Moving average of the policy's weights that is handed out in their place (InstructGPT: 0.992). Null is off: that decay
    /// remembers 125 iterations, so after 25 the average would be four fifths the base.
    public var averageDecay: Double? = nil
    /// γ, the weight of the mean loss of texts of the pretraining corpus, or of demonstrations, in the policy's loss (PPO-ptx;
    /// InstructGPT: 27.8). Off: it needs the texts.
    public var pretrainingCoefficient = 0.0
    /// Tokens of those texts in one optimiser step. About those of a minibatch of responses: InstructGPT takes eight times
    /// as many, which would be most of a step's time.
    public var pretrainingTokens = 2048

    // MARK: When to stop

    /// Most KL to the reference, nats a response.
    public var klBudget = 16.0
    /// Rollouts whose responses are judged together, the newest and those before it: one alone is too few to tell.
    public var rolloutsJudged = 4
    /// Least distinct-2, as a share of the reference's: a little more than the 0.8 that is wanted, for the share differs by
    /// a hundredth or two from one set of prompts to another.
    public var distinctFloor = 0.81
    /// Least share of responses that end with the end token, as a share of the reference's.
    public var endFloor = 0.93
    /// Least share of distinct texts within a group.
    public var groupDiversityFloor = 0.92
    /// β is multiplied by this after each rollout over a limit, and falls back as slowly after those within them: the
    /// penalty leads the policy back. At most 32 times β; 1 leaves β as it is.
    public var limitPressure = 1.2
    /// Rollouts in a row over a limit before the run stops. Handed out is always the newest policy within all limits.
    public var alarmPatience = 8
    /// Rollouts' worth of new responses on which that policy is judged once more; where they are over a limit, its weights
    /// are led back on the straight line to the reference's until they are not. 0 hands it out as it is. A thousand
    /// responses with the default prompts: as many as tell distinct-2 to a hundredth.
    public var settlingRollouts = 8

    /// Where responses are this many times longer or shorter than the reference's, people are told.
    public var lengthDrift = 1.5
    /// Where the mean entropy is under this share of the first rollout's, people are told.
    public var entropyFloor = 0.5
    /// Where an ensemble's heads are this many times as far apart as at the start while the reward rose, people are told.
    /// 1.5, as for lengths: on the reference's own samples the heads' mean deviation differs by less from one set of prompts to
    /// another.
    public var memberDrift = 1.5
    /// With a watcher, a reward model that learnt from other labels: how many standard errors it must lie under its peak,
    /// while the reward is above where it was then, for the two to have parted; for an ensemble's heads too. Two: one in forty by chance.
    public var watchDeviations = 2.0
    /// Rollouts in a row at which the two have parted before the run stops. What is handed out is the policy that the
    /// watcher thought best of, so waiting costs time alone.
    public var watchPatience = 3

    // MARK: Records

    /// Most iterations between two checkpoints; time may bring one earlier.
    public var checkpointEvery = 10
    /// Responses of each iteration that are written to samples.jsonl.
    public var samplesPerIteration = 4
    /// Format of the stored weights.
    public var precision = StoredPrecision.float32

    public init() {}

    /// The optimiser's settings with one of the two peak rates.
    package func optimiser(learningRate: Double) -> AdamWSettings {
        var settings = AdamWSettings()
        settings.learningRate = Float(learningRate)
        settings.beta1 = Float(beta1)
        settings.beta2 = Float(beta2)
        settings.epsilon = Float(epsilon)
        settings.weightDecay = Float(weightDecay)
        settings.decay = .matrices
        settings.clipNorm = clipNorm.map { Float($0) }
        return settings
    }

    /// The rate of an iteration, counted from 0.
    package func rate(peak: Double, iteration: Int) -> Float {
        LearningRateSchedule(
            kind: .linear, peak: Float(peak), warmUpSteps: min(warmUpIterations, iterations / 2),
            totalSteps: iterations, finalFraction: Float(finalLearningRateFraction)
        ).rate(step: iteration)
    }

    package var shaping: ScoreShaping {
        ScoreShaping(
            clip: scoreClip, saturation: scoreSaturation, missingEndPenalty: missingEndPenalty,
            lengthPenalty: lengthPenalty)
    }

    package var controller: KLController {
        KLController(
            coefficient: klCoefficient, adaptation: klTarget.map { .init(target: $0, horizon: klHorizon) })
    }
}

/// Where the value network's weights are.
public enum ValueNetworkKind: String, Sendable, Codable, CaseIterable {
    /// A model of its own.
    case separate
    /// A head on the policy's trunk.
    case shared
}
