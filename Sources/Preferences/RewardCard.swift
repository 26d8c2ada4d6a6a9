public import Foundation
import JSON

/// What is known of a reward model: how well, and on what, it agrees with people. `card.json` of its folder.
///
/// All shares are of strict pairs; figures rest on held-out groups that did not choose the training step, where there are
/// enough of them.
public struct RewardCard: Sendable, Codable, Equatable {
    public static let fileName = "card.json"
    /// The same for people, as Markdown.
    public static let textName = "card.md"

    public var counts: Counts
    /// Nil where nothing was held out: the other figures are then missing too.
    public var overall: Figures?
    /// By grade of a comparison; `ungraded` are pairs of rankings.
    public var byGrade: [Part]
    public var byAnnotator: [Part]
    /// By the policy that wrote both responses; `several` and `none` where there is not one.
    public var byPolicy: [Part]
    /// `unanimous`, `disputed`: pairs that several people ordered; `single`: by one.
    public var byAgreement: [Part]
    /// The name of the newest policy in the labels, and the figures on pairs of its responses alone.
    public var newestPolicy: Part?
    public var calibration: [Bin]
    public var length: Length
    public var ceiling: Ceiling?
    /// Fewer labels first; the last is the model itself. Empty where none was asked for.
    public var learningCurve: [CurvePoint]
    public var annotators: [Reliability]
    /// The members' spread; nil without an ensemble.
    public var ensemble: Ensemble?
    /// Nil without a safety head, or without held-out responses of which people said whether they are safe.
    public var safety: Safety?
    /// Nil without a rating head, or without held-out ratings.
    public var rating: Rating?
    /// The worst first.
    public var mistakes: [Mistake]
    /// What people should know, as sentences.
    public var notes: [String]

    public struct Counts: Sendable, Codable, Equatable {
        public var trainingLabels: Int
        public var trainingGroups: Int
        public var heldOutLabels: Int
        public var heldOutGroups: Int
        /// Groups that the figures rest on.
        public var reportedGroups: Int
        /// Whether the groups of the figures also chose the training step.
        public var figuresAreOfSelection: Bool

        public init(
            trainingLabels: Int, trainingGroups: Int, heldOutLabels: Int, heldOutGroups: Int, reportedGroups: Int,
            figuresAreOfSelection: Bool
        ) {
            self.trainingLabels = trainingLabels
            self.trainingGroups = trainingGroups
            self.heldOutLabels = heldOutLabels
            self.heldOutGroups = heldOutGroups
            self.reportedGroups = reportedGroups
            self.figuresAreOfSelection = figuresAreOfSelection
        }
    }

    /// How well scores and judgements agree.
    public struct Figures: Sendable, Codable, Equatable {
        public var pairs: Int
        /// Share of the pairs whose winner scores higher; equal scores half.
        public var accuracy: Double
        /// 95%, by drawing prompts with replacement; nil with fewer than two.
        public var accuracyInterval: [Double]?
        /// In nats.
        public var logLoss: Double
        public var calibrationError: Double
        /// Mean τ-b a label; nil where none has one.
        public var kendallTau: Double?

        public init(
            pairs: Int, accuracy: Double, accuracyInterval: [Double]? = nil, logLoss: Double,
            calibrationError: Double, kendallTau: Double? = nil
        ) {
            self.pairs = pairs
            self.accuracy = accuracy
            self.accuracyInterval = accuracyInterval
            self.logLoss = logLoss
            self.calibrationError = calibrationError
            self.kendallTau = kendallTau
        }
    }

    public struct Part: Sendable, Codable, Equatable {
        public var name: String
        public var pairs: Int
        public var accuracy: Double
        /// 95% by Wilson, as if pairs were independent; of weighted ones with their effective number.
        public var interval: [Double]

        public init(name: String, pairs: Int, accuracy: Double, interval: [Double]) {
            self.name = name
            self.pairs = pairs
            self.accuracy = accuracy
            self.interval = interval
        }
    }

    /// Pairs whose stronger side had a probability in a range.
    public struct Bin: Sendable, Codable, Equatable {
        public var low: Double
        public var high: Double
        public var pairs: Int
        /// Mean probability of the stronger side.
        public var confidence: Double
        /// Share of them that the stronger side won.
        public var accuracy: Double

        public init(low: Double, high: Double, pairs: Int, confidence: Double, accuracy: Double) {
            self.low = low
            self.high = high
            self.pairs = pairs
            self.confidence = confidence
            self.accuracy = accuracy
        }
    }

    public struct Length: Sendable, Codable, Equatable {
        /// Pearson, score against characters, groups' means taken off.
        public var correlation: Double?
        /// Of always picking the longer response, or the shorter where that won more in training.
        public var baselineAccuracy: Double?
        public var baselineTakesLonger: Bool

        public init(correlation: Double? = nil, baselineAccuracy: Double? = nil, baselineTakesLonger: Bool) {
            self.correlation = correlation
            self.baselineAccuracy = baselineAccuracy
            self.baselineTakesLonger = baselineTakesLonger
        }
    }

    /// What one more person's labels would agree to.
    public struct Ceiling: Sendable, Codable, Equatable {
        /// Pairs that two people ordered, over all labels.
        public var pairs: Int
        /// Share of them on which the two agree.
        public var agreement: Double
        public var interval: [Double]
        /// (1 + √(2·agreement - 1)) / 2: how often one label says what most people would, and so the most a model can agree
        /// with single labels, if people err alike and by themselves; nil where they agree less than by chance.
        public var accuracy: Double?

        public init(pairs: Int, agreement: Double, interval: [Double], accuracy: Double? = nil) {
            self.pairs = pairs
            self.agreement = agreement
            self.interval = interval
            self.accuracy = accuracy
        }
    }

    public struct CurvePoint: Sendable, Codable, Equatable {
        public var labels: Int
        public var groups: Int
        public var accuracy: Double
        public var logLoss: Double

        public init(labels: Int, groups: Int, accuracy: Double, logLoss: Double) {
            self.labels = labels
            self.groups = groups
            self.accuracy = accuracy
            self.logLoss = logLoss
        }
    }

    public struct Reliability: Sendable, Codable, Equatable {
        public var annotator: String
        /// Estimated probability of ordering a pair as its utilities say.
        public var reliability: Double
        public var pairs: Int
        public var sharedPairs: Int
        /// What its labels were multiplied by; 1 where they were not weighed.
        public var weight: Double

        public init(annotator: String, reliability: Double, pairs: Int, sharedPairs: Int, weight: Double) {
            self.annotator = annotator
            self.reliability = reliability
            self.pairs = pairs
            self.sharedPairs = sharedPairs
            self.weight = weight
        }
    }

    public struct Ensemble: Sendable, Codable, Equatable {
        public var members: Int
        /// Mean over responses of the deviation of the members' normalised scores.
        public var meanDeviation: Double
        /// Accuracy on thirds of the pairs, from those on which the members agree most.
        public var accuracyBySpread: [Part]

        public init(members: Int, meanDeviation: Double, accuracyBySpread: [Part]) {
            self.members = members
            self.meanDeviation = meanDeviation
            self.accuracyBySpread = accuracyBySpread
        }
    }

    /// A pair that the model orders the other way.
    public struct Mistake: Sendable, Codable, Equatable {
        public var group: String
        public var label: String
        public var annotator: String
        public var grade: Grade?
        public var prompt: String
        /// The response that the person preferred.
        public var preferred: String
        /// The one that the model preferred.
        public var other: String
        /// The probability that the model gave the person's choice.
        public var probability: Double

        public init(
            group: String, label: String, annotator: String, grade: Grade? = nil, prompt: String, preferred: String,
            other: String, probability: Double
        ) {
            self.group = group
            self.label = label
            self.annotator = annotator
            self.grade = grade
            self.prompt = prompt
            self.preferred = preferred
            self.other = other
            self.probability = probability
        }
    }

    public init(counts: Counts, length: Length) {
        self.counts = counts
        self.length = length
        byGrade = []
        byAnnotator = []
        byPolicy = []
        byAgreement = []
        calibration = []
        learningCurve = []
        annotators = []
        mistakes = []
        notes = []
    }

    /// Reads `card.json`.
    /// - Throws: `DecodingError`
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(RewardCard.self, from: json)
    }

    /// The bytes of `card.json`: snake_case names in order.
    public func json() throws -> Data {
        let encoder = JSONEncoder.sorted(pretty: true)
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(self)
    }
}
