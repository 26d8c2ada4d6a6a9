/// Numbers that tell whether an update went well.
public enum UpdateDiagnostics {
    /// ½ · mean of (new − old)² over all tokens: how far the policy has moved from the one that sampled, in nats a token.
    /// Source: Schulman, "Approximating KL Divergence" (2020), estimator k2.
    /// - Parameters: rows `[responses][tokens]`.
    public static func approximateKL(new: [[Double]], old: [[Double]]) -> Double {
        precondition(new.count == old.count, "the same responses on both sides")
        var sum = 0.0
        var count = 0
        for (row, other) in zip(new, old) {
            precondition(row.count == other.count, "the same tokens on both sides")
            for (left, right) in zip(row, other) { sum += (left - right) * (left - right) }
            count += row.count
        }
        return count == 0 ? 0 : sum / Double(2 * count)
    }

    /// 1 − var(returns − values)/var(returns): 1 is a perfect critic, 0 one that is no better than a constant.
    /// Nil where the returns do not vary.
    public static func explainedVariance(values: [[Double]], returns: [[Double]]) -> Double? {
        let targets = returns.flatMap { $0 }
        let predictions = values.flatMap { $0 }
        precondition(targets.count == predictions.count, "one value a return")
        let total = variance(targets)
        guard total > 0 else { return nil }
        return 1 - variance(zip(targets, predictions).map(-)) / total
    }

    /// Mean over all tokens of all rows, 0 for none.
    public static func mean(_ rows: [[Double]]) -> Double {
        let count = rows.reduce(0) { $0 + $1.count }
        return count == 0 ? 0 : rows.reduce(0) { $0 + $1.reduce(0, +) } / Double(count)
    }

    private static func variance(_ numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return 0 }
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
    }
}
