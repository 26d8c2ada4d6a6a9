import Preferences
import SeededRandom
import Testing

@Suite struct AgreementTests {
    @Test func tauIsOneForTheSameOrderAndMinusOneForTheReverse() throws {
        let a = try Ranking(rows: [["1"], ["2"], ["3"], ["4"]])
        let reversed = try Ranking(rows: [["4"], ["3"], ["2"], ["1"]])
        #expect(kendallTauB(a, a) == 1)
        #expect(kendallTauB(a, reversed) == -1)
        #expect(kendallTauB(a, try Ranking(rows: [["1", "2", "3", "4"]])) == nil)
    }

    /// x = 1 2 2 3 4, y = 1 3 2 2 4: 8 concordant, 0 discordant, one tie each on different pairs among 10 pairs, one
    /// pair of x-tie, one of y-tie: tau-b = 8 / sqrt(9 * 9).
    @Test func tauWithTiesEqualsTheValueByHand() throws {
        let x = try Ranking(rows: [["a"], ["b", "c"], ["d"], ["e"]])
        let y = try Ranking(rows: [["a"], ["c", "d"], ["b"], ["e"]])
        // Pairs: ab + ac + ad + ae + be + ce + de + : 7 concordant; bc tied in x; cd tied in y; bd discordant.
        #expect(kendallTauB(x, y) == 6.0 / 9.0)
    }

    @Test(arguments: 0..<20) func tauIsSymmetricAndInsideItsBounds(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func ranking() throws -> Ranking {
            let ranks = (0..<6).map { _ in random.nextIndex(below: 4) }
            return try Ranking(
                rows: Set(ranks).sorted().map { rank in (0..<6).filter { ranks[$0] == rank }.map(String.init) })
        }
        let a = try ranking()
        let b = try ranking()
        #expect(kendallTauB(a, b) == kendallTauB(b, a))
        if let tau = kendallTauB(a, b) { #expect((-1.0...1.0).contains(tau)) }
        let one = PairAgreement(a, b)
        #expect(one == PairAgreement(b, a))
        #expect(one.agreed + one.disagreed + one.tiedByOne + one.tiedByBoth == 15)
    }

    @Test func agreementCountsStrictPairsOfDifferentPeople() throws {
        func label(_ who: String, _ rows: [[String]]) throws -> GroupLabel {
            GroupLabel(labelID: who, annotator: who, revision: 1, judgement: .ranking(try Ranking(rows: rows)))
        }
        let group = ResponseGroup(
            id: "g", prompt: .text("p"), responses: ["a", "b", "c"].map { .init(id: $0, text: $0) })
        let groups = [
            LabelledGroup(
                group: group,
                labels: [
                    try label("x", [["a"], ["b"], ["c"]]), try label("y", [["a"], ["c"], ["b"]]),
                    try label("z", [["a", "b"], ["c"]]),
                ], split: .train)
        ]
        let result = agreement(of: groups)
        // x–y: ab, ac agree, bc not; x–z: ac, bc agree, ab tied by one; y–z: ac agrees, bc not, ab tied by one.
        #expect(result.agreed == 5 && result.disagreed == 2 && result.tiedByOne == 2 && result.tiedByBoth == 0)
        #expect(result.rate == 5.0 / 7.0)
        let interval = try #require(result.interval)
        #expect(interval.contains(5.0 / 7.0) && interval.lowerBound > 0.3 && interval.upperBound < 0.93)
        #expect(PairAgreement().rate == nil && PairAgreement().interval == nil)
    }

    @Test func wilsonIntervalEqualsThePublishedExample() throws {
        // 0 of 10: upper bound z²/(n + z²).
        let square = 1.959963984540054 * 1.959963984540054
        let none = try #require(wilsonInterval(successes: 0, trials: 10))
        #expect(none.lowerBound == 0 && abs(none.upperBound - square / (10 + square)) < 1e-12)
        #expect(wilsonInterval(successes: 0, trials: 0) == nil)
    }

    @Test func biasCountsSidesSlotsAndLengths() throws {
        var sides = SideBias()
        for slot in [0, 0, 1] { sides.record(winnerSlot: slot) }
        #expect(sides.leftShare == 2.0 / 3.0)
        var slots = SlotCounts()
        slots.record(try Ranking(rows: [["b"], ["a", "c"]]), displayOrder: ["c", "b", "a"])
        slots.record(try Ranking(rows: [["a", "b"]]), displayOrder: ["a", "b"])
        #expect(slots.shown == [2, 2, 1] && slots.first == [0, 1, 0])
        let group = ResponseGroup(
            id: "g", prompt: .text("p"), responses: [.init(id: "a", text: "long"), .init(id: "b", text: "s")])
        let label = GroupLabel(
            labelID: "l", annotator: "u", revision: 1, judgement: .ranking(try Ranking(rows: [["a"], ["b"]])))
        let preference = LengthPreference(of: [LabelledGroup(group: group, labels: [label], split: .train)])
        #expect(preference.longerWins == 1 && preference.longerShare == 1)
    }
}

@Suite struct DisplayOrderTests {
    @Test func theOrderIsAPermutationAndTheSameForEver() {
        let order = DisplayOrder.permutation(count: 9, annotator: "7", task: "31", attempt: 1)
        #expect(order.sorted() == Array(0..<9))
        #expect(order == DisplayOrder.permutation(count: 9, annotator: "7", task: "31", attempt: 1))
        #expect(order != DisplayOrder.permutation(count: 9, annotator: "7", task: "31", attempt: 2))
        // Written down once: a change would show people another order than the one stored.
        #expect(StableHash.fnv1a64("") == 0xCBF2_9CE4_8422_2325)
        #expect(StableHash.fnv1a64("a") == 0xAF63_DC4C_8601_EC8C)
        #expect(StableHash.fnv1a64("foobar") == 0x8594_4171_F739_67E8)
    }

    /// χ² with 8 degrees of freedom, 26.12 is its 0.999 quantile; the test is of fixed numbers and cannot flicker.
    @Test func everySlotShowsEveryResponseEquallyOften() {
        var counts = Array(repeating: Array(repeating: 0, count: 9), count: 9)
        let handOuts = 10_000
        for task in 0..<handOuts {
            let order = DisplayOrder.permutation(count: 9, annotator: "\(task % 50)", task: "\(task)", attempt: 1)
            for (slot, response) in order.enumerated() { counts[slot][response] += 1 }
        }
        let expected = Double(handOuts) / 9
        for slot in counts {
            let square = slot.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
            #expect(square < 26.12)
        }
    }

    @Test func lettersFollowTheSlots() {
        #expect([0, 1, 25, 26, 27, 52].map(DisplayOrder.letter(slot:)) == ["A", "B", "Z", "AA", "AB", "BA"])
    }
}
