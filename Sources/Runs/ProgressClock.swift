public import JSON

/// Tokens a second and time left, for people to look at; nothing that is learnt depends on it.
public struct ProgressClock: Sendable {
    private let total: Int
    private let firstStep: Int
    private let start = ContinuousClock.now
    private var lastTime = ContinuousClock.now
    private var tokens = 0

    /// - Parameters:
    ///   - step: steps that were done before, by an older attempt.
    ///   - total: steps in all.
    public init(step: Int, total: Int) {
        firstStep = step
        self.total = total
    }

    /// Counts tokens that were learnt from.
    public mutating func add(tokens count: Int) { tokens += count }

    /// `steps` in all, `tokens_per_second` since the last call, and `seconds_left` at the mean speed so far.
    public mutating func numbers(at step: Int) -> [String: JSONValue] {
        let now = ContinuousClock.now
        let passed = max((now - lastTime) / .seconds(1), 1e-6)
        let speed = Double(tokens) / passed
        lastTime = now
        tokens = 0
        let done = max(step - firstStep, 1)
        let left = (now - start) / .seconds(1) / Double(done) * Double(max(0, total - step))
        return [
            "tokens_per_second": .number(speed.rounded()), "seconds_left": .number((left * 10).rounded() / 10),
            "steps": .integer(total),
        ]
    }
}
