import GRDB
public import Preferences

/// How sure people were of the tasks of one round, that is between two changes of the current policy.
public struct RoundCertainty: Sendable, Hashable {
    /// How often the policy had changed when the tasks were made.
    public let round: Int
    /// Rankings and comparisons.
    public let answers: Int
    /// Comparisons that prefer one.
    public let graded: Int
    /// Those that are “negligibly better or unsure”.
    public let negligible: Int
    /// Pairs of responses that the answers are about.
    public let pairs: Int
    public let tiedPairs: Int
}

/// What one person prefers whatever the responses say.
public struct AnnotatorHabits: Sendable, Hashable {
    public let user: User
    /// Of comparisons.
    public let sides: SideBias
    public let lengths: LengthPreference
}

extension Store {
    /// The oldest round first. Checks and leads' decisions are left out.
    public func certainty(_ project: ProjectID) async throws -> [RoundCertainty] {
        try await read { db in
            _ = try db.project(project)
            return try db.rows(
                """
                SELECT t.round, count(*) AS answers, sum(r.tied_pairs) AS tied, sum(g.k * (g.k - 1) / 2) AS pairs,
                    sum(json_extract(r.judgement, '$.comparison.grade') IS NOT NULL) AS graded,
                    sum(json_extract(r.judgement, '$.comparison.grade') IS 'negligibly') AS negligible
                FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                JOIN tasks t ON t.id = l.task_id JOIN response_groups g ON g.id = t.group_id
                WHERE l.project_id = ? AND l.state = 'active' AND l.kind IN ('ranking', 'comparison')
                    AND l.derived_from IS NULL AND t.quality_check IS NULL AND t.adjudicates IS NULL
                GROUP BY t.round ORDER BY t.round
                """, [project]
            ).map { row in
                RoundCertainty(
                    round: row["round"], answers: row["answers"], graded: row["graded"], negligible: row["negligible"],
                    pairs: row["pairs"], tiedPairs: row["tied"])
            }
        }
    }

    /// Everybody with labels among the newest groups that have some, by name.
    public func habits(_ project: ProjectID, latestGroups: Int = 1000) async throws -> [AnnotatorHabits] {
        try await read { db in
            var sides: [String: SideBias] = [:]
            let groups = try db.labelledGroups(of: project, latest: latestGroups) { annotator, judgement, order in
                guard case .comparison(let comparison) = judgement, let winner = comparison.winner else { return }
                sides[annotator, default: SideBias()].record(winnerSlot: order.first == winner ? 0 : 1)
            }
            return try Set(groups.flatMap { $0.labels.map(\.annotator) }).map { handle in
                guard let row = try db.row("SELECT * FROM users WHERE handle = ?", [handle]) else {
                    throw StoreError.unknown(what: "annotator", id: handle)
                }
                // Groups without the person's labels would be measured for nothing, once a person.
                let own = groups.compactMap { group in
                    var own = group
                    own.labels.removeAll { $0.annotator != handle }
                    return own.labels.isEmpty ? nil : own
                }
                return AnnotatorHabits(
                    user: try User(row: row), sides: sides[handle] ?? SideBias(), lengths: LengthPreference(of: own))
            }.sorted { ($0.user.name, $0.user.id) < ($1.user.name, $1.user.id) }
        }
    }
}
