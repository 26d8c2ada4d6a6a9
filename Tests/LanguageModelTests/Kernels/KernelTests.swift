import Foundation
import LanguageModel
import Testing

/// Each instruction set against double precision, on sizes that leave every remainder.
@Suite struct KernelTests {
    static let sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 76, 131]

    @Test(arguments: KernelSet.available) func productsAreThoseOfPlainArithmetic(_ kernels: KernelSet) {
        for n in Self.sizes {
            for (m, k) in [(1, 5), (3, 32), (4, 1), (7, 19), (9, 64), (17, 33)] {
                let a = randomValues(m * k, seed: 1)
                let b = randomValues(k * n, seed: 2)
                let expected = DoubleReference.multiply(m, n, k, doubles(a), doubles(b))
                #expect(relativeDifference(kernels.multiply(m, n, k, a, b), expected) < 1e-5)
                let turned = (0..<k).flatMap { row in (0..<m).map { a[$0 * k + row] } }
                #expect(relativeDifference(kernels.multiply(m, n, k, turned, b, transposed: true), expected) < 1e-5)
                let weights = (0..<n).flatMap { column in (0..<k).map { b[$0 * n + column] } }
                #expect(relativeDifference(kernels.multiplyWeights(.float32, m, n, k, a, weights), expected) < 1e-5)
            }
        }
    }

    @Test(arguments: KernelSet.available) func aRowOfAProductDoesNotDependOnTheOtherRows(_ kernels: KernelSet) {
        let (n, k) = (76, 53)
        let x = randomValues(19 * k, seed: 3)
        let weights = randomValues(n * k, seed: 4)
        let all = kernels.multiplyWeights(.float32, 19, n, k, x, weights)
        for row in 0..<19 {
            let alone = kernels.multiplyWeights(.float32, 1, n, k, Array(x[row * k..<(row + 1) * k]), weights)
            #expect(alone == Array(all[row * n..<(row + 1) * n]))
        }
    }

    @Test(arguments: KernelSet.available) func normsAreThoseOfPlainArithmetic(_ kernels: KernelSet) {
        for width in Self.sizes where width > 1 {
            let x = randomValues(3 * width, seed: 5, scale: 2)
            let weight = randomValues(width, seed: 6)
            let bias = randomValues(width, seed: 7)
            let (y, _) = kernels.rootMeanSquareNorm(width, x, weight, epsilon: 1e-5)
            #expect(
                relativeDifference(y, DoubleReference.rootMeanSquareNorm(width, doubles(x), doubles(weight), 1e-5))
                    < 1e-5)
            let (z, _, _) = kernels.layerNorm(width, x, weight, bias, epsilon: 1e-5)
            #expect(
                relativeDifference(
                    z, DoubleReference.layerNorm(width, doubles(x), doubles(weight), doubles(bias), 1e-5)) < 1e-5)
        }
    }

    @Test(arguments: KernelSet.available) func activationsAreThoseOfPlainArithmetic(_ kernels: KernelSet) {
        for n in Self.sizes {
            let x = randomValues(2 * 2 * n, seed: 9, scale: 6)
            let dy = randomValues(2 * n, seed: 10)
            #expect(relativeDifference(kernels.swiglu(n, x), DoubleReference.swiglu(n, doubles(x))) < 1e-5)
            #expect(kernels.swigluBackward(n, x, dy).y == kernels.swiglu(n, x))

            let part = Array(x[..<(2 * n)])
            #expect(relativeDifference(kernels.gelu(part), DoubleReference.gelu(doubles(part))) < 1e-5)
            #expect(kernels.geluBackward(part, dy).y == kernels.gelu(part))

            #expect(relativeDifference(kernels.exactGelu(part), DoubleReference.exactGelu(doubles(part))) < 1e-5)
            #expect(kernels.exactGeluBackward(part, dy).y == kernels.exactGelu(part))
        }
    }

    @Test(arguments: KernelSet.available) func softmaxRowsEntropyAndExtremesAreRight(_ kernels: KernelSet) {
        for n in Self.sizes {
            for scale in [Float(1), 0.5, 3] {
                let x = randomValues(n, seed: 11, scale: 20)
                let (logSum, entropy) = DoubleReference.logSumAndEntropy(doubles(x), scale: Double(scale))
                let p = doubles(x).map { exp(Double(scale) * $0 - logSum) }
                let found = kernels.logSumExp(x, scale: scale)
                #expect(abs(Double(found.logSum) - logSum) < 1e-5 * max(1, abs(logSum)))
                #expect(abs(Double(found.entropy) - entropy) < 2e-5)
                let softmax = kernels.scaledSoftmax(x, scale: scale, logSum: found.logSum, factor: 2)
                #expect(relativeDifference(softmax, p.map { 2 * $0 }) < 1e-5)
            }
        }
        let extremes: [Float] = [-1e30, 0, -200, 80]
        #expect(kernels.logSumExp(extremes, scale: 1).logSum == 80)
        #expect(kernels.scaledSoftmax(extremes, scale: 1, logSum: 80, factor: 1)[0] == 0)
    }

    @Test(arguments: KernelSet.available) func rotationTurnsPairsAndBack(_ kernels: KernelSet) {
        for (size, rotary) in [(8, 8), (6, 4), (64, 64), (34, 20)] {
            let half = rotary / 2
            let angles = randomValues(3 * half, seed: 12, scale: 3)
            let cosines = angles.map { cos($0) }
            let sines = angles.map { sin($0) }
            let x = randomValues(4 * 2 * size, seed: 13)
            let positions: [Int32] = [2, 0, 1, 2]
            let turned = kernels.rotate(
                x, heads: 2, headSize: size, positions: positions, cosines: cosines, sines: sines, rotary: rotary,
                sign: 1)
            for row in 0..<4 {
                for head in 0..<2 {
                    let start = row * 2 * size + head * size
                    for i in 0..<half {
                        let angle = Int(positions[row]) * half + i
                        let expected = x[start + i] * cosines[angle] - x[start + half + i] * sines[angle]
                        #expect(abs(turned[start + i] - expected) < 1e-6)
                    }
                    #expect(turned[(start + rotary)..<(start + size)] == x[(start + rotary)..<(start + size)])
                }
            }
            let back = kernels.rotate(
                turned, heads: 2, headSize: size, positions: positions, cosines: cosines, sines: sines, rotary: rotary,
                sign: -1)
            #expect(largestDifference(back, x) < 1e-6)
        }
    }

    @Test(arguments: KernelSet.available) func rotationsOfBothPairingsAreTheDefinition(_ kernels: KernelSet) {
        for (size, rotary, neighbours) in [(8, 8, true), (6, 4, true), (34, 20, true), (6, 4, false), (34, 34, false)] {
            let half = rotary / 2
            let angles = randomValues(4 * half, seed: 19, scale: 3)
            let positions: [Int32] = [3, 0, 1]
            let turns = positions.map { position in
                (0..<half).map { Double(angles[Int(position) * half + $0]) }
            }
            let reference = { (x: [Double]) in
                DoubleReference.rotate(x, heads: 2, headSize: size, angles: turns, neighbours: neighbours)
            }
            let x = randomValues(3 * 2 * size, seed: 20)
            func turned(_ x: [Float], sign: Float) -> [Float] {
                kernels.rotate(
                    x, heads: 2, headSize: size, positions: positions, cosines: angles.map { cos($0) },
                    sines: angles.map { sin($0) }, rotary: rotary, sign: sign, neighbours: neighbours)
            }
            #expect(relativeDifference(turned(x, sign: 1), reference(doubles(x))) < 1e-5)
        }
    }

    static let attentionShapes = [
        KernelSet.AttentionCase(prompt: 5, responses: [3, 1, 6], headSize: 8, queryHeads: 2),
        .init(prompt: 0, responses: [4, 7], headSize: 6, queryHeads: 1),
        .init(prompt: 35, responses: [], headSize: 4, queryHeads: 1),
        .init(prompt: 9, responses: [4, 12], headSize: 5, queryHeads: 3, window: 6),
        .init(prompt: 1, responses: [40], headSize: 16, queryHeads: 1),
        .init(prompt: 7, responses: [5, 9], headSize: 4, queryHeads: 2, window: 1),
        .init(prompt: 40, responses: [35, 3], headSize: 3, queryHeads: 1, window: 11, scale: 1),
    ]

    @Test(arguments: KernelSet.available) func attentionOfAGroupIsTheDefinition(_ kernels: KernelSet) {
        for shape in Self.attentionShapes {
            let qkv = randomValues(shape.rows * shape.columns, seed: 14, scale: 2)
            #expect(
                relativeDifference(kernels.attention(shape, qkv).out, DoubleReference.attention(shape, doubles(qkv)))
                    < 1e-5)
        }
    }

    @Test(arguments: KernelSet.available) func attentionWorkIsPromptSquaredPlusEachResponseTimesWhatItSees(
        _ kernels: KernelSet
    ) {
        for (prompt, responses) in [
            (0, [70]), (100, [50, 50, 50, 50]), (300, [1, 2, 3]), (7, [90, 10, 200]), (64, []),
        ] {
            let shape = KernelSet.AttentionCase(prompt: prompt, responses: responses, headSize: 4, queryHeads: 1)
            let pairs = kernels.attention(shape, randomValues(shape.rows * shape.columns, seed: 16)).pairs
            let most = prompt * prompt + responses.reduce(0) { $0 + $1 * (prompt + $1) }
            let least = DoubleReference.visibleRows(shape).reduce(0) { $0 + $1.count }
            #expect(pairs <= most)
            #expect(pairs >= least)
            #expect(responses.count < 2 || pairs < shape.rows * shape.rows)
        }
    }

    @Test(arguments: KernelSet.available) func oneAdamWUpdateIsTheFormula(_ kernels: KernelSet) {
        let settings = AdamWSettings(learningRate: 0.01, weightDecay: 0.1)
        for n in Self.sizes {
            let p = randomValues(n, seed: 17)
            let g = randomValues(n, seed: 18)
            let found = kernels.adamw(p, g, [Float](repeating: 0, count: n), [Float](repeating: 0, count: n), settings)
            // At the first step the corrected moments are g and g squared.
            let expected = zip(doubles(p), doubles(g)).map { p, g -> Double in
                let update = 0.01 * g / (abs(g) + 1e-8)
                return p * 0.999 - update
            }
            #expect(relativeDifference(found.parameters, expected) < 1e-5)
            let first = doubles(g).map { $0 * 0.1 }
            #expect(relativeDifference(found.first, first) < 1e-5)
            let squares = doubles(g).reduce(0) { $0 + $1 * $1 }
            #expect(abs(kernels.sumOfSquares(g) - squares) < 1e-9)
            let product = zip(doubles(p), doubles(g)).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(Double(kernels.dot(p, g)) - product) < 1e-5)
        }
    }
}
