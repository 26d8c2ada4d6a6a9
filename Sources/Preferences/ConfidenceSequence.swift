import Foundation

/// Bounds for the mean of a stream of observations from 0 to 1 that hold at every moment at once: whoever looks after each
/// observation, and stops when the bounds say what was hoped for, is wrong no more often than `1 - level`.
///
/// A bettor starts with 1 against each mean m on a grid and bets on every observation at odds that are fair if m is the
/// mean; the m that the bettor got rich against, beyond 1/(1 − level), are out. Source: Waudby-Smith and Ramdas,
/// “Estimating means of bounded random variables by betting” (2024), theorem 3: the hedged capital process with
/// predictable plug-in bets, truncation ½ and hedge ½.
///
/// The observations must have the same mean whatever the earlier ones were, such as one for each prompt in random order.
public struct ConfidenceSequence: Sendable, Hashable {
    /// The probability that the interval holds the mean at all times.
    public let level: Double
    public private(set) var count = 0
    private var sum = 0.0
    private var spread = 0.25
    /// The wealth of the bets that the mean is above, and below, each m of the grid, until it is out.
    private var above: [Double]
    private var below: [Double]
    /// The m that are out, for good.
    private var isOut: [Bool]

    private static let steps = 1000
    private static let truncation = 0.5

    /// - Parameter level: above 0 and below 1.
    public init(level: Double = 0.95) {
        self.level = level
        above = Array(repeating: 0.5, count: Self.steps + 1)
        below = above
        isOut = Array(repeating: false, count: Self.steps + 1)
    }

    /// Nil before the first observation.
    public var mean: Double? { count == 0 ? nil : sum / Double(count) }

    /// Takes in one observation. What lies outside 0...1 counts as the nearer end.
    public mutating func record(_ observation: Double) {
        let value = min(max(observation, 0), 1)
        let error = 1 - level
        let next = Double(count + 1)
        // The bet on this observation knows only the earlier ones.
        let variance = spread / next
        let bet = (2 * log(2 / error) / (variance * next * log(next + 1))).squareRoot()
        for step in 0...Self.steps where !isOut[step] {
            let m = Double(step) / Double(Self.steps)
            above[step] *= 1 + (m == 0 ? bet : min(bet, Self.truncation / m)) * (value - m)
            below[step] *= 1 - (m == 1 ? bet : min(bet, Self.truncation / (1 - m))) * (value - m)
            if max(above[step], below[step]) >= 1 / error { isOut[step] = true }
        }
        count += 1
        sum += value
        // Mean and variance with half an observation of each side before the first.
        let centre = (0.5 + sum) / (next + 1)
        spread += (value - centre) * (value - centre)
    }

    /// All means that are not out, a grid's step wider on each side; 0...1 before the first observation. Where every mean
    /// is out, which a constant mean makes as rare as a miss, the one that the bettor was least rich against.
    public var interval: ClosedRange<Double> {
        let step = 1 / Double(Self.steps)
        guard let first = isOut.firstIndex(of: false), let last = isOut.lastIndex(of: false) else {
            let best =
                isOut.indices.min { max(above[$0], below[$0]) < max(above[$1], below[$1]) } ?? isOut.count / 2
            let mean = Double(best) * step
            return mean...mean
        }
        return max(0, Double(first - 1) * step)...min(1, Double(last + 1) * step)
    }
}
