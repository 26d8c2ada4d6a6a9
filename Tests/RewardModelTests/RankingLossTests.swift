import Preferences
import RewardModel
import Testing

@Suite struct RankingLossTests {
    private let scores = [1.3, 0.4, -0.2, -1.1]
    private let element = RankingElement(ranks: [1, 2, 3, 4])

    @Test func kwiseLossAndGradientAreTheGoldenNumbers() {
        let loss = RankingLoss.kwise(scores: scores, element: element)
        #expect(abs(loss.value - 0.268243068011586) < 1e-14)
        let golden = [-0.0924414529, -0.0412864534, 0.0412864534, 0.0924414529]
        for (found, expected) in zip(loss.gradient, golden) { #expect(abs(found - expected) < 1e-10) }
    }

    @Test func plackettLuceAndTopOneAreTheGoldenNumbers() {
        #expect(abs(RankingLoss.plackettLuce(scores: scores, order: [0, 1, 2, 3]).value - 1.4557970327) < 1e-10)
        #expect(abs(RankingLoss.topOne(scores: scores, best: 0, among: [0, 1, 2, 3]).value - 0.5425671527) < 1e-10)
    }

    @Test func marginAndCentringAreTheGoldenNumbers() {
        let margin = RankingElement(pairs: [PreferencePair(winner: 0, loser: 1, margin: 1)], members: [0, 1])
        #expect(abs(RankingLoss.kwise(scores: [1.3, 0.4], element: margin).value - 0.7443966601) < 1e-10)
        let pair = RankingElement(ranks: [1, 2])
        let centred = RankingLoss.kwise(scores: [1.3, 0.4], element: pair, centring: 0.01)
        #expect(abs(centred.value - 0.3700538747) < 1e-10)
    }

    @Test func gradientsOfAGroupSumToZero() {
        for element in [element, RankingElement(ranks: [2, 1, 2, 3]), RankingElement(ranks: [1, 1, 1, 2])] {
            let sum = RankingLoss.kwise(scores: scores, element: element).gradient.reduce(0, +)
            #expect(abs(sum) < 1e-15)
        }
        #expect(abs(RankingLoss.plackettLuce(scores: scores, order: [2, 0, 3]).gradient.reduce(0, +)) < 1e-15)
    }

    @Test func addingANumberToAllScoresChangesNothing() {
        let shifted = scores.map { $0 + 17 }
        let loss = RankingLoss.kwise(scores: scores, element: element)
        let moved = RankingLoss.kwise(scores: shifted, element: element)
        #expect(abs(loss.value - moved.value) < 1e-13)
        for (a, b) in zip(loss.gradient, moved.gradient) { #expect(abs(a - b) < 1e-13) }
    }

    @Test func tiesAreDropped() {
        let tied = RankingElement(ranks: [1, 2, 2, 3])
        #expect(tied.pairs.count == 5)
        #expect(!tied.pairs.contains { Set([$0.winner, $0.loser]) == [1, 2] })
    }

    @Test func twoResponsesAreThePairwiseLossAndPlackettLuce() {
        let (winner, loser) = (0.7, -0.4)
        let pairwise = softplus(-(winner - loser))
        let kwise = RankingLoss.kwise(scores: [winner, loser], element: RankingElement(ranks: [1, 2]))
        let listwise = RankingLoss.plackettLuce(scores: [winner, loser], order: [0, 1])
        #expect(kwise.value == pairwise)
        #expect(abs(listwise.value - pairwise) < 1e-15)
        for (a, b) in zip(kwise.gradient, listwise.gradient) { #expect(abs(a - b) < 1e-15) }
    }

    @Test func gradientsAgreeWithDifferences() {
        let graded = RankingElement(
            pairs: [
                PreferencePair(winner: 2, loser: 0, margin: 1), PreferencePair(winner: 1, loser: 3, margin: 1.0 / 3),
                PreferencePair(winner: 2, loser: 3),
            ], members: [0, 1, 2, 3])
        let losses: [(([Double]) -> RankingLoss)] = [
            { RankingLoss.kwise(scores: $0, element: graded, centring: 0.3) },
            { RankingLoss.plackettLuce(scores: $0, order: [3, 1, 0]) },
            { RankingLoss.topOne(scores: $0, best: 1, among: [0, 1, 2, 3]) },
        ]
        let step = 1e-5
        for loss in losses {
            let gradient = loss(scores).gradient
            for index in scores.indices {
                var (up, down) = (scores, scores)
                up[index] += step
                down[index] -= step
                let slope = (loss(up).value - loss(down).value) / (2 * step)
                #expect(abs(slope - gradient[index]) < 1e-9)
            }
        }
    }

    @Test func farApartScoresStayFinite() {
        let pair = RankingElement(ranks: [1, 2])
        let wrong = RankingLoss.kwise(scores: [-1e4, 1e4], element: pair)
        #expect(wrong.value == 2e4 && wrong.gradient == [-1, 1])
        let right = RankingLoss.kwise(scores: [1e4, -1e4], element: pair)
        #expect(right.value == 0 && right.gradient == [0, 0])
        #expect(RankingLoss.plackettLuce(scores: [-1e4, 1e4], order: [0, 1]).value == 2e4)
    }

    @Test func centringSpeaksOnlyOfTheResponsesThatWereJudged() {
        let comparison = RankingElement(pairs: [PreferencePair(winner: 1, loser: 3)], members: [1, 3])
        let loss = RankingLoss.kwise(scores: [100, 1.3, -100, 0.4], element: comparison, centring: 0.01)
        #expect(abs(loss.value - 0.3700538747) < 1e-10)
        #expect(loss.gradient[0] == 0 && loss.gradient[2] == 0)
    }

    @Test func labelsBecomeElementsWithTheirMarginAndWeight() throws {
        let ids = ["a", "b", "c"]
        let comparison = GroupLabel(
            labelID: "1", annotator: "x", revision: 1,
            judgement: .comparison(try Comparison(winner: "c", loser: "a", grade: .better)), weight: 0.5)
        let element = try #require(RankingElement(comparison, responseIDs: ids, margins: .small))
        #expect(element.pairs == [PreferencePair(winner: 2, loser: 0, margin: 2.0 / 3, grade: .better)])
        #expect(element.members == [0, 2] && element.weight == 0.5)
        let tie = GroupLabel(
            labelID: "2", annotator: "x", revision: 1, judgement: .ranking(try Ranking(rows: [["a", "b", "c"]])))
        #expect(RankingElement(tie, responseIDs: ids, margins: .small) == nil)
    }

    @Test(arguments: [Comparison.Verdict.tie, .bothUnacceptable])
    func aComparisonThatPrefersNoneTeachesNothing(verdict: Comparison.Verdict) throws {
        let label = GroupLabel(
            labelID: "1", annotator: "x", revision: 1,
            judgement: .comparison(try Comparison(between: "a", and: "b", verdict: verdict, unsafe: ["a", "b"])))
        for margins in MarginScale.allCases {
            #expect(RankingElement(label, responseIDs: ["a", "b"], margins: margins) == nil)
        }
    }

    @Test func marginsHoldHoweverFarApartTheScoresAre() {
        let pair = RankingElement(pairs: [PreferencePair(winner: 0, loser: 1, margin: 3)], members: [0, 1])
        #expect(RankingLoss.kwise(scores: [-1e4, 1e4], element: pair).value == 2e4 + 3)
        #expect(RankingLoss.kwise(scores: [1e4, 1e4], element: pair).gradient == [-sigmoid(3), sigmoid(3)])
    }
}
