import Foundation
import Preferences
import RewardModel
import SeededRandom
import Testing

@Suite struct ReliabilityTests {
    /// Groups of four responses with utilities; each annotator orders each pair as they say with its own probability.
    private func groups(_ count: Int, reliabilities: [String: Double], perGroup: Int, seed: UInt64) throws
        -> [LabelledGroup]
    {
        var random = SplitMix64(seed: seed)
        let names = reliabilities.keys.sorted()
        return try (0..<count).map { index in
            let responses = (0..<4).map { GroupResponse(id: "r\($0)", text: "\($0)") }
            var labels: [GroupLabel] = []
            for place in random.permutation(of: names.count).prefix(perGroup) {
                // Response 0 is best, then 1, …; a pair is far enough apart that only the annotator errs.
                let first = random.nextIndex(below: 3)
                let second = first + 1 + random.nextIndex(below: 3 - first)
                let isRight = random.nextUnit() < reliabilities[names[place]] ?? 1
                let order = isRight ? [first, second] : [second, first]
                let rest = (0..<4).filter { !order.contains($0) }
                labels.append(
                    GroupLabel(
                        labelID: "\(index)-\(place)", annotator: names[place], revision: 1,
                        judgement: .ranking(
                            try Ranking(
                                rows: [["r\(order[0])"], ["r\(order[1])"]]
                                    + (rest.isEmpty ? [] : [rest.map { "r\($0)" }])))))
            }
            return LabelledGroup(
                group: ResponseGroup(id: "g\(index)", prompt: .text("p\(index)"), responses: responses),
                labels: labels, split: .train)
        }
    }

    /// Comparisons of two responses, several people each.
    private func comparisons(_ count: Int, _ reliabilities: [String: Double], perGroup: Int, seed: UInt64) throws
        -> [LabelledGroup]
    {
        var random = SplitMix64(seed: seed)
        let names = reliabilities.keys.sorted()
        return try (0..<count).map { index in
            let labels = try random.permutation(of: names.count).prefix(perGroup).map { place in
                let isRight = random.nextUnit() < reliabilities[names[place]] ?? 1
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
        let estimate = CrowdBradleyTerry(try comparisons(1500, truth, perGroup: 4, seed: 3))
        #expect(estimate.annotators.map(\.annotator) == truth.keys.sorted())
        for annotator in estimate.annotators {
            let expected = try #require(truth[annotator.annotator])
            #expect(abs(annotator.reliability - expected) < 0.05, "\(annotator)")
            #expect(annotator.pairs == annotator.sharedPairs && annotator.pairs > 1000)
        }
        #expect(estimate.weight(of: "dan") < 0.12 && estimate.weight(of: "ann") > 0.85)
    }

    @Test func withoutSharedPairsEverybodyCountsMoreOrLessAlike() throws {
        let estimate = CrowdBradleyTerry(try comparisons(300, ["ann": 1, "bob": 0.5], perGroup: 1, seed: 4))
        let reliabilities = estimate.annotators.map(\.reliability)
        #expect(estimate.annotators.allSatisfy { $0.sharedPairs == 0 })
        #expect(abs(reliabilities[0] - reliabilities[1]) < 0.02)
    }

    @Test func onePersonTurnedRoundIsFoundOutByRankings() throws {
        let estimate = CrowdBradleyTerry(
            try groups(400, reliabilities: ["ann": 0.95, "bob": 0.95, "cat": 0.95, "dan": 0.1], perGroup: 3, seed: 5))
        let dan = try #require(estimate.annotators.first { $0.annotator == "dan" })
        let others = estimate.annotators.filter { $0.annotator != "dan" }.map(\.reliability)
        #expect(others.allSatisfy { $0 > dan.reliability + 0.1 })
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
