import GRDB

/// How long a project's answers took, as distributions. They are for leads to look at; nobody's answer is refused, or
/// counts less, because of its time.
public struct TimeDistribution: Sendable, Hashable {
    /// Answers whose active time is from `from` up to, not with, `below` seconds; the last has no end.
    public struct Bin: Sendable, Hashable {
        public let from: Int
        public let below: Int?
        public let answers: Int
    }

    /// The middle and the ends of one person's active times, in seconds.
    public struct Person: Sendable, Hashable {
        public let name: String
        public let answers: Int
        public let p10: Double
        public let p50: Double
        public let p90: Double
        /// Answers that took under a quarter of everybody's median: perhaps without reading.
        public let fast: Int
    }

    /// Edges in seconds; each bin is about twice as wide as the one before.
    public static let edges = [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280]

    public let bins: [Bin]
    public let everybody: Person?
    /// By name.
    public let people: [Person]
    /// Answers that came without a measured time: from pages without scripts, or imported.
    public let unmeasured: Int
    /// Of the responses that were looked at: active seconds with the focus or the pointer on one, the middle value.
    public let medianDwell: Double?
    /// Answers in which the raw text, or the difference between two texts, was turned on.
    public let withRaw: Int
    public let withDiff: Int
}

extension Store {
    /// The newest answers of a project that count, at most `latest`.
    public func timeDistribution(_ project: ProjectID, latest: Int = 20_000) async throws -> TimeDistribution {
        try await read { db in
            _ = try db.project(project)
            let rows = try db.rows(
                """
                SELECT u.name, r.active_ms, r.effort FROM label_revisions r JOIN labels l ON l.id = r.label_id
                JOIN users u ON u.id = l.user_id WHERE r.project_id = ? AND r.status = 'counted'
                    AND r.revision = l.revision AND l.state = 'active' AND l.derived_from IS NULL
                ORDER BY r.id DESC LIMIT ?
                """, [project, latest])
            var times: [String: [Double]] = [:]
            var dwells: [Double] = []
            var (unmeasured, withRaw, withDiff) = (0, 0, 0)
            for row in rows {
                let milliseconds: Int64? = row["active_ms"]
                if let milliseconds { times[row["name"], default: []].append(Double(milliseconds) / 1000) }
                if milliseconds == nil { unmeasured += 1 }
                guard row["effort"] as String? != nil else { continue }
                let effort: Effort = try row.json("effort")
                dwells += effort.responses.values.map { Double($0.dwellMilliseconds) / 1000 }
                if effort.used["raw"] ?? 0 > 0 { withRaw += 1 }
                if effort.used["diff"] ?? 0 > 0 { withDiff += 1 }
            }
            let all = times.values.flatMap(\.self).sorted()
            let median = TimeDistribution.quantile(0.5, of: all) ?? 0
            return TimeDistribution(
                bins: TimeDistribution.bins(of: all),
                everybody: TimeDistribution.person("Everybody", all, fastUnder: median / 4),
                people: times.sorted { $0.key < $1.key }.compactMap {
                    TimeDistribution.person($0.key, $0.value.sorted(), fastUnder: median / 4)
                },
                unmeasured: unmeasured, medianDwell: TimeDistribution.quantile(0.5, of: dwells.sorted()),
                withRaw: withRaw, withDiff: withDiff)
        }
    }
}

extension TimeDistribution {
    fileprivate static func bins(of sorted: [Double]) -> [Bin] {
        edges.enumerated().map { index, from in
            let below = index + 1 < edges.count ? edges[index + 1] : nil
            let end = below.map(Double.init) ?? .infinity
            let inside = sorted.count { $0 >= Double(from) && $0 < end }
            return Bin(from: from, below: below, answers: inside)
        }
    }

    fileprivate static func person(_ name: String, _ sorted: [Double], fastUnder limit: Double) -> Person? {
        guard let p10 = quantile(0.1, of: sorted), let p50 = quantile(0.5, of: sorted),
            let p90 = quantile(0.9, of: sorted)
        else { return nil }
        return Person(
            name: name, answers: sorted.count, p10: p10, p50: p50, p90: p90, fast: sorted.count { $0 < limit })
    }

    /// Between the two nearest values, in proportion.
    fileprivate static func quantile(_ share: Double, of sorted: [Double]) -> Double? {
        guard let last = sorted.last else { return nil }
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}
