import JSON
import LanguageModel
import Policy
import SeededRandom
import Testing

/// Rewards a token, and says that its heads disagree the more the more of it there is.
private struct PartingScorer: ResponseScorer {
    let token: Int32
    let growth: Double

    func scores(of groups: [TokenGroup]) -> [[Double]] { TokenShareScorer(token: token).scores(of: groups) }

    func judgements(of groups: [TokenGroup], aboutSafety: [Bool]) -> ScoredResponses {
        let scores = scores(of: groups)
        return ScoredResponses(scores: scores, memberDeviations: scores.map { $0.map { 0.2 + growth * $0 } })
    }
}

@Suite struct MemberWatchTests {
    /// Rollouts of ten groups of four around a mean, with noise that is a group's own.
    private func rollout(_ mean: Double, seed: UInt64, noise: Double = 0.1) -> [[Double]] {
        var random = SplitMix64(seed: seed)
        return (0..<10).map { _ in [Double](repeating: mean + noise * (random.nextUnit() - 0.5), count: 4) }
    }

    private func alarms(_ rewards: [Double], _ deviations: [Double], noise: Double = 0.1) -> [RefreshAlarm?] {
        var watch = MemberWatch()
        return rewards.indices.map { index in
            watch.add(
                rewards: rollout(rewards[index], seed: UInt64(index), noise: noise),
                deviations: rollout(deviations[index], seed: UInt64(100 + index), noise: noise), iteration: index,
                keeping: 1, drift: 1.5, errors: 2)
        }
    }

    @Test func `where the reward rises and the heads part people are told, in words`() throws {
        let found = alarms([0, 0.5, 1, 1.5], [0.4, 0.45, 0.8, 1])
        #expect(found.map { $0 != nil } == [false, false, true, true])
        let alarm = try #require(found[2])
        #expect(alarm.kind == .heads && !alarm.isLimit)
        #expect(alarm.message.contains("the reward rises while the heads of the reward model disagree more"))
    }

    @Test func `heads that stay together, or part while the reward falls, are no alarm`() {
        #expect(alarms([0, 1, 2, 3], [0.4, 0.45, 0.5, 0.55]).allSatisfy { $0 == nil })
        #expect(alarms([2, 1, 0, -1], [0.4, 0.8, 1.2, 1.6]).allSatisfy { $0 == nil })
    }

    @Test func `a growth within the noise is none`() {
        #expect(alarms([0, 1, 2, 3], [0.4, 0.6, 0.65, 0.7], noise: 4).allSatisfy { $0 == nil })
    }

    @Test func `it is judged over the newest rollouts, and goes on from a checkpoint`() throws {
        var watch = MemberWatch()
        func add(_ reward: Double, _ deviation: Double, at iteration: Int) -> RefreshAlarm? {
            watch.add(
                rewards: rollout(reward, seed: 1), deviations: rollout(deviation, seed: 2, noise: 0.01),
                iteration: iteration, keeping: 3, drift: 1.5, errors: 2)
        }
        #expect(add(0, 0.4, at: 0) == nil && add(1, 0.4, at: 1) == nil && add(1, 0.4, at: 2) == nil)
        #expect(add(1, 0.9, at: 3) == nil)
        watch = try JSONValue(encoding: watch).decoded(as: MemberWatch.self)
        #expect(watch.partedAt == nil)
        #expect(add(1, 0.9, at: 4) != nil)
        #expect(watch.partedAt == 4)
        // The average's samples are another policy's.
        watch.clearWindow()
        #expect(add(1, 0.4, at: 5) == nil)
        #expect(watch.partedAt == 4)
    }

    @Test(arguments: [0.0, 1.0]) func `a run warns where its reward is a guess, and goes on`(growth: Double) throws {
        var settings = BanditTests.settings
        settings.iterations = 25
        settings.klCoefficient = 0
        settings.rolloutsJudged = 2
        let tiny = try TinyRefresh(settings: settings, scorer: PartingScorer(token: 70, growth: growth), seed: 1)
        var alarms: [RefreshAlarm] = []
        while !tiny.refresh.isOver { alarms += try tiny.refresh.iterate().alarms.filter { $0.kind == .heads } }
        let state = tiny.refresh.state
        #expect(state.iteration == settings.iterations && state.stopReason == nil)
        #expect(alarms.isEmpty == (growth == 0))
        #expect((state.memberWatch?.partedAt != nil) == (growth > 0))
    }
}
