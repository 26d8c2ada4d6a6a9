/// How a set of sampled groups looks as text, without judging it.
public struct SampleStatistics: Sendable, Codable, Equatable {
    /// Responses counted.
    public var responses: Int
    /// Share of responses that end with the end token.
    public var endShare: Double
    /// Different words over all words, and different pairs of neighbouring words over all such pairs, counted over all
    /// responses together; pairs do not reach from one response into the next. Both fall as more text is counted, so
    /// compare sets of the same number of responses. Source: Li et al. 2016, "A Diversity-Promoting Objective Function".
    public var distinct1: Double
    public var distinct2: Double
    /// Different texts of a group over its responses, mean over groups.
    public var distinctTextShare: Double
    /// Mean tokens of a response, the end token included.
    public var meanLength: Double

    enum CodingKeys: String, CodingKey {
        case responses
        case endShare = "end_share"
        case distinct1 = "distinct_1"
        case distinct2 = "distinct_2"
        case distinctTextShare = "distinct_text_share"
        case meanLength = "mean_length"
    }

    /// The mean of several sets of the same number of responses: less noisy than one, and comparable with one.
    static func mean(of sets: [SampleStatistics]) -> SampleStatistics {
        func mean(_ number: (SampleStatistics) -> Double) -> Double {
            sets.reduce(0) { $0 + number($1) } / Double(max(1, sets.count))
        }
        var result = SampleStatistics(groups: [])
        result.responses = sets.reduce(0) { $0 + $1.responses }
        result.endShare = mean(\.endShare)
        result.distinct1 = mean(\.distinct1)
        result.distinct2 = mean(\.distinct2)
        result.distinctTextShare = mean(\.distinctTextShare)
        result.meanLength = mean(\.meanLength)
        return result
    }

    /// What is counted of one response.
    public struct Sample: Sendable, Codable, Equatable {
        public var text: String
        public var tokenCount: Int
        public var finished: Bool

        public init(text: String, tokenCount: Int, finished: Bool) {
            self.text = text
            self.tokenCount = tokenCount
            self.finished = finished
        }
    }

    /// Words are runs of letters and digits in lower case.
    public init(groups: [[Sample]]) {
        var words = Set<Substring>()
        var pairs = Set<[Substring]>()
        var wordCount = 0
        var pairCount = 0
        let samples = groups.flatMap { $0 }
        for sample in samples {
            let found = sample.text.lowercased().split { !$0.isLetter && !$0.isNumber }
            wordCount += found.count
            words.formUnion(found)
            for (first, second) in zip(found, found.dropFirst()) { pairs.insert([first, second]) }
            pairCount += max(0, found.count - 1)
        }
        func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
        responses = samples.count
        endShare = share(samples.count { $0.finished }, of: samples.count)
        distinct1 = share(words.count, of: wordCount)
        distinct2 = share(pairs.count, of: pairCount)
        meanLength = share(samples.reduce(0) { $0 + $1.tokenCount }, of: samples.count)
        let shares = groups.filter { !$0.isEmpty }.map { share(Set($0.map(\.text)).count, of: $0.count) }
        distinctTextShare = shares.isEmpty ? 0 : shares.reduce(0, +) / Double(shares.count)
    }
}
