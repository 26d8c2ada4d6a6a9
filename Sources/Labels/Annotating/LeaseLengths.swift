import Foundation
import GRDB
import Synchronization

/// How long a lease lives without a sign of its person: what the project asks for at least, and three times the 90th
/// percentile of what its tasks take. It is worked out once a minute.
final class LeaseLengths: Sendable {
    private static let longest: Int64 = 24 * 3_600_000
    private static let keptFor: Int64 = 60_000
    /// The newest labels that count.
    private static let looksAt = 200

    private let known = Mutex<[ProjectID: (at: Int64, threefold: Int64)]>([:])

    func milliseconds(
        of project: ProjectID, _ settings: ProjectSettings, _ db: Database, at now: Date
    ) throws -> Int64 {
        let now = now.milliseconds
        let threefold: Int64
        if let found = known.withLock({ $0[project] }), (0..<LeaseLengths.keptFor).contains(now - found.at) {
            threefold = found.threefold
        } else {
            threefold = try 3 * ninetiethPercentile(of: project, db)
            known.withLock { $0[project] = (now, threefold) }
        }
        return min(LeaseLengths.longest, max(Int64(settings.leaseSeconds) * 1000, threefold))
    }

    /// Of the active time where the page measured it, else of the time from the hand-out to the answer.
    private func ninetiethPercentile(of project: ProjectID, _ db: Database) throws -> Int64 {
        let times = try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT min(coalesce(active_ms, submitted_at - issued_at), \(LeaseLengths.longest))
                    FROM label_revisions WHERE project_id = ? AND status = 'counted' ORDER BY id DESC LIMIT ?
                    """), arguments: [project, LeaseLengths.looksAt]
        ).sorted()
        return times.isEmpty ? 0 : max(0, times[(times.count - 1) * 9 / 10])
    }
}
