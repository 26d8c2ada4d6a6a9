import AnnotationServer
import Foundation
import Preferences
import SeededRandom
import Testing

/// Prefers the longer text.
private struct LongerIsBetter: GoldPreference {
    func scores(_ pairs: [(prompt: String, response: String)]) throws -> [Double] {
        pairs.map { Double($0.response.count) }
    }
}

@Suite struct SimulationTests {
    private let responses = [
        (id: "a", text: "xx"), (id: "b", text: "xxxx"), (id: "c", text: "xx"), (id: "d", text: "x"),
    ]

    @Test func withoutNoiseARankingIsTheGoldOrderWithItsTies() throws {
        var random = SplitMix64(seed: 1)
        let ranking = try SimulatedAnnotator(gold: LongerIsBetter(), noise: 0).ranking(
            of: responses, to: "p", random: &random)
        #expect(ranking.rows == [["b"], ["a", "c"], ["d"]])
    }

    @Test func noiseTurnsPairsRoundAsOftenAsItSays() throws {
        var random = SplitMix64(seed: 2)
        let annotator = SimulatedAnnotator(gold: LongerIsBetter(), noise: 0.1)
        let pair = [responses[0], responses[1]]
        let wrong = try (0..<4_000).count { _ in
            try annotator.ranking(of: pair, to: "p", random: &random).rows.first == ["a"]
        }
        // Four standard errors of a share of 0.1 over 4,000 draws.
        #expect(abs(Double(wrong) / 4_000 - 0.1) < 0.019)
    }

    @Test func anEstimateOfIndependentValuesHasTheUsualInterval() {
        let values = (0..<400).map { [Double($0 % 2)] }
        let estimate = Estimate(clusters: values)
        #expect(estimate.mean == 0.5)
        #expect(abs(estimate.high - 0.5 - 1.959964 * (0.25 / 399).squareRoot()) < 1e-9)
    }

    @Test func equalValuesWithinAPromptWidenTheInterval() {
        let apart = Estimate(clusters: (0..<400).map { [Double($0 % 2)] })
        let together = Estimate(clusters: (0..<100).map { [Double]($0 % 2 == 0 ? [0, 0, 0, 0] : [1, 1, 1, 1]) })
        #expect(together.high - together.mean > 1.9 * (apart.high - apart.mean))
    }

    @Test func aGoldCommandAnswersALineAScore() throws {
        let gold = CommandGold(command: "while read -r line; do echo ${#line}; done")
        let scores = try gold.scores([(prompt: "p", response: "x"), (prompt: "p", response: "xyz")])
        #expect(scores[1] - scores[0] == 2)
    }

    @Test(arguments: [
        ("exit 3", "ended with status 3"), ("echo 1", "answered 1 lines where 2"), ("echo 1; echo good", "on line 2"),
    ])
    func aGoldCommandThatMisbehavesIsAnErrorThatSaysHow(command: String, words: String) {
        let gold = CommandGold(command: command)
        do {
            _ = try gold.scores([(prompt: "p", response: "x"), (prompt: "p", response: "y")])
            Issue.record("no error for \(command)")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }
}
