import Foundation
import LanguageModel
import SeededRandom

/// Plain double-precision arithmetic that the kernels are compared with.
enum DoubleReference {
    static func multiply(_ m: Int, _ n: Int, _ k: Int, _ a: [Double], _ b: [Double]) -> [Double] {
        var c = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n { c[i * n + j] = (0..<k).reduce(0) { $0 + a[i * k + $1] * b[$1 * n + j] } }
        }
        return c
    }

    static func rootMeanSquareNorm(_ width: Int, _ x: [Double], _ weight: [Double], _ epsilon: Double) -> [Double] {
        rows(width, x) { row in
            let scale = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
            return zip(row, weight).map { $0 * scale * $1 }
        }
    }

    static func layerNorm(
        _ width: Int, _ x: [Double], _ weight: [Double], _ bias: [Double], _ epsilon: Double
    ) -> [Double] {
        rows(width, x) { row in
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            let scale = 1 / (variance + epsilon).squareRoot()
            return row.indices.map { (row[$0] - mean) * scale * weight[$0] + bias[$0] }
        }
    }

    static func swiglu(_ n: Int, _ gateUp: [Double]) -> [Double] {
        rows(2 * n, gateUp) { row in (0..<n).map { row[$0] / (1 + exp(-row[$0])) * row[n + $0] } }
    }

    static func gelu(_ x: [Double]) -> [Double] {
        x.map { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    }

    static func exactGelu(_ x: [Double]) -> [Double] { x.map { 0.5 * $0 * erfc(-$0 / 2.squareRoot()) } }

    /// ln Σ exp(scale · x), and the entropy in nats of that distribution.
    static func logSumAndEntropy(_ x: [Double], scale: Double) -> (logSum: Double, entropy: Double) {
        let z = x.map { $0 * scale }
        let most = z.max() ?? 0
        let logSum = most + log(z.reduce(0) { $0 + exp($1 - most) })
        return (logSum, -z.reduce(0) { $0 + exp($1 - logSum) * ($1 - logSum) })
    }

    /// Turns each pair of `heads` neighbouring heads by its row's angles, `[rows, rotary / 2]`.
    static func rotate(
        _ x: [Double], heads: Int, headSize: Int, angles: [[Double]], neighbours: Bool
    ) -> [Double] {
        var y = x
        for (row, turns) in angles.enumerated() {
            for head in 0..<heads {
                let start = (row * heads + head) * headSize
                for (pair, angle) in turns.enumerated() {
                    let first = start + (neighbours ? 2 * pair : pair)
                    let second = neighbours ? first + 1 : first + turns.count
                    y[first] = x[first] * cos(angle) - x[second] * sin(angle)
                    y[second] = x[second] * cos(angle) + x[first] * sin(angle)
                }
            }
        }
        return y
    }

    /// Softmax attention of one group written as the definition reads: each row lists the rows it may see.
    static func attention(_ shape: KernelSet.AttentionCase, _ qkv: [Double]) -> [Double] {
        let (size, columns) = (shape.headSize, shape.columns)
        var out: [Double] = []
        for (row, visible) in visibleRows(shape).enumerated() {
            for head in 0..<shape.queryHeads {
                let scores = visible.map { key in
                    (0..<size).reduce(0.0) {
                        $0 + qkv[row * columns + head * size + $1]
                            * qkv[key * columns + shape.queryHeads * size + $1]
                    } * Double(shape.scale)
                }
                let most = scores.max() ?? 0
                let weights = scores.map { exp($0 - most) }
                let total = weights.reduce(0, +)
                out += (0..<size).map { place in
                    zip(visible, weights).reduce(0) {
                        $0 + $1.1 / total * qkv[$1.0 * columns + (shape.queryHeads + 1) * size + place]
                    }
                }
            }
        }
        return out
    }

    /// For each row, the rows that it attends to.
    static func visibleRows(_ shape: KernelSet.AttentionCase) -> [[Int]] {
        var lists = (0..<shape.prompt).map { Array(0...$0) }
        var start = shape.prompt
        for length in shape.responses {
            for index in 0..<length { lists.append(Array(0..<shape.prompt) + Array(start...start + index)) }
            start += length
        }
        return shape.window > 0 ? lists.map { Array($0.suffix(shape.window)) } : lists
    }

    /// Gradient of Σ weights · f(x) by central differences.
    static func gradient(_ x: [Double], _ weights: [Double], _ function: ([Double]) -> [Double]) -> [Double] {
        let step = 1e-5
        var moved = x
        return x.indices.map { index in
            moved[index] = x[index] + step
            let above = zip(function(moved), weights).reduce(0) { $0 + $1.0 * $1.1 }
            moved[index] = x[index] - step
            let below = zip(function(moved), weights).reduce(0) { $0 + $1.0 * $1.1 }
            moved[index] = x[index]
            return (above - below) / (2 * step)
        }
    }

    private static func rows(_ width: Int, _ x: [Double], _ body: ([Double]) -> [Double]) -> [Double] {
        stride(from: 0, to: x.count, by: width).flatMap { body(Array(x[$0..<$0 + width])) }
    }
}

/// Numbers between -1 and 1, scaled.
func randomValues(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float((2 * random.nextUnit() - 1) * scale) }
}

func doubles(_ x: [Float]) -> [Double] { x.map { Double($0) } }

/// Largest difference over the largest absolute entry of `expected`.
func relativeDifference(_ found: [Float], _ expected: [Double]) -> Double {
    relativeDifference(doubles(found), expected)
}

func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0.0) { max($0, $1.0.isFinite ? abs($1.0 - $1.1) : .infinity) }
    return difference / max(scale, 1e-30)
}
