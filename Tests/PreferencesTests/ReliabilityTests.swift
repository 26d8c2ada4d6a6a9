import Preferences
import Testing

@Suite struct ReliabilityTests {
    private func close(_ found: Double?, _ expected: Double) -> Bool {
        found.map { abs($0 - expected) < 1e-12 } == true
    }

    private func group(_ id: String, _ judgements: [Judgement], of responses: [String]) -> LabelledGroup {
        LabelledGroup(
            group: ResponseGroup(
                id: id, prompt: .text("p"), responses: responses.map { GroupResponse(id: $0, text: $0) }),
            labels: judgements.enumerated().map {
                GroupLabel(labelID: "\(id)\($0)", annotator: "\($0)", revision: 1, judgement: $1)
            }, split: .train)
    }

    /// Four observers, twelve units, values missing here and there: Krippendorff (2011), section C, gives 0.815. By hand:
    /// 945.5 is observed of 199,740 that chance would give, in 40 values.
    @Test func theFigureIsThatOfThePublishedExample() {
        let units = [
            [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
            [1, 1, 2, 1],
            [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
        ]
        var reliability = OrdinalReliability()
        for unit in units { reliability.add(unit) }
        #expect(reliability.units == 11, "one value alone says nothing of agreement")
        #expect(close(reliability.alpha, 1 - 39 * 945.5 / 199_740))
        #expect(reliability.alpha.map { ($0 * 1000).rounded() } == 815)
    }

    /// Of abc, acb and (ab)c the values are ab 1 1 0, ac 1 1 1, bc 1 −1 1, and the same turned round: 18 values, of which 8
    /// are 1, 8 are −1 and 2 are 0. The squares are 100 between 1 and −1, and 25 from 0 to either: 250 observed of 7,200.
    @Test func ordersAreTakenInBothDirections() throws {
        let rows = [[["a"], ["b"], ["c"]], [["a"], ["c"], ["b"]], [["a", "b"], ["c"]]]
        let judgements = try rows.map { Judgement.ranking(try Ranking(rows: $0)) }
        let reliability = OrdinalReliability(ordersOf: [group("g", judgements, of: ["a", "b", "c"])])
        #expect(reliability.units == 3)
        #expect(close(reliability.alpha, 1 - 17 * 250.0 / 7200))
        // Which response is named first, and who answered first, says nothing.
        let other = OrdinalReliability(ordersOf: [group("g", judgements.reversed(), of: ["c", "a", "b"])])
        #expect(close(other.alpha, 1 - 17 * 250.0 / 7200) && other.units == 3)
    }

    /// 4 3 and 2 −1, turned round too: eight different values, so the squares are those of the differences of their places.
    @Test func gradesCountAndBothUnacceptableIsNoValue() throws {
        func prefers(_ winner: String, _ loser: String, _ grade: Grade) throws -> Judgement {
            .comparison(try Comparison(winner: winner, loser: loser, grade: grade))
        }
        let neither = Judgement.comparison(try Comparison(between: "a", and: "b", verdict: .bothUnacceptable))
        let groups = [
            group(
                "1", [try prefers("a", "b", .significantly), try prefers("a", "b", .better), neither], of: ["a", "b"]),
            group("2", [try prefers("a", "b", .slightly), try prefers("b", "a", .negligibly)], of: ["a", "b"]),
            group("3", [try prefers("a", "b", .better), neither], of: ["a", "b"]),
        ]
        let grades = OrdinalReliability(gradesOf: groups)
        #expect(grades.units == 2 && close(grades.alpha, 1 - 7 * 10.0 / 336))
        // Without grades: 1 1 and 1 −1.
        let orders = OrdinalReliability(ordersOf: groups)
        #expect(orders.units == 2 && close(orders.alpha, 1 - 7 * 2.0 / 16))
        let ranking = Judgement.ranking(try Ranking(rows: [["a"], ["b"]]))
        #expect(OrdinalReliability(gradesOf: [group("4", [ranking, ranking], of: ["a", "b"])]).units == 0)
    }

    /// 6 6 and 2 3: 1 observed of 18.
    @Test func ratingsOfTheSameResponseAreCompared() throws {
        func rated(_ values: [String: Int]) throws -> Judgement {
            .ranking(
                try Ranking(
                    rows: [["a"], ["b"], ["c"]], ratings: try values.mapValues { try ResponseRating(overall: $0) }))
        }
        let judgements = [try rated(["a": 6, "b": 2]), try rated(["a": 6, "b": 3, "c": 1])]
        let reliability = OrdinalReliability(ratingsOf: [group("g", judgements, of: ["a", "b", "c"])])
        #expect(reliability.units == 2 && close(reliability.alpha, 5.0 / 6))
    }

    /// The pairs of a group are drawn together: six pairs on which two people agree say no more than the one ranking that they
    /// come from.
    @Test func theIntervalDrawsWholeGroups() throws {
        let same = Judgement.ranking(try Ranking(rows: [["a"], ["b"], ["c"], ["d"]]))
        let turned = Judgement.ranking(try Ranking(rows: [["d"], ["c"], ["b"], ["a"]]))
        func groups(_ count: Int) -> [LabelledGroup] {
            (0..<count).map { group("\($0)", [same, $0 % 4 == 0 ? turned : same], of: ["a", "b", "c", "d"]) }
        }
        let few = OrdinalReliability(ordersOf: groups(40))
        // 30 of 40 groups agree: 0.5, and the share of a draw has a standard deviation of √(¼ · ¾ / 40) = 0.068.
        let alpha = try #require(few.alpha)
        let interval = try #require(few.interval())
        #expect(abs(alpha - 0.5) < 0.01 && few.units == 240)
        #expect(abs((interval.upperBound - interval.lowerBound) - 2 * 2 * 1.96 * 0.068) < 0.1)
        #expect(interval == few.interval(), "the same figures on every page")
        let many = try #require(OrdinalReliability(ordersOf: groups(1000)).interval())
        #expect(many.upperBound - many.lowerBound < 0.15 && many.contains(0.5))
        #expect(OrdinalReliability(ordersOf: groups(9)).interval() == nil, "too few groups")
        let agreed = (0..<20).map { group("\($0)", [same, same], of: ["a", "b", "c", "d"]) }
        #expect(OrdinalReliability(ordersOf: agreed).alpha == 1, "and no draw could say anything else")
        #expect(OrdinalReliability(ordersOf: agreed).interval() == nil)
    }

    @Test func whereThereIsNothingToGetWrongThereIsNoFigure() throws {
        #expect(OrdinalReliability().alpha == nil)
        var same = OrdinalReliability()
        same.add([4, 4])
        same.add([4, 4, 4])
        #expect(same.units == 2 && same.alpha == nil)
        let tied = Judgement.ranking(try Ranking(rows: [["a", "b"]]))
        #expect(OrdinalReliability(ordersOf: [group("g", [tied, tied], of: ["a", "b"])]).alpha == nil)
        let strict = Judgement.ranking(try Ranking(rows: [["a"], ["b"]]))
        #expect(OrdinalReliability(ordersOf: [group("g", [strict, strict], of: ["a", "b"])]).alpha == 1)
    }
}
