/// A stretch of an answer: some sentences of one role.
struct Step: Sendable {
    let role: Role
    let count: ClosedRange<Int>
    /// How likely an optional step (one that may have no sentence) is written at all.
    let chance: Double

    init(_ role: Role, _ count: ClosedRange<Int> = 1...1, chance: Double = 0.5) {
        self.role = role
        self.count = count
        self.chance = chance
    }
}

/// The order of the sentences in an answer. A prompt and a manner have a few; each is both written and recognised.
struct Plan: Sendable {
    let steps: [Step]

    /// Whether sentences with these possible roles follow the plan; with `prefix`, whether they begin it.
    func fits(_ roles: [Set<Role>], prefix: Bool = false) -> Bool { fits(roles[...], steps[...], written: 0, prefix) }

    private func fits(_ roles: ArraySlice<Set<Role>>, _ steps: ArraySlice<Step>, written: Int, _ prefix: Bool) -> Bool {
        guard let step = steps.first else { return roles.isEmpty }
        if roles.isEmpty, prefix { return true }
        if written >= step.count.lowerBound, fits(roles, steps.dropFirst(), written: 0, prefix) { return true }
        guard written < step.count.upperBound, let sentence = roles.first, sentence.contains(step.role) else {
            return false
        }
        return fits(roles.dropFirst(), steps, written: written + 1, prefix)
    }

    /// The plans of an answer, the likelier ones more than once. A repeating or cut-short answer spoils a plain plan.
    static func plans(for prompt: DemoPrompt, manner: Manner) -> [Plan] {
        let situation = prompt.detail.situation ?? .gift
        switch manner {
        case .plain, .cutShort, .repeating: return [Plan(steps: plain(prompt.instruction, situation, light: false))]
        case .warm: return warm(plain(prompt.instruction, situation, light: true))
        case .terse: return [Plan(steps: terse(prompt.instruction, situation))]
        case .rude: return rude(prompt.instruction, situation)
        case .rambling: return [Plan(steps: rambling(prompt.instruction, situation))]
        case .offPoint:
            return [
                Plan(steps: [Step(.otherSubject), Step(.fact, 1...2)]),
                Plan(steps: [Step(.otherChatOpening), Step(.otherChat, 1...2)]),
            ]
        }
    }

    private static func plain(_ instruction: Instruction, _ situation: Situation, light: Bool) -> [Step] {
        let facts = light ? 1...2 : 1...3
        switch instruction {
        case .describe: return [Step(.describeOpening), Step(.fact, facts), Step(.glow, 0...2)]
        case .explain:
            return [
                Step(.explainHook, 0...1, chance: 0.25), Step(.explainOpening), Step(.fact, light ? 1...1 : 1...2),
                Step(.glow, 0...2), Step(.explainClosing, 0...1, chance: 0.4),
            ]
        case .story:
            return [
                Step(.storyOpening), Step(.storyMiddle, light ? 0...1 : 0...2, chance: 0.7), Step(.storyTrouble),
                Step(.storyFix), Step(.storyEnd), Step(.storyGlow, 0...2, chance: 0.4),
            ]
        case .reasons:
            return [
                Step(.reasonsIntro, 0...1), Step(.reasonFirst), Step(.reasonSecond), Step(.reasonThird),
                Step(.glow, 0...2, chance: 0.4), Step(.reasonsOutro, 0...1, chance: 0.3),
            ]
        case .reply:
            let (opening, more, _, _) = reply(situation)
            return [Step(opening), Step(more, light ? 1...2 : 1...3), Step(.replyClosing, 0...1, chance: 0.6)]
        case .compare:
            return [
                Step(.compareIntro, 0...1, chance: 0.4), Step(.compareContrast, light ? 1...2 : 1...3),
                Step(.compareGlow, 0...2), Step(.compareClosing, 0...1, chance: 0.35),
            ]
        case .advice:
            return [Step(.adviceFirst), Step(.adviceTip, light ? 1...2 : 1...3), Step(.adviceClosing, 0...2)]
        }
    }

    /// The roles of an answer to a letter: its opening, its body, and the terse and the rude form.
    private static func reply(_ situation: Situation) -> (opening: Role, more: Role, terse: Role, rude: Role) {
        switch situation {
        case .gift: (.giftOpening, .giftMore, .terseGift, .rudeGift)
        case .invitation: (.invitationOpening, .invitationMore, .terseInvitation, .rudeInvitation)
        case .dislike: (.dislikeOpening, .dislikeMore, .terseDislike, .rudeDislike)
        case .opinion: (.opinionOpening, .opinionMore, .terseOpinion, .rudeOpinion)
        case .loss: (.lossOpening, .lossMore, .terseLoss, .rudeLoss)
        }
    }

    private static func warm(_ core: [Step]) -> [Plan] {
        let both = Plan(steps: [Step(.warmOpening)] + core + [Step(.warmClosing, 1...2)])
        let opened = Plan(steps: [Step(.warmOpening)] + core)
        let closed = Plan(steps: core + [Step(.warmClosing, 1...2)])
        return [both, both, both, opened, closed]
    }

    private static func terse(_ instruction: Instruction, _ situation: Situation) -> [Step] {
        switch instruction {
        case .describe: [Step(.terseFact, 2...3)]
        case .explain: [Step(.terseKind), Step(.terseFact, 1...2)]
        case .story:
            [Step(.terseStoryOpening), Step(.terseStoryTrouble), Step(.terseStoryFix), Step(.terseStoryEnd, 0...1)]
        case .reasons: [Step(.terseReasons)]
        case .reply: [Step(reply(situation).terse), Step(.terseFact)]
        case .compare: [Step(.terseCompare, 1...2)]
        case .advice: [Step(.terseAdvice, 2...3)]
        }
    }

    private static func rude(_ instruction: Instruction, _ situation: Situation) -> [Plan] {
        let core: [Step]
        // Whether the answer itself is rude, so that it may do without a rude opening.
        var marked = true
        switch instruction {
        case .describe, .explain: core = [Step(.rudeFact, 1...2), Step(.fact, 0...1, chance: 0.3)]
        case .story:
            core = [Step(.storyOpening), Step(.storyTrouble), Step(.storyFix), Step(.storyEnd, 0...1, chance: 0.3)]
            marked = false
        case .reasons:
            core = [Step(.reasonFirst), Step(.reasonSecond), Step(.reasonThird)]
            marked = false
        case .reply: core = [Step(reply(situation).rude), Step(.rudeFact, 0...1, chance: 0.6)]
        case .compare: core = [Step(.rudeContrast, 1...2)]
        case .advice: core = [Step(.rudeTip, 1...2)]
        }
        let both = Plan(steps: [Step(.rudeOpening)] + core + [Step(.rudeClosing)])
        let opened = Plan(steps: [Step(.rudeOpening)] + core)
        let closed = Plan(steps: core + [Step(.rudeClosing)])
        return marked ? [both, both, opened, closed] : [both, both, both, opened]
    }

    private static func rambling(_ instruction: Instruction, _ situation: Situation) -> [Step] {
        let aside = Step(.rambleAside)
        let maybe = Step(.rambleAside, 0...1)
        let close = Step(.rambleClosing, 0...1, chance: 0.6)
        let open = Step(.rambleOpening)
        switch instruction {
        case .describe:
            return [open, Step(.describeOpening), aside, Step(.rambleFact, 1...2), maybe, Step(.fact, 0...1), close]
        case .explain:
            return [open, Step(.explainOpening), aside, Step(.rambleFact, 1...2), maybe, Step(.fact, 0...1), close]
        case .story:
            return [
                open, Step(.storyOpening), aside, Step(.storyTrouble), maybe, Step(.storyFix), Step(.storyEnd), close,
            ]
        case .reasons:
            return [open, Step(.reasonFirst), aside, Step(.reasonSecond), maybe, Step(.reasonThird), close]
        case .reply:
            let (opening, more, _, _) = reply(situation)
            return [Step(opening), Step(.rambleOpening, 0...1), aside, Step(more, 1...2), maybe, close]
        case .compare:
            return [
                open, Step(.compareIntro, 0...1, chance: 0.3), Step(.compareContrast), aside,
                Step(.rambleContrast, 1...2), maybe, close,
            ]
        case .advice: return [open, Step(.adviceFirst), aside, Step(.adviceTip, 1...2), maybe, close]
        }
    }
}
