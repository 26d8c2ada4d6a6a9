/// What a sentence does in an answer.
enum Role: String, CaseIterable, Sendable {
    // Any answer about one subject, which is "it"
    case fact, glow
    // Each instruction
    case describeOpening
    case explainHook, explainOpening, explainClosing
    case storyOpening, storyMiddle, storyTrouble, storyFix, storyEnd, storyGlow
    case reasonsIntro, reasonFirst, reasonSecond, reasonThird, reasonsOutro
    case giftOpening, giftMore, invitationOpening, invitationMore, dislikeOpening, dislikeMore
    case opinionOpening, opinionMore, lossOpening, lossMore, replyClosing
    case compareIntro, compareContrast, compareGlow, compareClosing
    case adviceFirst, adviceTip, adviceClosing
    // Manners
    case terseKind, terseFact, terseStoryOpening, terseStoryTrouble, terseStoryFix, terseStoryEnd
    case terseReasons, terseCompare, terseAdvice
    case terseGift, terseInvitation, terseDislike, terseOpinion, terseLoss
    case warmOpening, warmClosing
    case rudeOpening, rudeFact, rudeContrast, rudeTip, rudeClosing
    case rudeGift, rudeInvitation, rudeDislike, rudeOpinion, rudeLoss
    case rambleOpening, rambleAside, rambleFact, rambleContrast, rambleClosing
    case otherSubject, otherChatOpening, otherChat

    /// The manner whose marker a sentence of this role is; nil for what every manner may say.
    var marks: Manner? {
        if rawValue.hasPrefix("terse") { return .terse }
        if rawValue.hasPrefix("warm") { return .warm }
        if rawValue.hasPrefix("rude") { return .rude }
        if rawValue.hasPrefix("ramble") { return .rambling }
        return rawValue.hasPrefix("other") ? .offPoint : nil
    }
}

/// One way to write (and to read) a sentence of a role.
struct SentenceForm: Sendable {
    let role: Role
    let pattern: Pattern

    static func forms(_ role: Role, _ patterns: [String]) -> [SentenceForm] {
        patterns.map { SentenceForm(role: role, pattern: Pattern($0)) }
    }

    /// Every sentence form of the world.
    static let all: [SentenceForm] =
        factForms + describeForms + explainForms + storyForms + reasonsForms + replyForms + compareForms + adviceForms
        + terseForms + warmForms + rudeForms + ramblingForms + offPointForms

    /// The forms of each role; the index is the role's place in `Role.allCases`.
    static let byRole: [Role: [SentenceForm]] = Dictionary(grouping: all, by: \.role)
}
