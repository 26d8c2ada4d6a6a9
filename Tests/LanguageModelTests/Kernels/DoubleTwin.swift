import Foundation
import LanguageModel

/// The backward of each kernel written out in double precision; `dy` and `dout` are the slopes of a loss by the output.
enum DoubleTwin {
    struct NormSlopes {
        var x: [Double] = []
        var weight: [Double]
        var bias: [Double]

        init(width: Int) {
            weight = [Double](repeating: 0, count: width)
            bias = weight
        }
    }

    static func rootMeanSquareNorm(
        _ width: Int, _ x: [Double], _ weight: [Double], _ epsilon: Double, dy: [Double]
    ) -> NormSlopes {
        var slopes = NormSlopes(width: width)
        for start in stride(from: 0, to: x.count, by: width) {
            let (row, dRow) = (x[start..<start + width], dy[start..<start + width])
            let inverse = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
            let common = (0..<width).reduce(0) { $0 + weight[$1] * dRow[start + $1] * row[start + $1] } / Double(width)
            for i in 0..<width {
                let (x, dy) = (row[start + i], dRow[start + i])
                slopes.x.append(inverse * weight[i] * dy - x * inverse * inverse * inverse * common)
                slopes.weight[i] += dy * x * inverse
            }
        }
        return slopes
    }

    static func layerNorm(
        _ width: Int, _ x: [Double], _ weight: [Double], _ epsilon: Double, dy: [Double]
    ) -> NormSlopes {
        var slopes = NormSlopes(width: width)
        for start in stride(from: 0, to: x.count, by: width) {
            let row = Array(x[start..<start + width])
            let mean = row.reduce(0, +) / Double(width)
            let inverse = 1 / (row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width) + epsilon).squareRoot()
            let unit = row.map { ($0 - mean) * inverse }
            let dUnit = (0..<width).map { weight[$0] * dy[start + $0] }
            let shift = dUnit.reduce(0, +) / Double(width)
            let turn = zip(dUnit, unit).reduce(0) { $0 + $1.0 * $1.1 } / Double(width)
            for i in 0..<width {
                slopes.x.append(inverse * (dUnit[i] - shift - unit[i] * turn))
                slopes.weight[i] += dy[start + i] * unit[i]
                slopes.bias[i] += dy[start + i]
            }
        }
        return slopes
    }

    static func swiglu(_ n: Int, _ gateUp: [Double], dy: [Double]) -> [Double] {
        var slopes = gateUp
        for (row, start) in stride(from: 0, to: gateUp.count, by: 2 * n).enumerated() {
            for i in 0..<n {
                let (gate, up, dy) = (gateUp[start + i], gateUp[start + n + i], dy[row * n + i])
                let sigmoid = 1 / (1 + exp(-gate))
                slopes[start + i] = dy * up * sigmoid * (1 + gate * (1 - sigmoid))
                slopes[start + n + i] = dy * gate * sigmoid
            }
        }
        return slopes
    }

    static func gelu(_ x: [Double], dy: [Double]) -> [Double] {
        zip(x, dy).map { x, dy in
            let factor = (2 / Double.pi).squareRoot()
            let t = tanh(factor * (x + 0.044715 * x * x * x))
            return dy * 0.5 * (1 + t + x * (1 - t * t) * factor * (1 + 3 * 0.044715 * x * x))
        }
    }

    static func exactGelu(_ x: [Double], dy: [Double]) -> [Double] {
        zip(x, dy).map { x, dy in
            dy * (0.5 * erfc(-x / 2.squareRoot()) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot())
        }
    }

    /// Slopes by the logits of `factor` · ln Σ exp(scale · x) + `entropyFactor` · entropy.
    static func softmax(_ x: [Double], scale: Double, factor: Double, entropyFactor: Double) -> [Double] {
        let (logSum, entropy) = DoubleReference.logSumAndEntropy(x, scale: scale)
        return x.map {
            let logP = scale * $0 - logSum
            return scale * exp(logP) * (factor - entropyFactor * (logP + entropy))
        }
    }

    /// Slopes by queries, keys and values, in the layout of `qkv`.
    static func attention(_ shape: KernelSet.AttentionCase, _ qkv: [Double], dout: [Double]) -> [Double] {
        let (size, columns, heads, scale) = (shape.headSize, shape.columns, shape.queryHeads, Double(shape.scale))
        var slopes = [Double](repeating: 0, count: qkv.count)
        for (row, visible) in DoubleReference.visibleRows(shape).enumerated() {
            for head in 0..<heads {
                let query = row * columns + head * size
                let dOut = (row * heads + head) * size
                let scores = visible.map { key in
                    scale * (0..<size).reduce(0) { $0 + qkv[query + $1] * qkv[key * columns + heads * size + $1] }
                }
                let most = scores.max() ?? 0
                let weights = scores.map { exp($0 - most) }
                let total = weights.reduce(0, +)
                let p = weights.map { $0 / total }
                let dP = visible.map { key in
                    (0..<size).reduce(0) { $0 + dout[dOut + $1] * qkv[key * columns + (heads + 1) * size + $1] }
                }
                let mean = zip(p, dP).reduce(0) { $0 + $1.0 * $1.1 }
                for (index, key) in visible.enumerated() {
                    let dScore = scale * p[index] * (dP[index] - mean)
                    let (keyAt, valueAt) = (key * columns + heads * size, key * columns + (heads + 1) * size)
                    for i in 0..<size {
                        slopes[query + i] += dScore * qkv[keyAt + i]
                        slopes[keyAt + i] += dScore * qkv[query + i]
                        slopes[valueAt + i] += p[index] * dout[dOut + i]
                    }
                }
            }
        }
        return slopes
    }
}
