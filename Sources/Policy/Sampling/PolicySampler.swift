public import Foundation
public import LanguageModel
public import Preferences
import SeededRandom
import Synchronization

/// One prompt's request for responses.
///
/// Response k's seed is derived from (seed, k) alone, so a response does not depend on what else is in the batch.
public struct PolicyRequest: Sendable {
    /// What is answered: a prompt in the policy's own form, or token ids as they are.
    public enum Source: Sendable { case prompt(Prompt), tokens([Int32]) }

    public var source: Source
    /// Responses wanted.
    public var count: Int
    public var seed: UInt64
    public var options: SamplingOptions

    public init(prompt: Prompt, count: Int, seed: UInt64, options: SamplingOptions) {
        (source, self.count, self.seed, self.options) = (.prompt(prompt), count, seed, options)
    }

    public init(tokens: [Int32], count: Int, seed: UInt64, options: SamplingOptions) {
        (source, self.count, self.seed, self.options) = (.tokens(tokens), count, seed, options)
    }
}

/// Samples and scores with a loaded policy.
///
/// Calls are serialised and block until they are done: call from a thread of your own, never from Swift's cooperative
/// pool. The weights must not change while a sampler of them lives.
public final class PolicySampler: Sendable {
    public let policy: LoadedPolicy
    private let pool: WorkerPool
    private let sampler: Mutex<GroupSampler>

    /// - Parameter maximumRows: most responses that decode together.
    public init(policy: LoadedPolicy, pool: WorkerPool, maximumRows: Int = 256) {
        self.policy = policy
        self.pool = pool
        sampler = Mutex(GroupSampler(model: policy.model, pool: pool, maximumRows: maximumRows))
    }

    /// - Throws: what `LoadedPolicy` throws.
    public convenience init(folder: URL, pool: WorkerPool) throws {
        self.init(policy: try LoadedPolicy(folder: folder), pool: pool)
    }

    /// The seed of response k of a request.
    public static func seed(ofResponse k: Int, from seed: UInt64) -> UInt64 {
        var random = SplitMix64(seed: seed, stream: UInt64(k))
        return random.next()
    }

    /// The responses to one prompt.
    public func sample(_ request: PolicyRequest) throws -> [PolicyResponse] { try sample([request])[0] }

    /// The responses to several prompts, decoded as one large batch: the same bytes as one call each.
    /// - Parameters:
    ///   - onText: is given each response's new printable text as it comes, never an empty one, with the indices of
    ///     request and response; false cancels that response.
    ///   - isCancelled: asked after each token, also where no text comes of it; true cancels every response.
    /// - Throws: `PolicyError` that names the prompt or the option that is wrong; nothing is sampled then.
    public func sample(
        _ requests: [PolicyRequest],
        onText: (@Sendable (_ request: Int, _ response: Int, _ text: String) -> Bool)? = nil,
        isCancelled: (@Sendable () -> Bool)? = nil
    ) throws -> [[PolicyResponse]] {
        let prepared = try requests.enumerated().map { try prepare($1, index: $0) }
        let reads = onText != nil || isCancelled != nil || requests.contains { !$0.options.stop.isEmpty }
        var (sampled, readers) = try sampler.withLock { sampler in
            var readers = prepared.map { one in
                one.seeds.map { _ in ResponseReader(template: policy.template, stop: one.request.options.stop) }
            }
            guard reads else { return (try sampler.sample(prepared.map(\.sampling)), readers) }
            let sampled = try sampler.sample(prepared.map(\.sampling)) { request, response, token in
                let piece = readers[request][response].append(token)
                let wanted = isCancelled?() != true && (piece.isEmpty || onText?(request, response, piece) ?? true)
                if !wanted { readers[request][response].cancelled = true }
                return wanted && !readers[request][response].stopped
            }
            return (sampled, readers)
        }
        return prepared.indices.map { index in
            let one = prepared[index]
            return one.seeds.indices.map { k in
                finished(
                    sampled[index][k], reader: &readers[index][k], seed: one.seeds[k], options: one.request.options
                ) { rest in _ = onText?(index, k, rest) }
            }
        }
    }

    /// Log-probabilities of given responses in nats from the packed training pass: `[responses][tokens]`.
    public func logProbabilities(
        prompt: Prompt, responses: [[Int32]], temperature: Double = 1
    ) throws -> [[Double]] {
        let group = TokenGroup(prompt: try policy.tokens(of: prompt), responses: responses)
        return try logProbabilities(of: [group], temperature: temperature)[0]
    }

    /// The same for groups of tokens: `[groups][responses][tokens]`.
    public func logProbabilities(of groups: [TokenGroup], temperature: Double = 1) throws -> [[[Double]]] {
        try sampler.withLock { _ in
            try GroupScorer(model: policy.model, pool: pool).logProbabilities(of: groups, temperature: temperature)
        }
    }

    private struct Prepared {
        var request: PolicyRequest
        var seeds: [UInt64]
        var sampling: SamplingRequest
    }

    private func prepare(_ request: PolicyRequest, index: Int) throws -> Prepared {
        try request.options.validate()
        try require(request.count > 0, "count", "\(request.count) is not a positive number of responses")
        let tokens: [Int32]
        switch request.source {
        case .prompt(let prompt): tokens = try policy.tokens(of: prompt, named: "number \(index + 1)")
        case .tokens(let given):
            tokens = given
            try policy.requireUsable(given, named: "number \(index + 1)")
        }
        let vocabulary = policy.model.configuration.vocabularySize
        for token in request.options.logitBias.keys.sorted() {
            try require(
                token >= 0 && Int(token) < vocabulary, "logit_bias",
                "token \(token) is none of the model's \(vocabulary)")
        }
        let seeds = (0..<request.count).map { Self.seed(ofResponse: $0, from: request.seed) }
        let settings = LanguageModel.SamplingSettings(
            temperature: Float(request.options.temperature), topK: request.options.topK ?? 0,
            topP: Float(request.options.topP), minP: Float(request.options.minP),
            repetitionPenalty: Float(request.options.repetitionPenalty),
            logitBias: request.options.logitBias.mapValues { Float($0) },
            maximumTokens: min(request.options.maximumTokens, policy.contextLength - tokens.count),
            endTokens: policy.template.endTokenIDs, alternatives: request.options.alternatives)
        return Prepared(
            request: request, seeds: seeds,
            sampling: SamplingRequest(prompt: tokens, seeds: seeds, settings: settings))
    }

    private func finished(
        _ response: LanguageModel.SampledResponse, reader: inout ResponseReader, seed: UInt64,
        options: SamplingOptions, onRest: (String) -> Void
    ) -> PolicyResponse {
        var text = policy.template.responseText(response.tokens)
        if reader.isUsed {
            let rest = reader.finish()
            if !rest.isEmpty, !reader.cancelled { onRest(rest) }
            if !options.stop.isEmpty { text = reader.text }
        }
        let reason: FinishReason =
            if reader.cancelled {
                .cancelled
            } else if reader.stopped {
                .stopString
            } else {
                response.finished ? .endToken : .length
            }
        return PolicyResponse(
            text: text, tokenIDs: response.tokens, tokenLogProbabilities: response.logProbabilities.map(Double.init),
            temperature: options.temperature, seed: seed, finishReason: reason,
            alternatives: response.alternatives.map { place in
                place.map { TokenAlternative(token: $0.token, logProbability: Double($0.logProbability)) }
            })
    }
}

/// The text of one response as its tokens come, cut before a stop text.
private struct ResponseReader: Sendable {
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

    /// What was still held back.
    mutating func finish() -> String {
        let last = stops.append(decoder.finish())
        return take(stops.stopped ? last : last + stops.finish())
    }

    private mutating func take(_ piece: String) -> String {
        text += piece
        return piece
    }
}
