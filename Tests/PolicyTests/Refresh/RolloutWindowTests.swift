import Policy
import SeededRandom
import Testing

@Suite struct RolloutWindowTests {
    /// Rollouts of one-response groups with words drawn from so many.
    private func rollout(words: Int, seed: UInt64) -> [[SampleStatistics.Sample]] {
        var random = SplitMix64(seed: seed)
        return (0..<40).map { _ in
            let text = (0..<8).map { _ in "w\(Int.random(in: 0..<words, using: &random))" }.joined(separator: " ")
            return [.init(text: text, tokenCount: 8, finished: true)]
        }
    }

    @Test func `only the newest rollouts are kept`() {
        var window = RolloutWindow()
        for seed in 1...6 { window.add(rollout(words: 50, seed: UInt64(seed)), keeping: 4) }
        let newest = (3...6).flatMap { rollout(words: 50, seed: UInt64($0)) }
        #expect(window.rollouts.count == 4)
        #expect(window.statistics == SampleStatistics(groups: newest))
        window.clear()
        #expect(window.rollouts.isEmpty)
    }

    @Test func `a window is compared with as many of the reference's rollouts`() {
        let sets = (1...4).map { rollout(words: 20, seed: UInt64($0)) }
        let reference = ReferenceStatistics(sets)
        #expect(reference.byRollouts.map(\.responses) == [160, 160, 120, 160])
        #expect(reference.byRollouts[3] == SampleStatistics(groups: sets.flatMap { $0 }))
        var window = RolloutWindow()
        for (index, set) in sets.enumerated() {
            window.add(set, keeping: 4)
            let share = window.statistics.distinct2 / reference.comparable(with: window).distinct2
            #expect(abs(share - 1) < 0.1, "\(index + 1) rollouts of the reference itself: \(share)")
        }
        // What it is for: the more text, the smaller the share of different pairs.
        #expect(reference.byRollouts[3].distinct2 < 0.7 * reference.byRollouts[0].distinct2)
    }
}
