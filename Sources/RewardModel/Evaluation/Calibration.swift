import Preferences

/// How far stated probabilities lie from what happens.
public struct Calibration: Sendable, Equatable {
    public static let bins = 10

    /// By bin of the stronger side's probability: total weight, weighted probability, weighted successes.
    private var weights = [Double](repeating: 0, count: bins)
    private var confidences = [Double](repeating: 0, count: bins)
    private var successes = [Double](repeating: 0, count: bins)
    private var counts = [Int](repeating: 0, count: bins)

    public init() {}

    /// Adds a pair.
    /// - Parameter probability: what the model gave the side that won. One that is no number makes the error no number.
    public mutating func add(probability: Double, weight: Double = 1) {
        let confidence = max(probability, 1 - probability)
        let place = (confidence - 0.5) * 2 * Double(Self.bins)
        let bin = place < Double(Self.bins) ? Int(place) : Self.bins - 1
        weights[bin] += weight
        counts[bin] += 1
        confidences[bin] += weight * confidence
        successes[bin] += weight * (probability > 0.5 ? 1 : probability == 0.5 ? 0.5 : 0)
    }

    /// Expected calibration error: the mean over all pairs of |confidence - accuracy| of their bin (Naeini et al. 2015).
    public var expectedError: Double {
        let total = weights.reduce(0, +)
        guard total > 0 else { return 0 }
        return zip(confidences, successes).reduce(0) { $0 + abs($1.0 - $1.1) } / total
    }

    /// The bins that hold anything, the least sure first.
    var filledBins: [RewardCard.Bin] {
        let width = 0.5 / Double(Self.bins)
        var filled: [RewardCard.Bin] = []
        for bin in 0..<Self.bins where counts[bin] > 0 && weights[bin] > 0 {
            let low = 0.5 + Double(bin) * width
            filled.append(
                RewardCard.Bin(
                    low: low, high: low + width, pairs: counts[bin], confidence: confidences[bin] / weights[bin],
                    accuracy: successes[bin] / weights[bin]))
        }
        return filled
    }
}
