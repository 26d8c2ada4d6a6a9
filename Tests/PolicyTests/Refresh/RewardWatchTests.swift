import Foundation
import JSON
import LanguageModel
import Policy
import SeededRandom
import Synchronization
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

/// Gives every response of a rollout the same score: the next of a list.
private final class ScriptedScorer: ResponseScorer {
    private let left: Mutex<[Double]>

    init(_ scores: [Double]) { left = Mutex(scores.reversed()) }

    func scores(of groups: [TokenGroup]) -> [[Double]] {
        let score = left.withLock { $0.popLast() ?? 0 }
        return groups.map { $0.responses.map { _ in score } }
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

    @Test func `a peak over a limit keeps no later policy from being handed out`() throws {
        var settings = BanditTests.settings
        settings.iterations = 5
        settings.policyLearningRate = 1e-9
        settings.klBudget = 0.5
        settings.alarmPatience = 10
        settings.rolloutsJudged = 1
        let tiny = try TinyRefresh(
            settings: settings, scorer: ScriptedScorer([0, 0, 0, 0, 0]),
            watcher: ScriptedScorer([1, 5, 2, 1.5, 3]), seed: 1)
        let weights = tiny.policy.model.parameters
        let start = weights.array(0..<weights.count)
        var kept: [Int?] = []
        while !tiny.refresh.isOver {
            let isFar = tiny.refresh.state.iteration == 1
            weights.store(isFar ? start.map { $0 * 3 } : start, at: 0)
            let step = try tiny.refresh.iterate()
            #expect(step.alarms.contains { $0.isLimit } == isFar)
            kept.append(tiny.refresh.state.goodIteration)
        }
        #expect(kept == [0, 0, 2, 2, 4])
    }

    @Test func `a checkpoint without the kept policy's score is read, and goes on as it was written`() throws {
        func look(_ watcher: Double, in watch: inout RewardWatch, _ iteration: Int) -> RewardWatch.Finding {
            watch.add(
                rewards: [[0], [0]], watcher: [[watcher], [watcher]], iteration: iteration, keeping: 1, deviations: 2)
        }
        var watch = RewardWatch()
        let first = look(2, in: &watch, 0)
        watch.keep(first)
        #expect(try JSONValue(encoding: watch).decoded(as: RewardWatch.self) == watch)
        var fields = try #require(try JSONValue(encoding: watch).objectValue)
        #expect(fields.removeValue(forKey: "kept")?.doubleValue == 2)
        var old = try JSONValue.object(fields).decoded(as: RewardWatch.self)
        // What was kept was a peak: a worse policy does not take its place, a better one does.
        let worse = look(1, in: &old, 1)
        #expect(!old.isBest(worse, hasKept: true) && old.isBest(worse, hasKept: false))
        let better = look(3, in: &old, 2)
        #expect(old.isBest(better, hasKept: true))
        old.keep(better)
        let between = look(2.5, in: &old, 3)
        #expect(!old.isBest(between, hasKept: true))
    }

    @Test func `without a watcher nothing is watched`() throws {
        var settings = BanditTests.settings
        settings.iterations = 2
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        while !tiny.refresh.isOver { #expect(try tiny.refresh.iterate().rollout.watcherScores == nil) }
        #expect(tiny.refresh.state.watch == nil)
    }
}
