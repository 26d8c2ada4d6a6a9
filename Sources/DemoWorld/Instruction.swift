/// The kinds of instruction that the demo world knows.
public enum Instruction: String, CaseIterable, Codable, Sendable {
    case story, explain, reasons, reply, describe, compare, advice
}

/// How an answer is given: good and bad on purpose, so that people have a real preference to express.
public enum Manner: String, CaseIterable, Codable, Sendable {
    case warm, plain, terse, rambling, rude
    case offPoint = "off-point"
    case repeating
    case cutShort = "cut-short"

    /// The share of the manner in corpus and demonstrations; the shares add up to 1.
    public var share: Double {
        switch self {
        case .plain: 0.22
        case .warm: 0.18
        case .terse, .rambling, .rude: 0.12
        case .offPoint, .repeating, .cutShort: 0.08
        }
    }

    /// Whether an answer in this manner speaks of what was asked. Only `offPoint` leaves the subject.
    public var keepsToSubject: Bool { self != .offPoint }
}

/// What a prompt is for. No prompt has two uses.
public enum PromptUse: String, CaseIterable, Codable, Sendable {
    case supervised, ranking, ppo
    case heldOut = "held-out"
}
