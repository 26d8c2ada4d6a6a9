import Preferences

/// The share of cases that are right where each stands for some number of others.
struct WeightedShare {
    private(set) var count = 0
    private var weight = 0.0
    private var squares = 0.0
    private var right = 0.0

    /// - Parameters:
    ///   - credit: 1 for right, 0 for wrong, or between.
    ///   - weight: for how many cases each of these stands.
    ///   - count: how many cases are alike.
    mutating func add(credit: Double, weight: Double, count: Int = 1) {
        self.count += count
        self.weight += weight * Double(count)
        squares += weight * weight * Double(count)
        right += credit * weight * Double(count)
    }

    /// Nil without cases.
    var share: Double? { weight > 0 ? right / weight : nil }

    /// 95% by Wilson, that of as many equal cases as say as much: (Σw)² / Σw² (Kish 1965).
    var interval: [Double]? {
        guard let share else { return nil }
        let effective = weight * weight / squares
        return wilsonInterval(successes: share * effective, trials: effective).map { [$0.lowerBound, $0.upperBound] }
    }
}
