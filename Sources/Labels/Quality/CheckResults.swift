import GRDB
public import Preferences

/// How one person's answers to checks of one kind compare: gold with what was expected, repeats with their own first answers.
public struct CheckResult: Sendable, Hashable {
    /// Checks by the share of their pairs that were put in the same order.
    public enum Band: Int, Sendable, Hashable, CaseIterable {
        case all, mostly, half, less

        init(share: Double) {
            self = share >= 1 ? .all : share >= 0.75 ? .mostly : share >= 0.5 ? .half : .less
        }
    }

    /// Checks that were answered.
    public private(set) var tasks = 0
    /// Those with the expected answer, as practice judges it, or with the same order as the first time.
    public private(set) var right = 0
    public private(set) var agreement = PairAgreement()
    /// Checks without a pair that both answers put in an order are in no band.
    public private(set) var bands: [Band: Int] = [:]
    private var taus: [Double] = []

    public init() {}

    /// Kendall's tau-b, the mean; nil where no check has an order on both sides.
    public var meanTau: Double? { taus.isEmpty ? nil : taus.reduce(0, +) / Double(taus.count) }
    /// 95% by Wilson, of the share that is right.
    public var interval: ClosedRange<Double>? { wilsonInterval(successes: Double(right), trials: Double(tasks)) }

    mutating func note(_ answer: Judgement, against known: Judgement, isRight: Bool) {
        tasks += 1
        if isRight { right += 1 }
        guard let one = known.ranking, let other = answer.ranking else { return }
        let found = PairAgreement(one, other)
        agreement = agreement + found
        if let share = found.rate { bands[Band(share: share), default: 0] += 1 }
        if let tau = kendallTauB(one, other) { taus.append(tau) }
    }

    public static func + (left: CheckResult, right: CheckResult) -> CheckResult {
        var sum = left
        sum.tasks += right.tasks
        sum.right += right.right
        sum.agreement = left.agreement + right.agreement
        sum.bands.merge(right.bands, uniquingKeysWith: +)
        sum.taus += right.taus
        return sum
    }
}

/// One person's answers to checks. For leads to look at: nobody's answer is refused, or counts less, because of it.
public struct AnnotatorChecks: Sendable, Hashable {
    public let user: User
    public internal(set) var repeats = CheckResult()
    public internal(set) var gold = CheckResult()
}

extension Store {
    /// Everybody with an answer to a check, by name: the newest `latest` of each kind. Answers that were taken back, and
    /// gold that was retired, are left out.
    public func checkResults(_ project: ProjectID, latest: Int = 20_000) async throws -> [AnnotatorChecks] {
        try await read { db in
            let project = try db.project(project)
            var found: [UserID: AnnotatorChecks] = [:]
            for row in try db.repeatedAnswers(in: project.id, latest: latest) {
                let (first, again) = try (row.judgement("first"), row.judgement("again"))
                guard let first, let again else { continue }
                let user = try User(row: row)
                found[user.id, default: AnnotatorChecks(user: user)].repeats.note(
                    again, against: first, isRight: again.hasSameOrder(as: first))
            }
            for row in try db.goldAnswers(in: project.id, latest: latest) {
                guard let answer = try row.judgement("judgement") else { continue }
                let expected: Judgement = try row.json("expected")
                let user = try User(row: row)
                found[user.id, default: AnnotatorChecks(user: user)].gold.note(
                    answer, against: expected,
                    isRight: PracticeRule.isRight(
                        answer, expected: expected, hasLine: project.settings.acceptabilityLine))
            }
            return found.values.sorted { ($0.user.name, $0.user.id) < ($1.user.name, $1.user.id) }
        }
    }
}

extension Judgement {
    /// Whether it puts all responses in the same order; grades, ratings and the line may differ.
    fileprivate func hasSameOrder(as other: Judgement) -> Bool {
        ranking?.rows == other.ranking?.rows && isBothUnacceptable == other.isBothUnacceptable
    }
}

extension Row {
    fileprivate func judgement(_ column: String) throws -> Judgement? {
        let content: LabelContent = try json(column)
        return content.judgement
    }
}

extension Database {
    /// Both answers of whoever answered a task twice.
    fileprivate func repeatedAnswers(in project: ProjectID, latest: Int) throws -> [Row] {
        try rows(
            """
            SELECT u.*, r1.judgement AS first, r2.judgement AS again FROM tasks t
            JOIN labels l2 ON l2.task_id = t.id AND l2.state <> 'retracted'
            JOIN label_revisions r2 ON r2.label_id = l2.id AND r2.revision = l2.revision
            JOIN tasks o ON o.group_id = t.group_id AND o.mode = t.mode AND o.quality_check IS NULL
            JOIN labels l1 ON l1.task_id = o.id AND l1.user_id = l2.user_id AND l1.state <> 'retracted'
                AND l1.derived_from IS NULL
            JOIN label_revisions r1 ON r1.label_id = l1.id AND r1.revision = l1.revision
            JOIN users u ON u.id = l2.user_id
            WHERE t.project_id = ? AND t.quality_check = 'repeat' GROUP BY l2.id ORDER BY l2.id DESC LIMIT ?
            """, [project, latest])
    }

    fileprivate func goldAnswers(in project: ProjectID, latest: Int) throws -> [Row] {
        try rows(
            """
            SELECT u.*, r.judgement, i.expected FROM practice_items i
            JOIN labels l ON l.task_id = i.task_id AND l.state <> 'retracted'
            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision JOIN users u ON u.id = l.user_id
            WHERE i.project_id = ? AND i.purpose = 'gold' AND i.retired_at IS NULL ORDER BY l.id DESC LIMIT ?
            """, [project, latest])
    }

    /// What people answered to one gold task.
    func goldAnswers(of task: TaskID) throws -> [Judgement] {
        try rows(
            """
            SELECT r.judgement FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            WHERE l.task_id = ? AND l.state <> 'retracted'
            """, [task]
        ).compactMap { try $0.judgement("judgement") }
    }
}
