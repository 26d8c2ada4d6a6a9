public import Foundation
import GRDB
public import Preferences

/// Where a project stands.
public struct ProjectProgress: Sendable, Hashable {
    public let prompts: [PromptUse: Int]
    public let tasksOpen: Int
    public let tasksDone: Int
    public let tasksWithdrawn: Int
    /// Open tasks that nobody has opened yet.
    public let tasksReady: Int
    public let liveLeases: Int
    /// Tasks with a response that names a model, and so is not blind.
    public let tasksWithIdentityWords: Int
    /// Labels that count.
    public let labels: Int
    /// Rankings and comparisons among them that snapshots read.
    public let preferences: Int
    public let extras: Int
    public let retracted: Int
    /// Answers to checks; they are in no other count of labels.
    public let checks: Int
    /// Labels that count and tie at least two responses.
    public let labelsWithTies: Int
    public let skips: Int
    /// By the reason given; skips without one are in `skips` alone.
    public let skipReasons: [SkipReason: Int]
    /// Labels that the newest snapshot has not read; all where there is none.
    public let labelsSinceSnapshot: Int
}

/// What one person did in a project.
public struct AnnotatorCount: Sendable, Hashable {
    public let user: User
    public let labels: Int
    public let extras: Int
    public let skips: Int
    /// Since midnight, UTC.
    public let labelsToday: Int
    public let liveLeases: Int
    public let lastSubmission: Date?
    public let medianActiveSeconds: Double?
}

/// One label in a lead's list.
public struct LabelLine: Sendable, Hashable {
    public let labelID: LabelID
    public let annotator: User
    public let taskID: TaskID
    public let mode: TaskMode
    public let promptPreview: String
    public let revision: Int
    public let kept: Kept
    public let retracted: Bool
    public let submittedAt: Date
    public let content: LabelContent
    /// Ids of the responses in the order in which the annotator saw them.
    public let displayOrder: [String]
    /// Names of models in the responses' texts, by which they give themselves away.
    public let identityWords: [String]
    /// Nil for a task that asked for a new answer.
    public let check: QualityCheck?
    /// Whether it is a lead's answer that decides what others answered; `taskID` is their task.
    public let isDecision: Bool
    /// Nil for other feedback.
    public var judgement: Judgement? { content.judgement }
}

/// How a policy's responses fared.
public struct PolicyStanding: Sendable, Hashable {
    public let policy: Policy
    public let isCurrent: Bool
    public let isReference: Bool
    public let responses: Int
    /// Groups with a label in which it has a response.
    public let labelledGroups: Int
    /// Strict pairs against responses of other policies.
    public let wins: Int
    public let losses: Int
}

/// What a lead watches about the labels themselves.
public struct Quality: Sendable, Hashable {
    public let groups: Int
    public let agreement: PairAgreement
    /// Mean Kendall tau-b of two people on one task.
    public let meanTau: Double?
    /// Of which of two responses is better.
    public let orders: OrdinalReliability
    /// Of comparisons' sides with their grades.
    public let gradedSides: OrdinalReliability
    /// Of the ratings that stand with rankings.
    public let ratings: OrdinalReliability
    /// Comparisons: the side that won.
    public let sides: SideBias
    /// Rankings: which slot won.
    public let slots: SlotCounts
    public let grades: [Grade: Int]
    /// Comparisons that end in a tie.
    public let ties: Int
    /// Comparisons that call both unacceptable.
    public let bothUnacceptable: Int
    public let lengths: LengthPreference
}

extension Store {
    public func progress(_ project: ProjectID) async throws -> ProjectProgress {
        let now = now
        let ready = try await samplingNeed(project).ready
        return try await read { db in
            func tally(_ sql: String) throws -> [String: Int] {
                try db.rows(sql, [project]).reduce(into: [:]) { $0[$1["state"] as String] = $1["n"] as Int }
            }
            let tasks = try tally(
                """
                SELECT state, count(*) AS n FROM tasks
                WHERE project_id = ? AND quality_check IS NULL AND adjudicates IS NULL GROUP BY state
                """)
            let labels = try tally("SELECT state, count(*) AS n FROM labels WHERE project_id = ? GROUP BY state")
            let checks = try tally(
                """
                SELECT l.state, count(*) AS n FROM tasks t JOIN labels l ON l.task_id = t.id
                WHERE t.project_id = ? AND t.quality_check IS NOT NULL GROUP BY l.state
                """)
            func counted(_ state: String) -> Int { (labels[state] ?? 0) - (checks[state] ?? 0) }
            let read = try db.count(
                """
                SELECT count(*) FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                JOIN snapshot_labels s ON s.label_revision_id = r.id JOIN tasks t ON t.id = l.task_id
                WHERE l.state = 'active' AND l.kind IN ('ranking', 'comparison')
                    AND coalesce(t.label_use, 'learn') <> 'none' AND s.snapshot_id =
                    (SELECT max(id) FROM snapshots WHERE project_id = ? AND subject = 'preferences')
                """, [project])
            let preferences = try db.count(
                """
                SELECT count(*) FROM labels l JOIN tasks t ON t.id = l.task_id
                WHERE l.project_id = ? AND l.state = 'active' AND l.kind IN ('ranking', 'comparison')
                    AND coalesce(t.label_use, 'learn') <> 'none'
                """, [project])
            return ProjectProgress(
                prompts: try db.promptCounts(project), tasksOpen: tasks["open"] ?? 0, tasksDone: tasks["done"] ?? 0,
                tasksWithdrawn: tasks["withdrawn"] ?? 0, tasksReady: ready,
                liveLeases: try db.count(
                    """
                    SELECT count(*) FROM leases JOIN tasks ON tasks.id = task_id
                    WHERE project_id = ? AND leases.closed_at IS NULL AND expires_at > ?
                    """, [project, now.milliseconds]),
                tasksWithIdentityWords: try db.count(
                    "SELECT count(*) FROM tasks WHERE project_id = ? AND identity_words <> '[]'", [project]),
                labels: counted("active"), preferences: preferences, extras: counted("extra"),
                retracted: counted("retracted"), checks: checks["active"] ?? 0,
                labelsWithTies: try db.count(
                    """
                    SELECT count(*) FROM labels l
                    JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                    JOIN tasks t ON t.id = l.task_id
                    WHERE l.project_id = ? AND l.state = 'active' AND r.tied_pairs > 0 AND t.quality_check IS NULL
                    """, [project]),
                skips: try db.count(
                    "SELECT count(*) FROM skips JOIN tasks ON tasks.id = task_id WHERE project_id = ?", [project]),
                skipReasons: try db.skipReasons(project),
                labelsSinceSnapshot: preferences - read)
        }
    }

    /// Everybody who did something in the project, the busiest first.
    public func annotatorCounts(_ project: ProjectID) async throws -> [AnnotatorCount] {
        let now = now
        let midnight = now.milliseconds - now.milliseconds % 86_400_000
        return try await read { db in
            let counts = try db.rows("SELECT * FROM users ORDER BY id").map { row -> AnnotatorCount in
                let user = try User(row: row)
                let labels = try db.row(
                    """
                    SELECT coalesce(sum(l.state = 'active' AND t.quality_check IS NULL), 0) AS labels,
                        coalesce(sum(l.state = 'extra'), 0) AS extras,
                        coalesce(sum(l.state = 'active' AND t.quality_check IS NULL AND submitted_at >= ?), 0) AS today,
                        max(submitted_at) AS last
                    FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                    JOIN tasks t ON t.id = l.task_id WHERE user_id = ? AND l.project_id = ?
                    """, [midnight, user.id, project])
                // As numbers with a point: two stored times of any size can be added.
                let times = try Double.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT active_ms FROM labels l
                            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                            WHERE user_id = ? AND l.project_id = ? AND active_ms IS NOT NULL ORDER BY active_ms
                            """), arguments: [user.id, project])
                return AnnotatorCount(
                    user: user, labels: labels?["labels"] ?? 0, extras: labels?["extras"] ?? 0,
                    skips: try db.count(
                        """
                        SELECT count(*) FROM skips JOIN tasks ON tasks.id = task_id WHERE user_id = ? AND project_id = ?
                        """, [user.id, project]), labelsToday: labels?["today"] ?? 0,
                    liveLeases: try db.count(
                        """
                        SELECT count(*) FROM leases JOIN tasks ON tasks.id = task_id
                        WHERE user_id = ? AND project_id = ? AND leases.closed_at IS NULL AND expires_at > ?
                        """, [user.id, project, now.milliseconds]), lastSubmission: labels?.dateIfPresent("last"),
                    medianActiveSeconds: times.isEmpty
                        ? nil : (times[(times.count - 1) / 2] + times[times.count / 2]) / 2000)
            }
            return counts.filter { $0.labels + $0.extras + $0.skips + $0.liveLeases > 0 || $0.lastSubmission != nil }
                .sorted { ($1.labels, $0.user.id) < ($0.labels, $1.user.id) }
        }
    }

    /// Newest first; `before` a label's id to read on.
    public func recentLabels(
        _ project: ProjectID, before: LabelID? = nil, limit: Int = 50
    ) async throws -> [LabelLine] {
        try await read { db in
            try db.rows(
                """
                SELECT u.*, l.id AS label_id, l.state, coalesce(t.adjudicates, l.task_id) AS task_id, t.mode, l.revision,
                    r.submitted_at, r.judgement, r.display_order, t.quality_check, t.adjudicates IS NOT NULL AS decides,
                    p.content, coalesce(t.identity_words, '[]') AS identity_words
                FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                JOIN users u ON u.id = l.user_id JOIN tasks t ON t.id = l.task_id
                JOIN response_groups g ON g.id = t.group_id JOIN prompts p ON p.id = g.prompt_id
                WHERE l.project_id = ? AND l.id < ? ORDER BY l.id DESC LIMIT ?
                """, [project, before ?? LabelID(.max), limit]
            ).map { row in
                let state: String = row["state"]
                let check: String? = row["quality_check"]
                return LabelLine(
                    labelID: row["label_id"], annotator: try User(row: row), taskID: row["task_id"],
                    mode: try row.word("mode"), promptPreview: Preview.line(of: try row.json("content")),
                    revision: row["revision"], kept: state == "extra" ? .extra : .counted,
                    retracted: state == "retracted", submittedAt: row.date("submitted_at"),
                    content: try row.json("judgement"), displayOrder: try row.json("display_order"),
                    identityWords: try row.json("identity_words"), check: check.flatMap(QualityCheck.init(rawValue:)),
                    isDecision: row["decides"])
            }
        }
    }

    /// Agreement and biases over the newest groups that have labels.
    public func quality(_ project: ProjectID, latestGroups: Int = 1000) async throws -> Quality {
        try await read { db in
            var sides = SideBias()
            var slots = SlotCounts()
            var grades = Dictionary(uniqueKeysWithValues: Grade.allCases.map { ($0, 0) })
            var ties = 0
            var bothUnacceptable = 0
            let groups = try db.labelledGroups(of: project, latest: latestGroups) { _, judgement, order in
                switch judgement {
                case .ranking(let ranking): slots.record(ranking, displayOrder: order)
                case .comparison(let comparison):
                    switch comparison.verdict {
                    case .preference(let winner, _, let grade):
                        sides.record(winnerSlot: order.first == winner ? 0 : 1)
                        grades[grade, default: 0] += 1
                    case .tie: ties += 1
                    case .bothUnacceptable: bothUnacceptable += 1
                    }
                }
            }
            return Quality(
                groups: groups.count, agreement: agreement(of: groups), meanTau: meanTau(of: groups),
                orders: OrdinalReliability(ordersOf: groups), gradedSides: OrdinalReliability(gradesOf: groups),
                ratings: OrdinalReliability(ratingsOf: groups), sides: sides,
                slots: slots, grades: grades, ties: ties, bothUnacceptable: bothUnacceptable,
                lengths: LengthPreference(of: groups))
        }
    }

    /// Every policy with responses in the project, or that was current in it, by its number. Wins and losses are of the
    /// newest groups that have labels.
    public func policyTable(_ project: ProjectID, latestGroups: Int = 2000) async throws -> [PolicyStanding] {
        try await read { db in
            let current = try db.project(project)
            var tallies: [String: (groups: Int, wins: Int, losses: Int)] = [:]
            for group in try db.labelledGroups(of: project, latest: latestGroups, { _, _, _ in }) {
                let policyOf = group.group.responses.reduce(into: [String: String]()) { $0[$1.id] = $1.policy }
                for policy in Set(policyOf.values) { tallies[policy, default: (0, 0, 0)].groups += 1 }
                for pair in group.labels.flatMap({ $0.judgement.gradedPairs }) {
                    guard let winner = policyOf[pair.winner], let loser = policyOf[pair.loser], winner != loser
                    else { continue }
                    tallies[winner, default: (0, 0, 0)].wins += 1
                    tallies[loser, default: (0, 0, 0)].losses += 1
                }
            }
            return try db.rows(
                """
                SELECT p.*, (SELECT count(*) FROM responses r JOIN response_groups g ON g.id = r.group_id
                    WHERE r.policy_id = p.id AND g.project_id = ?1) AS responses
                FROM policies p
                WHERE responses > 0 OR p.project_id = ?1
                    OR p.id IN (SELECT policy_id FROM current_policies WHERE project_id = ?1) ORDER BY p.id
                """, [project]
            ).map { row in
                let policy = try Policy(row: row, parents: db.parents(of: "policy", id: row["id"]))
                let tally = tallies[policy.name] ?? (0, 0, 0)
                return PolicyStanding(
                    policy: policy, isCurrent: policy.id == current.currentPolicy,
                    isReference: policy.id == current.referencePolicy, responses: row["responses"],
                    labelledGroups: tally.groups, wins: tally.wins, losses: tally.losses)
            }
        }
    }
}

extension Database {
    fileprivate func skipReasons(_ project: ProjectID) throws -> [SkipReason: Int] {
        try rows(
            """
            SELECT reason, count(*) AS n FROM skips JOIN tasks ON tasks.id = task_id
            WHERE project_id = ? AND reason IS NOT NULL GROUP BY reason
            """, [project]
        ).reduce(into: [:]) { $0[try $1.word("reason")] = $1["n"] as Int }
    }

    /// The newest groups with labels that count, in the order in which they were made. Checks and leads' decisions are left
    /// out.
    /// - Parameter note: is told of each label who gave it, its answer, and the order in which the responses were shown.
    func labelledGroups(
        of project: ProjectID, latest: Int, _ note: (String, Judgement, [String]) -> Void
    ) throws -> [LabelledGroup] {
        let tasks = try rows(
            """
            SELECT id, group_id FROM tasks WHERE project_id = ? AND label_count > 0 AND quality_check IS NULL
                AND adjudicates IS NULL ORDER BY id DESC LIMIT ?
            """, [project, latest]
        ).reversed()
        return try tasks.map { task in
            let labels = try rows(
                """
                SELECT l.public_id, u.handle, r.* FROM labels l JOIN users u ON u.id = l.user_id
                JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                WHERE l.task_id = ? AND l.state = 'active' AND l.kind IN ('ranking', 'comparison') ORDER BY l.id
                """, [task["id"] as Int64]
            ).map { row in
                let judgement: Judgement = try row.json("judgement")
                note(row["handle"], judgement, try row.json("display_order"))
                return GroupLabel(
                    labelID: row["public_id"], annotator: row["handle"], revision: row["revision"], judgement: judgement
                )
            }
            return LabelledGroup(group: try group(task["group_id"]), labels: labels, split: .train)
        }
    }
}
