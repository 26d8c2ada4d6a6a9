/// An instruction of the demo world.
public struct DemoPrompt: Codable, Hashable, Sendable {
    /// What is shown to a person and to the policy.
    public let text: String
    public let instruction: Instruction
    /// The name of the subject, e.g. "cat".
    public let subject: String
    /// The second subject of a comparison.
    public let otherSubject: String?
    /// What the answer has to follow besides its subjects: a person, a situation, a goal.
    let detail: PromptDetail

    init(text: String, instruction: Instruction, subject: String, otherSubject: String?, detail: PromptDetail) {
        self.text = text
        self.instruction = instruction
        self.subject = subject
        self.otherSubject = otherSubject
        self.detail = detail
    }
}

/// The prompts of the world, disjoint by use; each list is in a seeded order, ready to be cut to a size.
public struct DemoPrompts: Codable, Sendable {
    public let supervised: [DemoPrompt]
    public let ranking: [DemoPrompt]
    public let ppo: [DemoPrompt]
    /// Never trained on in any way; holds every prompt of the instructions that are held out for a subject.
    public let heldOut: [DemoPrompt]

    public subscript(use: PromptUse) -> [DemoPrompt] {
        switch use {
        case .supervised: supervised
        case .ranking: ranking
        case .ppo: ppo
        case .heldOut: heldOut
        }
    }
}
