import Foundation
import GRDB
public import Preferences

extension Store {
    public func practiceStanding(of user: UserID, in project: ProjectID) async throws -> PracticeStanding {
        try await read { db in try db.practiceStanding(of: user, in: db.project(project)) }
    }

    /// Goes through the set once more: a lease on its first task.
    /// - Throws: `StoreError.notAllowed` where the round is not complete, or nothing must be practised.
    public func practiseAgain(_ user: UserID, in project: ProjectID) async throws -> Assignment {
        let now = now
        let configuration = configuration
        let lengths = leaseLengths
        return try await write { db in
            let project = try db.project(project)
            let standing = try db.practiceStanding(of: user, in: project)
            guard !standing.isFree, standing.isComplete else {
                throw StoreError.notAllowed("there is nothing to practise again")
            }
            guard
                let next = try db.practice(
                    for: user, round: standing.round + 1, in: project, lengths: lengths, at: now,
                    configuration: configuration)
            else { throw StoreError.notAllowed("there is nothing to practise again") }
            return next
        }
    }

    /// Keeps an answer to a practice task, and says whether it is right. The same answer again changes nothing.
    /// - Returns: nil where the lease is one of a real task.
    /// - Throws: `StoreError.invalidAnswer`, and what `submit` throws of leases.
    public func answerPractice(
        _ content: LabelContent, token: String, user: UserID
    ) async throws -> PracticeAnswer? {
        // Most leases are of real tasks, and need no writer to know it.
        guard try await read({ db in try db.lease(token: token, of: user).isPractice }) else { return nil }
        let now = now
        return try await write { db in
            let lease = try db.lease(token: token, of: user)
            guard
                let item = try db.row("SELECT id FROM practice_items WHERE task_id = ?", [lease.task])
                    .map({ try db.practiceItem($0["id"]) })
            else { return nil }
            if let kept = try db.row("SELECT id FROM practice_answers WHERE lease_id = ?", [lease.id]) {
                return try db.practiceAnswer(kept["id"], of: user)
            }
            let project = try db.project(lease.project)
            let stored = try lease.stored(content, responseIDs: item.group.responseIDs, project: project)
            guard let answer = stored.judgement else {
                throw StoreError.invalidAnswer("a practice task asks for a ranking or a comparison")
            }
            let isRight = PracticeRule.isRight(
                answer, expected: item.expected,
                hasLine: item.mode == .ranking && project.settings.acceptabilityLine)
            let round = try db.count(
                "SELECT count(*) FROM practice_answers WHERE item_id = ? AND user_id = ?", [item.id, user])
            let id: PracticeAnswerID = try db.insert(
                """
                INSERT INTO practice_answers (item_id, user_id, round, lease_id, answer, is_right, at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [item.id, user, round + 1, lease.id, try JSONLines.line(answer), isRight, now.milliseconds])
            if !lease.closed { try db.close(lease: lease.id, outcome: "submitted", at: now) }
            let standing = try db.practiceStanding(of: user, in: project)
            if standing.isComplete, standing.right >= standing.needed {
                try db.run(
                    "INSERT OR IGNORE INTO practice_passes (project_id, user_id, at) VALUES (?, ?, ?)",
                    [project.id, user, now.milliseconds])
            }
            return try db.practiceAnswer(id, of: user)
        }
    }

    /// One of the person's own practice answers.
    public func practiceAnswer(_ id: PracticeAnswerID, of user: UserID) async throws -> PracticeAnswer {
        try await read { db in try db.practiceAnswer(id, of: user) }
    }
}

extension Database {
    func practiceStanding(of user: UserID, in project: Project) throws -> PracticeStanding {
        let rows = try rows(
            """
            SELECT (SELECT count(*) FROM practice_answers a WHERE a.item_id = i.id AND a.user_id = ?1) AS given,
                (SELECT is_right FROM practice_answers a WHERE a.item_id = i.id AND a.user_id = ?1
                 ORDER BY round DESC LIMIT 1) AS last_is_right
            FROM practice_items i WHERE i.project_id = ?2 AND i.purpose = 'practice' AND i.retired_at IS NULL
            """, [user, project.id])
        let given = rows.map { $0["given"] as Int }
        let round = max(1, given.max() ?? 1)
        let ofRound = rows.filter { $0["given"] as Int == round }
        let passed = try exists(
            "SELECT 1 FROM practice_passes WHERE project_id = ? AND user_id = ?", [project.id, user])
        return PracticeStanding(
            items: rows.count, round: round, answered: ofRound.count,
            right: ofRound.count { ($0["last_is_right"] as Int?) == 1 },
            needed: PracticeRule.needed(rows.count, share: project.settings.feedback.practicePassShare),
            hasPassed: passed)
    }

    /// What somebody is given instead of a real task while they have not passed the project's practice set; nil where real
    /// tasks may be given.
    func practiceInstead(
        of user: UserID, in project: Project, lengths: LeaseLengths, at now: Date, configuration: StoreConfiguration
    ) throws -> NextTask? {
        let hasSet = try exists(
            """
            SELECT 1 FROM practice_items WHERE project_id = ? AND purpose = 'practice' AND retired_at IS NULL LIMIT 1
            """, [project.id])
        guard hasSet else { return nil }
        let standing = try practiceStanding(of: user, in: project)
        if standing.isFree { return nil }
        guard !standing.isComplete,
            let next = try practice(
                for: user, round: standing.round, in: project, lengths: lengths, at: now,
                configuration: configuration)
        else { return .nothing(.practiceNotPassed(right: standing.right, of: standing.items, needed: standing.needed)) }
        return .task(next)
    }

    /// A lease on the first task that has fewer answers than rounds.
    func practice(
        for user: UserID, round: Int, in project: Project, lengths: LeaseLengths, at now: Date,
        configuration: StoreConfiguration
    ) throws -> Assignment? {
        let task: TaskID? = try row(
            """
            SELECT i.task_id FROM practice_items i WHERE i.project_id = ? AND i.purpose = 'practice' AND i.retired_at IS NULL
                AND (SELECT count(*) FROM practice_answers a WHERE a.item_id = i.id AND a.user_id = ?) < ?
            ORDER BY i.id LIMIT 1
            """, [project.id, user, round])?["task_id"]
        guard let task else { return nil }
        let lease = try liveOrNewLease(
            on: task, for: user, settings: project.settings, lengths: lengths, at: now, configuration: configuration)
        return try assignment(lease, settings: project.settings)
    }

    fileprivate func practiceAnswer(_ id: PracticeAnswerID, of user: UserID) throws -> PracticeAnswer {
        guard
            let row = try row(
                """
                SELECT a.*, leases.token FROM practice_answers a JOIN leases ON leases.id = a.lease_id
                WHERE a.id = ? AND a.user_id = ?
                """, [id, user])
        else { throw StoreError.unknown(what: "practice answer", id: "\(id)") }
        let lease = try lease(token: row["token"], of: user)
        let item = try practiceItem(row["item_id"])
        let ids = item.group.responseIDs
        let names = Dictionary(
            zip(lease.order, lease.names).map { position, name in (ids[position], name) },
            uniquingKeysWith: { first, _ in first })
        let answer: Judgement = try row.json("answer")
        let shown = zip(lease.order, lease.names).enumerated().map { slot, pair in
            ShownResponse(
                id: pair.1, letter: DisplayOrder.letter(slot: slot), text: item.group.responses[pair.0].text)
        }
        let project = try project(item.project)
        return PracticeAnswer(
            id: id, project: project.id, prompt: item.group.prompt, responses: shown,
            answer: try answer.renamed(names), expected: try item.expected.renamed(names), isRight: row["is_right"],
            explanation: item.explanation, standing: try practiceStanding(of: user, in: project))
    }
}
