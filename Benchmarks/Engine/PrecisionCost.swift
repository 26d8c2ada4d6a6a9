import ArgumentParser
import Foundation
import LanguageModel

/// What a precision of the weights costs on a text: perplexity, and divergence from float32, by the decoder itself.
struct PrecisionCost: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "precision-cost", abstract: "Measures what holding weights in fewer bits costs on a text.")
    @Option(help: "A Hugging Face folder.") var model: String
    @Option(help: "A text file.") var text: String
    @Option(help: "Tokens of the text that are read.") var tokens = 8192
    @Option(help: "Tokens that are read in one go, each with those before it.") var window = 256
    @Option var threads = 2

    func run() throws {
        let folder = URL(filePath: model, directoryHint: .isDirectory)
        let model = try Checkpoint.load(folder)
        let tokenizer = try Tokenizer(folder: folder)
        let all = tokenizer.encode(
            String(decoding: try Data(contentsOf: URL(filePath: text)), as: UTF8.self), recognisingSpecialTokens: true)
        let length = min(window, model.configuration.contextLength)
        let windows = stride(from: 0, to: min(tokens, all.count) - length + 1, by: length).map {
            Array(all[$0..<$0 + length])
        }
        let pool = WorkerPool(threads: threads)
        var exact: [[Float]] = []
        for precision in WeightPrecision.allCases {
            let decoder = DecoderLogits(model: model, pool: pool, precision: precision)
            var cost = Cost()
            var place = 0
            for window in windows {
                var index = 0
                try decoder.read(window) { logits in
                    defer { (index, place) = (index + 1, place + 1) }
                    let own = logProbabilities(logits)
                    if precision == .float32 { exact.append(own) }
                    if index + 1 < window.count { cost.add(own, exact[place], next: Int(window[index + 1])) }
                }
            }
            Report.print(
                "precision-cost", ["precision": precision.rawValue, "tokens": "\(cost.count)"],
                seconds: cost.measures, tokens: cost.count)
        }
    }

    private struct Cost {
        var count = 0
        private var (surprise, divergence, largest) = (0.0, 0.0, 0.0)
        private var agreements = 0

        mutating func add(_ own: [Float], _ exact: [Float], next: Int) {
            count += 1
            surprise -= Double(own[next])
            let here = zip(exact, own).reduce(0.0) { $0 + exp(Double($1.0)) * Double($1.0 - $1.1) }
            divergence += here
            largest = max(largest, here)
            if own.firstIndex(of: own.max() ?? 0) == exact.firstIndex(of: exact.max() ?? 0) { agreements += 1 }
        }

        var measures: [String: Double] {
            let n = Double(count)
            return [
                "perplexity": Foundation.exp(surprise / n), "kl": divergence / n, "largest_kl": largest,
                "same_first": Double(agreements) / n,
            ]
        }
    }

    private func logProbabilities(_ logits: [Float]) -> [Float] {
        let most = logits.max() ?? 0
        let sum = logits.reduce(0.0) { $0 + exp(Double($1 - most)) }
        let shift = most + Float(log(sum))
        return logits.map { $0 - shift }
    }
}
