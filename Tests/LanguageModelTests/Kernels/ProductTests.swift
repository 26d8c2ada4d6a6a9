import LanguageModel
import SeededRandom
import Testing

/// The products that training and scoring consist of: right, in one order of summation, whoever computes them.
struct ProductTests {
    private static let chain = 512

    private func values(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    }

    /// The definition: chains of at most 512 fused multiply-adds, added in order.
    private func chains(_ start: Float?, _ terms: [(Float, Float)]) -> Float {
        var result = start
        for first in stride(from: 0, to: terms.count, by: Self.chain) {
            var sum: Float = 0
            for (a, b) in terms[first..<min(terms.count, first + Self.chain)] { sum.addProduct(a, b) }
            result = result.map { $0 + sum } ?? sum
        }
        return result ?? 0
    }

    /// Rows, columns and terms around every edge: of the register tiles, of the panels, of the chains.
    private static let shapes = [(1, 1, 1), (7, 47, 5), (8, 48, 512), (9, 49, 513), (130, 100, 1_030), (17, 161, 96)]

    @Test(arguments: KernelSet.available, shapes)
    func productsAreRightThroughPanelsAndAsMatricesLie(_ kernels: KernelSet, _ shape: (Int, Int, Int)) {
        let (rows, n, k) = shape
        let (x, weights) = (values(rows * k, seed: 1), values(n * k, seed: 2))
        let start = values(rows * n, seed: 3)
        for before in [nil, start] {
            var expected = [Double](repeating: 0, count: rows * n)
            for row in 0..<rows {
                for column in 0..<n {
                    expected[row * n + column] = before.map { Double($0[row * n + column]) } ?? 0
                    for term in 0..<k {
                        expected[row * n + column] += Double(x[row * k + term]) * Double(weights[column * k + term])
                    }
                }
            }
            let packed = kernels.product(rows, n, k, x, weights, packed: true, addedTo: before)
            #expect(relativeDifference(packed, expected) < 1e-5)
            #expect(kernels.product(rows, n, k, x, weights, packed: false, addedTo: before) == packed)
        }
    }

    @Test func fusedInstructionSetsSumInTheOneDefinedOrder() {
        for (rows, n, k) in Self.shapes {
            let (x, weights) = (values(rows * k, seed: 4), values(n * k, seed: 5))
            let expected = (0..<rows * n).map { place in
                chains(nil, (0..<k).map { (x[place / n * k + $0], weights[place % n * k + $0]) })
            }
            for kernels in KernelSet.available where kernels.description != "portable" {
                let y = kernels.product(rows, n, k, x, weights, packed: true)
                #expect(y == expected, "\(kernels): \(rows) x \(n) x \(k)")
            }
        }
    }

    @Test(arguments: KernelSet.available)
    func rowsHaveTheSameBitsWhateverIsComputedWithThem(_ kernels: KernelSet) {
        let (n, k) = (161, 700)
        let (x, weights) = (values(133 * k, seed: 6), values(n * k, seed: 7))
        let together = kernels.product(133, n, k, x, weights, packed: true)
        for rows in [0..<1, 5..<13, 120..<133] {
            let part = kernels.product(
                rows.count, n, k, Array(x[rows.lowerBound * k..<rows.upperBound * k]), weights, packed: true)
            #expect(part == Array(together[rows.lowerBound * n..<rows.upperBound * n]))
        }
    }

    @Test(arguments: KernelSet.available, [WeightLayout.outputRows, .inputRows])
    func weightGradientsAreRightAndTheSameInTilesOfAnySize(_ kernels: KernelSet, _ layout: WeightLayout) {
        let (inputs, outputs, rows) = (70, 131, 1_040)
        let (x, dy) = (values(rows * inputs, seed: 8), values(rows * outputs, seed: 9))
        let start = values(inputs * outputs, seed: 10)
        var expected = start.map { Double($0) }
        for output in 0..<outputs {
            for input in 0..<inputs {
                let place = layout == .outputRows ? output * inputs + input : input * outputs + output
                for row in 0..<rows {
                    expected[place] += Double(dy[row * outputs + output]) * Double(x[row * inputs + input])
                }
            }
        }
        let whole = kernels.addedWeightGradient(
            start, layout, inputs: inputs, outputs: outputs, x: x, dy: dy, tile: 256)
        #expect(relativeDifference(whole, expected) < 1e-5)
        for tile in [8, 17, 128] {
            let tiled = kernels.addedWeightGradient(
                start, layout, inputs: inputs, outputs: outputs, x: x, dy: dy, tile: tile)
            #expect(tiled == whole, "tiles of \(tile)")
        }
    }

    // MARK: bf16

    private func rounded(_ values: [Float]) -> [Float] {
        values.map { value in
            let bits = value.bitPattern
            return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
        }
    }

    @Test(arguments: KernelSet.available, shapes)
    func bfloat16ProductsAreThoseOfRoundedFactors(_ kernels: KernelSet, _ shape: (Int, Int, Int)) {
        let (rows, n, k) = shape
        let (x, weights) = (values(rows * k, seed: 1), values(n * k, seed: 2))
        let start = values(rows * n, seed: 3)
        let exact = kernels.product(rows, n, k, rounded(x), rounded(weights), packed: true, addedTo: start)
        let found = kernels.product(rows, n, k, x, weights, packed: true, addedTo: start, precision: .bfloat16)
        // Products of bf16 pairs flush denormals and round sums of two in their own way.
        #expect(relativeDifference(found, exact) < 1e-5)
    }

    @Test(arguments: KernelSet.available, [WeightLayout.outputRows, .inputRows])
    func bfloat16WeightGradientsAreThoseOfRoundedFactors(_ kernels: KernelSet, _ layout: WeightLayout) {
        for (inputs, outputs, rows) in [(70, 131, 1_041), (3, 49, 1), (48, 8, 512)] {
            let (x, dy) = (values(rows * inputs, seed: 8), values(rows * outputs, seed: 9))
            let start = values(inputs * outputs, seed: 10)
            let exact = kernels.addedWeightGradient(
                start, layout, inputs: inputs, outputs: outputs, x: rounded(x), dy: rounded(dy), tile: 128)
            for tile in [17, 128] {
                let found = kernels.addedWeightGradient(
                    start, layout, inputs: inputs, outputs: outputs, x: x, dy: dy, tile: tile, precision: .bfloat16)
                #expect(relativeDifference(found, exact) < 1e-5, "\(inputs) x \(outputs), tiles of \(tile)")
            }
        }
    }
}
