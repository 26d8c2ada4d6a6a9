internal import Foundation

/// Learning rate by step: a linear warm-up from 0, then constant, linear or cosine down to a fraction of the peak.
public struct LearningRateSchedule: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case constant
        case linear
        case cosine
    }
    public var kind: Kind
    public var peak: Float
    public var warmUpSteps: Int
    public var totalSteps: Int
    /// Share of the peak that the rate falls to by step `totalSteps`, the one after the last.
    public var finalFraction: Float

    public init(
        kind: Kind = .cosine, peak: Float, warmUpSteps: Int = 0, totalSteps: Int, finalFraction: Float = 0
    ) {
        self.kind = kind
        self.peak = peak
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.finalFraction = finalFraction
    }

    /// Rate of the update number `step`, counted from 0. The last warm-up step has the peak.
    public func rate(step: Int) -> Float {
        if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
        let progress = Double(min(step, totalSteps) - warmUpSteps) / Double(max(1, totalSteps - warmUpSteps))
        let share: Double
        switch kind {
        case .constant: return peak
        case .linear: share = 1 - min(1, progress)
        case .cosine: share = 0.5 * (1 + cos(Double.pi * min(1, progress)))
        }
        return peak * Float(Double(finalFraction) + (1 - Double(finalFraction)) * share)
    }
}
