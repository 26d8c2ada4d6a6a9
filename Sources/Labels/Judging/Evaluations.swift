public import Foundation
import GRDB
import Preferences

/// What a standard evaluation of a policy found. JSON: `task`, `task_sha256`, `figure`, `scores`.
public struct NewEvaluation: Sendable, Hashable, Codable {
    /// The task's name, as a rule its file's.
    public var task: String
    /// Of the task file.
    public var taskSHA256: String
    /// What was counted, e.g. `accuracy` or `exact_match`.
    public var figure: String
    /// Of each item, in the file's order: 1 right, 0 wrong.
    public var scores: [Int]

    public init(task: String, taskSHA256: String, figure: String, scores: [Int]) {
        self.task = task
        self.taskSHA256 = taskSHA256
        self.figure = figure
        self.scores = scores
    }

    private enum CodingKeys: String, CodingKey {
        case task, figure, scores
        case taskSHA256 = "task_sha256"
    }

    func validate() throws {
        if task.isEmpty || figure.isEmpty { throw StoreError.invalid(field: "task", problem: "it is empty") }
        guard taskSHA256.utf8.count == 64 else {
            throw StoreError.invalid(field: "task_sha256", problem: "give 64 hexadecimal digits")
        }
        guard !scores.isEmpty, scores.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            throw StoreError.invalid(field: "scores", problem: "a list of 0 and 1, one for each item")
        }
    }
}

/// A stored evaluation.
public struct Evaluation: Sendable, Hashable {
    public let policy: PolicyID
    public let found: NewEvaluation
    public let measuredBy: String
    public let measuredAt: Date

    public init(policy: PolicyID, found: NewEvaluation, measuredBy: String, measuredAt: Date) {
        self.policy = policy
        self.found = found
        self.measuredBy = measuredBy
        self.measuredAt = measuredAt
    }

    /// Share of the items that were right.
    public var value: Double { Double(found.scores.reduce(0, +)) / Double(found.scores.count) }

    /// 95%, by Wilson's score.
    public var interval: ClosedRange<Double> {
        let count = Double(found.scores.count)
        let z = 1.959964
        let centre = (value + z * z / (2 * count)) / (1 + z * z / count)
        let half =
            z / (1 + z * z / count) * (value * (1 - value) / count + z * z / (4 * count * count)).squareRoot()
        return max(0, centre - half)...min(1, centre + half)
    }
}

/// The same task before and after: what a refresh cost or gained.
public struct EvaluationChange: Sendable, Hashable {
    public let before: Evaluation
    public let after: Evaluation

    /// Nil where they are not of the same items.
    public init?(before: Evaluation, after: Evaluation) {
        guard before.found.taskSHA256 == after.found.taskSHA256, before.found.figure == after.found.figure,
            before.found.scores.count == after.found.scores.count
        else { return nil }
        self.before = before
        self.after = after
    }

    public var difference: Double { after.value - before.value }

    /// 95%, from the differences of single items, which are paired: their mean and its standard error.
    public var interval: ClosedRange<Double> {
        let differences = zip(before.found.scores, after.found.scores).map { Double($1 - $0) }
        let count = Double(differences.count)
        let spread = differences.reduce(0) { $0 + ($1 - difference) * ($1 - difference) } / max(1, count - 1)
        let half = 1.959964 * (spread / count).squareRoot()
        return difference - half...difference + half
    }
}

extension Store {
    /// Keeps what evaluations of a policy found.
    public func addEvaluations(_ found: [NewEvaluation], of policy: PolicyID, by actor: Actor) async throws {
        let now = now
        for evaluation in found { try evaluation.validate() }
        try await write { db in
            let policy = try db.policy(policy)
            for evaluation in found {
                try db.run(
                    """
                    INSERT INTO evaluations (policy_id, task, task_sha256, figure, scores, measured_by, measured_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        policy.id, evaluation.task, evaluation.taskSHA256.lowercased(), evaluation.figure,
                        try JSONLines.line(evaluation.scores), actor.words, now.milliseconds,
                    ])
            }
            try db.audit(
                .policyEvaluate, subject: "policy \(policy.id)",
                details: Set(found.map(\.task)).sorted().joined(separator: ", "), by: actor, at: now)
        }
    }

    /// The newest evaluation of each task file and figure, by the task's name.
    public func evaluations(of policy: PolicyID) async throws -> [Evaluation] {
        try await read { db in
            _ = try db.policy(policy)
            return try db.rows(
                """
                SELECT e.*, coalesce(users.name, measured_by) AS who FROM evaluations e
                LEFT JOIN users ON measured_by = 'user ' || users.id
                WHERE policy_id = ? AND NOT EXISTS (SELECT 1 FROM evaluations later
                    WHERE later.policy_id = e.policy_id AND later.task_sha256 = e.task_sha256
                        AND later.figure = e.figure AND later.id > e.id)
                ORDER BY task, figure, e.id
                """, [policy]
            ).map { row in
                Evaluation(
                    policy: policy,
                    found: NewEvaluation(
                        task: row["task"], taskSHA256: row["task_sha256"], figure: row["figure"],
                        scores: try row.json("scores")), measuredBy: row["who"], measuredAt: row.date("measured_at"))
            }
        }
    }
}
