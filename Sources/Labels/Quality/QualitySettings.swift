/// Why a task is handed out that asks for nothing new.
public enum QualityCheck: String, Sendable, Hashable, Codable, CaseIterable {
    /// A task that the person has answered, once more, in another order of display.
    case `repeat`
    /// A task whose answer a lead knows.
    case gold
}

/// How a project looks after the quality of its answers. JSON: `repeat_share`, `repeat_after`, `gold_share`,
/// `authors_judge_own`, `most_people`, `least_agreement`; what is absent when read has its default.
///
/// People cannot tell a check from another task; its answer is never learnt from and counts towards no overlap.
public struct QualitySettings: Sendable, Hashable, Codable {
    /// Of the rankings and comparisons that somebody is handed, the share that they have answered before. None unless a
    /// project asks for it: each costs an answer that teaches nothing, and breaks the promise that nobody sees a task twice.
    public var repeatShare = 0.0
    /// How many answers of the person lie between the first time and the second, at least.
    public var repeatAfter = 20
    /// The share of tasks with a known answer, while there are any that the person has not seen.
    public var goldShare = 0.05
    /// Whether people are handed responses to prompts that they wrote themselves.
    public var authorsJudgeOwn = false
    /// How many people are asked about a task at most, one after the other while those who answered disagree; no more than
    /// the overlap unless it is larger.
    public var mostPeople = 0
    /// The share of pairs on which people must agree for a task to be full; below it one more is asked.
    public var leastAgreement = 0.7

    public init() {}

    /// Of each kind of check there are no more, so that some tasks always ask for something new.
    static let largestShare = 0.4

    /// - Throws: `StoreError.invalid` that names the setting.
    func validate() throws {
        func require(_ condition: Bool, _ field: String, _ problem: String) throws {
            if !condition { throw StoreError.invalid(field: "quality.\(field)", problem: problem) }
        }
        let shares = 0...QualitySettings.largestShare
        try require(shares.contains(repeatShare), "repeat_share", "from 0 to 0.4; found \(repeatShare)")
        try require(shares.contains(goldShare), "gold_share", "from 0 to 0.4; found \(goldShare)")
        try require((1...10_000).contains(repeatAfter), "repeat_after", "from 1 to 10000; found \(repeatAfter)")
        try require((0...100).contains(mostPeople), "most_people", "from 0 to 100; found \(mostPeople)")
        try require((0...1).contains(leastAgreement), "least_agreement", "from 0 to 1; found \(leastAgreement)")
    }

    private enum CodingKeys: String, CodingKey {
        case repeatShare = "repeat_share"
        case repeatAfter = "repeat_after"
        case goldShare = "gold_share"
        case authorsJudgeOwn = "authors_judge_own"
        case mostPeople = "most_people"
        case leastAgreement = "least_agreement"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        repeatShare = try container.decodeIfPresent(Double.self, forKey: .repeatShare) ?? repeatShare
        repeatAfter = try container.decodeIfPresent(Int.self, forKey: .repeatAfter) ?? repeatAfter
        goldShare = try container.decodeIfPresent(Double.self, forKey: .goldShare) ?? goldShare
        authorsJudgeOwn = try container.decodeIfPresent(Bool.self, forKey: .authorsJudgeOwn) ?? authorsJudgeOwn
        mostPeople = try container.decodeIfPresent(Int.self, forKey: .mostPeople) ?? mostPeople
        leastAgreement = try container.decodeIfPresent(Double.self, forKey: .leastAgreement) ?? leastAgreement
    }
}
