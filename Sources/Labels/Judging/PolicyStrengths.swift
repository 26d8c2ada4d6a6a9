import GRDB
import Preferences

/// How a policy stands among all policies of a project, from everything that people said of two of them.
public struct PolicyStrength: Sendable, Hashable {
    public let policy: Policy
    /// Natural log-odds against the anchor, and its 95% interval.
    public let strength: Double
    public let interval: ClosedRange<Double>
    /// The expected share of pairs won against the anchor, and its 95% interval.
    public let winRate: Double
    public let winInterval: ClosedRange<Double>
    /// Prompts on which it was compared with another policy.
    public let prompts: Int
    /// Pairs of responses, its own and another policy's, that people put in an order or called equal.
    public let pairs: Int
    public let isAnchor: Bool
}

extension Store {
    /// The Bradley–Terry table of a project's policies: all comparisons and rankings between responses of different
    /// policies, a tie as half a win for each; intervals by drawing the prompts anew. A task that was chosen with a
    /// known probability counts with that probability's inverse, as the tasks that were not chosen would have.
    /// - Parameter latestTasks: how many labelled tasks back it looks.
    /// - Returns: the strongest first; empty where no two policies were compared.
    public func policyStrengths(_ project: ProjectID, latestTasks: Int = 20_000) async throws -> [PolicyStrength] {
        try await read { db in
            let project = try db.project(project)
            let evidence = try db.policyEvidence(project.id, latestTasks: latestTasks)
            let ids = evidence.pairs.keys.sorted()
            guard ids.count > 1 else { return [] }
            let places = Dictionary(
                zip(ids, ids.indices).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
            let units = evidence.wins.keys.sorted().map { prompt in
                BradleyTerryTable.Unit(
                    wins: (evidence.wins[prompt] ?? []).compactMap { won in
                        guard let winner = places[won.winner], let loser = places[won.loser] else { return nil }
                        return .init(winner: winner, loser: loser, count: won.count)
                    })
            }
            // The frozen policy is the natural zero; else the one that was compared most.
            let anchor =
                project.referencePolicy.flatMap { places[$0] }
                ?? ids.indices.max { (evidence.pairs[ids[$0]] ?? 0) < (evidence.pairs[ids[$1]] ?? 0) } ?? 0
            let table = BradleyTerryTable(players: ids.count, units: units, anchor: anchor, seed: 0)
            return try ids.indices.map { place in
                PolicyStrength(
                    policy: try db.policy(ids[place]),
                    strength: table.fit.strengths[place] - table.fit.strengths[anchor],
                    interval: table.intervals[place], winRate: table.fit.probability(place, beats: anchor),
                    winInterval: table.winIntervals[place], prompts: evidence.prompts[ids[place]]?.count ?? 0,
                    pairs: evidence.pairs[ids[place]] ?? 0, isAnchor: place == anchor)
            }.sorted { ($1.strength, $0.policy.id) < ($0.strength, $1.policy.id) }
        }
    }
}

/// Who won against whom on which prompt.
private struct PolicyEvidence {
    struct Won {
        var winner: PolicyID
        var loser: PolicyID
        var count: Double
    }
    var wins: [PromptID: [Won]] = [:]
    var pairs: [PolicyID: Int] = [:]
    var prompts: [PolicyID: Set<PromptID>] = [:]

    mutating func note(_ first: PolicyID, _ second: PolicyID, share: Double, weight: Double, on prompt: PromptID) {
        if share > 0 { wins[prompt, default: []].append(Won(winner: first, loser: second, count: share * weight)) }
        if share < 1 {
            wins[prompt, default: []].append(Won(winner: second, loser: first, count: (1 - share) * weight))
        }
        for policy in [first, second] {
            pairs[policy, default: 0] += 1
            prompts[policy, default: []].insert(prompt)
        }
    }
}

extension Database {
    fileprivate func policyEvidence(_ project: ProjectID, latestTasks: Int) throws -> PolicyEvidence {
        var evidence = PolicyEvidence()
        let tasks = try rows(
            """
            SELECT t.id, t.group_id, t.sampling_probability, g.prompt_id FROM tasks t
            JOIN response_groups g ON g.id = t.group_id
            WHERE t.project_id = ? AND t.label_count > 0 AND t.quality_check IS NULL AND t.mode IN ('ranking', 'comparison')
                AND (SELECT count(DISTINCT policy_id) FROM responses WHERE group_id = g.id) > 1
            ORDER BY t.id DESC LIMIT ?
            """, [project, latestTasks])
        for task in tasks {
            let authors = try rows(
                "SELECT public_id, policy_id FROM responses WHERE group_id = ? AND policy_id IS NOT NULL",
                [task["group_id"] as Int64]
            ).reduce(into: [String: PolicyID]()) { $0[$1["public_id"] as String] = $1["policy_id"] as PolicyID }
            let probability: Double? = task["sampling_probability"]
            let judgements = try rows(
                """
                SELECT r.judgement FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                WHERE l.task_id = ? AND l.state = 'active' AND l.kind IN ('ranking', 'comparison') ORDER BY l.id
                """, [task["id"] as Int64])
            for row in judgements {
                let judgement: Judgement = try row.json("judgement")
                for (first, second, share) in judgement.pairShares {
                    guard let one = authors[first], let other = authors[second], one != other else { continue }
                    evidence.note(one, other, share: share, weight: 1 / (probability ?? 1), on: task["prompt_id"])
                }
            }
        }
        return evidence
    }
}

extension Judgement {
    /// Every pair of responses with the first one's share: 1 where it is better, ½ where neither is.
    fileprivate var pairShares: [(String, String, Double)] {
        let strict = gradedPairs.map { ($0.winner, $0.loser, 1.0) }
        if case .comparison(let comparison) = self, comparison.winner == nil {
            return [(comparison.responseIDs[0], comparison.responseIDs[1], 0.5)]
        }
        let tied = (ranking?.rows ?? []).flatMap { row in
            row.indices.flatMap { first in row[(first + 1)...].map { (row[first], $0, 0.5) } }
        }
        return strict + tied
    }
}
