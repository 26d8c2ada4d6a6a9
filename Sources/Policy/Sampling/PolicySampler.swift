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
/// Calls block until they are done: call from a thread of your own, never from Swift's cooperative pool. Calls that are
/// begun with `begin` are in work together and go on with each `step`. The weights must not change while a sampler of
/// them lives.
public final class PolicySampler: Sendable {
    public let policy: LoadedPolicy
    /// How the weights are held that write text; scores are float32 always.
    public let precision: WeightPrecision
    private let pool: WorkerPool
    private let batch: Mutex<PolicyBatch>

    /// - Parameters:
    ///   - maximumRows: most responses that decode together; one call may exceed it.
    ///   - maximumCacheBytes: what the keys and values of all that decodes may come to.
    public init(
        policy: LoadedPolicy, pool: WorkerPool, precision: WeightPrecision = .float32, maximumRows: Int = 256,
        maximumCacheBytes: Int = 8 << 30
    ) {
        self.policy = policy
        self.precision = precision
        self.pool = pool
        batch = Mutex(
            PolicyBatch(
                SamplingBatch(
                    model: policy.model, pool: pool, precision: precision, maximumRows: maximumRows,
                    maximumCacheBytes: maximumCacheBytes)))
    }

    /// - Throws: what `LoadedPolicy` throws.
    public convenience init(
        folder: URL, pool: WorkerPool, precision: WeightPrecision = .float32, maximumRows: Int = 256,
        maximumCacheBytes: Int = 8 << 30
    ) throws {
        self.init(
            policy: try LoadedPolicy(folder: folder), pool: pool, precision: precision, maximumRows: maximumRows,
            maximumCacheBytes: maximumCacheBytes)
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
        let box = AnswerBox()
        let onPiece = onText.map { onText in
            { @Sendable (request: Int, response: Int, piece: ResponsePiece) in onText(request, response, piece.text) }
        }
        try begin(requests, onPiece: onPiece, isCancelled: isCancelled) { box.set($0) }
        while box.value == nil { step() }
        return try box.value?.get() ?? []
    }

    /// Takes a call in without waiting for its end; each `step` brings it one token further. A response's bytes do not
    /// depend on what else is in work.
    /// - Parameters:
    ///   - onPiece: is given each response's new text as it comes, with the indices of request and response; false
    ///     cancels that response. Tokens that bring no text until the end come in no piece.
    ///   - isCancelled: as in `sample`.
    ///   - onEnd: called once, by the `step` that ends the call, with the responses or the error.
    /// - Throws: `PolicyError` that names the prompt or the option that is wrong; nothing has begun then.
    public func begin(
        _ requests: [PolicyRequest],
        onPiece: (@Sendable (_ request: Int, _ response: Int, _ piece: ResponsePiece) -> Bool)? = nil,
        isCancelled: (@Sendable () -> Bool)? = nil,
        onEnd: @escaping @Sendable (Result<[[PolicyResponse]], any Error>) -> Void
    ) throws {
        let prepared = try requests.enumerated().map { try prepare($1, index: $0) }
        guard !prepared.isEmpty else {
            onEnd(.success([]))
            return
        }
        try batch.withLock {
            try $0.begin(
                prepared, template: policy.template, onPiece: onPiece, isCancelled: isCancelled, onEnd: onEnd)
        }
    }

    /// Most tokens of each response where nobody says how many: what the context leaves, as far as a quarter of the
    /// memory for keys and values goes, so that others find room beside them; all of that memory where a quarter holds
    /// not even one token.
    /// - Parameters:
    ///   - prompt: the prompt's tokens.
    ///   - count: responses to it.
    /// - Returns: 0 where there is no room for any.
    public func usualMaximum(prompt: Int, count: Int) -> Int {
        batch.withLock { batch in
            let shared = batch.room(prompt: prompt, responses: count, share: 0.25)
            return shared > 0 ? shared : batch.room(prompt: prompt, responses: count, share: 1)
        }
    }

    /// One token more of every response in work, and a piece of the prompts that are not read yet.
    public func step() {
        let ends = batch.withLock { $0.step(template: policy.template) }
        for end in ends { end() }
    }

    /// Nothing is in work.
    public var isIdle: Bool { batch.withLock(\.isIdle) }
    /// Calls of which something has no room yet.
    public var waitingCount: Int { batch.withLock(\.waitingCount) }

    /// Log-probabilities of given responses in nats from the packed training pass: `[responses][tokens]`.
    public func logProbabilities(
        prompt: Prompt, responses: [[Int32]], temperature: Double = 1
    ) throws -> [[Double]] {
        let group = TokenGroup(prompt: try policy.tokens(of: prompt), responses: responses)
        return try logProbabilities(of: [group], temperature: temperature)[0]
    }

    /// The same for groups of tokens: `[groups][responses][tokens]`.
    public func logProbabilities(of groups: [TokenGroup], temperature: Double = 1) throws -> [[[Double]]] {
        try batch.withLock { _ in
            try GroupScorer(model: policy.model, pool: pool).logProbabilities(of: groups, temperature: temperature)
        }
    }

    private func prepare(_ request: PolicyRequest, index: Int) throws -> PreparedRequest {
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
        return PreparedRequest(
            request: request, seeds: seeds,
            sampling: SamplingRequest(prompt: tokens, seeds: seeds, settings: settings))
    }
}

/// Where a call's answer is put by the step that ends it.
private final class AnswerBox: Sendable {
    private let answer = Mutex<Result<[[PolicyResponse]], any Error>?>(nil)

    var value: Result<[[PolicyResponse]], any Error>? { answer.withLock { $0 } }

    func set(_ value: Result<[[PolicyResponse]], any Error>) { answer.withLock { $0 = value } }
}
