import Foundation
import Preferences
import Testing

@Suite struct RatingTests {
    @Test func aRankingCarriesItsRatingsThroughJSONAndNewNames() throws {
        let ranking = try Ranking(
            rows: [["b"], ["a", "c"]], unacceptable: ["a", "c"],
            ratings: [
                "b": try ResponseRating(overall: 6),
                "a": try ResponseRating(overall: 2, flags: ["violent", "opinion"]),
                "c": .empty,
            ])
        let judgement = Judgement.ranking(ranking)
        let line = try JSONLines.line(judgement)
        #expect(
            line == #"{"kind":"ranking","ranking":{"ratings":{"a":{"flags":["opinion","violent"],"overall":2},"#
                + #""b":{"flags":[],"overall":6}},"rows":[["b"],["a","c"]],"unacceptable":["a","c"]}}"#)
        #expect(try JSONDecoder().decode(Judgement.self, from: Data(line.utf8)) == judgement)
        let renamed = try judgement.renamed(["a": "x", "b": "y", "c": "z"])
        #expect(
            renamed.ratings == [
                "x": try ResponseRating(overall: 2, flags: ["opinion", "violent"]),
                "y": try ResponseRating(overall: 6),
            ])
        #expect(ranking.removing(["a"])?.ratings.keys.sorted() == ["b"])
        #expect(judgement != .ranking(try Ranking(rows: [["b"], ["a", "c"]], unacceptable: ["a", "c"])))
    }

    @Test func aRankingWithoutRatingsIsWrittenAsBefore() throws {
        let line = try JSONLines.line(try Ranking(rows: [["a"], ["b"]], unacceptable: []))
        #expect(line == #"{"rows":[["a"],["b"]],"unacceptable":[]}"#)
    }

    /// Nobody called a response acceptable, or free of a flag, who was not asked.
    @Test func whatWasAskedIsWrittenBesideWhatWasSaid() throws {
        let plain = try Ranking(rows: [["a"], ["b"]])
        #expect(!plain.hasLine && plain.askedFlags.isEmpty)
        #expect(try JSONLines.line(plain) == #"{"rows":[["a"],["b"]]}"#)
        let asked = plain.answering(line: true, flags: ["violent", "opinion"])
        #expect(
            try JSONLines.line(asked)
                == #"{"asked_flags":["opinion","violent"],"rows":[["a"],["b"]],"unacceptable":[]}"#)
        let read = try JSONDecoder().decode(Ranking.self, from: Data(JSONLines.line(asked).utf8))
        #expect(read == asked && read != plain)
        let renamed = try read.renamed(["a": "x", "b": "y"])
        #expect(renamed.hasLine && renamed.askedFlags == ["opinion", "violent"])
        #expect(renamed.removing(["x"])?.askedFlags == renamed.askedFlags)
    }

    @Test func ratingsOutsideTheirScalesAreRefused() {
        #expect(throws: RatingError.overall(found: 0)) { try ResponseRating(overall: 0) }
        #expect(throws: RatingError.overall(found: 8)) { try ResponseRating(overall: 8) }
        #expect(throws: RatingError.aspect(.verbosity, found: 5)) { try ResponseRating(aspects: [.verbosity: 5]) }
        #expect(throws: RatingError.namelessFlag) { try ResponseRating(flags: [""]) }
        #expect(throws: RankingError.unrankedRating(id: "x")) {
            try Ranking(rows: [["a"]], ratings: ["x": try ResponseRating(overall: 1)])
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ResponseRating.self, from: Data(#"{"overall":9,"flags":[]}"#.utf8))
        }
    }

    @Test func aTieAndBothUnacceptableAreTwoAnswersAndNoGrade() throws {
        let tie = Judgement.comparison(try Comparison(between: "b", and: "a", verdict: .tie))
        let neither = Judgement.comparison(try Comparison(between: "a", and: "b", verdict: .bothUnacceptable))
        #expect(tie != neither)
        #expect(
            try JSONLines.line(tie) == #"{"comparison":{"responses":["a","b"],"verdict":"tie"},"kind":"comparison"}"#)
        #expect(
            try JSONLines.line(neither)
                == #"{"comparison":{"responses":["a","b"],"verdict":"both_unacceptable"},"kind":"comparison"}"#)
        for judgement in [tie, neither] {
            #expect(judgement.gradedPairs.isEmpty)
            #expect(judgement.grade == nil)
            #expect(try JSONDecoder().decode(Judgement.self, from: Data(JSONLines.line(judgement).utf8)) == judgement)
            #expect(try judgement.renamed(["a": "2", "b": "1"]).renamed(["2": "a", "1": "b"]) == judgement)
            #expect(throws: JudgementError.comparison(.foreign(id: "b"))) {
                try judgement.validate(against: ["a", "c"])
            }
        }
        #expect(tie.ranking?.rows == [["a", "b"]] && tie.tiedPairCount == 1 && !tie.isBothUnacceptable)
        #expect(neither.ranking == nil && neither.tiedPairCount == 0 && neither.isBothUnacceptable)
    }

    @Test func answersWithoutAnOrderAreInNoAgreement() throws {
        func group(_ judgements: [Judgement]) -> LabelledGroup {
            LabelledGroup(
                group: ResponseGroup(
                    id: "g", prompt: .text("p"),
                    responses: [GroupResponse(id: "a", text: "x"), GroupResponse(id: "b", text: "y")]),
                labels: judgements.enumerated().map {
                    GroupLabel(labelID: "l\($0)", annotator: "u\($0)", revision: 1, judgement: $1)
                }, split: .train)
        }
        let first = Judgement.comparison(try Comparison(winner: "a", loser: "b", grade: .better))
        let neither = Judgement.comparison(try Comparison(between: "a", and: "b", verdict: .bothUnacceptable))
        let tie = Judgement.comparison(try Comparison(between: "a", and: "b", verdict: .tie))
        #expect(agreement(of: [group([first, neither])]) == PairAgreement())
        #expect(agreement(of: [group([first, tie])]).tiedByOne == 1)
        #expect(agreement(of: [group([first, first])]).agreed == 1)
        #expect(meanTau(of: [group([neither, neither])]) == nil)
    }

    @Test func anUnsafeResponseIsNotPreferredToASafeOne() throws {
        #expect(throws: ComparisonError.unsafePreferred(winner: "a", loser: "b")) {
            try Comparison(winner: "a", loser: "b", grade: .slightly, unsafe: ["a"])
        }
        func safety(_ unsafe: Set<String>?) throws -> Safety? {
            try Comparison(winner: "a", loser: "b", grade: .slightly, unsafe: unsafe).safety
        }
        #expect(try safety(["b"]) == .chosenSafe)
        #expect(try safety(["a", "b"]) == .bothUnsafe)
        #expect(try safety([]) == .bothSafe)
        #expect(try safety(nil) == nil)
        #expect(try Comparison(between: "a", and: "b", verdict: .tie, unsafe: ["a"]).safety == nil)
        #expect(throws: ComparisonError.foreign(id: "c")) {
            try Comparison(winner: "a", loser: "b", grade: .slightly, unsafe: ["c"])
        }
    }

    @Test func aComparisonKeepsAspectsSafetyAndReason() throws {
        let comparison = try Comparison(
            winner: "b", loser: "a", grade: .significantly, unsafe: ["a"],
            ratings: ["a": try ResponseRating(aspects: [.correctness: 0, .verbosity: 4]), "b": .empty],
            reason: "A invents a date.")
        let line = try JSONLines.line(comparison)
        #expect(
            line == #"{"grade":"significantly","loser":"a","ratings":{"a":{"aspects":{"correctness":0,"verbosity":4},"#
                + #""flags":[]}},"reason":"A invents a date.","unsafe":["a"],"winner":"b"}"#)
        #expect(try JSONDecoder().decode(Comparison.self, from: Data(line.utf8)) == comparison)
        let renamed = try comparison.renamed(["a": "1", "b": "2"])
        #expect(
            renamed.unsafe == ["1"] && renamed.ratings.keys.sorted() == ["1"] && renamed.reason == comparison.reason)
    }

    @Test(arguments: [
        #"{"responses":["a"],"verdict":"tie"}"#, #"{"responses":["a","a"],"verdict":"tie"}"#, #"{"verdict":"tie"}"#,
        #"{"responses":["a","b"],"verdict":"tie","grade":"better"}"#, #"{"responses":["a","b"],"verdict":"bad"}"#,
        #"{"winner":"a","loser":"b"}"#, #"{"winner":"a","loser":"b","grade":"better","unsafe":["a"]}"#,
    ])
    func whatIsNoComparisonIsNotRead(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Comparison.self, from: Data(json.utf8)) }
    }
}
