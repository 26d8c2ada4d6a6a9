import Foundation
import Preferences
import RewardModel
import Testing

/// Losses that a run can choose besides plain K-wise pairs.
@Suite struct LossChoiceTests {
    private let scores = [1.3, 0.4, -0.2, -1.1]
    private static let ties: [TieModel] = [
        .none, .davidson(logWeight: 0.4), .davidson(logWeight: -2), .raoKupper(parameter: 0.3),
        .raoKupper(parameter: -2),
    ]

    private func label(_ id: String, _ rows: [[String]], weight: Double? = nil) throws -> GroupLabel {
        GroupLabel(
            labelID: id, annotator: id, revision: 1, judgement: .ranking(try Ranking(rows: rows)), weight: weight)
    }

    @Test(arguments: ties) func firstSecondAndTieAreAllThatCanHappen(model: TieModel) {
        for d in [-7, -1.3, 0, 0.2, 4.0] {
            let tie = model.tie(d).map { exp(-$0.value) } ?? 0
            #expect(abs(exp(-model.first(d).value) + exp(-model.first(-d).value) + tie - 1) < 1e-12)
        }
    }

    @Test func bothModelsOfTiesBeginAtAThirdBetweenEquals() throws {
        for model in [TieModel.davidson(logWeight: 0), .raoKupper(parameter: 0)] {
            #expect(abs(exp(-(try #require(model.tie(0))).value) - 1.0 / 3) < 1e-12)
        }
    }

    @Test(arguments: ties) func slopesOfTiesAgreeWithDifferences(model: TieModel) {
        let step = 1e-5
        func moved(_ by: Double) -> TieModel {
            switch model {
            case .none: .none
            case .davidson(let weight): .davidson(logWeight: weight + by)
            case .raoKupper(let parameter): .raoKupper(parameter: parameter + by)
            }
        }
        for d in [-3.0, -0.4, 0, 0.7, 2.5] {
            for term in [{ (m: TieModel, d: Double) in m.first(d) }, { m, d in m.tie(d) ?? m.first(d) }] {
                let slope = (term(model, d + step).value - term(model, d - step).value) / (2 * step)
                #expect(abs(slope - term(model, d).slope) < 1e-8)
                let own = (term(moved(step), d).value - term(moved(-step), d).value) / (2 * step)
                #expect(abs(own - term(model, d).parameterSlope) < 1e-8)
            }
        }
    }

    @Test(arguments: ties) func strictOddsAreThoseOfTheFirstAgainstTheSecond(model: TieModel) {
        for d in [-7, -1.3, 0, 0.2, 4.0] {
            #expect(abs(model.strictLogOdds(d) - (model.first(-d).value - model.first(d).value)) < 1e-12)
            #expect(model.strictLogOdds(-d) == -model.strictLogOdds(d))
        }
        // Far apart they are the difference, and a threshold more.
        var threshold = 0.0
        if case .raoKupper(let parameter) = model { threshold = softplus(parameter) }
        #expect(abs(model.strictLogOdds(1e4) - (1e4 + threshold)) < 1e-9)
        #expect(abs(model.strictLogOdds(-1e4) + (1e4 + threshold)) < 1e-9)
    }

    @Test func tiesStayFiniteFarApart() throws {
        for model in Self.ties.dropFirst() {
            let tie = try #require(model.tie(1e4))
            #expect(tie.value.isFinite && tie.slope.isFinite && tie.parameterSlope.isFinite)
            #expect(model.first(-1e4).value.isFinite && model.first(1e4).value >= 0)
        }
    }

    @Test func gradientsOfEveryChoiceAgreeWithDifferences() throws {
        let tied = try #require(
            RankingElement(
                try label("a", [["1"], ["0", "2"], ["3"]]), responseIDs: ["0", "1", "2", "3"], margins: .small,
                keepsTies: true))
        #expect(tied.ties == [TiedPair(0, 2)] && tied.pairs.count == 5)
        let losses: [([Double]) -> RankingLoss] =
            Self.ties.map { model in
                { .kwise(scores: $0, element: tied, ties: model, labelSmoothing: 0.2, centring: 0.3) }
            } + [
                { .plackettLuce(scores: $0, rows: tied.rows) }, { .topOne(scores: $0, rows: [[0, 2], [1, 3]]) },
            ]
        let step = 1e-5
        for loss in losses {
            let gradient = loss(scores).gradient
            for index in scores.indices {
                var (up, down) = (scores, scores)
                up[index] += step
                down[index] -= step
                #expect(abs((loss(up).value - loss(down).value) / (2 * step) - gradient[index]) < 1e-9)
            }
        }
    }

    @Test func rowsOfOneArePlainPlackettLuceAndTiedOnesNeverStandAgainstEachOther() {
        let order = RankingLoss.plackettLuce(scores: scores, order: [2, 0, 1, 3])
        #expect(RankingLoss.plackettLuce(scores: scores, rows: [[2], [0], [1], [3]]) == order)
        // Both tied responses beat the third, each by itself.
        let tied = RankingLoss.plackettLuce(scores: [2, 1, 0.5], rows: [[0, 1], [2]])
        #expect(abs(tied.value - (softplus(0.5 - 2) + softplus(0.5 - 1))) < 1e-14)
        #expect(RankingLoss.plackettLuce(scores: scores, rows: [[0, 1, 2, 3]]).value == 0)
        #expect(RankingLoss.topOne(scores: scores, rows: [[0, 1, 2, 3]]).gradient == [0, 0, 0, 0])
    }

    @Test func smoothedLabelsAreTheMixtureOfBothOrders() {
        let (d, share) = (0.9, 0.1)
        let loss = RankingLoss.kwise(scores: [d, 0], element: RankingElement(ranks: [1, 2]), labelSmoothing: share)
        #expect(abs(loss.value - ((1 - share) * softplus(-d) + share * softplus(d))) < 1e-15)
        let best = log((1 - share) / share)
        let atBest = RankingLoss.kwise(
            scores: [best, 0], element: RankingElement(ranks: [1, 2]), labelSmoothing: share)
        #expect(abs(atBest.gradient[0]) < 1e-15)
    }

    @Test func severalPeoplesLabelsMergeIntoTheirShares() throws {
        let ids = ["0", "1", "2"]
        let labels = [
            try label("a", [["0"], ["1"], ["2"]]), try label("b", [["1"], ["0"], ["2"]]),
            try label("c", [["0"], ["1", "2"]], weight: 2),
        ]
        let elements = try labels.map {
            try #require(RankingElement($0, responseIDs: ids, margins: .small))
        }
        let merged = try #require(RankingElement.merged(elements))
        #expect(abs(merged.weight - 4.0 / 3) < 1e-15 && merged.annotator == nil && merged.members == [0, 1, 2])
        func share(_ winner: Int, _ loser: Int) -> Double {
            merged.pairs.filter { $0.winner == winner && $0.loser == loser }.reduce(0) { $0 + $1.share }
        }
        // 0 above 1: a with weight 1 and c with weight 2, against b.
        #expect(share(0, 1) == 0.75 && share(1, 0) == 0.25)
        #expect(share(0, 2) == 1 && share(1, 2) == 1)
        let p = 0.75
        let scores = [0.6, 0.1, -0.4]
        let expected =
            (p * softplus(-0.5) + (1 - p) * softplus(0.5) + softplus(-1.0) + softplus(-0.5)) / 3
        #expect(abs(RankingLoss.kwise(scores: scores, element: merged).value - expected) < 1e-14)
        #expect(RankingElement.merged([elements[0]]) == elements[0])
    }

    @Test func aLabelThatTiesEverythingTeachesOnlyWhereTiesDo() throws {
        let all = try label("a", [["0", "1", "2"]])
        let ids = ["0", "1", "2"]
        #expect(RankingElement(all, responseIDs: ids, margins: .small) == nil)
        let kept = try #require(RankingElement(all, responseIDs: ids, margins: .small, keepsTies: true))
        #expect(kept.ties == [TiedPair(0, 1), TiedPair(0, 2), TiedPair(1, 2)])
        let loss = RankingLoss.kwise(scores: [3, 0, -1], element: kept, ties: .davidson(logWeight: 0))
        #expect(loss.gradient[0] > 0 && loss.gradient[2] < 0)
        #expect(RankingLoss.kwise(scores: [3, 0, -1], element: kept).value == 0)
    }

    @Test func choicesThatDoNotGoTogetherNameTheSetting() {
        let changes: [(String, (inout RewardModelSettings) -> Void)] = [
            ("ties", { ($0.loss, $0.ties) = (.plackettLuce, .davidson) }),
            ("label_smoothing", { $0.labelSmoothing = 0.5 }),
            ("label_smoothing", { ($0.loss, $0.labelSmoothing) = (.topOne, 0.1) }),
            ("soft_labels", { ($0.loss, $0.softLabels) = (.topOne, true) }),
            ("ensemble_members", { $0.ensembleMembers = 0 }), ("rating_weight", { $0.ratingWeight = -1 }),
            ("safety_weight", { $0.safetyWeight = .nan }), ("learning_curve_points", { $0.learningCurvePoints = 11 }),
        ]
        for (field, change) in changes {
            var settings = RewardModelSettings()
            change(&settings)
            let error = #expect(throws: RewardModelError.self) { try settings.validate() }
            guard case .badSetting(field, _)? = error else {
                Issue.record("\(field): \(String(describing: error))")
                continue
            }
        }
    }
}
