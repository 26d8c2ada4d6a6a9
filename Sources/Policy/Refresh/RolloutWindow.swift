/// The newest rollouts, judged together: one rollout of a hundred responses tells the share of different word pairs to a
/// few hundredths only, which is as much as a refresh may spend of it.
package struct RolloutWindow: Codable, Equatable {
    /// Samples by rollout and group, the newest rollout last.
    package private(set) var rollouts: [[[SampleStatistics.Sample]]] = []

    package init() {}

    package mutating func add(_ rollout: [[SampleStatistics.Sample]], keeping most: Int) {
        rollouts.append(rollout)
        if rollouts.count > most { rollouts.removeFirst(rollouts.count - most) }
    }

    package mutating func clear() { rollouts = [] }

    /// Of all its responses as one set.
    package var statistics: SampleStatistics { SampleStatistics(groups: rollouts.flatMap { $0 }) }
}

/// Statistics of the reference's own samples, for sets of one rollout's responses, of two's, …: the share of different
/// word pairs falls with the number of responses, so that only sets of one size can be compared.
package struct ReferenceStatistics: Codable, Equatable {
    /// Entry n - 1 belongs to n rollouts.
    package var byRollouts: [SampleStatistics]

    /// - Parameter sets: samples of as many rollouts as are ever judged together; smaller numbers are means over as many
    ///   disjoint parts of them as there are.
    package init(_ sets: [[[SampleStatistics.Sample]]]) {
        byRollouts = (1...max(1, sets.count)).map { count in
            SampleStatistics.mean(
                of: stride(from: 0, through: sets.count - count, by: count).map { first in
                    SampleStatistics(groups: sets[first..<first + count].flatMap { $0 })
                })
        }
    }

    /// For a window of so many rollouts.
    package func comparable(with window: RolloutWindow) -> SampleStatistics { of(rollouts: window.rollouts.count) }

    func of(rollouts count: Int) -> SampleStatistics { byRollouts[min(max(1, count), byRollouts.count) - 1] }
}
