public import Preferences

/// A kind of feedback that a project can ask for besides its rankings or comparisons.
public enum FeedbackKind: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
    /// Writing the ideal answer to a prompt of the use `supervised`.
    case demonstration
    /// Editing a response into what it should be.
    case correction
    /// A score from 1 to 7 and flags for one response.
    case rating
    /// Free text on one response.
    case criticism
    /// Writing a prompt.
    case prompt
    /// Writing a prompt, comparing two answers to it, and going on with the better one.
    case conversation

    /// How its tasks are put to people; a conversation's are comparisons, made when somebody asks.
    public var mode: TaskMode? { TaskMode(rawValue: rawValue) }

    /// Responses that a task of the kind shows; nil where tasks are not made ahead.
    public var responseCount: Int? {
        switch self {
        case .demonstration, .prompt: 0
        case .correction, .rating, .criticism: 1
        case .conversation: nil
        }
    }
}

extension TaskMode {
    /// For people: the thing that is made.
    public var words: String {
        switch self {
        case .ranking: "Ranking"
        case .comparison: "Comparison"
        case .demonstration: "Demonstration"
        case .correction: "Correction"
        case .rating: "Rating"
        case .criticism: "Criticism"
        case .prompt: "Prompt"
        }
    }

    /// Whether the answer is an order over responses, which reward models learn from.
    public var isPreference: Bool { self == .ranking || self == .comparison }
}

/// Which other kinds of feedback a project asks for, and how. JSON: `shares`, `prompt_styles`, `written_prompt_use`,
/// `practice_pass_share`; what is absent when read has its default.
public struct FeedbackSettings: Sendable, Hashable, Codable {
    /// Of 100 tasks, how many are of each kind; the others are rankings or comparisons.
    public var shares: [FeedbackKind: Int] = [:]
    /// The styles of prompts that people write, in turn.
    public var promptStyles: [PromptStyle] = [.plain, .fewShot]
    /// The use that prompts get which people wrote.
    public var writtenPromptUse = PromptUse.ranking
    /// The share of the practice set that somebody must get right before real tasks; 0 asks for every answer, right or
    /// wrong.
    public var practicePassShare = 0.8

    public init() {}

    public func share(_ kind: FeedbackKind) -> Int { shares[kind] ?? 0 }

    /// Of 100 tasks, how many are rankings or comparisons.
    public var preferenceShare: Int { max(0, 100 - shares.values.reduce(0, +)) }

    /// - Throws: `StoreError.invalid` that names the setting.
    func validate() throws {
        for kind in FeedbackKind.allCases {
            guard (0...100).contains(share(kind)) else {
                throw StoreError.invalid(
                    field: "feedback.shares.\(kind.rawValue)", problem: "from 0 to 100; found \(share(kind))")
            }
        }
        let sum = shares.values.reduce(0, +)
        guard sum <= 100 else {
            throw StoreError.invalid(field: "feedback.shares", problem: "together at most 100; found \(sum)")
        }
        guard !promptStyles.isEmpty, Set(promptStyles).count == promptStyles.count else {
            throw StoreError.invalid(
                field: "feedback.prompt_styles", problem: "at least one of plain, few_shot, use_case, each once")
        }
        guard writtenPromptUse != .writing else {
            throw StoreError.invalid(
                field: "feedback.written_prompt_use", problem: "supervised, ranking, ppo or held_out")
        }
        guard (0...1).contains(practicePassShare) else {
            throw StoreError.invalid(
                field: "feedback.practice_pass_share", problem: "from 0 to 1; found \(practicePassShare)")
        }
    }

    private enum CodingKeys: String, CodingKey {
        case shares
        case promptStyles = "prompt_styles"
        case writtenPromptUse = "written_prompt_use"
        case practicePassShare = "practice_pass_share"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        shares = try container.decodeIfPresent([FeedbackKind: Int].self, forKey: .shares) ?? shares
        promptStyles = try container.decodeIfPresent([PromptStyle].self, forKey: .promptStyles) ?? promptStyles
        writtenPromptUse =
            try container.decodeIfPresent(PromptUse.self, forKey: .writtenPromptUse) ?? writtenPromptUse
        practicePassShare =
            try container.decodeIfPresent(Double.self, forKey: .practicePassShare) ?? practicePassShare
    }
}
