public import Preferences

/// What a task asks people for.
public enum TaskMode: String, Sendable, Hashable, Codable, CaseIterable {
    case ranking, comparison
    // The other kinds of feedback; `prompt` asks for a prompt.
    case demonstration, correction, rating, criticism, prompt
}

/// How many responses a group gets when it is sampled: fixed, or drawn per prompt from a range.
public struct ResponseCount: Sendable, Hashable, Codable {
    public var smallest: Int
    public var largest: Int

    public static func fixed(_ count: Int) -> ResponseCount { ResponseCount(smallest: count, largest: count) }
    public static func range(_ smallest: Int, _ largest: Int) -> ResponseCount {
        ResponseCount(smallest: smallest, largest: largest)
    }
}

/// Which policy a share of the responses comes from. JSON: `{"kind":"current"}`, `{"kind":"reference"}` or
/// `{"kind":"policy","id":3}`.
public enum MixPolicy: Sendable, Hashable, Codable {
    case current
    case reference
    case policy(PolicyID)

    private enum CodingKeys: String, CodingKey { case kind, id }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "current": self = .current
        case "reference": self = .reference
        case "policy": self = .policy(try container.decode(PolicyID.self, forKey: .id))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container,
                debugDescription: "'\(other)' is not one of current, reference, policy")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .current: try container.encode("current", forKey: .kind)
        case .reference: try container.encode("reference", forKey: .kind)
        case .policy(let id):
            try container.encode("policy", forKey: .kind)
            try container.encode(id, forKey: .id)
        }
    }
}

/// One part of a project's sampling mix. JSON: `policy`, `temperature`, `weight`.
public struct MixPart: Sendable, Hashable, Codable {
    public var policy: MixPolicy
    public var temperature: Double
    /// Its share of the responses, relative to the other parts' weights.
    public var weight: Double

    static let heaviest = 1e6

    public init(policy: MixPolicy, temperature: Double, weight: Double = 1) {
        self.policy = policy
        self.temperature = temperature
        self.weight = weight
    }
}

/// How the texts of prompts, responses and instructions are shown.
public enum TextRendering: String, Sendable, Hashable, Codable, CaseIterable {
    /// Formatted as Markdown, with code, tables and formulas.
    case markdown
    /// As they were written.
    case plain
}

/// What a lead sets for a project. JSON names are snake_case; what is absent when read has its default.
public struct ProjectSettings: Sendable, Hashable, Codable {
    public var mode = TaskMode.ranking
    /// 4...9 in rankings, 2 in comparisons. (Imported groups may have any K from 2 up.)
    public var responseCount = ResponseCount.fixed(4)
    /// How many people answer each task.
    public var overlap = 1
    /// How long a lease lives at least without a sign of its person; three times the 90th percentile of what the project's
    /// tasks take where that is longer.
    public var leaseSeconds = 300
    /// How many tasks of the project one person may hold at a time.
    public var openLeasesPerPerson = 4
    /// Tasks to keep ready ahead of need.
    public var tasksAhead = 20
    public var mix = [MixPart(policy: .current, temperature: 1)]
    public var maxTokens = 128
    public var topP = 1.0
    /// 0 is no limit.
    public var topK = 0
    public var stop: [String] = []
    /// Rankings show the "not acceptable" line.
    public var acceptabilityLine = true
    /// Rankings ask for 1 to 7 for each response.
    public var ratings = Wish.optional
    /// Marks that rankings offer for each response.
    public var flags = ResponseFlag.standard
    /// Comparisons offer a tie.
    public var tie = false
    /// Comparisons offer "both unacceptable".
    public var bothUnacceptable = false
    /// Comparisons ask which responses are safe.
    public var safety = false
    /// Comparisons ask for 0 to 4 for each of these.
    public var aspects: [Aspect] = []
    /// Comparisons ask why.
    public var reason = ReasonRule.off
    public var allowSkip = true
    /// How many people must skip a task until a lead decides about it; 0 asks no lead.
    public var skipsToReview = 3
    /// Share of the labelled prompts that a snapshot holds out.
    public var heldOutShare = 0.1
    /// Shown to annotators, as Markdown where `rendering` says so.
    public var instructions = ""
    public var rendering = TextRendering.markdown
    /// Which tasks people are given.
    public var choice = ChoiceSettings()
    /// What people are asked for besides the `mode`.
    public var feedback = FeedbackSettings()
    /// How answers are checked.
    public var quality = QualitySettings()
    /// Settings of reward-model runs that differ from the job's defaults.
    public var rewardModel: [String: String] = [:]
    /// Settings of policy-refresh runs that differ from the job's defaults.
    public var policyRefresh: [String: String] = [:]
    /// Settings of supervised runs that differ from the job's defaults.
    public var supervised: [String: String] = [:]
    /// Settings of preference-tuning runs that differ from the job's defaults.
    public var preferenceTuning: [String: String] = [:]

    public init() {}

    /// Whether the answers to its rankings or comparisons say which responses are safe.
    public var answersTellSafety: Bool { mode == .comparison ? safety : mode == .ranking && !flags.isEmpty }

    /// - Throws: `StoreError.invalid` that names the setting.
    public func validate() throws {
        func require(_ condition: Bool, _ field: String, _ problem: String) throws {
            if !condition { throw StoreError.invalid(field: field, problem: problem) }
        }
        try require(
            mode == .ranking || mode == .comparison, "mode",
            "ranking or comparison; other kinds of feedback are asked for by their shares")
        try feedback.validate()
        try choice.validate()
        try quality.validate()
        let least = mode == .comparison ? 2 : 4
        let most = mode == .comparison ? 2 : 9
        let range = mode == .comparison ? "is 2 in comparisons" : "runs from 4 to 9 in rankings"
        try require(
            responseCount.smallest >= least && responseCount.largest <= most, "response_count",
            "K \(range); found \(responseCount.smallest) to \(responseCount.largest)")
        try require(
            responseCount.smallest <= responseCount.largest, "response_count", "the smallest is above the largest")
        try require((1...100).contains(overlap), "overlap", "from 1 to 100 people answer a task; found \(overlap)")
        try require(
            (30...86_400).contains(leaseSeconds), "lease_seconds", "from 30 to 86400 seconds; found \(leaseSeconds)")
        try require(
            (1...100).contains(openLeasesPerPerson), "open_leases_per_person",
            "from 1 to 100; found \(openLeasesPerPerson)")
        try require(
            (0...1000).contains(skipsToReview), "skips_to_review", "from 0 to 1000; found \(skipsToReview)")
        try require((0...100_000).contains(tasksAhead), "tasks_ahead", "from 0 to 100000; found \(tasksAhead)")
        try require((1...1_000_000).contains(maxTokens), "max_tokens", "at least 1; found \(maxTokens)")
        try require(topP > 0 && topP <= 1, "top_p", "above 0 and at most 1; found \(topP)")
        try require(topK >= 0, "top_k", "0 for no limit, or more; found \(topK)")
        try require(!stop.contains(""), "stop", "a stop string is empty")
        try require((0...0.5).contains(heldOutShare), "held_out_share", "from 0 to 0.5; found \(heldOutShare)")
        try validateQuestions()
        try require(!mix.isEmpty, "mix", "the mix needs at least one policy")
        for (index, part) in mix.enumerated() {
            try require(
                part.temperature == 0 || (0.0001...10).contains(part.temperature), "mix[\(index)].temperature",
                "0, or from 0.0001 to 10; found \(part.temperature)")
            try require(
                part.weight > 0 && part.weight <= MixPart.heaviest, "mix[\(index)].weight",
                "above 0 and at most 1000000; found \(part.weight)")
        }
    }

    private enum CodingKeys: String, CodingKey {
        case mode, overlap, mix, stop, instructions, ratings, flags, tie, safety, aspects, reason, rendering, feedback,
            choice, quality
        case supervised
        case responseCount = "response_count"
        case leaseSeconds = "lease_seconds"
        case openLeasesPerPerson = "open_leases_per_person"
        case tasksAhead = "tasks_ahead"
        case maxTokens = "max_tokens"
        case topP = "top_p"
        case topK = "top_k"
        case acceptabilityLine = "acceptability_line"
        case bothUnacceptable = "both_unacceptable"
        case allowSkip = "allow_skip"
        case skipsToReview = "skips_to_review"
        case heldOutShare = "held_out_share"
        case rewardModel = "reward_model"
        case policyRefresh = "policy_refresh"
        case preferenceTuning = "preference_tuning"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            if let found = try container.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        try read(.mode, into: &mode)
        if mode == .comparison { responseCount = .fixed(2) }
        try read(.responseCount, into: &responseCount)
        try read(.overlap, into: &overlap)
        try read(.leaseSeconds, into: &leaseSeconds)
        try read(.openLeasesPerPerson, into: &openLeasesPerPerson)
        try read(.tasksAhead, into: &tasksAhead)
        try read(.mix, into: &mix)
        try read(.maxTokens, into: &maxTokens)
        try read(.topP, into: &topP)
        try read(.topK, into: &topK)
        try read(.stop, into: &stop)
        try read(.acceptabilityLine, into: &acceptabilityLine)
        try read(.ratings, into: &ratings)
        try read(.flags, into: &flags)
        try read(.tie, into: &tie)
        try read(.bothUnacceptable, into: &bothUnacceptable)
        try read(.safety, into: &safety)
        try read(.aspects, into: &aspects)
        try read(.reason, into: &reason)
        try read(.allowSkip, into: &allowSkip)
        try read(.skipsToReview, into: &skipsToReview)
        try read(.heldOutShare, into: &heldOutShare)
        try read(.instructions, into: &instructions)
        try read(.rendering, into: &rendering)
        try read(.rewardModel, into: &rewardModel)
        try read(.policyRefresh, into: &policyRefresh)
        try read(.feedback, into: &feedback)
        try read(.choice, into: &choice)
        try read(.quality, into: &quality)
        try read(.supervised, into: &supervised)
        try read(.preferenceTuning, into: &preferenceTuning)
    }
}
