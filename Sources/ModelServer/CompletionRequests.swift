internal import Foundation
internal import LanguageModel
internal import Policy
internal import SeededRandom

/// What both kinds of completion ask alike.
struct SamplingFields: Sendable {
    var model: String
    /// Responses per prompt.
    var count: Int
    /// `best_of`: responses sampled per prompt, of which the `count` most probable by the token are given.
    var sampled: Int
    /// The seed given, or a random one that the answer tells.
    var seed: UInt64
    var temperature: Double
    var topP: Double
    var topK: Int?
    var minP: Double
    var repetitionPenalty: Double
    var logitBias: [Int32: Double]
    var stop: [String]
    /// nil: as many as the context leaves.
    var maximumTokens: Int?
    /// nil: none; else the number of most probable tokens to tell beside each token.
    var logProbabilities: Int?
    /// The prompt's text and its log-probabilities come with each response.
    var echo: Bool
    var streams: Bool
    var streamsUsage: Bool

    static let mostAlternatives = 20

    init(_ reader: inout RequestReader, maximumResponses: Int, smallestMaximum: Int) throws {
        guard let model = try reader.value("model", as: String.self, "a model's name") else {
            throw ModelServerError.badField("model", problem: "is missing; GET /v1/models lists the names")
        }
        self.model = model
        let count = try reader.integer("n", in: 1...maximumResponses) ?? 1
        self.count = count
        sampled = try reader.integer("best_of", in: count...maximumResponses) ?? count
        seed = try reader.seed() ?? UInt64.random(in: 0...UInt64.max)
        temperature =
            try reader.number(
                "temperature", SamplingOptions.acceptsTemperature, SamplingOptions.temperatureWords) ?? 1
        topP = try reader.number("top_p", SamplingOptions.acceptsTopP, SamplingOptions.topPWords) ?? 1
        // 0 and -1 are others' ways of saying all.
        topK = try reader.integer("top_k", in: -1...Int(Int32.max)).flatMap { $0 > 0 ? $0 : nil }
        minP = try reader.number("min_p", SamplingOptions.acceptsMinP, SamplingOptions.minPWords) ?? 0
        repetitionPenalty =
            try reader.number(
                "repetition_penalty", SamplingOptions.acceptsRepetitionPenalty, SamplingOptions.repetitionPenaltyWords)
            ?? 1
        logitBias = try reader.biases("logit_bias")
        stop = try reader.texts("stop")
        guard stop.count <= 16, !stop.contains("") else {
            throw ModelServerError.badField("stop", problem: "should be at most 16 texts, none of them empty")
        }
        maximumTokens = try reader.integer("max_tokens", in: smallestMaximum...Int(Int32.max))
        streams = try reader.flag("stream")
        struct StreamOptions: Decodable { var include_usage: Bool? }
        let streamOptions = try reader.value(
            "stream_options", as: StreamOptions.self, "an object with include_usage")
        streamsUsage = streamOptions?.include_usage ?? false
        (echo, logProbabilities) = (false, nil)
        for name in ["frequency_penalty", "presence_penalty"] {
            try reader.refuse(name) { $0 == .number(0) }
        }
        reader.ignore("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")
    }

    /// The prompt's text and log-probabilities come with whole responses alone, and the best of several are known at
    /// their ends.
    func checkStream() throws {
        if streams, sampled > count {
            throw ModelServerError.badField("best_of", problem: "above n cannot be streamed; leave stream out")
        }
        if streams, echo { throw ModelServerError.badField("echo", problem: "cannot be streamed; leave stream out") }
    }

    func options(maximumTokens: Int) -> SamplingOptions {
        SamplingOptions(
            temperature: temperature, topK: topK, topP: topP, minP: minP, repetitionPenalty: repetitionPenalty,
            logitBias: logitBias, maximumTokens: maximumTokens, stop: stop, alternatives: logProbabilities ?? 0)
    }

    /// The seed of one of several prompts: the first has the request's own, so that a prompt alone and the first of a
    /// list give the same responses.
    func seed(ofPrompt index: Int) -> UInt64 {
        guard index > 0 else { return seed }
        var random = SplitMix64(seed: seed, stream: 1 << 63 + UInt64(index))
        return random.next()
    }
}

/// The body of `POST /v1/completions`.
struct TextRequest: Sendable {
    enum Prompt: Sendable, Equatable {
        case text(String)
        case tokens([Int32])
    }

    var prompts: [Prompt]
    var fields: SamplingFields

    /// OpenAI's own limit where a request gives none.
    static let standardMaximum = 16

    init(_ body: Data, maximumResponses: Int) throws {
        var reader = try RequestReader.read(body)
        let echo = try reader.flag("echo")
        fields = try SamplingFields(&reader, maximumResponses: maximumResponses, smallestMaximum: echo ? 0 : 1)
        fields.maximumTokens = fields.maximumTokens ?? Self.standardMaximum
        fields.echo = echo
        // Some clients send true or false here, as chat completions have it.
        if let flag = try? reader.value("logprobs", as: Bool.self, "") {
            fields.logProbabilities = flag ? 0 : nil
        } else {
            fields.logProbabilities = try reader.integer("logprobs", in: 0...SamplingFields.mostAlternatives)
        }
        try reader.refuse("suffix") { $0 == .text("") }
        prompts = try Self.prompts(&reader)
        try reader.finish()
        try fields.checkStream()
        guard prompts.count * fields.sampled <= maximumResponses else {
            throw ModelServerError.badField(
                fields.sampled > fields.count ? "best_of" : "n",
                problem: "\(prompts.count) prompts with \(fields.sampled) responses each are more than the "
                    + "\(maximumResponses) responses that one request may ask for")
        }
    }

    private static func prompts(_ reader: inout RequestReader) throws -> [Prompt] {
        if let text = try? reader.value("prompt", as: String.self, "") { return [.text(text)] }
        if let texts = try? reader.value("prompt", as: [String].self, ""), !texts.isEmpty {
            return texts.map { .text($0) }
        }
        if let ids = try? reader.value("prompt", as: [Int32].self, ""), !ids.isEmpty { return [.tokens(ids)] }
        if let lists = try? reader.value("prompt", as: [[Int32]].self, ""), !lists.isEmpty {
            return lists.map { .tokens($0) }
        }
        throw ModelServerError.badField(
            "prompt", problem: "should be a text, a list of texts, a list of token ids, or a list of such lists")
    }
}

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: Sendable {
    var messages: [ChatMessage]
    var fields: SamplingFields

    init(_ body: Data, maximumResponses: Int) throws {
        var reader = try RequestReader.read(body)
        fields = try SamplingFields(&reader, maximumResponses: maximumResponses, smallestMaximum: 1)
        fields.maximumTokens =
            try reader.integer("max_completion_tokens", in: 1...Int(Int32.max)) ?? fields.maximumTokens
        let wantsLogProbabilities = try reader.flag("logprobs")
        let alternatives = try reader.integer("top_logprobs", in: 0...SamplingFields.mostAlternatives)
        if alternatives != nil, !wantsLogProbabilities {
            throw ModelServerError.badField("top_logprobs", problem: "needs logprobs to be true")
        }
        fields.logProbabilities = wantsLogProbabilities ? alternatives ?? 0 : nil
        for name in ["tools", "functions"] { try reader.refuse(name) { $0 == .empty } }
        for name in ["tool_choice", "function_call"] {
            try reader.refuse(name) { $0 == .text("none") || $0 == .text("auto") }
        }
        try reader.refuse("response_format") { $0 == .text("text") }
        reader.ignore("parallel_tool_calls")
        messages = try reader.value("messages", as: [Message].self, "a list of {role, content}")?.map(\.plain) ?? []
        guard !messages.isEmpty else {
            throw ModelServerError.badField("messages", problem: "should be a list of at least one message")
        }
        try reader.finish()
        try fields.checkStream()
    }

    /// A message whose content is a text or a list of text parts.
    private struct Message: Decodable {
        var plain: ChatMessage

        enum CodingKeys: CodingKey { case role, content }

        struct Part: Decodable {
            var type: String
            var text: String
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            let role = try fields.decode(String.self, forKey: .role)
            if let text = try? fields.decode(String.self, forKey: .content) {
                plain = ChatMessage(role: role, content: text)
            } else {
                let parts = try fields.decode([Part].self, forKey: .content)
                guard parts.allSatisfy({ $0.type == "text" }) else {
                    throw DecodingError.dataCorruptedError(forKey: .content, in: fields, debugDescription: "not text")
                }
                plain = ChatMessage(role: role, content: parts.map(\.text).joined())
            }
        }
    }
}
