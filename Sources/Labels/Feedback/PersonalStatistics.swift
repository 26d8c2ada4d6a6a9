public import Foundation
import GRDB
public import Preferences

/// What one person did in a project, as they and their leads see it.
public struct PersonalStatistics: Sendable, Hashable {
    /// Answers of one day (UTC), by kind.
    public struct Day: Sendable, Hashable {
        /// Midnight at its beginning.
        public let date: Date
        public let answers: [TaskMode: Int]
        public var total: Int { answers.values.reduce(0, +) }
    }

    /// Newest first; days without an answer are left out.
    public let days: [Day]
    /// Answers that count or are extras, over all days, by kind.
    public let answers: [TaskMode: Int]
    /// Active seconds in the median, by kind; kinds without a measured time are left out.
    public let medianSeconds: [TaskMode: Double]
    /// With others who answered the same tasks, over the newest of them.
    public let agreement: PairAgreement
    /// Tasks that others answered, too.
    public let sharedTasks: Int
    /// Of comparisons, the side that won.
    public let sides: SideBias
    /// Answers that came after their task was full.
    public let extras: Int
    /// Answers that were taken back, each time.
    public let undone: Int
    public let skips: Int
}

extension Store {
    /// - Parameters:
    ///   - days: how many of the newest days with answers.
    ///   - latest: how many of the newest shared tasks the agreement is over.
    public func statistics(
        of user: UserID, in project: ProjectID, days: Int = 30, latest: Int = 500
    ) async throws -> PersonalStatistics {
        try await read { db in
            _ = try db.project(project)
            let counts = try db.rows(
                """
                SELECT t.mode, r.submitted_at / 86400000 AS day, count(*) AS n, sum(l.state = 'extra') AS extras
                FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                JOIN tasks t ON t.id = l.task_id
                WHERE l.user_id = ? AND l.project_id = ? AND l.state <> 'retracted' AND l.derived_from IS NULL
                GROUP BY t.mode, day ORDER BY day DESC
                """, [user, project])
            var byDay: [Int64: [TaskMode: Int]] = [:]
            var answers: [TaskMode: Int] = [:]
            for row in counts {
                let mode: TaskMode = try row.word("mode")
                byDay[row["day"], default: [:]][mode] = row["n"]
                answers[mode, default: 0] += row["n"] as Int
            }
            let newest = byDay.keys.sorted(by: >).prefix(days).map { day in
                PersonalStatistics.Day(date: Date(milliseconds: day * 86_400_000), answers: byDay[day] ?? [:])
            }
            let shared = try db.sharedGroups(of: user, in: project, latest: latest)
            return PersonalStatistics(
                days: newest, answers: answers, medianSeconds: try db.medianSeconds(of: user, in: project),
                agreement: agreement(of: shared.groups), sharedTasks: shared.tasks,
                sides: try db.sides(of: user, in: project),
                extras: counts.reduce(0) { $0 + ($1["extras"] as Int) },
                undone: try db.count(
                    """
                    SELECT count(*) FROM label_revisions r JOIN labels l ON l.id = r.label_id
                    WHERE l.user_id = ? AND l.project_id = ? AND r.status = 'retraction' AND l.derived_from IS NULL
                    """, [user, project]),
                skips: try db.count(
                    "SELECT count(*) FROM skips s JOIN tasks t ON t.id = s.task_id WHERE s.user_id = ? AND t.project_id = ?",
                    [user, project]))
        }
    }
}

extension Database {
    /// Answers of real tasks since midnight, UTC.
    func answersToday(of user: UserID, in project: ProjectID, at now: Date) throws -> Int {
        let midnight = now.milliseconds - now.milliseconds % 86_400_000
        return try count(
            """
            SELECT count(*) FROM labels WHERE user_id = ? AND project_id = ? AND changed_at >= ?
                AND state <> 'retracted' AND derived_from IS NULL
            """, [user, project, midnight])
    }

    fileprivate func medianSeconds(of user: UserID, in project: ProjectID) throws -> [TaskMode: Double] {
        let rows = try rows(
            """
            SELECT t.mode, r.active_ms FROM labels l
            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision JOIN tasks t ON t.id = l.task_id
            WHERE l.user_id = ? AND l.project_id = ? AND l.state <> 'retracted' AND r.active_ms IS NOT NULL
            ORDER BY r.active_ms
            """, [user, project])
        var times: [TaskMode: [Double]] = [:]
        for row in rows { times[try row.word("mode"), default: []].append(Double(row["active_ms"] as Int64)) }
        return times.mapValues { ($0[($0.count - 1) / 2] + $0[$0.count / 2]) / 2000 }
    }

    /// One group for each other person who answered one of this person's tasks: their two labels.
    fileprivate func sharedGroups(
        of user: UserID, in project: ProjectID, latest: Int
    ) throws -> (groups: [LabelledGroup], tasks: Int) {
        let tasks = try rows(
            """
            SELECT l.task_id, t.group_id FROM labels l JOIN tasks t ON t.id = l.task_id
            WHERE l.user_id = ? AND l.project_id = ? AND l.state = 'active' AND l.kind IN ('ranking', 'comparison')
                AND l.derived_from IS NULL AND t.label_count > 1 AND t.quality_check IS NULL
            ORDER BY l.id DESC LIMIT ?
            """, [user, project, latest])
        var groups: [LabelledGroup] = []
        for task in tasks {
            let group = try group(task["group_id"])
            let labels = try rows(
                """
                SELECT l.public_id, l.user_id, u.handle, r.revision, r.judgement FROM labels l
                JOIN users u ON u.id = l.user_id
                JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                WHERE l.task_id = ? AND l.state = 'active' ORDER BY l.id
                """, [task["task_id"] as TaskID]
            ).map { row in
                (
                    isOwn: row["user_id"] as UserID == user,
                    label: GroupLabel(
                        labelID: row["public_id"], annotator: row["handle"], revision: row["revision"],
                        judgement: try row.json("judgement"))
                )
            }
            guard let own = labels.first(where: \.isOwn) else { continue }
            for other in labels where !other.isOwn {
                groups.append(LabelledGroup(group: group, labels: [own.label, other.label], split: .train))
            }
        }
        return (groups, tasks.count)
    }

    fileprivate func sides(of user: UserID, in project: ProjectID) throws -> SideBias {
        var sides = SideBias()
        let rows = try rows(
            """
            SELECT r.judgement, r.display_order FROM labels l
            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            WHERE l.user_id = ? AND l.project_id = ? AND l.kind = 'comparison' AND l.state <> 'retracted'
            """, [user, project])
        for row in rows {
            let judgement: Judgement = try row.json("judgement")
            let order: [String] = try row.json("display_order")
            guard let winner = judgement.gradedPairs.first?.winner else { continue }
            sides.record(winnerSlot: order.first == winner ? 0 : 1)
        }
        return sides
    }
}
