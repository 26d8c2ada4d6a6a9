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
    @Option(help: "The prompt, as a text: one user's message where the model has a chat template.")
    var prompt: String
    @Option(help: "A system message before it, for a model with a chat template.")
    var system: String?
    @Flag(help: "Take the prompt as it stands, without the chat template.")
    var verbatim = false
    @Option(help: "End a response before this text; may be repeated.")
    var stop: [String] = []
    @Option(name: .customLong("min-p"), help: "Leave out tokens less probable than this share of the most probable.")
    var minP = 0.0
    @Option(name: .customLong("repetition-penalty"), help: "Divide the odds of tokens that occur already; 1 is none.")
    var repetitionPenalty = 1.0
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
        guard SamplingOptions.acceptsMinP(minP) else {
            throw ValidationError("--min-p must be \(SamplingOptions.minPWords), not \(minP).")
        }
        guard SamplingOptions.acceptsRepetitionPenalty(repetitionPenalty) else {
            throw ValidationError(
                "--repetition-penalty must be \(SamplingOptions.repetitionPenaltyWords), not \(repetitionPenalty).")
        }
        guard system == nil || !verbatim else {
            throw ValidationError("--system needs the chat template, which --verbatim leaves out.")
        }
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
                minP: command.minP, repetitionPenalty: command.repetitionPenalty,
                maximumTokens: command.maximumTokens, stop: command.stop)
            return try sampler.sample(
                PolicyRequest(
                    prompt: command.asked, count: command.count, seed: command.seed, options: options))
        }
        for (index, response) in responses.enumerated() {
            if json { try printJSON(response, index: index) } else { printText(response, index: index) }
        }
    }

    private var asked: Prompt {
        if verbatim { return .fewShot(prompt) }
        guard let system else { return .text(prompt) }
        return .messages([PromptMessage(role: .system, content: system), PromptMessage(role: .user, content: prompt)])
    }

    private func printText(_ response: PolicyResponse, index: Int) {
        if count > 1 { print("--- \(index + 1) of \(count), seed \(response.seed)") }
        print(response.text)
    }

    private func printJSON(_ response: PolicyResponse, index: Int) throws {
        struct Line: Encodable {
            let index: Int
            let text: String
            let tokenIds: [Int32]
            let logProbability: Double
            let seed: UInt64
            let finished: Bool
        }
        let line = Line(
            index: index, text: response.text, tokenIds: response.tokenIDs, logProbability: response.logProbability,
            seed: response.seed, finished: response.finished)
        let encoder = JSONEncoder.sorted()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}
