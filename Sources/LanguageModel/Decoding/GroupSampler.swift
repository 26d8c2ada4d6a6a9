internal import Kernels
internal import SeededRandom

/// Samples groups: each prompt is computed once, then all responses of all requests decode as one batch. Finished
/// responses leave it and waiting requests join. A response depends on its prompt, seed and settings alone, not on what
/// else is in the batch.
public final class GroupSampler {
    public let model: Transformer
    private let pool: WorkerPool
    private let maximumRows: Int
    private let maximumCacheBytes: Int
    /// Prompt tokens that are computed in one go, unless a single prompt has more: bounds memory.
    private static let prefillTokens = 8192
    private let decoder: BatchDecoder
    private var workspace: [FloatBuffer] = []

    /// Packs the model's weights for decoding; they are not followed afterwards (see `refresh`).
    /// - Parameters:
    ///   - maximumRows: responses that decode at once; one request may exceed it.
    ///   - maximumCacheBytes: what the keys and values of all requests in work may come to; a request that could
    ///     alone exceed it is refused.
    public init(
        model: Transformer, pool: WorkerPool, maximumRows: Int = 256, maximumCacheBytes: Int = 8 << 30
    ) {
        self.model = model
        self.pool = pool
        self.maximumRows = max(1, maximumRows)
        self.maximumCacheBytes = maximumCacheBytes
        decoder = BatchDecoder(model, pool)
    }

    /// Packs the weights again, after an optimiser changed them.
    public func refresh() { decoder.refresh() }

    /// A response in work.
    private struct Row {
        let request: Int
        let response: Int
        var random: SplitMix64
        /// Tokens of prompt and response, where a repetition penalty asks for them.
        var seen: Set<Int32>
        var result = SampledResponse()
        var ended = false
    }

    /// A request in work.
    private struct Live {
        let request: Int
        let cache: KeyValueCache
        let limit: Int
        var rows: [Row]
    }

    /// - Parameter onToken: called after each token, on the calling thread; false ends that response as `.stopped`.
    /// - Returns: responses by request, in the order of the seeds.
    /// - Throws: `EngineError` for an empty or too long prompt, an id outside the vocabulary, settings that cannot be,
    ///   too much memory, and logits that are not finite.
    public func sample(
        _ requests: [SamplingRequest],
        onToken: ((_ request: Int, _ response: Int, _ token: Int32) -> Bool)? = nil
    ) throws(EngineError) -> [[SampledResponse]] {
        for (index, request) in requests.enumerated() { try check(request, index) }
        var results = requests.map { $0.seeds.map { _ in SampledResponse() } }
        var waiting = requests.indices.filter { !requests[$0].seeds.isEmpty }[...]
        var live: [Live] = []
        while !live.isEmpty || !waiting.isEmpty {
            var joining: [Live] = []
            var rows = live.reduce(0) { $0 + $1.rows.count }
            var bytes = live.reduce(0) { $0 + cacheBytes(requests[$1.request]) }
            var tokens = 0
            while let next = waiting.first {
                let request = requests[next]
                let fits =
                    rows + request.seeds.count <= maximumRows && tokens + request.prompt.count <= Self.prefillTokens
                    && bytes + cacheBytes(request) <= maximumCacheBytes
                guard rows == 0 || fits else { break }
                joining.append(begin(request, next))
                rows += request.seeds.count
                bytes += cacheBytes(request)
                tokens += request.prompt.count
                waiting.removeFirst()
            }
            if !live.isEmpty {
                let tokens = live.flatMap { $0.rows.map { $0.result.tokens[$0.result.tokens.count - 1] } }
                let logits = decoder.step(tokens, live.map(\.cache))
                try draw(&live, requests, logits, sharedRow: false)
            }
            if !joining.isEmpty {
                let logits = decoder.prefill(joining.map { requests[$0.request].prompt }, joining.map(\.cache))
                try draw(&joining, requests, logits, sharedRow: true)
            }
            live += joining
            settle(&live, requests, onToken, &results)
        }
        return results
    }

    private func check(_ request: SamplingRequest, _ index: Int) throws(EngineError) {
        let c = model.configuration
        guard c.head == .languageModel else { throw .badSetting("a model with a scalar head cannot write text") }
        try request.settings.validate()
        guard !request.prompt.isEmpty else { throw .emptyPrompt(request: index) }
        guard request.prompt.count < c.contextLength else {
            throw .tooLong(group: index, positions: request.prompt.count + 1, contextLength: c.contextLength)
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
        min(request.settings.maximumTokens, model.configuration.contextLength - request.prompt.count)
    }

    /// Most bytes that the keys and values of a request can come to.
    private func cacheBytes(_ request: SamplingRequest) -> Int {
        KeyValueCache.bytes(
            model.configuration, prompt: request.prompt.count, responses: request.seeds.count,
            tokens: limit(request))
    }

    private func begin(_ request: SamplingRequest, _ index: Int) -> Live {
        Live(
            request: index,
            cache: KeyValueCache(
                model.configuration, prompt: request.prompt.count, responses: request.seeds.count),
            limit: limit(request),
            rows: request.seeds.enumerated().map {
                Row(
                    request: index, response: $0.offset, random: SplitMix64(seed: $0.element),
                    seen: request.settings.repetitionPenalty == 1 ? [] : Set(request.prompt))
            })
    }

    /// Draws the next token of every row. After a prompt all rows of a request share one row of logits.
    private func draw(
        _ live: inout [Live], _ requests: [SamplingRequest], _ logits: FloatBuffer, sharedRow: Bool
    ) throws(EngineError) {
        var flat = live.flatMap(\.rows)
        let logitRows = live.enumerated().flatMap { place, item in item.rows.map { _ in place } }
        let size = model.configuration.vocabularySize
        if workspace.first?.count != size { workspace = (0..<pool.threads).map { _ in FloatBuffer(count: size) } }
        unsafe flat.withUnsafeMutableBufferPointer { rows in
            nonisolated(unsafe) let rows = unsafe rows
            pool.runOnWorkers(unsafe rows.count) { index, worker in
                let logitRow = sharedRow ? logitRows[index] : index
                let settings = unsafe requests[rows[index].request].settings
                unsafe drawToken(&rows[index], settings, logits, logitRow * size, workspace[worker])
            }
        }
        if let row = flat.first(where: { $0.result.logProbabilities.last?.isFinite == false }) {
            throw .notFinite("a log-probability of request \(row.request)")
        }
        var start = 0
        for place in live.indices {
            let count = live[place].rows.count
            live[place].rows = Array(flat[start..<start + count])
            start += count
        }
    }

    private func drawToken(
        _ row: inout Row, _ settings: SamplingSettings, _ logits: FloatBuffer, _ start: Int, _ space: FloatBuffer
    ) {
        let size = model.configuration.vocabularySize
        let scale = settings.temperature > 0 ? 1 / settings.temperature : 1
        let table = unsafe decoder.kernels.table.pointee
        let logSum = unsafe table.log_sum_exp(Int64(size), scale, logits.base + start, nil)
        guard logSum.isFinite else {
            // Nothing can be drawn; `draw` turns this into an error.
            row.result.tokens.append(0)
            row.result.logProbabilities.append(.nan)
            return
        }
        func softmax(_ sum: Float) {
            unsafe table.scaled_softmax(Int64(size), scale, sum, 1, space.base)
        }
        space.copy(from: logits, start, to: 0, count: size)
        softmax(logSum)
        let probabilities = unsafe Span(_unsafeStart: UnsafePointer(space.base), count: size)
        if settings.alternatives > 0 {
            row.result.alternatives.append(
                TokenDraw.mostProbable(settings.alternatives, of: probabilities).map {
                    .init(token: Int32($0), logProbability: logits[start + $0] * scale - logSum)
                })
        }
        let changes = settings.repetitionPenalty != 1 || !settings.logitBias.isEmpty
        if changes {
            space.copy(from: logits, start, to: 0, count: size)
            change(space, by: settings, seen: row.seen)
        }
        var token = 0
        if settings.temperature > 0 {
            if changes { softmax(unsafe table.log_sum_exp(Int64(size), scale, space.base, nil)) }
            token = TokenDraw(topK: settings.topK, topP: settings.topP, minP: settings.minP)
                .draw(probabilities, &row.random)
        } else {
            let (from, first) = changes ? (space, 0) : (logits, start)
            for index in 1..<max(1, size) where from[first + index] > from[first + token] { token = index }
        }
        row.result.tokens.append(Int32(token))
        row.result.logProbabilities.append(logits[start + token] * scale - logSum)
        if settings.repetitionPenalty != 1 { row.seen.insert(Int32(token)) }
    }

    /// Repetition penalty, then bias, on one row of logits `[vocabulary]`.
    private func change(_ logits: FloatBuffer, by settings: SamplingSettings, seen: Set<Int32>) {
        for token in seen {
            let logit = logits[Int(token)]
            logits[Int(token)] = logit > 0 ? logit / settings.repetitionPenalty : logit * settings.repetitionPenalty
        }
        for (token, bias) in settings.logitBias { logits[Int(token)] += bias }
    }

    /// Ends responses, tells the caller about new tokens, and lets finished rows and requests go.
    private func settle(
        _ live: inout [Live], _ requests: [SamplingRequest], _ onToken: ((Int, Int, Int32) -> Bool)?,
        _ results: inout [[SampledResponse]]
    ) {
        for place in live.indices {
            let settings = requests[live[place].request].settings
            for index in live[place].rows.indices {
                var row = live[place].rows[index]
                let token = row.result.tokens[row.result.tokens.count - 1]
                let goesOn = onToken?(row.request, row.response, token) ?? true
                if settings.endTokens.contains(token) {
                    row.result.ending = .endToken
                    row.ended = true
                } else if !goesOn {
                    row.result.ending = .stopped
                    row.ended = true
                } else if row.result.tokens.count >= live[place].limit {
                    row.ended = true
                }
                if row.ended { results[row.request][row.response] = row.result }
                live[place].rows[index] = row
            }
            live[place].cache.keep(live[place].rows.map { !$0.ended })
            live[place].rows.removeAll(where: \.ended)
        }
        live.removeAll(where: \.rows.isEmpty)
    }
}
