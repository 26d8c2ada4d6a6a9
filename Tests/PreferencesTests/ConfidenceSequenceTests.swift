import Foundation
import Preferences
import SeededRandom
import Testing

/// The bounds hold at all times at once, and they close.
@Suite struct ConfidenceSequenceTests {
    /// Wins, ties and losses with the given win rate.
    private func outcomes(_ rate: Double, ties: Double, count: Int, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        let win = rate - ties / 2
        return (0..<count).map { _ in
            let draw = random.nextUnit()
            return draw < win ? 1 : draw < win + ties ? 0.5 : 0
        }
    }

    @Test(arguments: [(0.5, 0.0), (0.5, 0.3), (0.62, 0.1), (0.85, 0.0)])
    func whoeverStopsWhenItSuitsThemIsWrongAtMostOneTimeInTwenty(_ truth: (rate: Double, ties: Double)) {
        let repetitions = 400
        var missed = 0
        for repetition in 0..<repetitions {
            var sequence = ConfidenceSequence()
            for outcome in outcomes(truth.rate, ties: truth.ties, count: 250, seed: UInt64(repetition)) {
                sequence.record(outcome)
                if !sequence.interval.contains(truth.rate) {
                    missed += 1
                    break
                }
            }
        }
        // 5% and three standard errors of 400 repetitions.
        #expect(Double(missed) / Double(repetitions) <= 0.05 + 3 * (0.05 * 0.95 / Double(repetitions)).squareRoot())
    }

    @Test func aFixedSampleIntervalWouldBeFarMoreOftenWrong() {
        var missed = 0
        for repetition in 0..<400 {
            var (sum, count) = (0.0, 0.0)
            for outcome in outcomes(0.5, ties: 0, count: 250, seed: UInt64(repetition)) {
                sum += outcome
                count += 1
                let mean = sum / count
                let half = 1.96 * (mean * (1 - mean) / count).squareRoot()
                if count >= 10, abs(mean - 0.5) > half {
                    missed += 1
                    break
                }
            }
        }
        #expect(missed > 80, "so that the test above tells something: \(missed) of 400")
    }

    @Test func aClearPreferenceIsSeenSoonAndTheIntervalOnlyCloses() throws {
        var sequence = ConfidenceSequence()
        #expect(sequence.interval == 0...1 && sequence.mean == nil)
        var width = 1.0
        var seenAfter: Int?
        for outcome in outcomes(0.75, ties: 0, count: 400, seed: 3) {
            sequence.record(outcome)
            let now = sequence.interval.upperBound - sequence.interval.lowerBound
            #expect(now <= width + 1e-12)
            width = now
            if seenAfter == nil, sequence.interval.lowerBound > 0.5 { seenAfter = sequence.count }
        }
        #expect(try #require(seenAfter) < 80)
        #expect(width < 0.16, "\(width)")
        #expect(sequence.interval.contains(0.75))
    }
}
