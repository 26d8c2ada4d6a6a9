/// Which tasks of a project people are given. JSON: `strategy`, `random_share`, `candidates`, `oversampling`.
public struct ChoiceSettings: Sendable, Hashable, Codable {
    public enum Strategy: String, Sendable, Hashable, Codable, CaseIterable {
        /// The prompts in turn.
        case random
        /// What the newest reward model is least sure of, or its heads disagree on most.
        case disagreement
    }

    public var strategy = Strategy.random
    /// The share of the tasks that chance alone chooses, under any other strategy.
    public var randomShare = 0.25
    /// Groups that are sampled for each task that is wanted; the others are dropped.
    public var candidates = 4
    /// Responses that are sampled for each one that is shown: the most different ones are.
    public var oversampling = 1

    public init() {}

    func validate() throws {
        func require(_ condition: Bool, _ field: String, _ problem: String) throws {
            if !condition { throw StoreError.invalid(field: "choice.\(field)", problem: problem) }
        }
        try require(randomShare >= 0.01 && randomShare <= 1, "random_share", "from 0.01 to 1; found \(randomShare)")
        try require((2...64).contains(candidates), "candidates", "from 2 to 64; found \(candidates)")
        try require((1...8).contains(oversampling), "oversampling", "from 1 to 8; found \(oversampling)")
    }

    private enum CodingKeys: String, CodingKey {
        case strategy, candidates, oversampling
        case randomShare = "random_share"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        strategy = try container.decodeIfPresent(Strategy.self, forKey: .strategy) ?? strategy
        randomShare = try container.decodeIfPresent(Double.self, forKey: .randomShare) ?? randomShare
        candidates = try container.decodeIfPresent(Int.self, forKey: .candidates) ?? candidates
        oversampling = try container.decodeIfPresent(Int.self, forKey: .oversampling) ?? oversampling
    }
}
