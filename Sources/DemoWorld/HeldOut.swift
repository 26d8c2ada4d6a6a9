/// The combinations that nothing trained on contains, so that a policy shows whether it learnt the parts.
enum HeldOut {
    /// Manners in which a subject is never answered. All of them open with a sentence of their own.
    static let manners: [(subject: String, manner: Manner)] = [
        ("owl", .warm), ("river", .warm), ("soup", .warm), ("bicycle", .warm),
        ("horse", .rude), ("snow", .rude), ("apple", .rude), ("market", .rude),
        ("bee", .rambling), ("mountain", .rambling), ("candle", .rambling), ("bridge", .rambling),
    ]

    /// Instructions that are never given about a subject (in a comparison: as either of the two).
    static let instructions: [(instruction: Instruction, subject: String)] = [
        (.story, "hedgehog"), (.story, "letter"),
        (.explain, "rainbow"), (.explain, "drum"),
        (.reasons, "duck"), (.reasons, "kitchen"),
        (.reply, "fox"), (.reply, "honey"),
        (.describe, "whale"), (.describe, "lighthouse"),
        (.compare, "snail"), (.compare, "kite"),
        (.advice, "forest"), (.advice, "cake"),
    ]
}

/// A prompt, and the first sentence of an answer in a manner that the corpus never has about its subject.
public struct HeldOutMannerCase: Sendable, Equatable {
    public let prompt: DemoPrompt
    public let manner: Manner
    public let opening: String
}
