public import Foundation
import GRDB
public import Preferences

public typealias PracticeItemID = ID<PracticeItem>
public typealias PracticeAnswerID = ID<PracticeAnswer>

/// What a task with a known answer is for.
public enum PracticePurpose: String, Sendable, Hashable, Codable, CaseIterable {
    /// People do it before real tasks, and see the expected answer. What they answer is no label.
    case practice
    /// It is mixed into the real tasks and looks like them (`QualityCheck.gold`).
    case gold
}

/// A task with a known answer.
public struct PracticeItem: Sendable, Hashable {
    public let id: PracticeItemID
    public let project: ProjectID
    public let mode: TaskMode
    public let purpose: PracticePurpose
    public let group: ResponseGroup
    /// In the ids of the group.
    public let expected: Judgement
    /// Why that is the answer, in Markdown.
    public let explanation: String
    public let createdAt: Date
    /// People are not given it any more.
    public let isRetired: Bool
    public let answers: Int
    public let rightAnswers: Int
}

/// How far somebody is with a project's practice set.
public struct PracticeStanding: Sendable, Hashable {
    /// Tasks of the set.
    public let items: Int
    /// Which time they go through it, from 1.
    public let round: Int
    /// Of this round.
    public let answered: Int
    public let right: Int
    /// How many must be right.
    public let needed: Int
    public let hasPassed: Bool

    /// Every task of the round is answered.
    public var isComplete: Bool { answered >= items }
    /// Real tasks are given.
    public var isFree: Bool { items == 0 || hasPassed }
}

/// One answer of the practice set, with what was expected. Ids are the lease's.
public struct PracticeAnswer: Sendable, Hashable {
    public let id: PracticeAnswerID
    public let project: ProjectID
    public let prompt: Prompt
    public let responses: [ShownResponse]
    public let answer: Judgement
    public let expected: Judgement
    public let isRight: Bool
    public let explanation: String
    public let standing: PracticeStanding
}

enum PracticeRule {
    /// Of a comparison the side decides, not how strongly; of a ranking every strict pair of the expected order, and the
    /// responses below the line. What the expected order ties may stand in any order.
    static func isRight(_ answer: Judgement, expected: Judgement, hasLine: Bool) -> Bool {
        switch (answer, expected) {
        case (.comparison(let answer), .comparison(let expected)):
            if let winner = expected.winner { return answer.winner == winner }
            return answer.verdict == expected.verdict
        case (.ranking(let answer), .ranking(let expected)):
            let given = Set(answer.orderedPairs.map { [$0.winner, $0.loser] })
            let wanted = expected.orderedPairs.allSatisfy { given.contains([$0.winner, $0.loser]) }
            return wanted && (!hasLine || answer.unacceptable == expected.unacceptable)
        default: return false
        }
    }

    /// How many of a set must be right.
    static func needed(_ items: Int, share: Double) -> Int { Int((Double(items) * share - 1e-9).rounded(.up)) }
}
