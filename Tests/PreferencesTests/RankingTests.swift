import Foundation
import Preferences
import SeededRandom
import Testing

@Suite struct RankingTests {
    @Test func ranksAreDenseAndTiesShareARank() throws {
        let ranking = try Ranking(rows: [["b"], ["c", "a"], ["d"]], unacceptable: ["d"])
        #expect(ranking.ranks == ["b": 1, "a": 2, "c": 2, "d": 3])
        #expect(ranking.rank(of: "d") == 3)
        #expect(ranking.rank(of: "x") == nil)
        #expect(ranking.tiedPairCount == 1)
        #expect(ranking.orderedPairs.count == 5)
        #expect(ranking.pairCount == 6)
        #expect(ranking.responseIDs == ["b", "a", "c", "d"])
    }

    /// Any order of display yields the same stored ranking.
    @Test(arguments: 0..<50) func aRankingDependsOnResponsesAloneAndNotOnTheOrderOfDisplay(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let count = 2 + random.nextIndex(below: 8)
        let ids = (0..<count).map { "r\($0)" }
        let rankOf = Dictionary(uniqueKeysWithValues: ids.map { ($0, random.nextIndex(below: count)) })
        func rank(displayed: [String]) throws -> Ranking {
            let used = Set(rankOf.values).sorted()
            return try Ranking(rows: used.map { rank in displayed.filter { rankOf[$0] == rank } }, ranking: displayed)
        }
        let straight = try rank(displayed: ids)
        let shuffled = try rank(displayed: random.permutation(of: count).map { ids[$0] })
        #expect(straight == shuffled)
        #expect(try JSONLines.line(straight) == JSONLines.line(shuffled))
        #expect(straight.orderedPairs == shuffled.orderedPairs)
        #expect(straight.orderedPairs.count + straight.tiedPairCount == straight.pairCount)
        for pair in straight.orderedPairs { #expect(rankOf[pair.winner]! < rankOf[pair.loser]!) }
    }

    @Test func aRankingThatIsNotAnAnswerSaysWhy() throws {
        #expect(throws: RankingError.empty) { try Ranking(rows: []) }
        #expect(throws: RankingError.emptyRow(rank: 2)) { try Ranking(rows: [["a"], []]) }
        #expect(throws: RankingError.twice(id: "a")) { try Ranking(rows: [["a"], ["b", "a"]]) }
        #expect(throws: RankingError.missing(ids: ["c"])) {
            try Ranking(rows: [["a", "b"]], ranking: ["a", "b", "c"])
        }
        #expect(throws: RankingError.foreign(id: "z")) { try Ranking(rows: [["a", "z"]], ranking: ["a", "b"]) }
        #expect(throws: RankingError.unrankedUnacceptable(id: "q")) { try Ranking(rows: [["a"]], unacceptable: ["q"]) }
        #expect(throws: RankingError.tiedAcrossLine(unacceptable: "b")) {
            try Ranking(rows: [["a", "b"]], unacceptable: ["b"])
        }
        #expect(throws: RankingError.acceptableBelowLine(acceptable: "b", unacceptable: "a")) {
            try Ranking(rows: [["a"], ["b"]], unacceptable: ["a"])
        }
        #expect(throws: Never.self) { try Ranking(rows: [["a"], ["b"]], unacceptable: ["a", "b"]) }
    }

    @Test func renamingThereAndBackIsTheSameRanking() throws {
        let ranking = try Ranking(rows: [["b"], ["c", "a"]], unacceptable: ["a", "c"])
        let there = try ranking.renamed(["a": "1", "b": "2", "c": "3"])
        #expect(there.ranks == ["2": 1, "1": 2, "3": 2])
        #expect(try there.renamed(["1": "a", "2": "b", "3": "c"]) == ranking)
        #expect(throws: RankingError.foreign(id: "b")) { try ranking.renamed(["a": "1"]) }
        #expect(ranking.removing(["b"]) == (try Ranking(rows: [["a", "c"]], unacceptable: ["a", "c"])))
        #expect(ranking.removing(["a", "b", "c"]) == nil)
    }

    @Test func jsonOfARankingIsCheckedWhenRead() throws {
        let ranking = try Ranking(rows: [["b"], ["c", "a"]], unacceptable: ["c", "a"])
        #expect(try JSONLines.line(ranking) == #"{"rows":[["b"],["a","c"]],"unacceptable":["a","c"]}"#)
        let read = try JSONDecoder().decode(Ranking.self, from: Data(#"{"rows":[["a"],["b"]]}"#.utf8))
        #expect(read.unacceptable.isEmpty)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Ranking.self, from: Data(#"{"rows":[["a"],["a"]]}"#.utf8))
        }
    }
}

@Suite struct ComparisonTests {
    @Test func marginsAreThoseOfLlama2() {
        #expect(Grade.allCases.map { $0.margin(.small) } == [1, 2.0 / 3, 1.0 / 3, 0])
        #expect(Grade.allCases.map { $0.margin(.large) } == [3, 2, 1, 0])
        #expect(Grade.allCases.map { $0.margin(.none) } == [0, 0, 0, 0])
        #expect(Grade.significantly > .better && Grade.slightly > .negligibly)
    }

    @Test func aComparisonIsARankingOfTwoWithAGrade() throws {
        let comparison = try Comparison(winner: "x", loser: "a", grade: .slightly)
        let judgement = Judgement.comparison(comparison)
        #expect(judgement.ranking == (try Ranking(rows: [["x"], ["a"]])))
        #expect(judgement.gradedPairs == [GradedPair(winner: "x", loser: "a", grade: .slightly)])
        #expect(
            try JSONLines.line(judgement)
                == #"{"comparison":{"grade":"slightly","loser":"a","winner":"x"},"kind":"comparison"}"#)
        #expect(throws: ComparisonError.sameResponse(id: "a")) {
            try Comparison(winner: "a", loser: "a", grade: .better)
        }
        #expect(throws: JudgementError.comparison(.notTwoResponses(found: 3))) {
            try judgement.validate(against: ["a", "x", "y"])
        }
        #expect(throws: JudgementError.comparison(.foreign(id: "x"))) { try judgement.validate(against: ["a", "y"]) }
    }
}
