import Foundation
import Preferences
import RewardModel
import SeededRandom
import Testing

@Suite struct ReliabilityTests {
    /// Rankings of four responses, each in the right order with its annotator's probability, else turned round.
    private func rankings(_ count: Int, _ reliabilities: [String: Double], perGroup: Int, seed: UInt64) throws
        -> [LabelledGroup]
    {
        var random = SplitMix64(seed: seed)
        let names = reliabilities.keys.sorted()
        let ids = (0..<4).map { "r\($0)" }
        return try (0..<count).map { index in
            let labels = try random.permutation(of: names.count).prefix(perGroup).map { place in
                let isRight = random.nextUnit() < reliabilities[names[place]] ?? 1
                return GroupLabel(
                    labelID: "\(index)-\(place)", annotator: names[place], revision: 1,
                    judgement: .ranking(try Ranking(rows: (isRight ? ids : ids.reversed()).map { [$0] })))
            }
            return LabelledGroup(
                group: ResponseGroup(
                    id: "g\(index)", prompt: .text("p\(index)"),
                    responses: ids.map { GroupResponse(id: $0, text: $0) }),
                labels: labels, split: .train)
        }
    }

    /// Comparisons of two responses, several people each: each says what Bradley–Terry draws for the utilities' difference
    /// with its own probability, else the opposite.
    private func comparisons(_ count: Int, _ reliabilities: [String: Double], perGroup: Int, seed: UInt64) throws
        -> [LabelledGroup]
    {
        var random = SplitMix64(seed: seed)
        let names = reliabilities.keys.sorted()
        return try (0..<count).map { index in
            // A triangular difference of deviation 1.6.
            let difference = 4 * (random.nextUnit() - random.nextUnit())
            let labels = try random.permutation(of: names.count).prefix(perGroup).map { place in
                let drawn = random.nextUnit() < sigmoid(difference)
                let isRight = (random.nextUnit() < reliabilities[names[place]] ?? 1) == drawn
                return GroupLabel(
                    labelID: "\(index)-\(place)", annotator: names[place], revision: 1,
                    judgement: .comparison(
                        try Comparison(winner: isRight ? "a" : "b", loser: isRight ? "b" : "a", grade: .better)))
            }
            return LabelledGroup(
                group: ResponseGroup(
                    id: "g\(index)", prompt: .text("p\(index)"),
                    responses: [GroupResponse(id: "a", text: "a"), GroupResponse(id: "b", text: "b")]),
                labels: labels, split: .train)
        }
    }

    @Test func reliabilitiesComeBackFromSharedPairs() throws {
        let truth = ["ann": 0.98, "bob": 0.9, "cat": 0.8, "dan": 0.5, "eve": 0.95]
        let estimate = CrowdBradleyTerry(try comparisons(3000, truth, perGroup: 4, seed: 3))
        #expect(estimate.annotators.map(\.annotator) == truth.keys.sorted())
        for annotator in estimate.annotators {
            let expected = try #require(truth[annotator.annotator])
            #expect(abs(annotator.reliability - expected) < 0.06, "\(annotator)")
            #expect(annotator.pairs == annotator.sharedPairs && annotator.pairs > 2000)
        }
        #expect(estimate.weight(of: "dan") < 0.15 && estimate.weight(of: "ann") > 0.8)
    }

    @Test func withoutSharedPairsEverybodyIsWhatThePriorSays() throws {
        let estimate = CrowdBradleyTerry(try comparisons(300, ["ann": 1, "bob": 0.5], perGroup: 1, seed: 4))
        let reliabilities = estimate.annotators.map(\.reliability)
        #expect(estimate.annotators.allSatisfy { $0.sharedPairs == 0 })
        #expect(reliabilities == [10.0 / 11, 10.0 / 11])
    }

    @Test func onePersonWhoTurnsRankingsRoundIsFoundOut() throws {
        let estimate = CrowdBradleyTerry(
            try rankings(400, ["ann": 0.95, "bob": 0.95, "cat": 0.95, "dan": 0.1], perGroup: 3, seed: 5))
        for annotator in estimate.annotators {
            #expect(annotator.annotator == "dan" ? annotator.reliability < 0.3 : annotator.reliability > 0.85)
        }
        #expect(estimate.weight(of: "dan") == 0)
    }

    @Test func theOrderOfGroupsAndLabelsChangesNothingThatMatters() throws {
        let groups = try comparisons(200, ["ann": 0.9, "bob": 0.6, "cat": 0.8], perGroup: 3, seed: 6)
        let turned = groups.reversed().map { group in
            var turned = group
            turned.labels.reverse()
            return turned
        }
        for (a, b) in zip(CrowdBradleyTerry(groups).annotators, CrowdBradleyTerry(turned).annotators) {
            #expect(a.annotator == b.annotator && abs(a.reliability - b.reliability) < 1e-9)
        }
    }
}
