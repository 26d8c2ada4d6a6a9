import JSON
public import LanguageModel

/// How next-token training runs: what pretraining and supervised fine-tuning have in common.
public struct NextTokenSettings: Sendable, Codable, Equatable {
    /// Peak learning rate: 1e-3 and more from nothing, a few 1e-4 for tuning, less for large models.
    public var learningRate: Double
    /// The rate at the end of the cosine, as a share of the peak. A tenth: Llama 2, nanoGPT.
    public var finalLearningRateFraction: Double
    /// Steps of linear warm-up: fewer where the weights are good already.
    public var warmUpSteps: Int
    /// Passes over the data; `steps` goes before it. One: more learn the texts by heart.
    public var epochs: Int
    /// Optimiser steps in all; nil is `epochs` passes over the data.
    public var steps: Int?
    /// Tokens of an optimiser step, all its passes together.
    public var tokensPerStep: Int
    /// Tokens of one packed pass: bounds memory, changes no result beyond rounding.
    public var tokensPerPass: Int
    /// Decoupled decay of matrices (norms and biases have none): nanoGPT, llm.c.
    public var weightDecay: Double
    /// AdamW's first and second decay rate; 0.9 and 0.95 as in GPT-3 and Llama.
    public var beta1: Double
    public var beta2: Double
    /// AdamW's ε (Loshchilov and Hutter 2019: 1e-8).
    public var epsilon: Double
    /// The gradient's norm is cut to this; nil leaves it alone (nanoGPT: 1).
    public var clipNorm: Double?
    /// Share of the prompts, of a corpus of the documents, that is never trained on: the same ones in every run, by their
    /// hashes. A twentieth of demonstrations, for a hundredth of some hundred measures nothing; a hundredth of a corpus, whose
    /// documents are many. Of 20 prompts or more three at least.
    public var heldOutShare: Double
    /// Most examples that the held-out loss is computed on.
    public var heldOutLimit: Int
    /// Steps between two held-out losses.
    public var evaluateEvery: Int
    /// Most steps between two checkpoints; time may bring one earlier.
    public var checkpointEvery: Int
    /// Format of the stored weights.
    public var precision: StoredPrecision
    /// How matrix products are computed while training; the held-out loss is always float32's.
    public var products: ProductPrecision

    /// Defaults for training a small model from nothing.
    public static let pretraining = NextTokenSettings(
        learningRate: 1.5e-3, warmUpSteps: 100, epochs: 1, tokensPerStep: 8192, weightDecay: 0.1, heldOutShare: 0.01)

    /// Defaults for tuning a small pretrained model on demonstrations.
    public static let supervised = NextTokenSettings(
        learningRate: 3e-4, warmUpSteps: 20, epochs: 1, tokensPerStep: 8192, weightDecay: 0.1, heldOutShare: 0.05)

    private init(
        learningRate: Double, warmUpSteps: Int, epochs: Int, tokensPerStep: Int, weightDecay: Double,
        heldOutShare: Double
    ) {
        self.learningRate = learningRate
        finalLearningRateFraction = 0.1
        self.warmUpSteps = warmUpSteps
        self.epochs = epochs
        steps = nil
        self.tokensPerStep = tokensPerStep
        tokensPerPass = 4096
        self.weightDecay = weightDecay
        beta1 = 0.9
        beta2 = 0.95
        epsilon = 1e-8
        clipNorm = 1
        self.heldOutShare = heldOutShare
        heldOutLimit = 256
        evaluateEvery = 200
        checkpointEvery = 500
        precision = .float32
        products = .float32
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case learningRate = "learning_rate"
        case finalLearningRateFraction = "final_learning_rate_fraction"
        case warmUpSteps = "warm_up_steps"
        case epochs, steps
        case tokensPerStep = "tokens_per_step"
        case tokensPerPass = "tokens_per_pass"
        case weightDecay = "weight_decay"
        case beta1, beta2, epsilon
        case clipNorm = "clip_norm"
        case heldOutShare = "held_out_share"
        case heldOutLimit = "held_out_limit"
        case evaluateEvery = "evaluate_every"
        case checkpointEvery = "checkpoint_every"
        case precision, products
    }

    static let names = CodingKeys.allCases.map(\.stringValue)

    private typealias Field = SettingsField<NextTokenSettings, CodingKeys>

    private static var fields: [Field] {
        [
            .init(.learningRate, \.learningRate),
            .init(.finalLearningRateFraction, \.finalLearningRateFraction),
            .init(.warmUpSteps, \.warmUpSteps),
            .init(.epochs, \.epochs),
            .init(optional: .steps, \.steps),
            .init(.tokensPerStep, \.tokensPerStep),
            .init(.tokensPerPass, \.tokensPerPass),
            .init(.weightDecay, \.weightDecay),
            .init(.beta1, \.beta1),
            .init(.beta2, \.beta2),
            .init(.epsilon, \.epsilon),
            .init(optional: .clipNorm, \.clipNorm),
            .init(.heldOutShare, \.heldOutShare),
            .init(.heldOutLimit, \.heldOutLimit),
            .init(.evaluateEvery, \.evaluateEvery),
            .init(.checkpointEvery, \.checkpointEvery),
            .init(.precision, \.precision),
            .init(.products, \.products),
        ]
    }

    public init(from decoder: any Decoder) throws { try self.init(from: decoder, standard: .pretraining, siblings: []) }

    /// Reads the fields that are given over `standard`; `siblings` are the other fields of the same object.
    init(from decoder: any Decoder, standard: NextTokenSettings, siblings: [String]) throws {
        self = standard
        try Field.read(Self.fields, of: &self, from: decoder, siblings: siblings)
    }

    /// Every field, also those that are off: an absent field would be read as its default.
    public func encode(to encoder: any Encoder) throws {
        try Field.write(Self.fields, of: self, to: encoder)
    }

    /// - Throws: `PolicyError.badOption` that names the field.
    public func validate() throws(PolicyError) {
        try require(learningRate > 0 && learningRate < 1, "learning_rate", "\(learningRate) is not between 0 and 1")
        try require(
            (0...1).contains(finalLearningRateFraction), "final_learning_rate_fraction",
            "\(finalLearningRateFraction) is not in 0…1")
        try require(warmUpSteps >= 0, "warm_up_steps", "\(warmUpSteps) is negative")
        try requireCounts([
            ("epochs", epochs, 1000), ("steps", steps ?? 1, 100_000_000),
            ("tokens_per_step", tokensPerStep, 1_000_000_000), ("tokens_per_pass", tokensPerPass, 1_000_000_000),
            ("evaluate_every", evaluateEvery, 1_000_000_000), ("checkpoint_every", checkpointEvery, 1_000_000_000),
        ])
        try require(weightDecay >= 0 && weightDecay < 10, "weight_decay", "\(weightDecay) is not in 0…10")
        for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
            try require(beta >= 0 && beta < 1, name, "\(beta) is not at least 0 and below 1")
        }
        try require(
            Float(epsilon) > 0 && epsilon.isFinite, "epsilon", "\(epsilon) is not a positive number in single precision"
        )
        if let clipNorm { try require(clipNorm > 0, "clip_norm", "\(clipNorm) is not positive; null turns it off") }
        try require(heldOutShare >= 0 && heldOutShare < 0.9, "held_out_share", "\(heldOutShare) is not in 0…0.9")
        try require(heldOutLimit >= 0, "held_out_limit", "\(heldOutLimit) is negative")
    }

    /// The optimiser's settings.
    public var optimiser: AdamWSettings {
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
}
