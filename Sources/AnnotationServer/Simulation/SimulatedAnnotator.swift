import Foundation
import Labels
package import Preferences
package import SeededRandom

/// Ranks what it is shown by a gold preference, wrongly now and then.
package struct SimulatedAnnotator: Sendable {
    let gold: any GoldPreference
    /// The probability that one pair of responses is judged the wrong way round.
    let noise: Double

    package init(gold: any GoldPreference, noise: Double) {
        self.gold = gold
        self.noise = noise
    }

    /// A ranking of the responses that a lease shows.
    ///
    /// Every pair is judged by the gold, turned round with probability `noise`; the ranking orders the responses by the
    /// number of pairs they win, equal numbers sharing a row. Pairs that the gold finds equal count half for each.
    func judge(_ assignment: Assignment, random: inout SplitMix64) throws -> Judgement {
        let texts = assignment.responses.map { (id: $0.id, text: $0.text) }
        return .ranking(try ranking(of: texts, to: assignment.prompt.plainText, random: &random))
    }

    /// The same for responses by id.
    package func ranking(
        of responses: [(id: String, text: String)], to prompt: String, random: inout SplitMix64
    ) throws -> Ranking {
        let scores = try gold.scores(responses.map { (prompt, $0.text) })
        let ids = responses.map(\.id)
        var wins = [Double](repeating: 0, count: ids.count)
        for first in ids.indices {
            for second in ids.indices where second > first {
                let isWrong = random.nextUnit() < noise
                if scores[first] == scores[second] {
                    wins[first] += 0.5
                    wins[second] += 0.5
                } else if (scores[first] > scores[second]) != isWrong {
                    wins[first] += 1
                } else {
                    wins[second] += 1
                }
            }
        }
        let rows = Set(wins).sorted(by: >).map { won in ids.indices.filter { wins[$0] == won }.map { ids[$0] } }
        return try Ranking(rows: rows)
    }
}
