import Foundation
import GRDB
import Preferences
import SeededRandom

/// A group that may become a task.
public struct CandidatePlan: Sendable, Hashable {
    /// Its parts together sample as many responses as there are to choose from.
    public let plan: GroupPlan
    /// How many of them the task shows.
    public let shown: Int
}

/// A group that was chosen to become a task.
public struct ChosenGroup: Sendable, Hashable {
    public var group: NewGroup
    /// What it is expected to tell, in nats.
    public var information: Double

    /// - Parameter group: with its sampling probability.
    public init(group: NewGroup, information: Double) {
        self.group = group
        self.information = information
    }
}

extension Store {
    /// Candidates from the prompts that were considered least, in a random order: every prompt is considered once before
    /// any is considered again, so that a candidate stands for no more prompts than itself.
    /// - Throws: as `planSampling` does.
    public func planCandidates(
        _ project: ProjectID, count: Int, seed: UInt64, oversampling: Int
    ) async throws -> [CandidatePlan] {
        try await read { db in
            let project = try db.project(project)
            let mix = try db.resolvedMix(of: project)
            let prompts = try db.rows(
                """
                SELECT id, considered FROM prompts p WHERE project_id = ? AND use = 'ranking'
                    AND \(Database.canBeSampled) ORDER BY considered, id
                """, [project.id, try Database.list(mix.map(\.policy.id))])
            guard !prompts.isEmpty else { throw try db.nothingToSample(in: project, use: .ranking) }
            let ordered = prompts.map { row -> (Int, UInt64, Int64) in
                let id: Int64 = row["id"]
                var generator = SplitMix64(seed: seed, stream: UInt64(bitPattern: id))
                return (row["considered"], generator.next(), id)
            }.sorted { $0 < $1 }
            return try ordered.prefix(count).map { _, _, id in
                var plan = project.groupPlan(
                    for: try db.prompt(ID(id)), from: mix, mode: project.settings.mode, seed: seed)
                let shown = plan.parts.reduce(0) { $0 + $1.count }
                plan.parts = plan.parts.map {
                    PlanPart(
                        policy: $0.policy, temperature: $0.temperature, count: $0.count * oversampling, seed: $0.seed)
                }
                return CandidatePlan(plan: plan, shown: shown)
            }
        }
    }

    /// Makes the tasks of the candidates that were chosen, and notes that all were considered, in one transaction.
    /// - Returns: the tasks of the groups that were entered; none where another policy was made current meanwhile.
    @discardableResult
    public func enterChosen(
        _ chosen: [ChosenGroup], considered: [PromptID], in project: ProjectID
    ) async throws -> [TaskID] {
        let now = now
        let configuration = configuration
        return try await write { db in
            let project = try db.project(project)
            var tasks: [TaskID] = []
            for one in chosen {
                guard let task = try db.enter([one.group], in: project, at: now, configuration: configuration).first
                else { return tasks }
                try db.run("UPDATE tasks SET information = ? WHERE id = ?", [max(0, one.information), task])
                tasks.append(task)
            }
            for prompt in considered {
                try db.run("UPDATE prompts SET considered = considered + 1 WHERE id = ?", [prompt])
            }
            return tasks
        }
    }
}
