import Foundation
import LanguageModel
import Policy
import Testing

@Suite struct SettlingTests {
    /// A refresh after one iteration that learnt next to nothing, whose policy to hand out is then given other weights.
    private func refresh(
        distinctFloor: Double, sharpenedBy factor: Float, settlingRollouts: Int = 8,
        referenceTuning: TuningMethod? = nil
    ) throws -> (TinyRefresh, [Float], [Float]) {
        var settings = BanditTests.settings
        settings.iterations = 1
        settings.settlingRollouts = settlingRollouts
        settings.policyLearningRate = 1e-9
        settings.distinctFloor = distinctFloor
        let tiny = try TinyRefresh(
            settings: settings, scorer: TokenShareScorer(token: 70), seed: 1, referenceTuning: referenceTuning)
        let reference = tiny.policy.model.parameters
        let start = reference.array(0..<reference.count)
        _ = try tiny.refresh.iterate()
        let trained = start.map { $0 * factor }
        tiny.refresh.good.store(trained, at: 0)
        return (tiny, start, trained)
    }

    private func weights(_ tiny: TinyRefresh) -> [Float] {
        tiny.refresh.good.array(0..<tiny.refresh.good.count)
    }

    @Test func `a policy within its limits is handed out as it is`() throws {
        let (tiny, _, trained) = try refresh(distinctFloor: 0.5, sharpenedBy: 1.001)
        let settlement = try #require(try tiny.refresh.settle { tiny.refresh.good })
        #expect(settlement.share == 1)
        #expect(settlement.limits.isEmpty)
        #expect(weights(tiny) == trained)
        #expect(tiny.refresh.state.good?.statistics.responses == 512)
    }

    @Test func `one that repeats itself is led back on the line to the reference until it does not`() throws {
        let (tiny, start, trained) = try refresh(distinctFloor: 0.8, sharpenedBy: 3)
        let reference = try #require(tiny.refresh.state.reference.byRollouts.last)
        let settlement = try #require(try tiny.refresh.settle { tiny.refresh.good })
        #expect(settlement.share > 0 && settlement.share < 1)
        #expect(settlement.share * 16 == (settlement.share * 16).rounded())
        #expect(settlement.limits.count == 1)
        #expect(settlement.limits[0].hasPrefix("repetition"))
        let expected = zip(start, trained).map {
            Float(Double($0) + settlement.share * (Double($1) - Double($0)))
        }
        #expect(weights(tiny) == expected)
        let model = tiny.policy.model.parameters
        #expect(model.array(0..<model.count) == expected, "it is what the model holds")
        let good = try #require(tiny.refresh.state.good)
        #expect(good.statistics.distinct2 >= 0.8 * reference.distinct2)
        #expect(good.tokenSumKL > 0)
    }

    @Test func `where nothing on the line will do it is the policy that the run started from`() throws {
        let (tiny, start, _) = try refresh(distinctFloor: 1, sharpenedBy: 100)
        let begun = FloatBuffer(count: start.count)
        begun.store(start, at: 0)
        let settlement = try #require(try tiny.refresh.settle { begun })
        #expect(settlement.share == 0)
        #expect(weights(tiny) == start)
        #expect(tiny.refresh.state.goodIteration == nil)
        #expect(tiny.refresh.state.good == nil)
    }

    /// The line would lead to the reference's weights without what stands beside them, which is not the reference.
    @Test func `where the reference has adapters of its own nothing is judged`() throws {
        let (tiny, _, trained) = try refresh(
            distinctFloor: 0.8, sharpenedBy: 3, referenceTuning: .bottleneck(BottleneckSettings(width: 4)))
        #expect(try tiny.refresh.settle { tiny.refresh.good } == nil)
        #expect(weights(tiny) == trained)
        let model = tiny.policy.model.parameters
        #expect(model.array(0..<model.count) == trained, "it is what the model holds")
        #expect(tiny.refresh.state.goodIteration == 0)
    }

    /// Settles with a stop after every so many rollouts, each taken up again.
    private func settled(
        stoppedEvery most: Int
    ) throws -> (settlement: Settlement?, weights: [Float], state: RefreshState, rollouts: Int, stops: Int) {
        struct Stopped: Error {}
        let (tiny, start, _) = try refresh(distinctFloor: 0.8, sharpenedBy: 3, settlingRollouts: 2)
        let begun = FloatBuffer(count: start.count)
        begun.store(start, at: 0)
        var (rollouts, stops) = (0, 0)
        while true {
            var left = most
            do {
                let settlement = try tiny.refresh.settle(
                    start: { begun },
                    betweenRollouts: {
                        if left == 0 { throw Stopped() }
                        left -= 1
                        rollouts += 1
                    })
                return (settlement, weights(tiny), tiny.refresh.state, rollouts, stops)
            } catch is Stopped {
                stops += 1
                let state = tiny.refresh.state
                #expect(state.settling?.rollouts == rollouts)
                let written = try JSONEncoder().encode(state)
                #expect(try JSONDecoder().decode(RefreshState.self, from: written) == state)
            }
        }
    }

    @Test func `stops cost no rollout and change nothing`() throws {
        let whole = try settled(stoppedEvery: 1000)
        #expect(whole.stops == 0)
        let share = try #require(whole.settlement?.share)
        #expect(share < 1)
        // Two for the trained weights and for each of four halvings, and one of what is handed out of the line.
        #expect(whole.rollouts == (share > 0 ? 11 : 10))
        let stopped = try settled(stoppedEvery: 3)
        #expect(stopped.stops == 3)
        #expect(stopped.rollouts == whole.rollouts)
        #expect(stopped.settlement == whole.settlement)
        #expect(stopped.weights == whole.weights)
        #expect(stopped.state == whole.state)
    }

    @Test func `it can be switched off`() throws {
        var settings = BanditTests.settings
        settings.settlingRollouts = 0
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        _ = try tiny.refresh.iterate()
        #expect(try tiny.refresh.settle { tiny.refresh.good } == nil)
    }
}
