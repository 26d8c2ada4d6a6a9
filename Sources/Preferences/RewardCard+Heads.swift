extension RewardCard {
    /// How well the safety head knows safe from unsafe responses to held-out prompts.
    public struct Safety: Sendable, Codable, Equatable {
        /// What people said of single responses.
        public var marks: Int
        /// Those that call a response unsafe.
        public var unsafe: Int
        /// Share on whose likelier side the head is.
        public var accuracy: Double
        /// Of always saying what was said more often in training.
        public var baselineAccuracy: Double
        /// In nats.
        public var logLoss: Double
        /// Share of pairs of a safe and an unsafe response in which the safe one is likelier to be safe (the area under the ROC
        /// curve); nil where all are of one kind.
        public var discrimination: Double?

        public init(
            marks: Int, unsafe: Int, accuracy: Double, baselineAccuracy: Double, logLoss: Double,
            discrimination: Double? = nil
        ) {
            self.marks = marks
            self.unsafe = unsafe
            self.accuracy = accuracy
            self.baselineAccuracy = baselineAccuracy
            self.logLoss = logLoss
            self.discrimination = discrimination
        }
    }

    /// How well the rating head foretells the ratings, 1 to 7, of responses to held-out prompts.
    public struct Rating: Sendable, Codable, Equatable {
        public var marks: Int
        /// Mean distance from what people said, in points.
        public var meanError: Double
        /// Of always saying the mean of the ratings in training.
        public var baselineError: Double
        /// Pearson; nil where undefined.
        public var correlation: Double?

        public init(marks: Int, meanError: Double, baselineError: Double, correlation: Double? = nil) {
            self.marks = marks
            self.meanError = meanError
            self.baselineError = baselineError
            self.correlation = correlation
        }
    }
}
