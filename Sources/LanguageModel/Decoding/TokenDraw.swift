internal import SeededRandom

/// Draws one token from a row of probabilities.
struct TokenDraw {
    let topK: Int
    let topP: Float
    let minP: Float

    /// - Parameter probabilities: of the whole vocabulary, summing to about 1.
    func draw(_ probabilities: Span<Float>, _ random: inout SplitMix64) -> Int {
        let unit = random.nextUnit()
        if topK == 0 && topP >= 1 && minP <= 0 { return Self.pick(probabilities, unit) }
        let (tokens, kept) = candidates(probabilities)
        return tokens[Self.pick(kept.span, unit)]
    }

    /// The index at which the running sum passes `unit` of the total.
    static func pick(_ probabilities: Span<Float>, _ unit: Double) -> Int {
        var total = 0.0
        for index in probabilities.indices { total += Double(probabilities[index]) }
        let goal = unit * total
        var sum = 0.0
        var last = 0
        for index in probabilities.indices where probabilities[index] > 0 {
            sum += Double(probabilities[index])
            last = index
            if sum > goal { return index }
        }
        return last
    }

    /// Tokens that top-k, then top-p, then min-p leave, most probable first, with their probabilities.
    private func candidates(_ probabilities: Span<Float>) -> (tokens: [Int], probabilities: [Float]) {
        var order = Self.mostProbable(
            topK > 0 ? topK : probabilities.count, of: probabilities, topP: topK > 0 ? 1 : topP)
        if topP < 1 {
            let total = topK > 0 ? order.reduce(0.0) { $0 + Double(probabilities[$1]) } : 1
            var sum = 0.0
            var kept = 0
            while kept < order.count, sum < Double(topP) * total {
                sum += Double(probabilities[order[kept]])
                kept += 1
            }
            order.removeSubrange(min(order.count, max(1, kept))...)
        }
        if minP > 0, let first = order.first {
            let least = minP * probabilities[first]
            order.removeAll { probabilities[$0] < least }
        }
        return (order, order.map { probabilities[$0] })
    }

    /// Up to `count` tokens in falling order of probability, then by id. Tokens so rare that all of them together stay
    /// outside the top `topP` are not sorted.
    static func mostProbable(_ count: Int, of probabilities: Span<Float>, topP: Float = 1) -> [Int] {
        let rare = max(0, (1 - topP) / Float(max(1, probabilities.count))) * 0.5
        var order: [Int] = []
        for index in probabilities.indices where probabilities[index] >= rare { order.append(index) }
        order.sort { left, right in
            probabilities[left] != probabilities[right] ? probabilities[left] > probabilities[right] : left < right
        }
        if order.count > count { order.removeSubrange(count...) }
        return order
    }
}
