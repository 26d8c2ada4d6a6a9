internal import Kernels
internal import SeededRandom

/// Requests that are answered together: each prompt is computed once, in pieces, and all responses of all requests decode
/// as one batch that they join and leave at any token.
///
/// A response depends on its prompt, seed and settings alone (and on the precision and the processor), not on what else
/// is in the batch. Not for several threads at once.
public final class SamplingBatch {
    public let model: Transformer
    public let precision: WeightPrecision
    private let pool: WorkerPool
    private let maximumRows: Int
    private let maximumCacheBytes: Int
    private let decoder: BatchDecoder
    private var spaces: [DrawingSpace] = []
    private var waiting: [Waiting] = []
    private var live: [Live] = []
    private var nextID = 0

    /// Prompt tokens that one step computes at most: others' next tokens wait for them.
    static let promptTokensAStep = 512

    /// Packs the model's weights for decoding; they are not followed afterwards (see `refresh`).
    /// - Parameters:
    ///   - maximumRows: responses that decode at once; one request may exceed it.
    ///   - maximumCacheBytes: what the keys and values of all requests in work may come to. Requests beyond it wait; one
    ///     that could alone exceed it is refused.
    public init(
        model: Transformer, pool: WorkerPool, precision: WeightPrecision = .float32, maximumRows: Int = 256,
        maximumCacheBytes: Int = 8 << 30
    ) {
        self.model = model
        self.pool = pool
        self.precision = precision
        self.maximumRows = max(1, maximumRows)
        self.maximumCacheBytes = maximumCacheBytes
        decoder = BatchDecoder(model, pool, precision: precision)
    }

    /// Packs the weights again, after an optimiser changed them.
    public func refresh() { decoder.refresh() }

    /// Gives back the memory of the packed weights and of what was computed. `refresh` comes before the next step; no
    /// request may be in work.
    public func release() {
        precondition(isEmpty, "requests are in work")
        decoder.release()
        spaces = []
    }

    /// Names a request in this batch.
    public struct ID: Hashable, Sendable { let number: Int }

    /// A request that has its answer.
    public struct Finished: Sendable {
        public let id: ID
        /// Responses in the order of the seeds; `EngineError.notFinite` where the model's logits are not numbers.
        public let responses: Result<[SampledResponse], EngineError>
    }

    private struct Waiting {
        let id: ID
        /// The number that errors name.
        let index: Int
        let request: SamplingRequest
    }

    /// A response in work.
    private struct Row {
        let response: Int
        var random: SplitMix64
        /// Tokens of prompt and response, where a repetition penalty asks for them.
        var seen: Set<Int32>
        var result = SampledResponse()
        var ended = false
        var isFinite = true

        mutating func take(_ drawn: TokenDraw, alternatives: Bool) {
            random = drawn.random
            isFinite = drawn.logProbability.isFinite
            result.tokens.append(drawn.token)
            result.logProbabilities.append(drawn.logProbability)
            if alternatives { result.alternatives.append(drawn.alternatives) }
            if drawn.settings.repetitionPenalty != 1 { seen.insert(drawn.token) }
        }
    }

    /// A request in work.
    private struct Live {
        let id: ID
        let index: Int
        let request: SamplingRequest
        /// Prompt vectors, where the model has them, and the request's prompt.
        let prompt: [Int32]
        let cache: KeyValueCache
        let limit: Int
        var rows: [Row]
        var results: [SampledResponse]
        /// A logit was no number.
        var failed = false

        var isPrefilling: Bool { cache.prefilled < cache.prompt }
    }

    /// Nothing is in work and nothing waits.
    public var isEmpty: Bool { live.isEmpty && waiting.isEmpty }
    /// Requests that have no room yet.
    public var waitingCount: Int { waiting.count }

    /// Takes a request in; it begins when there is room, after those that came before it.
    /// - Parameter index: the number that errors name.
    /// - Throws: `EngineError` for an empty or too long prompt, an id outside the vocabulary, settings that cannot be, and
    ///   too much memory.
    public func add(_ request: SamplingRequest, index: Int = 0) throws(EngineError) -> ID {
        try check(request, index)
        let id = ID(number: nextID)
        nextID += 1
        waiting.append(Waiting(id: id, index: index, request: request))
        admit()
        return id
    }

    /// Whether a request has no room yet.
    public func isWaiting(_ id: ID) -> Bool { waiting.contains { $0.id == id } }

    /// Lets a request go without an answer.
    public func cancel(_ id: ID) {
        waiting.removeAll { $0.id == id }
        live.removeAll { $0.id == id }
    }

    /// Lets all requests go.
    public func cancelAll() {
        waiting = []
        live = []
    }

    /// One token more for every response that decodes, and a piece of the prompts that are not read yet.
    /// - Parameter onToken: called after each token, on the calling thread; false ends that response as `.stopped`.
    /// - Returns: the requests that ended with this step, in the order in which they were taken in.
    public func step(onToken: ((_ id: ID, _ response: Int, _ token: SampledToken) -> Bool)? = nil) -> [Finished] {
        admit()
        guard !live.isEmpty else { return finishedWithoutSeeds() }
        var parts: [BatchDecoder.Part] = []
        var chosen: [(row: Int, scale: Float)] = []
        /// Place in `live` and first row of logits of those that draw.
        var drawing: [(place: Int, row: Int, shared: Bool)] = []
        var rows = 0
        var promptTokens = Self.promptTokensAStep
        for (place, item) in live.enumerated() {
            let scale = TokenDraw.scale(item.request.settings)
            if item.isPrefilling {
                let from = item.cache.prefilled
                let end = min(item.cache.prompt, from + promptTokens)
                guard end > from else { continue }
                promptTokens -= end - from
                rows += end - from
                parts.append(.init(kind: .prompt, cache: item.cache, tokens: Array(item.prompt[from..<end])))
                guard end == item.cache.prompt else { continue }
                drawing.append((place, chosen.count, true))
                chosen.append((rows - 1, scale))
            } else {
                let tokens = item.rows.map { $0.result.tokens[$0.result.tokens.count - 1] }
                parts.append(.init(kind: .responses, cache: item.cache, tokens: tokens))
                drawing.append((place, chosen.count, false))
                for _ in tokens {
                    chosen.append((rows, scale))
                    rows += 1
                }
            }
        }
        let logits = decoder.forward(parts, chosen: chosen)
        draw(drawing, logits)
        for (place, _, _) in drawing { settle(place, onToken) }
        return finishedWithoutSeeds() + takeFinished()
    }

    private func check(_ request: SamplingRequest, _ index: Int) throws(EngineError) {
        let c = model.configuration
        guard c.head == .languageModel else { throw .badSetting("a model with a scalar head cannot write text") }
        try request.settings.validate()
        guard !request.prompt.isEmpty else { throw .emptyPrompt(request: index) }
        guard request.prompt.count < model.usableContextLength else {
            throw .tooLong(group: index, positions: request.prompt.count + 1, contextLength: model.usableContextLength)
        }
        if let token = request.prompt.first(where: { $0 < 0 || Int($0) >= c.vocabularySize }) {
            throw .tokenOutsideVocabulary(token: token, group: index, vocabularySize: c.vocabularySize)
        }
        if let token = request.settings.logitBias.keys.sorted().first(where: { $0 < 0 || Int($0) >= c.vocabularySize })
        {
            throw .badSetting("the logit bias of token \(token) is for none of the \(c.vocabularySize) tokens")
        }
        let bytes = cacheBytes(request)
        guard bytes <= maximumCacheBytes else {
            throw .tooMuchMemory(request: index, bytes: bytes, most: maximumCacheBytes)
        }
    }

    /// Tokens that a response of the request may have.
    private func limit(_ request: SamplingRequest) -> Int {
        min(request.settings.maximumTokens, model.usableContextLength - request.prompt.count)
    }

    /// Most bytes that the keys and values of a request can come to.
    private func cacheBytes(_ request: SamplingRequest) -> Int {
        KeyValueCache.bytes(
            model.configuration, prompt: model.promptVectorIDs.count + request.prompt.count,
            responses: request.seeds.count, tokens: limit(request), precision: precision.cachePrecision)
    }

    /// Most tokens that each of a request's responses can have within a share of the keys' and values' bytes; at most
    /// what the context leaves, and 0 where not even one finds room.
    /// - Parameters:
    ///   - prompt: its tokens.
    ///   - share: above 0, at most 1.
    public func room(prompt: Int, responses: Int, share: Double) -> Int {
        let left = model.usableContextLength - prompt
        // Responses grow by doubling.
        var room = 0
        var tokens = KeyValueCache.firstTail
        while room < left {
            let bytes = KeyValueCache.bytes(
                model.configuration, prompt: model.promptVectorIDs.count + prompt, responses: responses,
                tokens: min(tokens, left), precision: precision.cachePrecision)
            guard bytes <= Int(Double(maximumCacheBytes) * share) else { break }
            room = min(tokens, left)
            tokens *= 2
        }
        return room
    }

    /// Begins requests that have room, in the order they came.
    private func admit() {
        var rows = live.reduce(0) { $0 + $1.rows.count }
        var bytes = live.reduce(0) { $0 + cacheBytes($1.request) }
        while let next = waiting.first {
            let request = next.request
            let (more, memory) = (request.seeds.count, cacheBytes(request))
            guard rows == 0 || (rows + more <= maximumRows && bytes + memory <= maximumCacheBytes) else { return }
            waiting.removeFirst()
            guard more > 0 else {
                withoutSeeds.append(next.id)
                continue
            }
            live.append(begin(next))
            rows += more
            bytes += memory
        }
    }

    private var withoutSeeds: [ID] = []

    private func finishedWithoutSeeds() -> [Finished] {
        defer { withoutSeeds = [] }
        return withoutSeeds.map { Finished(id: $0, responses: .success([])) }
    }

    private func begin(_ waiting: Waiting) -> Live {
        let request = waiting.request
        let prompt = model.promptVectorIDs + request.prompt
        return Live(
            id: waiting.id, index: waiting.index, request: request, prompt: prompt,
            cache: KeyValueCache(
                model.configuration, prompt: prompt.count, responses: request.seeds.count,
                precision: precision.cachePrecision),
            limit: limit(request),
            rows: request.seeds.enumerated().map {
                Row(
                    response: $0.offset, random: SplitMix64(seed: $0.element),
                    seen: request.settings.repetitionPenalty == 1 ? [] : Set(request.prompt))
            },
            results: request.seeds.map { _ in SampledResponse() })
    }

    /// Draws the next token of every response. After a prompt all responses of a request share one row of logits.
    private func draw(_ drawing: [(place: Int, row: Int, shared: Bool)], _ logits: LogitMemory) {
        let vocabulary = model.configuration.vocabularySize
        if spaces.isEmpty { spaces = (0..<pool.threads).map { _ in DrawingSpace(vocabulary: vocabulary) } }
        var jobs = drawing.flatMap { place, row, shared in
            live[place].rows.enumerated().map { index, one in
                TokenDraw(
                    settings: live[place].request.settings, logitRow: shared ? row : row + index, seen: one.seen,
                    random: one.random)
            }
        }
        TokenDraw.draw(&jobs, from: logits, vocabulary: vocabulary, spaces, pool, decoder.kernels)
        var next = 0
        for (place, _, _) in drawing {
            for index in live[place].rows.indices {
                live[place].rows[index].take(jobs[next], alternatives: live[place].request.settings.alternatives > 0)
                next += 1
            }
        }
    }

    /// Ends responses, tells the caller about new tokens, and lets finished rows go.
    private func settle(_ place: Int, _ onToken: ((ID, Int, SampledToken) -> Bool)?) {
        let settings = live[place].request.settings
        for index in live[place].rows.indices {
            let row = live[place].rows[index]
            guard row.isFinite, let drawn = row.result.last else {
                live[place].failed = true
                return
            }
            let token = drawn.token
            let goesOn = onToken?(live[place].id, row.response, drawn) ?? true
            let ending: SampledResponse.Ending? =
                if settings.endTokens.contains(token) {
                    .endToken
                } else if !goesOn {
                    .stopped
                } else {
                    row.result.tokens.count >= live[place].limit ? .length : nil
                }
            guard let ending else { continue }
            live[place].rows[index].ended = true
            live[place].results[row.response] = row.result
            live[place].results[row.response].ending = ending
        }
        guard live[place].rows.contains(where: \.ended) else { return }
        live[place].cache.keep(live[place].rows.map { !$0.ended })
        live[place].rows.removeAll(where: \.ended)
    }

    private func takeFinished() -> [Finished] {
        let finished = live.filter { $0.failed || $0.rows.isEmpty }.map { item in
            Finished(
                id: item.id,
                responses: item.failed
                    ? .failure(.notFinite("a log-probability of request \(item.index)")) : .success(item.results))
        }
        live.removeAll { $0.failed || $0.rows.isEmpty }
        return finished
    }
}
