import Foundation
import Preferences
import SeededRandom
import Testing

@Suite struct TaskChoiceTests {
    @Test func oneScorerIsAskedAboutWhatItIsLeastSureOf() {
        #expect(abs(TaskChoice.information([[1, 1]]) - log(2)) < 1e-12)
        #expect(TaskChoice.information([[3, -3]]) < 0.02)
        #expect(TaskChoice.information([[0.2, 0, -0.2, 0.1]]) > TaskChoice.information([[4, 1, -2, -5]]))
        #expect(TaskChoice.information([]) == 0 && TaskChoice.information([[1]]) == 0)
    }

    @Test func severalScorersAreAskedAboutWhatTheyDisagreeOn() {
        let agreed = TaskChoice.information([[0, 0], [0, 0], [0, 0]])
        let split = TaskChoice.information([[3, -3], [-3, 3]])
        #expect(agreed < 1e-12, "unsure, but of one mind: nobody learns which scorer is right")
        #expect(split > 0.6)
    }

    @Test func marksOfResponsesTellWhatTheirHeadsLeaveOpenOrDisagreeOn() {
        #expect(abs(TaskChoice.information(ofMarks: [[0, 0]]) - log(2)) < 1e-12)
        #expect(TaskChoice.information(ofMarks: [[7, -7]]) < 0.01)
        #expect(TaskChoice.information(ofMarks: [[0, 0], [0, 0]]) < 1e-12, "unsure, but of one mind")
        // Of two heads that are sure of the opposite about one of two responses, half of a bit.
        #expect(abs(TaskChoice.information(ofMarks: [[40, 3], [-40, 3]]) - log(2) / 2) < 1e-9)
        // Unlike orders, what a head adds to all responses counts.
        #expect(TaskChoice.information(ofMarks: [[5, 5]]) < TaskChoice.information(ofMarks: [[1, 1]]))
        #expect(TaskChoice.information(ofMarks: []) == 0 && TaskChoice.information(ofMarks: [[]]) == 0)
    }

    @Test func everyCandidateHasAChanceAndTheExpectedNumberIsTaken() {
        var random = SplitMix64(seed: 2)
        let information = (0..<40).map { _ in pow(random.nextUnit(), 6) } + [50]
        let probabilities = TaskChoice.inclusionProbabilities(
            information: information, expected: 10, randomShare: 0.25)
        #expect(abs(probabilities.reduce(0, +) - 10) < 1e-9)
        #expect(probabilities.allSatisfy { $0 > 0 && $0 <= 1 })
        #expect(probabilities[40] == 1, "what tells far more than all others is certain")
        #expect(TaskChoice.inclusionProbabilities(information: [1, 2], expected: 5, randomShare: 0.5) == [1, 1])
        let none = TaskChoice.inclusionProbabilities(information: [0, 0, 0, 0], expected: 2, randomShare: 0.1)
        #expect(none.allSatisfy { abs($0 - 0.5) < 1e-12 })
    }

    @Test func weightingByTheInverseGivesTheMeanOfAllCandidates() {
        var random = SplitMix64(seed: 11)
        let information = (0..<200).map { _ in random.nextUnit() }
        // What is measured goes with what is chosen: the plain mean of the chosen is far off.
        let values = information.map { $0 > 0.5 ? 1.0 : 0.0 }
        let probabilities = TaskChoice.inclusionProbabilities(
            information: information.map { $0 * $0 }, expected: 50, randomShare: 0.25)
        var (plain, weighted, rounds) = (0.0, 0.0, 0.0)
        for _ in 0..<400 {
            let chosen = values.indices.filter { _ in true }.filter { random.nextUnit() < probabilities[$0] }
            plain += chosen.reduce(0) { $0 + values[$1] } / Double(chosen.count)
            weighted +=
                chosen.reduce(0) { $0 + values[$1] / probabilities[$1] }
                / chosen.reduce(0) { $0 + 1 / probabilities[$1] }
            rounds += 1
        }
        let truth = values.reduce(0, +) / 200
        #expect(abs(weighted / rounds - truth) < 0.02)
        #expect(abs(plain / rounds - truth) > 0.1)
    }

    @Test func theMostDifferentTextsAreKept() {
        let texts = ["the fox ran home", "The fox  ran home", "the fox ran away", "snow fell on the quiet town", "no"]
        #expect(TaskChoice.farthest(texts, keeping: 3) == [0, 3, 4])
        #expect(TaskChoice.farthest(texts, keeping: 9) == [0, 1, 2, 3, 4])
        #expect(TaskChoice.farthest(["same", "same", "same"], keeping: 2).count == 2)
    }
}
