import LanguageModel
import Policy
import Testing

@Suite struct BanditTests {
    static var settings: PolicyRefreshSettings {
        var settings = PolicyRefreshSettings()
        settings.iterations = 30
        settings.promptsPerIteration = 8
        settings.responsesPerPrompt = 8
        settings.maximumTokens = 8
        settings.policyLearningRate = 5e-3
        settings.valueLearningRate = 5e-3
        settings.minibatches = 2
        settings.missingEndPenalty = 0
        // Shares of a token are no scores around the reference's mean.
        settings.scoreSaturation = nil
        settings.klCoefficient = 0.05
        settings.approximateKLLimit = 0.2
        settings.klBudget = 1000
        settings.distinctFloor = 0
        settings.endFloor = 0
        settings.groupDiversityFloor = 0
        return settings
    }

    private var settings: PolicyRefreshSettings { Self.settings }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `a rewarded token becomes frequent while the KL stays bounded`(seed: UInt64) throws {
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: seed)
        var scores: [Double] = []
        var divergences: [Double] = []
        while !tiny.refresh.isOver {
            let step = try tiny.refresh.iterate()
            scores.append(step.numbers.score)
            divergences.append(step.numbers.tokenSumKL)
        }
        #expect(scores.count == 30)
        #expect(divergences[0] == 0)
        let before = scores.prefix(3).reduce(0, +) / 3
        let after = scores.suffix(3).reduce(0, +) / 3
        #expect(before < 0.4)
        #expect(after > 1.5)
        #expect(divergences.allSatisfy { $0 < 60 })
    }

    @Test(arguments: PolicyMethod.allCases.filter { $0 != .ppo })
    func `every method finds the rewarded token`(method: PolicyMethod) throws {
        var settings = settings
        settings.method = method
        settings.iterations = 40
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        var scores: [Double] = []
        while !tiny.refresh.isOver { scores.append(try tiny.refresh.iterate().numbers.score) }
        let before = scores.prefix(3).reduce(0, +) / 3
        let after = scores.suffix(3).reduce(0, +) / 3
        #expect(before < 0.4)
        #expect(after > 1.2, "\(method)")
    }

    @Test func `a value head on the policy's trunk serves as well`() throws {
        var settings = settings
        settings.valueNetwork = .shared
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        var scores: [Double] = []
        var losses: [Double] = []
        while !tiny.refresh.isOver {
            let step = try tiny.refresh.iterate()
            scores.append(step.numbers.score)
            losses.append(step.report?.valueLoss ?? 0)
        }
        #expect(scores.suffix(3).reduce(0, +) / 3 > 1.5)
        #expect(losses.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test(arguments: [PolicyMethod.grpo, .ppo]) func `the penalty holds, in the loss as in the reward`(
        method: PolicyMethod
    ) throws {
        var settings = settings
        settings.method = method
        settings.iterations = 20
        func last(_ coefficient: Double) throws -> Double {
            settings.klCoefficient = coefficient
            let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
            var divergence = 0.0
            while !tiny.refresh.isOver { divergence = try tiny.refresh.iterate().numbers.tokenSumKL }
            return divergence
        }
        let (free, held) = (try last(0), try last(2))
        #expect(free > 3)
        #expect(held < 0.4 * free)
    }

    @Test func `a length penalty shortens responses, and an entropy bonus holds the entropy up`() throws {
        func last(_ change: (inout PolicyRefreshSettings) -> Void) throws -> (length: Double, entropy: Double) {
            var settings = settings
            settings.iterations = 20
            settings.missingEndPenalty = 0
            change(&settings)
            let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
            var length = 0.0
            var entropy = 0.0
            while !tiny.refresh.isOver {
                let step = try tiny.refresh.iterate()
                length = step.numbers.statistics.meanLength
                entropy = UpdateDiagnostics.mean(step.rollout.entropies)
            }
            return (length, entropy)
        }
        let plain = try last { _ in }
        #expect(try last { $0.lengthPenalty = 1 }.length < 0.8 * plain.length)
        #expect(try last { $0.entropyCoefficient = 0.3 }.entropy > 1.2 * plain.entropy)
    }

    @Test func `updates end early where the policy has moved too far from the one that sampled`() throws {
        func first(limit: Double) throws -> UpdateReport {
            var settings = settings
            settings.epochs = 3
            settings.approximateKLLimit = limit
            return try #require(
                try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1).refresh.iterate()
                    .report)
        }
        let whole = try first(limit: 1000)
        #expect(whole.steps == 3 * settings.minibatches && !whole.skipped)
        // The first minibatch is seen by the policy that sampled; the second one after a step, which is too far.
        let short = try first(limit: 1e-8)
        #expect(short.steps == 2 && short.skipped)
        #expect(short.approximateKL > 1e-8 && short.approximateKL < whole.approximateKL)
        // Between the two: it goes on while the limit holds.
        let between = try first(limit: whole.approximateKL)
        #expect(between.steps > 2 && between.steps < whole.steps && between.skipped)
    }

    @Test func `a strong KL penalty holds the policy where it is`() throws {
        var settings = settings
        settings.iterations = 15
        func last(_ coefficient: Double) throws -> Double {
            settings.klCoefficient = coefficient
            let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
            var divergence = 0.0
            while !tiny.refresh.isOver { divergence = try tiny.refresh.iterate().numbers.tokenSumKL }
            return divergence
        }
        let free = try last(0)
        let held = try last(2)
        #expect(free > 3)
        #expect(held < 0.25 * free)
    }

    @Test func `the run stops over its KL budget and hands out the newest policy within it`() throws {
        var settings = settings
        settings.klCoefficient = 0
        settings.klBudget = 3
        settings.alarmPatience = 2
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        while !tiny.refresh.isOver { _ = try tiny.refresh.iterate() }
        #expect(try tiny.refresh.finish() == nil)
        let state = tiny.refresh.state
        #expect(state.iteration < settings.iterations)
        #expect(state.stopReason?.contains("KL") == true)
        #expect(try #require(state.good).tokenSumKL <= 3)
        let kept = try #require(state.goodIteration)
        #expect(kept > 0 && kept <= state.iteration - 1)
    }

    @Test func `over a limit the penalty rises with each rollout and falls back as slowly`() throws {
        var settings = settings
        settings.klCoefficient = 0.01
        settings.klBudget = 4
        settings.iterations = 40
        settings.alarmPatience = 40
        /// The mean KL of the last ten rollouts.
        func late(pressure: Double) throws -> Double {
            settings.limitPressure = pressure
            let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
            var expected = 1.0
            var divergences: [Double] = []
            while !tiny.refresh.isOver {
                let step = try tiny.refresh.iterate()
                let isOver = step.alarms.contains(where: \.isLimit)
                expected = min(32, max(1, isOver ? expected * pressure : expected / pressure))
                #expect(abs(step.coefficient / 0.01 / expected - 1) < 1e-9)
                divergences.append(step.numbers.tokenSumKL)
            }
            #expect(tiny.refresh.state.stopReason == nil)
            return divergences.suffix(10).reduce(0, +) / 10
        }
        let (free, pressed) = (try late(pressure: 1), try late(pressure: 1.5))
        #expect(free > 6)
        #expect(pressed < 0.7 * free)
    }

    @Test func `the value network learns what the rewards are`() throws {
        var settings = settings
        settings.policyLearningRate = 1e-9
        settings.iterations = 20
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        var losses: [Double] = []
        while !tiny.refresh.isOver { losses.append(try tiny.refresh.iterate().report?.valueLoss ?? 0) }
        let late = losses.suffix(5).reduce(0, +) / 5
        #expect(late < 0.5 * losses[0])
    }

    @Test func `a moving average that nobody has judged is not handed out`() throws {
        var settings = settings
        settings.averageDecay = 0.9
        settings.klCoefficient = 0
        settings.klBudget = 3
        settings.alarmPatience = 2
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        var judged: [String] = []
        while !tiny.refresh.isOver {
            judged.append("\(tiny.policy.model.parameters.sha256)")
            _ = try tiny.refresh.iterate()
        }
        #expect(try tiny.refresh.finish() == nil)
        let kept = try #require(tiny.refresh.state.goodIteration)
        #expect(kept > 0)
        #expect("\(tiny.refresh.good.sha256)" == judged[kept])
        #expect(tiny.refresh.state.goodIsAverage == false)
    }

    @Test func `a moving average trails the policy and is what is handed out`() throws {
        var settings = settings
        settings.averageDecay = 0.9
        settings.iterations = 4
        let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
        while !tiny.refresh.isOver { _ = try tiny.refresh.iterate() }
        let trained = tiny.policy.model.parameters.sha256
        _ = try tiny.refresh.finish()
        #expect(tiny.refresh.good.sha256 == tiny.refresh.average?.sha256)
        #expect(tiny.refresh.good.sha256 != trained)
        #expect(tiny.refresh.state.goodIsAverage == true)
    }
}
