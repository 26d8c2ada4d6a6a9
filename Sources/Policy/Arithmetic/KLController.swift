/// The KL coefficient β over a run: fixed, or steered towards a target.
///
/// The target and the measured KL are sums over a response's tokens in nats, averaged over responses. (Feeding a mean
/// over tokens instead makes the same target dozens of times too lax.)
/// Source: Ziegler et al. 2019, section 2.2.
public struct KLController: Sendable, Codable, Equatable {
    /// β now.
    public private(set) var coefficient: Double
    /// Steers β where set.
    public let adaptation: Adaptation?

    /// Most that the proportional error counts for, either way.
    public static let largestError = 0.2

    /// How β follows the measured KL.
    public struct Adaptation: Sendable, Codable, Equatable {
        /// Wanted KL, nats a response.
        public var target: Double
        /// Responses over which the proportional error is integrated: more than `largestError` times those of a batch, or β
        /// could become 0 or negative.
        public var horizon: Double

        public init(target: Double = 6, horizon: Double = 10_000) {
            self.target = target
            self.horizon = horizon
        }
    }

    public init(coefficient: Double, adaptation: Adaptation? = nil) {
        self.coefficient = coefficient
        self.adaptation = adaptation
    }

    /// Takes in one batch: e = clip(KL/target − 1, ±0.2), β ← β · (1 + e · responses/horizon). Does nothing when fixed.
    /// - Parameter tokenSumKL: mean over the batch's responses of the summed per-token KL, nats.
    public mutating func update(tokenSumKL: Double, responses: Int) {
        guard let adaptation else { return }
        let error = min(max(tokenSumKL / adaptation.target - 1, -Self.largestError), Self.largestError)
        coefficient *= 1 + error * Double(responses) / adaptation.horizon
    }
}
