import JSON
import Runs

/// Tokens a second and time left, for people to look at; nothing that is learnt depends on it.
struct StepClock {
    private let firstStep: Int
    private let total: Int
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now

    init(step: Int, total: Int) {
        firstStep = step
        self.total = total
    }

    mutating func numbers(step: Int, tokens: Int) -> [String: JSONValue] {
        let now = ContinuousClock.now
        let seconds = max((now - last) / .seconds(1), 1e-6)
        last = now
        let perStep = ((now - start) / .seconds(1)) / Double(max(1, step - firstStep))
        return [
            "steps": .integer(total),
            "tokens_per_second": .number((Double(tokens) / seconds).rounded()),
            "seconds_left": .number((perStep * Double(max(0, total - step)) * 10).rounded() / 10),
        ]
    }
}
