import Foundation

extension CompletionClient {
    /// Nats of each continuation after a text: the sum over its tokens, as the server echoes them.
    ///
    /// A token counts to the continuation where it ends in it, so one that spans the border does.
    func logLikelihoods(of continuations: [String], after context: String, model: String) async throws -> [Double] {
        let body = EchoRequest(
            model: model, prompt: continuations.map { context + $0 }, max_tokens: 1, echo: true, logprobs: 1,
            temperature: 1)
        let data = try await post("/v1/completions", body: try JSONEncoder().encode(body))
        let choices = try decoded(EchoAnswer.self, from: data).choices.sorted { $0.index < $1.index }
        guard choices.count == continuations.count else {
            throw CompletionError.unreadable(
                address: address, reason: "\(choices.count) choices where \(continuations.count) were asked for")
        }
        let start = context.unicodeScalars.count
        return try zip(choices, continuations).map { choice, continuation in
            guard let found = choice.logprobs, found.text_offset.count == found.token_logprobs.count else {
                throw CompletionError.unreadable(
                    address: address,
                    reason: "it echoes no log-probabilities; multiple choice needs `echo` with `logprobs`")
            }
            let end = start + continuation.unicodeScalars.count
            var sum = 0.0
            for (place, offset) in found.text_offset.enumerated() where offset < end {
                let next = place + 1 < found.text_offset.count ? found.text_offset[place + 1] : end
                guard next > start else { continue }
                guard let value = found.token_logprobs[place] else {
                    throw CompletionError.unreadable(
                        address: address, reason: "a token of a choice has no log-probability; is the prompt empty?")
                }
                sum += value
            }
            return sum
        }
    }
}

// The names below are OpenAI's.

private struct EchoRequest: Encodable {
    let model: String
    let prompt: [String]
    let max_tokens: Int
    let echo: Bool
    let logprobs: Int
    let temperature: Double
}

private struct EchoAnswer: Decodable {
    struct LogProbabilities: Decodable {
        let text_offset: [Int]
        let token_logprobs: [Double?]
    }
    struct Choice: Decodable {
        let index: Int
        let logprobs: LogProbabilities?
    }
    let choices: [Choice]
}
