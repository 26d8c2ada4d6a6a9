internal import Foundation
internal import LanguageModel
internal import Policy

// The names in the JSON are OpenAI's; `token_ids`, `seed`, `log_probability` and `ending` are our additions.

/// How a response ended, as both kinds of answer tell it.
struct ChoiceEnding: Sendable {
    var finishReason: String
    var ending: String
    var tokenIDs: [Int32]
    var seed: UInt64
    /// Sum over the response's tokens with the end token, nats at the request's temperature.
    var logProbability: Double

    init(_ response: PolicyResponse) {
        finishReason = response.finishReason == .length ? "length" : "stop"
        ending = response.finishReason.rawValue
        tokenIDs = response.tokenIDs
        seed = response.seed
        logProbability = response.logProbability
    }

    /// A choice that only repeats its prompt.
    init(echoOnlyWithSeed seed: UInt64) {
        (finishReason, ending, tokenIDs, logProbability) = ("length", "length", [], 0)
        self.seed = seed
    }
}

struct Usage: Encodable, Sendable {
    var completion_tokens: Int
    var prompt_tokens: Int
    var total_tokens: Int

    init(_ result: CompletionResult) {
        prompt_tokens = result.prompts.reduce(0) { $0 + $1.promptTokens.count }
        completion_tokens = result.prompts.reduce(0) { $0 + $1.completionTokens }
        total_tokens = prompt_tokens + completion_tokens
    }
}

/// What all answers to one request have in common.
struct AnswerHead: Sendable {
    var id: String
    var created: Int
    var model: String
    var seed: UInt64

    init(prefix: String, fields: SamplingFields) {
        id = prefix + UUID().uuidString.lowercased()
        created = Int(Date().timeIntervalSince1970)
        model = fields.model
        seed = fields.seed
    }
}

struct Answer<Choice: Encodable & Sendable>: Encodable, Sendable {
    var choices: [Choice]
    var created: Int
    var id: String
    var model: String
    var object: String
    /// The request's seed, also where the server chose it; absent in pieces of a stream.
    var seed: UInt64?
    var usage: Usage?

    init(_ head: AnswerHead, object: String, choices: [Choice], seed: UInt64? = nil, usage: Usage? = nil) {
        (id, created, model) = (head.id, head.created, head.model)
        (self.object, self.choices, self.seed, self.usage) = (object, choices, seed, usage)
    }
}

/// One choice of a text completion.
struct TextChoice: Encodable, Sendable {
    var ending: String?
    var finish_reason: String?
    var index: Int
    var log_probability: Double?
    var logprobs: TextLogProbabilities?
    var seed: UInt64?
    var text: String
    var token_ids: [Int32]?

    init(index: Int, text: String, ending: ChoiceEnding? = nil, logprobs: TextLogProbabilities? = nil) {
        (self.index, self.text, self.logprobs) = (index, text, logprobs)
        self.ending = ending?.ending
        finish_reason = ending?.finishReason
        log_probability = ending?.logProbability
        seed = ending?.seed
        token_ids = ending?.tokenIDs
    }
}

struct TextLogProbabilities: Encodable, Sendable {
    /// Where each token starts in the choice's text, in Unicode scalars.
    var text_offset: [Int] = []
    var token_logprobs: [Double?] = []
    var tokens: [String] = []
    /// By token, for each place; null where nothing comes before the token.
    var top_logprobs: [[String: Double]?]?

    init(_ scored: [ScoredToken], tokenizer: Tokenizer, tellsAlternatives: Bool) {
        var place = Place(tokenizer)
        self.init(scored, from: &place, tokenizer: tokenizer, tellsAlternatives: tellsAlternatives)
    }

    /// How far a choice's tokens have been told.
    struct Place {
        var decoder: StreamingDecoder
        var offset = 0
        init(_ tokenizer: Tokenizer) { decoder = tokenizer.streamingDecoder(continuing: true) }
    }

    /// Of tokens that follow those told before.
    init(_ scored: [ScoredToken], from place: inout Place, tokenizer: Tokenizer, tellsAlternatives: Bool) {
        for token in scored {
            text_offset.append(place.offset)
            place.offset += place.decoder.append(token.id).unicodeScalars.count
            token_logprobs.append(token.logProbability)
            tokens.append(TokenName(token.id, tokenizer).text)
        }
        guard tellsAlternatives else { return }
        top_logprobs = scored.map { token in
            guard token.logProbability != nil else { return nil }
            // Names are the same only for tokens with the same bytes; then the more probable one stands.
            return Dictionary(
                token.alternatives.map { (TokenName($0.id, tokenizer).text, $0.logProbability) },
                uniquingKeysWith: { first, _ in first })
        }
    }
}

/// A token as text; one that is only part of a character is written with its bytes.
struct TokenName: Sendable {
    var bytes: [UInt8]
    var text: String

    init(_ id: Int32, _ tokenizer: Tokenizer) {
        bytes = tokenizer.decodeBytes(of: id)
        text =
            String(validating: bytes, as: UTF8.self)
            ?? "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// One choice of a chat completion, whole or as a piece of a stream.
struct ChatChoice: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var content: String?
        var role: String?
    }

    var delta: Message?
    var ending: String?
    var finish_reason: String?
    var index: Int
    var log_probability: Double?
    var logprobs: ChatLogProbabilities?
    var message: Message?
    var seed: UInt64?
    var token_ids: [Int32]?

    init(index: Int, text: String, ending: ChoiceEnding, logprobs: ChatLogProbabilities?) {
        self.init(index: index, delta: nil, ending: ending)
        message = Message(content: text, role: "assistant")
        self.logprobs = logprobs
    }

    init(index: Int, delta: Message?, ending: ChoiceEnding? = nil, logprobs: ChatLogProbabilities? = nil) {
        (self.index, self.delta, self.logprobs) = (index, delta, logprobs)
        self.ending = ending?.ending
        finish_reason = ending?.finishReason
        log_probability = ending?.logProbability
        seed = ending?.seed
        token_ids = ending?.tokenIDs
    }
}

struct ChatLogProbabilities: Encodable, Sendable {
    struct Entry: Encodable, Sendable {
        var bytes: [UInt8]
        var logprob: Double
        var token: String
        var top_logprobs: [Entry]?

        init(_ id: Int32, _ logProbability: Double, _ tokenizer: Tokenizer) {
            let name = TokenName(id, tokenizer)
            (bytes, token, logprob) = (name.bytes, name.text, logProbability)
        }
    }

    var content: [Entry]

    init(_ scored: [ScoredToken], tokenizer: Tokenizer) {
        content = scored.map { token in
            var entry = Entry(token.id, token.logProbability ?? 0, tokenizer)
            entry.top_logprobs = token.alternatives.map { Entry($0.id, $0.logProbability, tokenizer) }
            return entry
        }
    }
}

extension CompletionResult {
    /// The choices of `POST /v1/completions`: those of the first prompt, then the next one's.
    func textChoices(_ fields: SamplingFields) -> [TextChoice] {
        prompts.enumerated().flatMap { place, prompt in
            (0..<fields.count).map { k in
                let response = prompt.responses.isEmpty ? nil : prompt.responses[k]
                var text = response?.text ?? ""
                if fields.echo { text = prompt.promptText + text }
                let scored = (prompt.scoredPrompt ?? []) + (response == nil ? [] : prompt.scoredResponses?[k] ?? [])
                let seed = PolicySampler.seed(ofResponse: k, from: fields.seed(ofPrompt: place))
                return TextChoice(
                    index: place * fields.count + k, text: text,
                    ending: response.map { ChoiceEnding($0) } ?? ChoiceEnding(echoOnlyWithSeed: seed),
                    logprobs: fields.logProbabilities.map {
                        TextLogProbabilities(scored, tokenizer: tokenizer, tellsAlternatives: $0 > 0)
                    })
            }
        }
    }

    /// The choices of `POST /v1/chat/completions`.
    func chatChoices() -> [ChatChoice] {
        prompts.flatMap { prompt in
            prompt.responses.enumerated().map { k, response in
                ChatChoice(
                    index: k, text: response.text, ending: ChoiceEnding(response),
                    logprobs: prompt.scoredResponses.map { ChatLogProbabilities($0[k], tokenizer: tokenizer) })
            }
        }
    }
}
