import Foundation
import LanguageModel
import Testing

/// Products with packed weights in each precision, on each instruction set, against plain arithmetic in double.
@Suite struct PrecisionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let kernels: KernelSet
        let precision: WeightPrecision
        var testDescription: String { "\(precision.rawValue) on \(kernels)" }

        static let all = KernelSet.available.flatMap { kernels in
            WeightPrecision.allCases.map { Case(kernels: kernels, precision: $0) }
        }
    }

    /// What rounding may do to one output, from the sizes of what is multiplied: float32 sums alone; bf16 rounds each
    /// factor to 8 bits; int8 rounds each to half a step, a step being a 127th of the largest of its 64, and the weights'
    /// step is rounded up to a bf16.
    private func bound(_ precision: WeightPrecision, _ x: [Float], _ w: [Float]) -> Double {
        let products = zip(x, w).reduce(0.0) { $0 + Double(abs($1.0 * $1.1)) }
        let sums = 4e-6 * products
        switch precision {
        case .float32: return sums
        case .bfloat16: return sums + products * (pow(2, -7) + pow(2, -16))
        case .int8:
            return stride(from: 0, to: x.count, by: 64).reduce(sums) { total, start in
                let group = start..<min(x.count, start + 64)
                let xStep = Double(x[group].map(abs).max() ?? 0) / 127
                let wStep = Double(w[group].map(abs).max() ?? 0) / 127 * (1 + pow(2, -7))
                return group.reduce(total) {
                    let (a, b) = (Double(abs(x[$1])), Double(abs(w[$1])))
                    return $0 + a * wStep / 2 + b * xStep / 2 + xStep * wStep / 4
                }
            }
        }
    }

    @Test(arguments: Case.all) func everyOutputIsWithinTheRoundingOfItsPrecision(_ one: Case) {
        for (rows, n, k) in [
            (1, 48, 64), (3, 5, 7), (8, 97, 130), (9, 100, 65), (17, 48, 1), (2, 144, 63), (5, 50, 192), (33, 7, 4),
        ] {
            let x = randomValues(rows * k, seed: 31, scale: 3)
            let weights = randomValues(n * k, seed: 32)
            let found = one.kernels.multiplyWeights(one.precision, rows, n, k, x, weights)
            for row in 0..<rows {
                for column in 0..<n {
                    let a = Array(x[row * k..<(row + 1) * k])
                    let b = Array(weights[column * k..<(column + 1) * k])
                    let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                    let error = abs(Double(found[row * n + column]) - exact)
                    #expect(error <= bound(one.precision, a, b) + 1e-12, "\(rows) x \(n) x \(k) at \(row), \(column)")
                }
            }
        }
    }

    @Test(arguments: Case.all) func bothLayoutsAndAddingGiveTheSame(_ one: Case) {
        let (rows, n, k) = (4, 55, 70)
        let x = randomValues(rows * k, seed: 33)
        let weights = randomValues(n * k, seed: 34)
        let turned = (0..<k).flatMap { input in (0..<n).map { weights[$0 * k + input] } }
        let found = one.kernels.multiplyWeights(one.precision, rows, n, k, x, weights)
        #expect(one.kernels.multiplyWeights(one.precision, rows, n, k, x, turned, inputRows: true) == found)
        let start = randomValues(rows * n, seed: 35)
        let sum = one.kernels.multiplyWeights(one.precision, rows, n, k, x, weights, onto: start)
        #expect(largestDifference(sum, zip(start, found).map { $0 + $1 }) < 1e-5)
    }

    @Test(arguments: Case.all) func aRowDoesNotDependOnTheOtherRows(_ one: Case) {
        let (n, k) = (76, 131)
        let x = randomValues(19 * k, seed: 3)
        let weights = randomValues(n * k, seed: 4)
        let all = one.kernels.multiplyWeights(one.precision, 19, n, k, x, weights)
        for row in 0..<19 {
            let alone = one.kernels.multiplyWeights(
                one.precision, 1, n, k, Array(x[row * k..<(row + 1) * k]), weights)
            #expect(alone == Array(all[row * n..<(row + 1) * n]))
        }
    }

    @Test(arguments: Case.all) func whatIsNoNumberStaysSo(_ one: Case) {
        let weights = [Float](repeating: 0.5, count: 48 * 70)
        for wrong in [Float.nan, .infinity, -.infinity] {
            var x = randomValues(70, seed: 5)
            x[66] = wrong
            let found = one.kernels.multiplyWeights(one.precision, 1, 48, 70, x, weights)
            #expect(found.allSatisfy { !$0.isFinite })
            var wrongWeights = weights
            wrongWeights[69] = wrong
            let one = one.kernels.multiplyWeights(
                one.precision, 1, 48, 70, [Float](repeating: 1, count: 70), wrongWeights)
            #expect(!one[0].isFinite && one[1].isFinite)
        }
    }

    @Test(arguments: Case.all) func zerosGiveZeros(_ one: Case) {
        let zeros = [Float](repeating: 0, count: 48 * 70)
        let x = randomValues(2 * 70, seed: 6)
        #expect(one.kernels.multiplyWeights(one.precision, 2, 48, 70, x, zeros).allSatisfy { $0 == 0 })
        let nothing = [Float](repeating: 0, count: 70)
        #expect(
            one.kernels.multiplyWeights(one.precision, 1, 48, 70, nothing, randomValues(48 * 70, seed: 7))
                .allSatisfy { $0 == 0 })
    }
}
