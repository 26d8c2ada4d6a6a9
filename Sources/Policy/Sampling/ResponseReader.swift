import LanguageModel

/// The text of one response as its tokens come, cut before a stop text.
struct ResponseReader: Sendable {
    private var decoder: StreamingDecoder
    private var stops: StopStrings
    private let endTokens: [Int32]
    private(set) var text = ""
    private(set) var isUsed = false
    /// Tokens since the last piece.
    private var tokens: [PolicyToken] = []
    var cancelled = false

    init(template: PromptTemplate, stop: [String]) {
        decoder = template.tokenizer.streamingDecoder(continuing: true)
        stops = StopStrings(stop)
        endTokens = template.endTokenIDs
    }

    var stopped: Bool { stops.stopped }

    /// New text that can be shown; nil where there is none.
    mutating func append(_ drawn: SampledToken) -> ResponsePiece? {
        isUsed = true
        tokens.append(
            PolicyToken(
                id: drawn.token, logProbability: Double(drawn.logProbability), alternatives: drawn.alternatives.plain))
        guard !endTokens.contains(drawn.token) else { return nil }
        return piece(take(stops.append(decoder.append(drawn.token))))
    }

    private mutating func piece(_ text: String) -> ResponsePiece? {
        guard !text.isEmpty else { return nil }
        defer { tokens = [] }
        return ResponsePiece(text: text, tokens: tokens)
    }

    /// The whole response, and what was still held back.
    mutating func response(
        _ sampled: LanguageModel.SampledResponse, template: PromptTemplate, seed: UInt64, options: SamplingOptions
    ) -> (response: PolicyResponse, rest: ResponsePiece?) {
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
            alternatives: sampled.alternatives.map(\.plain))
        return (response, piece(rest))
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

extension [SampledResponse.Alternative] {
    /// In this module's words.
    fileprivate var plain: [TokenAlternative] {
        map { TokenAlternative(token: $0.token, logProbability: Double($0.logProbability)) }
    }
}
