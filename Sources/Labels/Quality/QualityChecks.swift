import Foundation
import GRDB
import SeededRandom

/// Which check somebody is handed, and when.
///
/// A check takes the place of an open task, so that there is never one where there is nothing else to do: a task that came
/// back on an empty queue would give itself away. It is drawn anew for each task, so that nobody can count to the next.
extension Database {
    /// How many tasks a check is drawn from.
    private static let mostCandidates = 100

    /// The check that this person is handed in the place of an open task; nil for most.
    func qualityCheck(
        for user: UserID, in project: Project, at now: Date, configuration: StoreConfiguration
    ) throws -> TaskID? {
        let quality = project.settings.quality
        let hasGold =
            try quality.goldShare > 0
            && exists(
                """
                SELECT 1 FROM practice_items WHERE project_id = ? AND purpose = 'gold' AND retired_at IS NULL LIMIT 1
                """, [project.id])
        guard hasGold || quality.repeatShare > 0 else { return nil }
        if let begun = try checkGivenBack(by: user, in: project.id) { return begun }
        let draw = configuration.drawnUnit()
        if draw < quality.goldShare { return hasGold ? try gold(for: user, in: project, configuration) : nil }
        guard draw < quality.goldShare + quality.repeatShare else { return nil }
        return try answeredTask(of: user, in: project, configuration).map {
            try repetition(of: $0, in: project, at: now)
        }
    }

    /// A check that the person left without an answer comes back to them as any other task would.
    private func checkGivenBack(by user: UserID, in project: ProjectID) throws -> TaskID? {
        try row(
            """
            SELECT t.id FROM leases x JOIN tasks t ON t.id = x.task_id
            LEFT JOIN practice_items i ON i.task_id = t.id
            WHERE x.user_id = ? AND x.outcome IN ('released', 'expired') AND t.project_id = ?
                AND t.quality_check IS NOT NULL AND i.retired_at IS NULL AND \(Database.unseenByUser)
            ORDER BY x.id LIMIT 1
            """, [user, project, user, user, user])?["id"]
    }

    /// A task with a known answer about responses that the person has never had in hand.
    private func gold(
        for user: UserID, in project: Project, _ configuration: StoreConfiguration
    ) throws -> TaskID? {
        let tasks = try rows(
            """
            SELECT t.id FROM practice_items i JOIN tasks t ON t.id = i.task_id
            WHERE i.project_id = ? AND i.purpose = 'gold' AND i.retired_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM tasks o JOIN leases x ON x.task_id = o.id
                    WHERE o.group_id = t.group_id AND x.user_id = ?)
                AND NOT EXISTS (SELECT 1 FROM tasks o JOIN labels l ON l.task_id = o.id
                    WHERE o.group_id = t.group_id AND l.user_id = ?)
                AND (? OR NOT \(Database.isOwnPrompt))
            ORDER BY i.id LIMIT ?
            """, [project.id, user, user, project.settings.quality.authorsJudgeOwn, user, Database.mostCandidates])
        return configuration.drawn(from: tasks)?["id"]
    }

    /// A ranking or comparison of this person with enough other answers since, and no second time yet. What they compared
    /// in a conversation is left out: they would know their own words.
    private func answeredTask(
        of user: UserID, in project: Project, _ configuration: StoreConfiguration
    ) throws -> TaskID? {
        let edge = try row(
            """
            SELECT changed_at FROM labels WHERE user_id = ? AND project_id = ? AND derived_from IS NULL
                AND state <> 'retracted' ORDER BY changed_at DESC, id DESC LIMIT 1 OFFSET ?
            """, [user, project.id, project.settings.quality.repeatAfter - 1])
        guard let edge: Int64 = edge?["changed_at"] else { return nil }
        let repeated = { (of: String) in
            """
            NOT EXISTS (SELECT 1 FROM tasks o JOIN \(of) x ON x.task_id = o.id
                WHERE o.group_id = t.group_id AND o.quality_check = 'repeat' AND x.user_id = l.user_id)
            """
        }
        let tasks = try rows(
            """
            SELECT t.id FROM labels l JOIN tasks t ON t.id = l.task_id
            WHERE l.user_id = ? AND l.project_id = ? AND l.changed_at < ? AND l.state = 'active'
                AND l.kind IN ('ranking', 'comparison') AND l.derived_from IS NULL AND t.quality_check IS NULL
                AND NOT EXISTS (SELECT 1 FROM conversation_turns c WHERE c.task_id = t.id)
                AND \(repeated("leases")) AND \(repeated("labels"))
            ORDER BY l.changed_at DESC LIMIT ?
            """, [user, project.id, edge, Database.mostCandidates])
        return configuration.drawn(from: tasks)?["id"]
    }

    /// The task that asks for a group's answer once more; one for all who are asked.
    private func repetition(of task: TaskID, in project: Project, at now: Date) throws -> TaskID {
        guard let original = try row("SELECT group_id, mode FROM tasks WHERE id = ?", [task]) else {
            throw StoreError.unknown(what: "task", id: "\(task)")
        }
        let group: GroupID = original["group_id"]
        let mode: TaskMode = try original.word("mode")
        let known = try row(
            "SELECT id FROM tasks WHERE group_id = ? AND mode = ? AND quality_check = 'repeat'", [group, mode.rawValue])
        if let known { return known["id"] }
        let made = try insertTask(
            group: group, project: project, mode: mode, state: "withdrawn", overlap: 1, under: nil, at: now)
        try markAsCheck(made, .repeat)
        return made
    }

    /// Nothing is learnt from a check's labels.
    func markAsCheck(_ task: TaskID, _ check: QualityCheck) throws {
        try run("UPDATE tasks SET quality_check = ?, label_use = 'none' WHERE id = ?", [check.rawValue, task])
    }
}

extension StoreConfiguration {
    /// A random number in [0, 1).
    fileprivate func drawnUnit() -> Double {
        SplitMix64.unit(randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    fileprivate func drawn<Element>(from elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[Int(drawnUnit() * Double(elements.count))]
    }
}
