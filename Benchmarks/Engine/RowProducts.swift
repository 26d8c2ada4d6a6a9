import ArgumentParser
import LanguageModel

/// The kernels of few-row products by themselves, on one thread, in billions of operations a second.
struct RowProducts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "row-products", abstract: "Times products of a few rows with packed weights, by instruction set.")
    @Option(help: "Rows of x; weights are 768 by 768.") var rows = 8
    @Option(help: "Products a batch; the fastest of 20 batches is printed.") var repeats = 20

    func run() {
        for kernels in KernelSet.available {
            var speeds: [String] = []
            for precision in WeightPrecision.allCases {
                let product = PackedProduct(kernels, precision, rows: rows, outputs: 768, inputs: 768)
                var least = Double.infinity
                for _ in 0..<20 {
                    let start = Clock.now
                    for _ in 0..<repeats { product.run() }
                    least = min(least, (Clock.now - start) / Double(repeats))
                }
                speeds.append("\(precision.rawValue) \(Int(2 * Double(rows * 768 * 768) / least * 1e-9))")
            }
            print("\(kernels): \(speeds.joined(separator: ", "))")
        }
    }
}
