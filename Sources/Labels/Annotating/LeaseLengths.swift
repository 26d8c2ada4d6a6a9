import Foundation
import GRDB
import Synchronization

/// How long a lease lives without a sign of its person: what the project asks for at least, and three times the 90th
/// percentile of what tasks of that kind take in it, up to a day. It is worked out once a minute.
final class LeaseLengths: Sendable {
    static let longest: Int64 = 24 * 3_600_000
    private static let keptFor: Int64 = 60_000
    /// The newest labels that count.
    private static let looksAt = 200
    /// Of fewer answers no percentile is taken.
    static let fewest = 10

    private struct Kind: Hashable {
        let project: ProjectID
        let mode: TaskMode
    }

    private let known = Mutex<[Kind: (at: Int64, threefold: Int64)]>([:])

    func milliseconds(
        of mode: TaskMode, in project: ProjectID, _ settings: ProjectSettings, _ db: Database, at now: Date
    ) throws -> Int64 {
        let now = now.milliseconds
        let kind = Kind(project: project, mode: mode)
        let threefold: Int64
        if let found = known.withLock({ $0[kind] }), (0..<LeaseLengths.keptFor).contains(now - found.at) {
            threefold = found.threefold
        } else {
            threefold = try 3 * (LeaseLengths.ninetiethPercentile(of: mode, in: project, db) ?? 0)
            known.withLock { $0[kind] = (now, threefold) }
        }
        return LeaseLengths.bounded(threefold, settings)
    }

    static func bounded(_ milliseconds: Int64, _ settings: ProjectSettings) -> Int64 {
        min(longest, max(Int64(settings.leaseSeconds) * 1000, milliseconds))
    }

    /// Of the active time where the page measured it, else of the time from the hand-out to the answer; nil of too few
    /// answers.
    static func ninetiethPercentile(of mode: TaskMode, in project: ProjectID, _ db: Database) throws -> Int64? {
        let times = try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT min(coalesce(r.active_ms, r.submitted_at - r.issued_at), \(longest))
                    FROM labels l JOIN label_revisions r ON r.label_id = l.id AND r.revision = l.revision
                    WHERE l.project_id = ? AND l.kind = ? AND l.state = 'active' AND l.derived_from IS NULL
                    ORDER BY l.id DESC LIMIT ?
                    """), arguments: [project, mode.rawValue, looksAt]
        ).sorted()
        return times.count < fewest ? nil : max(0, times[(times.count - 1) * 9 / 10])
    }
}

/// After how long a task of one kind is taken back.
public struct LeaseLength: Sendable, Hashable {
    public let mode: TaskMode
    public let seconds: Int
    /// Nine of ten tasks of the kind take at most so long; nil while there are too few answers to say.
    public let ninetiethPercentile: Double?
}

extension Store {
    /// For the project's mode and each other kind that was answered.
    public func leaseLengths(of project: ProjectID) async throws -> [LeaseLength] {
        try await read { db in
            let project = try db.project(project)
            return try TaskMode.allCases.compactMap { mode in
                let isAsked = try db.exists(
                    "SELECT 1 FROM labels WHERE project_id = ? AND kind = ? LIMIT 1", [project.id, mode.rawValue])
                guard isAsked || mode == project.settings.mode else { return nil }
                let found = try LeaseLengths.ninetiethPercentile(of: mode, in: project.id, db)
                return LeaseLength(
                    mode: mode, seconds: Int(LeaseLengths.bounded(3 * (found ?? 0), project.settings) / 1000),
                    ninetiethPercentile: found.map { Double($0) / 1000 })
            }
        }
    }
}
