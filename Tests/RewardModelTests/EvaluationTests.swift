import Foundation
import LanguageModel
import Preferences
import RewardModel
import Testing

@Suite struct EvaluationTests {
    private func example(_ elements: [RankingElement], lengths: [Int]) -> RewardExample {
        RewardExample(
            id: "g", tokens: TokenGroup(prompt: [1], responses: lengths.map { _ in [2] }), elements: elements,
            lengths: lengths)
    }

    @Test func numbersAreTheOnesCountedByHand() throws {
        let graded = RankingElement(
            pairs: [PreferencePair(winner: 1, loser: 0, margin: 1, grade: .significantly)], members: [0, 1])
        let examples = [
            example([RankingElement(ranks: [1, 2, 3])], lengths: [10, 30, 20]),
            example([graded], lengths: [5, 6]),
        ]
        let scores = [[2.0, 0.0, 1.0], [1.0, 1.0]]
        let evaluation = RewardEvaluation(examples, scores: scores, longerIsBetter: true)
        #expect(evaluation.pairs == 4)
        // Of 0>1, 0>2, 1>2 the last is wrong; the graded pair is even.
        #expect(evaluation.accuracy == 2.5 / 4)
        #expect(evaluation.accuracyByGrade == ["ungraded": 2.0 / 3, "significantly": 0.5])
        let first = (softplus(-2) + softplus(-1) + softplus(1)) / 3
        #expect(abs(evaluation.logLoss - (first + softplus(0)) / 2) < 1e-14)
        // Longer wins 1>2 and the graded pair.
        #expect(evaluation.lengthBaselineAccuracy == 0.5)
        // τ of (2, 0, 1) against 3 ranks is 1/3; all scores even says nothing.
        #expect(abs(try #require(evaluation.kendallTau) - 1.0 / 3) < 1e-14)
        #expect(abs(try #require(evaluation.lengthCorrelation) - (-20 / (2 * 200.5).squareRoot())) < 1e-12)
    }

    /// Strict labels as often as a Rao–Kupper model says: calibrated by its own probabilities, and not by σ of the difference.
    @Test func aModelOfTiesIsJudgedByItsOwnProbabilities() {
        let model = TieModel.raoKupper(parameter: 1)
        let leads = (-20...20).map { Double($0) / 10 }
        let probabilities = leads.map { lead in
            let (first, second) = (exp(-model.first(lead).value), exp(-model.first(-lead).value))
            return first / (first + second)
        }
        let examples = probabilities.map { probability in
            let won = RankingElement(ranks: [1, 2], weight: probability)
            return example([won, RankingElement(ranks: [2, 1], weight: 1 - probability)], lengths: [1, 1])
        }
        let scores = leads.map { [$0, 0.0] }
        let own = RewardEvaluation(examples, scores: scores, longerIsBetter: true, ties: model)
        var entropy = 0.0
        for probability in probabilities {
            let other = 1 - probability
            entropy -= probability * log(probability) + other * log(other)
        }
        #expect(abs(own.logLoss - entropy / Double(probabilities.count)) < 1e-12)
        #expect(own.calibrationError < 1e-12)
        let plain = RewardEvaluation(examples, scores: scores, longerIsBetter: true)
        #expect(plain.logLoss > own.logLoss + 0.01 && plain.calibrationError > 0.05)
        #expect(plain.accuracy == own.accuracy)
        // Davidson's weight of a tie changes nothing of strict answers.
        let davidson = RewardEvaluation(
            examples, scores: scores, longerIsBetter: true, ties: .davidson(logWeight: 1))
        #expect(davidson == plain)
    }

    @Test func theLengthBaselineTakesTheDirectionOfTheTrainingLabels() throws {
        let shorter = example([RankingElement(ranks: [1, 2])], lengths: [3, 9])
        #expect(!RewardEvaluation.longerWins(in: [shorter]))
        let evaluation = RewardEvaluation([shorter], scores: [[0, 0]], longerIsBetter: false)
        #expect(evaluation.lengthBaselineAccuracy == 1)
    }

    /// A held-out task that was chosen with probability 1/8 counts for eight.
    @Test func intervalsOfWeightedPairsAreThoseOfTheirEffectiveNumber() throws {
        func part(_ weights: [Double?]) throws -> RewardCard.Part {
            let groups = try weights.enumerated().map { index, weight in
                LabelledGroup(
                    group: ResponseGroup(
                        id: "g\(index)", prompt: .text("p\(index)"),
                        responses: [GroupResponse(id: "a", text: "x"), GroupResponse(id: "b", text: "y")]),
                    labels: [
                        GroupLabel(
                            labelID: "l\(index)", annotator: "ann", revision: 1,
                            judgement: .comparison(try Comparison(winner: "a", loser: "b", grade: .better)),
                            weight: weight)
                    ], split: .heldOut)
            }
            // The first is wrong, the others are right.
            let scores = weights.indices.map { $0 == 0 ? [0.0, 1.0] : [1.0, 0.0] }
            let parts = JudgedPairs(groups, scores: scores, ensemble: nil).parts(\.annotator)
            return try #require(parts.first)
        }
        let weighted = try part([8, 8] + Array(repeating: 1, count: 8))
        #expect(weighted.pairs == 10)
        #expect(abs(weighted.accuracy - 16.0 / 24) < 1e-12)
        // 24² / (2·64 + 8) pairs' worth.
        let effective = 576.0 / 136
        let expected = try #require(wilsonInterval(successes: effective * 16 / 24, trials: effective))
        #expect(abs(weighted.interval[0] - expected.lowerBound) < 1e-12)
        #expect(abs(weighted.interval[1] - expected.upperBound) < 1e-12)
        let plain = try #require(wilsonInterval(successes: 9, trials: 10))
        for even in [try part(Array(repeating: nil, count: 10)), try part(Array(repeating: 8, count: 10))] {
            #expect(abs(even.interval[0] - plain.lowerBound) < 1e-12)
            #expect(abs(even.interval[1] - plain.upperBound) < 1e-12)
        }
    }

    /// Three responses that stand for one, three and two: safe, safe and unsafe, by heads that know the first alone.
    @Test func aResponseCountsByItsWeightInTheSafetyHeadsFigures() throws {
        var marked = example([], lengths: [1, 1, 1])
        marked.safety = [
            ResponseMark(response: 0, value: 1, weight: 1), ResponseMark(response: 1, value: 1, weight: 3),
            ResponseMark(response: 2, value: 0, weight: 2),
        ]
        let scores = [2, -1, 0.5].map { HeadScores(classifier: 0, members: [0], safetyMembers: [$0]) }
        let found = try #require(HeadFigures([marked], scores: [scores], training: [marked]).safety)
        #expect(found.marks == 3 && found.unsafe == 1)
        // The first is above the unsafe one, the second below.
        #expect(found.discrimination == 1.0 * 2 / (4 * 2))
        #expect(abs(found.accuracy - 1.0 / 6) < 1e-15 && abs(found.baselineAccuracy - 4.0 / 6) < 1e-15)
        #expect(abs(found.logLoss - (softplus(-2) + 3 * softplus(1) + 2 * softplus(0.5)) / 6) < 1e-14)
    }

    @Test func calibrationIsPerfectWhereFrequencyEqualsProbability() {
        var honest = Calibration()
        for _ in 0..<3 { honest.add(probability: 0.75) }
        honest.add(probability: 0.25)
        #expect(abs(honest.expectedError) < 1e-15)
        var proud = Calibration()
        for _ in 0..<5 { proud.add(probability: 0.99) }
        for _ in 0..<5 { proud.add(probability: 0.01) }
        #expect(abs(proud.expectedError - 0.49) < 1e-12)
        #expect(Calibration().expectedError == 0)
    }

    @Test func aProbabilityThatIsNoNumberDoesNotStopTheProcess() {
        var broken = Calibration()
        broken.add(probability: 0.75)
        broken.add(probability: .nan)
        #expect(broken.expectedError.isNaN)
    }
}
