import Foundation
import Labels
import Preferences
import SeededRandom

/// Ranks what it is shown by a gold preference, wrongly now and then.
struct SimulatedAnnotator: Sendable {
    let gold: any GoldPreference
    /// The probability that one pair of responses is judged the wrong way round.
    let noise: Double

    /// A ranking of the responses that a lease shows.
    ///
    /// Every pair is judged by the gold, turned round with probability `noise`; the ranking orders the responses by the
    /// number of pairs they win, equal numbers sharing a row. Pairs that the gold finds equal count half for each.
    func judge(_ assignment: Assignment, random: inout SplitMix64) throws -> Judgement {
        let prompt = assignment.prompt.plainText
        let scores = try gold.scores(assignment.responses.map { (prompt, $0.text) })
        let ids = assignment.responses.map(\.id)
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
        return .ranking(try Ranking(rows: rows))
    }
}
