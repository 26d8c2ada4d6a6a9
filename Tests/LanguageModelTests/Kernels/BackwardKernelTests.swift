import Foundation
import LanguageModel
import Testing

/// Each backward kernel against its twin in double precision, and the twin against finite differences of the forward.
@Suite struct BackwardKernelTests {
    /// The backward of a kernel, on some input: what the twin says, what finite differences say, what the kernel says.
    private func check(
        _ what: String, twin: [Double], finite: [Double], kernel: [Float],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(relativeDifference(twin, finite) < 1e-6, "\(what): the twin", sourceLocation: sourceLocation)
        #expect(relativeDifference(kernel, twin) < 1e-5, "\(what): the kernel", sourceLocation: sourceLocation)
    }

    @Test(arguments: KernelSet.available) func norms(_ kernels: KernelSet) {
        // With two columns the true gradient of a layer norm is nearly zero, whatever x.
        for width in KernelTests.sizes where width > 2 {
            let x = randomValues(3 * width, seed: 5, scale: 2)
            let weight = randomValues(width, seed: 6)
            let bias = randomValues(width, seed: 7)
            let dy = randomValues(3 * width, seed: 8)
            let (exactX, exactWeight, exactBias, exactDy) = (doubles(x), doubles(weight), doubles(bias), doubles(dy))

            let rootMeanSquare = kernels.rootMeanSquareNormBackward(
                width, dy, x, weight, kernels.rootMeanSquareNorm(width, x, weight, epsilon: 1e-5).inverse)
            let rootMeanSquareTwin = DoubleTwin.rootMeanSquareNorm(width, exactX, exactWeight, 1e-5, dy: exactDy)
            check(
                "input of the root mean square norm of \(width)", twin: rootMeanSquareTwin.x,
                finite: DoubleReference.gradient(exactX, exactDy) {
                    DoubleReference.rootMeanSquareNorm(width, $0, exactWeight, 1e-5)
                }, kernel: rootMeanSquare.dx)
            check(
                "weight of the root mean square norm of \(width)", twin: rootMeanSquareTwin.weight,
                finite: DoubleReference.gradient(exactWeight, exactDy) {
                    DoubleReference.rootMeanSquareNorm(width, exactX, $0, 1e-5)
                }, kernel: rootMeanSquare.dweight)

            let (_, mean, inverse) = kernels.layerNorm(width, x, weight, bias, epsilon: 1e-5)
            let layer = kernels.layerNormBackward(width, dy, x, weight, mean, inverse)
            let layerTwin = DoubleTwin.layerNorm(width, exactX, exactWeight, 1e-5, dy: exactDy)
            check(
                "input of the layer norm of \(width)", twin: layerTwin.x,
                finite: DoubleReference.gradient(exactX, exactDy) {
                    DoubleReference.layerNorm(width, $0, exactWeight, exactBias, 1e-5)
                }, kernel: layer.dx)
            check(
                "weight of the layer norm of \(width)", twin: layerTwin.weight,
                finite: DoubleReference.gradient(exactWeight, exactDy) {
                    DoubleReference.layerNorm(width, exactX, $0, exactBias, 1e-5)
                }, kernel: layer.dweight)
            check(
                "bias of the layer norm of \(width)", twin: layerTwin.bias,
                finite: DoubleReference.gradient(exactBias, exactDy) {
                    DoubleReference.layerNorm(width, exactX, exactWeight, $0, 1e-5)
                }, kernel: layer.dbias)
        }
    }

    @Test(arguments: KernelSet.available) func activations(_ kernels: KernelSet) {
        for n in KernelTests.sizes {
            let x = randomValues(2 * 2 * n, seed: 9, scale: 6)
            let dy = randomValues(2 * n, seed: 10)
            let part = Array(x[..<(2 * n)])
            let (exactX, exactPart, exactDy) = (doubles(x), doubles(part), doubles(dy))
            check(
                "SwiGLU of \(n)", twin: DoubleTwin.swiglu(n, exactX, dy: exactDy),
                finite: DoubleReference.gradient(exactX, exactDy) { DoubleReference.swiglu(n, $0) },
                kernel: kernels.swigluBackward(n, x, dy).slopes)
            check(
                "GELU of \(n)", twin: DoubleTwin.gelu(exactPart, dy: exactDy),
                finite: DoubleReference.gradient(exactPart, exactDy, DoubleReference.gelu),
                kernel: kernels.geluBackward(part, dy).slopes)
            check(
                "exact GELU of \(n)", twin: DoubleTwin.exactGelu(exactPart, dy: exactDy),
                finite: DoubleReference.gradient(exactPart, exactDy, DoubleReference.exactGelu),
                kernel: kernels.exactGeluBackward(part, dy).slopes)
        }
    }

    @Test(arguments: KernelSet.available) func softmaxAndItsEntropy(_ kernels: KernelSet) {
        for n in KernelTests.sizes where n > 1 {
            for scale in [Float(0.5), 1, 2] {
                let x = randomValues(n, seed: 11, scale: 4)
                let exact = doubles(x)
                let found = kernels.logSumExp(x, scale: scale)
                for (factor, entropyFactor) in [(Float(2), Float(0)), (2, 0.5), (0, 1)] {
                    let twin = DoubleTwin.softmax(
                        exact, scale: Double(scale), factor: Double(factor), entropyFactor: Double(entropyFactor))
                    check(
                        "softmax of \(n), scaled by \(scale)", twin: twin,
                        finite: DoubleReference.gradient(exact, [Double(factor), Double(entropyFactor)]) {
                            let (logSum, entropy) = DoubleReference.logSumAndEntropy($0, scale: Double(scale))
                            return [logSum, entropy]
                        },
                        kernel: kernels.softmaxSlopes(
                            x, scale: scale, logSum: found.logSum, factor: scale * factor, entropy: found.entropy,
                            entropyFactor: scale * entropyFactor))
                }
            }
        }
    }

    @Test(arguments: KernelSet.available) func rotationsOfBothPairings(_ kernels: KernelSet) {
        for (size, rotary, neighbours) in [(8, 8, true), (6, 4, true), (34, 20, true), (6, 4, false), (34, 34, false)] {
            let half = rotary / 2
            let angles = randomValues(4 * half, seed: 19, scale: 3)
            let positions: [Int32] = [3, 0, 1]
            let turns = positions.map { position in (0..<half).map { Double(angles[Int(position) * half + $0]) } }
            let dy = randomValues(3 * 2 * size, seed: 22)
            func turned(_ x: [Double], by angles: [[Double]]) -> [Double] {
                DoubleReference.rotate(x, heads: 2, headSize: size, angles: angles, neighbours: neighbours)
            }
            check(
                "rotation of \(rotary) of \(size)",
                twin: turned(doubles(dy), by: turns.map { $0.map { -$0 } }),
                finite: DoubleReference.gradient(doubles(randomValues(dy.count, seed: 20)), doubles(dy)) {
                    turned($0, by: turns)
                },
                kernel: kernels.rotate(
                    dy, heads: 2, headSize: size, positions: positions, cosines: angles.map { cos($0) },
                    sines: angles.map { sin($0) }, rotary: rotary, sign: -1, neighbours: neighbours))
        }
    }

    @Test(arguments: KernelSet.available) func attentionOfAGroup(_ kernels: KernelSet) {
        for shape in KernelTests.attentionShapes {
            let qkv = randomValues(shape.rows * shape.columns, seed: 14, scale: 2)
            let found = kernels.attention(shape, qkv)
            let dout = randomValues(found.out.count, seed: 15)
            check(
                "attention of \(shape.prompt) and \(shape.responses)",
                twin: DoubleTwin.attention(shape, doubles(qkv), dout: doubles(dout)),
                finite: DoubleReference.gradient(doubles(qkv), doubles(dout)) { DoubleReference.attention(shape, $0) },
                kernel: kernels.attentionBackward(shape, qkv, found.out, found.logSums, dout))
        }
    }

    @Test(arguments: KernelSet.available, [WeightLayout.outputRows, .inputRows])
    func products(_ kernels: KernelSet, _ layout: WeightLayout) {
        for (rows, inputs, outputs) in [(1, 3, 5), (9, 17, 49), (5, 48, 7)] {
            let x = randomValues(rows * inputs, seed: 23)
            let weights = randomValues(inputs * outputs, seed: 24)
            let dy = randomValues(rows * outputs, seed: 25)
            // As the weights lie: an output in a row, or an input.
            func across(_ weights: [Double]) -> [Double] {
                guard layout == .outputRows else { return weights }
                return (0..<inputs).flatMap { input in (0..<outputs).map { weights[$0 * inputs + input] } }
            }
            func forward(_ x: [Double], _ weights: [Double]) -> [Double] {
                DoubleReference.multiply(rows, outputs, inputs, x, across(weights))
            }
            let (exactX, exactWeights, exactDy) = (doubles(x), doubles(weights), doubles(dy))
            let transposed = across(exactWeights)
            let rowsOfOutputs = (0..<outputs).flatMap { output in
                (0..<inputs).map { transposed[$0 * outputs + output] }
            }
            check(
                "input of a product of \(rows) × \(inputs) × \(outputs)",
                twin: DoubleReference.multiply(rows, inputs, outputs, exactDy, rowsOfOutputs),
                finite: DoubleReference.gradient(exactX, exactDy) { forward($0, exactWeights) },
                kernel: kernels.product(
                    rows, inputs, outputs, dy, transposed.map { Float($0) }, packed: true))
            let turned = (0..<inputs).flatMap { input in (0..<rows).map { exactX[$0 * inputs + input] } }
            let byInputs = DoubleReference.multiply(inputs, outputs, rows, turned, exactDy)
            let asTheyLie =
                layout == .inputRows
                ? byInputs
                : (0..<outputs).flatMap { output in (0..<inputs).map { byInputs[$0 * outputs + output] } }
            check(
                "weights of a product of \(rows) × \(inputs) × \(outputs)", twin: asTheyLie,
                finite: DoubleReference.gradient(exactWeights, exactDy) { forward(exactX, $0) },
                kernel: kernels.addedWeightGradient(
                    [Float](repeating: 0, count: weights.count), layout, inputs: inputs, outputs: outputs, x: x, dy: dy,
                    tile: 128))
        }
    }
}
