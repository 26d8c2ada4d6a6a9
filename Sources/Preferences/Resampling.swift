extension [Double] {
    /// From the 2.5th to the 97.5th percentile of what was computed of draws with replacement: the percentile bootstrap's 95%
    /// interval (Efron 1979). All of them where there are fewer than 40; nil where there are none.
    var middle95: ClosedRange<Double>? {
        let sorted = self.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let low = Int(Double(sorted.count) * 0.025)
        return sorted.count < 40 ? first...last : sorted[low]...sorted[sorted.count - 1 - low]
    }
}
