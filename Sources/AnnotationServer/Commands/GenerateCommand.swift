import ArgumentParser
import Foundation
import JSON
import LanguageModel
import Policy
import Preferences

/// `plumb generate`: K responses of any model folder, in the terminal.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Sample K responses to a prompt from a Hugging Face folder.")

    @Option(help: "The model's folder (config.json, model.safetensors, tokenizer.json).", completion: .directory)
    var model: String
    @Option(help: "The prompt, as a text.")
    var prompt: String
    @Option(name: .customShort("k"), help: "How many responses.")
    var count = 1
    @Option(help: "Seed; response k's own seed is derived from it.")
    var seed: UInt64 = 0
    @Option(help: "Sampling temperature; 0 always takes the most probable token.")
    var temperature = 1.0
    @Option(name: .customLong("top-k"), help: "Keep only this many most probable tokens.")
    var topK: Int?
    @Option(name: .customLong("top-p"), help: "Keep the most probable tokens up to this share.")
    var topP = 1.0
    @Option(name: .customLong("max-tokens"), help: "Tokens per response at most.")
    var maximumTokens = 256
    @Option(help: "How weights are held: f32, bf16 or int8; see docs/performance.md for what each costs.")
    var precision = WeightPrecision.float32
    @Option(help: "Threads; without it one a core.")
    var threads: Int?
    @Flag(help: "Print one JSON object a response instead of text.")
    var json = false

    func validate() throws {
        guard count >= 1 else { throw ValidationError("-k must be at least 1, not \(count).") }
        guard temperature >= 0 else { throw ValidationError("--temperature must not be negative, not \(temperature).") }
        guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be above 0 and at most 1, not \(topP).") }
        guard maximumTokens >= 1 else {
            throw ValidationError("--max-tokens must be at least 1, not \(maximumTokens).")
        }
    }

    func run() async throws {
        let command = self
        let responses = try await onOwnThread {
            let sampler = try PolicySampler(
                folder: URL(filePath: command.model, directoryHint: .isDirectory),
                pool: WorkerPool(threads: command.threads), precision: command.precision)
            let options = SamplingOptions(
                temperature: command.temperature, topK: command.topK, topP: command.topP,
                maximumTokens: command.maximumTokens)
            return try sampler.sample(
                PolicyRequest(
                    prompt: .text(command.prompt), count: command.count, seed: command.seed, options: options))
        }
        for (index, response) in responses.enumerated() {
            if json { try printJSON(response, index: index) } else { printText(response, index: index) }
        }
    }

    private func printText(_ response: PolicyResponse, index: Int) {
        if count > 1 { print("--- \(index + 1) of \(count), seed \(response.seed)") }
        print(response.text)
    }

    private func printJSON(_ response: PolicyResponse, index: Int) throws {
        struct Line: Encodable {
            let index: Int
            let text: String
            let tokenIDs: [Int32]
            let logProbability: Double
            let seed: UInt64
            let finished: Bool
        }
        let line = Line(
            index: index, text: response.text, tokenIDs: response.tokenIDs, logProbability: response.logProbability,
            seed: response.seed, finished: response.finished)
        let encoder = JSONEncoder.sorted()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}
