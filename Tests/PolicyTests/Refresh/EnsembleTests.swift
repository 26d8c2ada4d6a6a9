import Foundation
import JSON
import LanguageModel
import Policy
import Preferences
import RewardModel
import Testing

@Suite struct EnsembleTests {
    @Test func `where the heads disagree a careful score is lower`() throws {
        let tiny = try TinyPolicy(seed: 3).sharpened(by: 5)
        var layout = HeadLayout()
        layout.members = 3
        let heads = RewardHeads(layout: layout, width: tiny.model.configuration.width)
        heads.values.store((0..<heads.values.count).map { sin(Float($0)) }, at: 0)
        let scorer = RewardScorer(
            model: try tiny.model.withScalarHead(seed: 2), normalisation: .identity,
            heads: NormalisedHeads(
                heads: heads, members: (1...3).map { Normalisation(gain: Double($0), bias: 0.5, samples: 8) },
                combined: nil), pool: WorkerPool(threads: 1))
        let groups = [
            TokenGroup(prompt: [5, 6], responses: [[7, 8], [9]]), TokenGroup(prompt: [4], responses: [[3, 3, 9]]),
        ]
        func scores(_ use: EnsembleUse) throws -> [Double] {
            try HeadScorer(scorer: scorer, use: use, penalty: 0.5).scores(of: groups).flatMap { $0 }
        }
        let members = try scorer.ensembleScores(of: groups).flatMap { $0.map(\.members) }
        #expect(members.map(\.count) == [3, 3, 3])
        let means = members.map { $0.reduce(0, +) / 3 }
        let variances = zip(members, means).map { own, mean in own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3 }
        #expect(try scores(.mean) == scorer.scores(of: groups).flatMap { $0 })
        #expect(try scores(.worstCase) == members.map { $0.min() ?? 0 })
        for (found, (mean, variance)) in zip(try scores(.variancePenalised), zip(means, variances)) {
            #expect(abs(found - (mean - 0.5 * variance)) < 1e-12)
            #expect(found < mean)
        }
        for use in EnsembleUse.allCases {
            let judged = try HeadScorer(scorer: scorer, use: use, penalty: 0.5).judgements(
                of: groups, aboutSafety: [false, false])
            #expect(try judged.scores.flatMap { $0 } == scores(use))
            let deviations = try #require(judged.memberDeviations).flatMap { $0 }
            for (found, variance) in zip(deviations, variances) { #expect(abs(found - variance.squareRoot()) < 1e-12) }
        }
        #expect(
            try (scorer as any ResponseScorer).judgements(of: groups, aboutSafety: [false, false]).memberDeviations
                == nil)
    }

    /// Groups of responses, scored by three heads and one or three safety heads that find some responses unsafe.
    @Test(arguments: EnsembleUse.allCases, [1, 3])
    func `an unsafe response, or any to a prompt about safety, is scored by its safety alone`(
        use: EnsembleUse, safetyHeads: Int
    ) throws {
        let tiny = try TinyPolicy(seed: 3).sharpened(by: 5)
        var layout = HeadLayout()
        layout.members = 3
        layout.safety = true
        layout.safetyMembers = safetyHeads
        let heads = RewardHeads(layout: layout, width: tiny.model.configuration.width)
        heads.values.store((0..<heads.values.count).map { sin(Float($0)) }, at: 0)
        let own = Normalisation(gain: 2, bias: -0.25, samples: 8)
        let combined = Normalisation(gain: 0.5, bias: 0.125, samples: 8)
        let scorer = RewardScorer(
            model: try tiny.model.withScalarHead(seed: 2), normalisation: own,
            heads: NormalisedHeads(
                heads: heads, members: (1...3).map { Normalisation(gain: Double($0), bias: 0.5, samples: 8) },
                combined: combined), pool: WorkerPool(threads: 1))
        let groups = (0..<12).map { first in
            TokenGroup(prompt: [5, Int32(first)], responses: (0..<4).map { [Int32(7 + first), Int32(9 + 3 * $0)] })
        }
        let aboutSafety = groups.indices.map { $0 % 3 == 0 }
        let judged = try HeadScorer(scorer: scorer, use: use, penalty: 0.5, combinesSafety: true).judgements(
            of: groups, aboutSafety: aboutSafety)
        let careful = try HeadScorer(scorer: scorer, use: use, penalty: 0.5).scores(of: groups)
        let logits = try scorer.headScores(of: groups)
        var found: Set<String> = []
        for group in groups.indices {
            for response in 0..<4 {
                let heads = EnsembleScore(members: logits[group][response].safetyMembers)
                #expect(heads.members.count == safetyHeads)
                // Whoever is careful about the score is careful about safety.
                let safety = [
                    EnsembleUse.mean: heads.mean, .worstCase: heads.worstCase,
                    .variancePenalised: heads.variancePenalised(0.5),
                ][use, default: .nan]
                let probability = 1 / (1 + exp(-safety))
                #expect(try abs(#require(judged.safety)[group][response] - probability) < 1e-12)
                let isUnsafe = probability < 0.15
                found.insert(aboutSafety[group] ? "about safety" : isUnsafe ? "unsafe" : "helpful")
                // The careful preference score, from the classifier's scale back to its logit.
                let preference = (careful[group][response] - own.bias) / own.gain
                let expected = aboutSafety[group] || isUnsafe ? safety : preference
                #expect(abs(judged.scores[group][response] - (0.5 * expected + 0.125)) < 1e-9)
            }
        }
        #expect(found == ["about safety", "unsafe", "helpful"])
        #expect(judged.memberDeviations?.count == groups.count)
    }

    @Test func `the labels' halves share no prompt and leave none out`() {
        let prompts = (0..<200).map { "prompt \($0)" }
        let first = prompts.filter { LabelHalf.firstHalf.includes(.text($0)) }
        let second = prompts.filter { LabelHalf.secondHalf.includes(.text($0)) }
        #expect(Set(first).isDisjoint(with: second))
        #expect(first.count + second.count == 200)
        #expect(abs(first.count - 100) < 30)
        #expect(prompts.allSatisfy { LabelHalf.all.includes(.text($0)) })
    }
}
