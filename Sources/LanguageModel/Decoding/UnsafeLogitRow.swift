internal import Foundation
internal import Kernels
internal import SeededRandom

/// Memory that one thread needs to draw tokens.
final class DrawingSpace {
    let logits, sums, values, weights: FloatBuffer
    let indices: IndexBuffer

    init(vocabulary: Int) {
        logits = FloatBuffer(count: vocabulary)
        sums = FloatBuffer(count: 2 * LogitStretches(vocabulary).count)
        values = FloatBuffer(count: vocabulary)
        weights = FloatBuffer(count: max(vocabulary, LogitStretches.width))
        indices = IndexBuffer(count: vocabulary)
    }
}

/// One row of logits with the sums of its stretches: what is asked of it touches the stretches that matter, not the
/// whole row.
@safe struct LogitRow {
    private let logits: UnsafePointer<Float>
    /// `[2][stretches]`: the largest logit, and the sum of exp(scale · (logit − largest)).
    private let sums: UnsafePointer<Float>
    private let stretches: LogitStretches
    private let kernels: KernelSet
    let scale: Float
    let largest: Float
    /// Sum over the row of exp(scale · (logit − largest)).
    let total: Double
    /// Of each stretch, its part of `total`.
    private let parts: [Double]

    init(
        _ logits: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, vocabulary: Int, scale: Float,
        _ space: DrawingSpace, _ kernels: KernelSet
    ) {
        let stretches = LogitStretches(vocabulary)
        let count = stretches.count
        unsafe self.logits = logits
        unsafe self.sums = sums
        self.stretches = stretches
        self.kernels = kernels
        self.scale = scale
        var most = -Float.infinity
        for index in 0..<count { most = unsafe max(most, sums[index]) }
        largest = most
        let factors = unsafe space.weights.base
        unsafe factors.update(from: sums, count: count)
        unsafe kernels.table.pointee.scaled_softmax(Int64(count), scale, scale * most, 1, factors)
        parts = (0..<count).map { unsafe Double(sums[count + $0]) * Double(factors[$0]) }
        total = parts.reduce(0, +)
    }

    /// ln of the sum of exp(scale · logit); not finite where a logit is not.
    var logSum: Float { scale * largest + Float(log(total)) }

    func logProbability(_ token: Int32) -> Float { unsafe logits[Int(token)] * scale - logSum }

    /// The most probable token, the first of equals.
    var mostProbable: Int32 {
        for index in 0..<stretches.count where unsafe sums[index] == largest {
            for token in stretches[index] where unsafe logits[token] == largest { return Int32(token) }
        }
        return 0
    }

    /// Draws by the whole distribution: the token, in order of ids, at which the running sum passes `unit` of the total.
    func draw(_ unit: Double, _ space: DrawingSpace) -> Int32 {
        let goal = unit * total
        var sum = 0.0
        var last: Int32 = 0
        for index in 0..<stretches.count where parts[index] > 0 {
            if sum + parts[index] <= goal, index + 1 < stretches.count {
                sum += parts[index]
                continue
            }
            let range = stretches[index]
            let weights = unsafe space.weights.base
            unsafe weights.update(from: logits + range.lowerBound, count: range.count)
            unsafe kernels.table.pointee.scaled_softmax(Int64(range.count), scale, scale * largest, 1, weights)
            for place in 0..<range.count where unsafe weights[place] > 0 {
                sum += unsafe Double(weights[place])
                last = Int32(range.lowerBound + place)
                if sum > goal { return last }
            }
        }
        return last
    }

    /// Draws among the tokens that top-k, then top-p, then min-p leave, most probable first.
    func draw(_ unit: Double, topK: Int, topP: Float, minP: Float, _ space: DrawingSpace) -> Int32 {
        let leastOfMinP = minP > 0 ? largest + log(minP) / scale : -Float.infinity
        if topK > 0 {
            var order = candidates(from: kthLargestBound(topK), space)
            let first = order.first(topK)
            let all = first.reduce(0.0) { $0 + Double($1.weight) }
            var kept = 0.0
            var count = 0
            for candidate in first where topP >= 1 || kept < Double(topP) * all {
                if candidate.logit < leastOfMinP { break }
                kept += Double(candidate.weight)
                count += 1
            }
            return order.passing(unit * kept, among: max(1, count))
        }
        // Tokens so rare that all of them together stay outside the top `topP` are not looked at.
        let rare = topP < 1 ? (1 - topP) / Float(stretches.vocabulary) * 0.5 : 0
        let leastOfTopP = rare > 0 ? (log(rare) + logSum) / scale : -Float.infinity
        var order = candidates(from: min(largest, max(leastOfMinP, leastOfTopP)), space)
        let (count, mass) = order.reaching(topP < 1 ? Double(topP) * total : .infinity)
        return order.passing(unit * mass, among: max(1, count))
    }

    /// Up to `count` tokens in falling order of probability, then by id.
    func mostProbable(_ count: Int, _ space: DrawingSpace) -> [Int32] {
        var order = candidates(from: kthLargestBound(count), space)
        return order.first(count).map(\.token)
    }

    /// A logit that at least `count` tokens reach: each stretch has one that reaches its largest.
    private func kthLargestBound(_ count: Int) -> Float {
        guard count <= stretches.count else { return -.infinity }
        return (0..<stretches.count).map { unsafe sums[$0] }.sorted(by: >)[count - 1]
    }

    private func candidates(from least: Float, _ space: DrawingSpace) -> CandidateOrder {
        let table = unsafe kernels.table.pointee
        var count = 0
        for index in 0..<stretches.count where unsafe sums[index] >= least {
            let range = stretches[index]
            count += Int(
                unsafe table.collect_at_least(
                    Int64(range.count), logits + range.lowerBound, least, Int32(range.lowerBound),
                    space.indices.base + count, space.values.base + count))
        }
        let weights = unsafe space.weights.base
        unsafe weights.update(from: space.values.base, count: count)
        unsafe table.scaled_softmax(Int64(count), scale, scale * largest, 1, weights)
        return unsafe CandidateOrder(
            Span(_unsafeStart: UnsafePointer(space.indices.base), count: count),
            Span(_unsafeStart: UnsafePointer(space.values.base), count: count),
            Span(_unsafeStart: UnsafePointer(weights), count: count), largest: largest, scale: scale)
    }
}
