import Foundation
import Preferences
import SeededRandom
import Testing

@Suite struct BradleyTerryTests {
    @Test func strengthsComeBackFromManyGames() {
        let truth = [-1.0, 0, 0.4, 1.2]
        var random = SplitMix64(seed: 7)
        var wins = Array(repeating: Array(repeating: 0.0, count: 4), count: 4)
        for _ in 0..<40_000 {
            let first = random.nextIndex(below: 4)
            let second = (first + 1 + random.nextIndex(below: 3)) % 4
            let firstWins = random.nextUnit() < 1 / (1 + exp(truth[second] - truth[first]))
            wins[firstWins ? first : second][firstWins ? second : first] += 1
        }
        let fit = BradleyTerry(wins: wins)
        for place in 1..<4 {
            #expect(abs(fit.strengths[place] - fit.strengths[0] - (truth[place] - truth[0])) < 0.06)
        }
        #expect(abs(fit.probability(3, beats: 0) - 1 / (1 + exp(-2.2))) < 0.02)
    }

    @Test func aPlayerWhoNeverLostHasAFiniteStrengthAndTiesAreEven() {
        let unbeaten = BradleyTerry(wins: [[0, 12], [0, 0]])
        #expect(unbeaten.strengths[0].isFinite && unbeaten.strengths[0] - unbeaten.strengths[1] > 1.5)
        let even = BradleyTerry(wins: [[0, 5], [5, 0]])
        #expect(abs(even.strengths[0] - even.strengths[1]) < 1e-9)
    }

    /// Ten answers to one prompt are no ten prompts: what is drawn anew are prompts.
    @Test func intervalsKnowThatAnswersToOnePromptBelongTogether() {
        func table(prompts: Int, answers: Int, seed: UInt64) -> BradleyTerryTable {
            var random = SplitMix64(seed: seed)
            let units = (0..<prompts).map { _ in
                let firstWins = random.nextUnit() < 0.6
                return BradleyTerryTable.Unit(
                    wins: [
                        .init(winner: firstWins ? 0 : 1, loser: firstWins ? 1 : 0, count: Double(answers))
                    ])
            }
            return BradleyTerryTable(players: 2, units: units, anchor: 1, seed: 1)
        }
        func width(_ table: BradleyTerryTable) -> Double {
            table.winIntervals[0].upperBound - table.winIntervals[0].lowerBound
        }
        let single = table(prompts: 60, answers: 1, seed: 5)
        let many = table(prompts: 60, answers: 10, seed: 5)
        #expect(width(many) > 0.9 * width(single), "\(width(many)) against \(width(single))")
        #expect(width(table(prompts: 600, answers: 1, seed: 5)) < 0.5 * width(single))
        #expect(single.intervals[1] == 0...0, "the anchor's own")
    }

    @Test func theIntervalHoldsTheTruthAboutAsOftenAsItSays() {
        var held = 0
        for repetition in 0..<120 {
            var random = SplitMix64(seed: UInt64(repetition))
            let units = (0..<80).map { _ in
                let firstWins = random.nextUnit() < 0.65
                return BradleyTerryTable.Unit(
                    wins: [.init(winner: firstWins ? 0 : 1, loser: firstWins ? 1 : 0, count: 1)])
            }
            let table = BradleyTerryTable(players: 2, units: units, anchor: 1, resamples: 200, seed: 2)
            if table.winIntervals[0].contains(0.65) { held += 1 }
        }
        #expect(held >= 105 && held <= 120, "\(held) of 120")
    }
}
