import LanguageModel
import Policy
import SeededRandom
import Testing

/// Rewards a token less and less, and at last punishes it: what people think of a policy that overdoes it.
private struct BumpScorer: ResponseScorer {
    let token: Int32

    static func score(share: Double) -> Double { 4 * share - 5 * share * share }

    func scores(of groups: [TokenGroup]) -> [[Double]] {
        groups.map { group in
            group.responses.map { response in
                Self.score(share: Double(response.count { $0 == token }) / Double(response.count))
            }
        }
    }
}

@Suite struct RewardWatchTests {
    /// Rollouts of ten groups of four around a mean, with noise that is a group's own.
    private func rollout(_ mean: Double, seed: UInt64, noise: Double = 0.1) -> [[Double]] {
        var random = SplitMix64(seed: seed)
        return (0..<10).map { _ in
            let own = mean + noise * (random.nextUnit() - 0.5)
            return (0..<4).map { _ in own }
        }
    }

    private func findings(_ rewards: [Double], _ watcher: [Double], noise: Double = 0.1) -> [RewardWatch.Finding] {
        var watch = RewardWatch()
        return rewards.indices.map { index in
            watch.add(
                rewards: rollout(rewards[index], seed: UInt64(index), noise: noise),
                watcher: rollout(watcher[index], seed: UInt64(100 + index), noise: noise), iteration: index, keeping: 2,
                deviations: 2)
        }
    }

    @Test func `while both rise there is a new peak with each rollout and no alarm`() {
        let found = findings([0, 1, 2, 3], [0, 0.5, 1, 1.5])
        #expect(found.allSatisfy { $0.isPeak && $0.alarm == nil })
    }

    @Test func `where the reward rises and the watcher falls they have parted`() throws {
        let found = findings([0, 1, 2, 3, 4], [0, 1, 2, 0.5, -1])
        #expect(found.map(\.isPeak) == [true, true, true, false, false])
        #expect(found.map { $0.alarm != nil } == [false, false, false, true, true])
        let words = try #require(found[3].alarm?.message)
        #expect(words.contains("since iteration 2") && words.contains("disagrees"))
    }

    @Test func `where both fall they agree`() {
        #expect(findings([2, 1, 0, -1], [2, 1, 0, -1]).allSatisfy { $0.alarm == nil })
    }

    @Test func `a fall within the noise is none`() {
        #expect(findings([0, 1, 2, 3], [0, 0.4, 0.35, 0.3], noise: 4).allSatisfy { $0.alarm == nil })
    }

    @Test func `a run that games its reward model stops, and hands out the policy that the watcher liked best`() throws
    {
        var settings = BanditTests.settings
        settings.iterations = 60
        settings.klCoefficient = 0
        settings.limitPressure = 1
        settings.watchPatience = 2
        settings.rolloutsJudged = 2
        let tiny = try TinyRefresh(
            settings: settings, scorer: TokenShareScorer(token: 70), watcher: BumpScorer(token: 70), seed: 1)
        var watched: [Double] = []
        while !tiny.refresh.isOver {
            let scores = try #require(try tiny.refresh.iterate().rollout.watcherScores)
            watched.append(scores.reduce(0, +) / Double(scores.count))
        }
        let state = tiny.refresh.state
        #expect(state.iteration < settings.iterations)
        #expect(try #require(state.stopReason).contains("disagrees"))
        #expect(try tiny.refresh.finish() == nil)
        let kept = try #require(state.goodIteration)
        #expect(kept > 0 && kept < state.iteration)
        let best = try #require(watched.max())
        #expect(watched[kept] > 0.9 * best)
        #expect(watched[watched.count - 1] < watched[kept])
    }

    @Test func `without a watcher nothing is watched`() throws {
        var settings = BanditTests.settings
        settings.iterations = 2
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        while !tiny.refresh.isOver { #expect(try tiny.refresh.iterate().rollout.watcherScores == nil) }
        #expect(tiny.refresh.state.watch == nil)
    }
}
