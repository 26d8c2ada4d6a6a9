import Policy
import Testing

/// β steered towards a wanted KL, and the rates of a run.
@Suite struct KLTargetTests {
    private func refusal(_ change: (inout PolicyRefreshSettings) -> Void) -> String? {
        var settings = PolicyRefreshSettings()
        settings.klTarget = 6
        change(&settings)
        do {
            try settings.validate()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a horizon that could turn the penalty into a reward is refused in words`() throws {
        // 0.2 times the 128 responses of a rollout.
        let refused = try #require(refusal { $0.klHorizon = 25.6 })
        #expect(refused.hasPrefix("kl_horizon: 25.6 is too small for the 128 responses of a rollout"))
        #expect(refused.contains("set it above 25.6"))
        let wide = refusal { $0.klHorizon = 26 }
        #expect(wide == nil)
        let large = try #require(refusal { $0.promptsPerIteration = 2500 })
        #expect(large.hasPrefix("kl_horizon: 2000.0 is too small for the 10000 responses"))
        let fixed = refusal { ($0.klTarget, $0.klHorizon) = (nil, 1) }
        #expect(fixed == nil, "without a target nothing is steered")

        var settings = PolicyRefreshSettings()
        (settings.klTarget, settings.klHorizon) = (6, 26)
        var controller = settings.controller
        for _ in 0..<20 { controller.update(tokenSumKL: 0, responses: 128) }
        #expect(controller.coefficient > 0 && controller.coefficient < 1e-6)
    }

    @Test func `a penalty of 0 that is to be steered is refused in words`() throws {
        let refused = try #require(refusal { $0.klCoefficient = 0 })
        #expect(refused.hasPrefix("kl_coefficient: 0.0 stays 0"))
        #expect(refused.contains("kl_target to null"))
        let fixed = refusal { ($0.klTarget, $0.klCoefficient) = (nil, 0) }
        #expect(fixed == nil)
    }

    @Test func `in a run the penalty follows the KL of its rollouts`() throws {
        var settings = BanditTests.settings
        settings.iterations = 12
        settings.settlingRollouts = 0
        (settings.klTarget, settings.klHorizon) = (0.05, 200)
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        var expected = settings.klCoefficient
        var found: [Double] = []
        while !tiny.refresh.isOver {
            let step = try tiny.refresh.iterate()
            found.append(step.coefficient)
            #expect(abs(step.coefficient / expected - 1) < 1e-9)
            let error = step.numbers.tokenSumKL / 0.05 - 1
            expected *= 1 + min(max(error, -0.2), 0.2) * 64 / 200
        }
        try #require(found.count == 12)
        // The first rollout is the reference's own policy, which is under any target; what has learnt is over this one.
        #expect(abs(found[1] / found[0] - 0.936) < 1e-9)
        #expect(found[11] > found[1])
    }

    @Test func `the rates fall to their last share by the iteration after the last`() {
        let settings = PolicyRefreshSettings()
        #expect(settings.rate(peak: 1, iteration: 0) == 0.5)
        #expect(settings.rate(peak: 1, iteration: 1) == 1)
        #expect(abs(settings.rate(peak: 1, iteration: 24) - (0.1 + 0.9 / 23)) < 1e-6)
        #expect(abs(settings.rate(peak: 1, iteration: 25) - 0.1) < 1e-6)
    }
}
