public import ArgumentParser
import Foundation
public import LanguageModel
import SeededRandom

/// One prompt answered K times, sampling included: what a group of responses costs.
struct Decoding: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decoding", abstract: "Times the sampling of one group of responses.")
    @Option var shape: Shape
    @Option(help: "How weights are held: f32, bf16 or int8.") var precision = WeightPrecision.float32
    @Option(help: "Prompt tokens.") var prompt = 128
    @Option(help: "Responses.") var responses = 8
    @Option(help: "New tokens a response.") var tokens = 64
    @Option(help: "Groups that are timed, after one that is not.") var repeats = 1
    @Option(name: .customLong("top-p")) var topP: Float = 1
    @Option(name: .customLong("top-k")) var topK = 0
    @Option var threads = 2
    @Flag(help: "Time one group for each line of the standard input, and answer with one of JSON.") var onLines = false

    func run() throws {
        let pool = WorkerPool(threads: threads)
        let model = try Transformer(configuration: shape.configuration, seed: 0)
        let begun = Clock.now
        let batch = SamplingBatch(model: model, pool: pool, precision: precision)
        let packed = Clock.now - begun
        var random = SplitMix64(seed: 1)
        if onLines {
            Report.line(["packing": packed])
            while readLine() != nil { Report.line(try group(batch, &random)) }
            return
        }
        var times = Times()
        for repeated in 0...repeats {
            let seconds = try group(batch, &random)
            if repeated > 0 { times.add(seconds) }
        }
        var result = times.medians
        result["packing"] = packed
        Report.print(
            "decoding",
            ["shape": shape.rawValue, "precision": precision.rawValue, "responses": "\(responses)"], seconds: result,
            tokens: responses * (tokens - 1))
    }

    /// Samples one group.
    private func group(_ batch: SamplingBatch, _ random: inout SplitMix64) throws -> [String: Double] {
        let request = SamplingRequest(
            prompt: (0..<prompt).map { _ in
                Int32.random(in: 0..<Int32(shape.configuration.vocabularySize), using: &random)
            }, seeds: (0..<UInt64(responses)).map { _ in random.next() },
            settings: SamplingSettings(topK: topK, topP: topP, maximumTokens: tokens, endTokens: []))
        let start = Clock.now
        _ = try batch.add(request)
        // The first step reads the prompt and draws each response's first token.
        _ = batch.step()
        let first = Clock.now
        while !batch.isEmpty { _ = batch.step() }
        let end = Clock.now
        return ["request": end - start, "prompt": first - start, "step": end - first]
    }
}

extension WeightPrecision: ExpressibleByArgument {}
