import GRDB
import Preferences

extension Database {
    /// Asks one person more about a task that the answer in hand makes full, where those who answered disagree and the project
    /// asks for it. Checks, what leads decide, and what decides between two policies keep their overlap.
    func askAnother(where quality: QualitySettings, about lease: LeaseRow) throws {
        let answers = lease.labelCount + 1
        guard quality.mostPeople > lease.overlap, answers > 1, answers >= lease.overlap, lease.mode.isPreference,
            lease.taskState == "open"
        else { return }
        let judgements = try rows(
            """
            SELECT r.judgement FROM tasks t JOIN labels l ON l.task_id = t.id AND l.state = 'active'
                AND l.kind IN ('ranking', 'comparison')
            JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
            WHERE t.id = ? AND t.quality_check IS NULL AND t.adjudicates IS NULL AND t.label_use IS NULL
            """, [lease.task]
        ).map { try $0.json("judgement") as Judgement }
        let rankings = judgements.compactMap(\.ranking)
        let agreement = rankings.indices.reduce(into: PairAgreement()) { sum, first in
            for other in rankings[(first + 1)...] { sum = sum + PairAgreement(rankings[first], other) }
        }
        guard let rate = agreement.rate, rate < quality.leastAgreement else { return }
        try run("UPDATE tasks SET overlap = overlap + 1 WHERE id = ?", [lease.task])
    }
}
