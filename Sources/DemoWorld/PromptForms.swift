/// The phrasings of each instruction.
enum PromptForms {
    /// The forms of an instruction, each with the situation it puts a reply in.
    static func forms(_ instruction: Instruction) -> [(pattern: Pattern, situation: Situation?)] {
        instruction == .reply ? replyForms : (byInstruction[instruction] ?? []).map { ($0, nil) }
    }

    private static let byInstruction: [Instruction: [Pattern]] = [
        .story: [
            "[Tell|Write|Please tell|Please write] [me|us] [a short story|a little story|a bedtime story|a story] about "
                + "{S}.",
            "[Can you|Could you|Would you] [tell|write] [me|us] [a short story|a little story|a bedtime story] about "
                + "{S}?",
            "[Tell|Write|Please tell|Please write] [me|us] [a short story|a little story|a bedtime story|a story] about "
                + "{S} and a {girl} named {Name}.",
        ].map { Pattern($0) },
        .explain: [
            "[Explain|Please explain|Try to explain] {all} to [a child|a young child|a small child|a five-year-old|"
                + "my little sister|my little brother|a new pupil].",
            "[Can you|Could you|How would you] explain {all} to [a child|a young child|a small child|a five-year-old|"
                + "my little sister|my little brother|a new pupil]?",
            "Explain [to a child|to a five-year-old|to my little sister|in simple words] what {S} is.",
        ].map { Pattern($0) },
        .reasons: [
            "[Give me|Give us|Name|List|Please give me|Please name] three reasons to {wish} {all}.",
            "What are three [|good |simple ]reasons to {wish} {all}?",
            "Why should [I|we|people|anyone] {wish} {all}? [Give|Name|List] three reasons.",
        ].map { Pattern($0) },
        .describe: [
            "[Describe|Please describe|Try to describe] {S}[| to me| for me| in your own words| in a few sentences|"
                + " to a stranger].",
            "[Can you|Could you|Would you] [|please ]describe {S}[| to me| for me| in your own words]?",
            "What is {S} like?",
            "[Tell me|Please tell me|I want to know] what {S} is like.",
            "How would you describe {S}[| to a friend| to a stranger]?",
        ].map { Pattern($0) },
        .compare: [
            "[Compare|Please compare] {S} [and|with|to] {b.S}.",
            "[Can you|Could you] compare {S} [and|with|to] {b.S}?",
            "[What is the difference between {S} and {b.S}|How are {S} and {b.S} different]?",
        ].map { Pattern($0) },
        .advice: [
            "[Give|Please give] [|some ]advice to someone who wants to {goal} {all}.",
            "What [advice|tips] would you give to [someone|a person|a child] who wants to {goal} {all}?",
            "I want to {goal} {all}. [Do you have any advice|Any advice|What should I do]?",
            "How should [I|one|a beginner] {goal} {all}?",
        ].map { Pattern($0) },
    ]

    private static let replyForms: [(pattern: Pattern, situation: Situation?)] = [
        (.gift, "who sent [you|me] a {item} about {all}"),
        (.invitation, "who invites [you|me] to a {event} about {all}"),
        (.dislike, "who does not like {all}"),
        (.opinion, "who asks what [you think|I think] of {all}"),
        (.loss, "who lost [your|my] book on {all}"),
    ].flatMap { situation, clause in
        [
            "[Write|Please write] a polite [reply|answer|note] to a {relation} \(clause).",
            "[Can you|Could you] write a polite [reply|answer|note] to a {relation} \(clause)?",
        ].map { (Pattern($0), situation) }
    }
}
