import LanguageModel

/// The text of one response as its tokens come, cut before a stop text.
struct ResponseReader: Sendable {
    private var decoder: StreamingDecoder
    private var stops: StopStrings
    private let endTokens: [Int32]
    private(set) var text = ""
    private(set) var isUsed = false
    var cancelled = false

    init(template: PromptTemplate, stop: [String]) {
        decoder = template.tokenizer.streamingDecoder(continuing: true)
        stops = StopStrings(stop)
        endTokens = template.endTokenIDs
    }

    var stopped: Bool { stops.stopped }

    /// New text that can be shown.
    mutating func append(_ token: Int32) -> String {
        isUsed = true
        guard !endTokens.contains(token) else { return "" }
        return take(stops.append(decoder.append(token)))
    }

    /// The whole response, and the text that was still held back.
    mutating func response(
        _ sampled: LanguageModel.SampledResponse, template: PromptTemplate, seed: UInt64, options: SamplingOptions
    ) -> (response: PolicyResponse, rest: String) {
        var whole = template.responseText(sampled.tokens)
        var rest = ""
        if isUsed {
            rest = finish()
            if cancelled { rest = "" }
            if !options.stop.isEmpty { whole = text }
        }
        let reason: FinishReason =
            if cancelled {
                .cancelled
            } else if stopped {
                .stopString
            } else {
                sampled.finished ? .endToken : .length
            }
        let response = PolicyResponse(
            text: whole, tokenIDs: sampled.tokens, tokenLogProbabilities: sampled.logProbabilities.map(Double.init),
            temperature: options.temperature, seed: seed, finishReason: reason,
            alternatives: sampled.alternatives.map { place in
                place.map { TokenAlternative(token: $0.token, logProbability: Double($0.logProbability)) }
            })
        return (response, rest)
    }

    /// What was still held back.
    private mutating func finish() -> String {
        let last = stops.append(decoder.finish())
        return take(stops.stopped ? last : last + stops.finish())
    }

    private mutating func take(_ piece: String) -> String {
        text += piece
        return piece
    }
}
