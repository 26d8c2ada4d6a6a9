/// Scales numbers to unit variance over all tokens of a batch.
public struct Whitening: Sendable, Codable, Equatable {
    /// Divide the variance by n − 1 (TRL, verl) instead of n (lm-human-preferences, OpenRLHF).
    public var unbiased: Bool
    /// Move the mean to zero; false keeps the mean, as reward whitening wants it.
    public var shiftMean: Bool

    public init(unbiased: Bool = true, shiftMean: Bool = true) {
        self.unbiased = unbiased
        self.shiftMean = shiftMean
    }

    /// Added to the variance before the root.
    public static let epsilon = 1e-8

    /// (x − mean)/sqrt(variance + 1e-8), plus the mean again unless `shiftMean`.
    /// - Parameter rows: `[responses][tokens]`; mean and variance are over all tokens of all rows.
    public func callAsFunction(_ rows: [[Double]]) -> [[Double]] {
        let count = rows.reduce(0) { $0 + $1.count }
        guard count > 0 else { return rows }
        let mean = rows.reduce(0) { $0 + $1.reduce(0, +) } / Double(count)
        let squares = rows.reduce(0) { sum, row in sum + row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
        let variance = squares / Double(unbiased ? max(1, count - 1) : count)
        let scale = 1 / (variance + Self.epsilon).squareRoot()
        let offset = shiftMean ? 0 : mean
        return rows.map { row in row.map { ($0 - mean) * scale + offset } }
    }
}
