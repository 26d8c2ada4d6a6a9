/// Samples groups: each prompt is computed once, then all responses of all requests decode as one batch. Finished
/// responses leave it and waiting requests join. A response depends on its prompt, seed and settings alone, not on what
/// else is in the batch.
public final class GroupSampler {
    public let model: Transformer
    private let batch: SamplingBatch

    /// Packs the model's weights for decoding; they are not followed afterwards (see `refresh`).
    /// - Parameters:
    ///   - maximumRows: responses that decode at once; one request may exceed it.
    ///   - maximumCacheBytes: what the keys and values of all requests in work may come to; a request that could
    ///     alone exceed it is refused.
    public init(
        model: Transformer, pool: WorkerPool, precision: WeightPrecision = .float32, maximumRows: Int = 256,
        maximumCacheBytes: Int = 8 << 30
    ) {
        self.model = model
        batch = SamplingBatch(
            model: model, pool: pool, precision: precision, maximumRows: maximumRows,
            maximumCacheBytes: maximumCacheBytes)
    }

    /// Packs the weights again, after an optimiser changed them.
    public func refresh() { batch.refresh() }

    /// Gives the packed weights' memory back until `refresh`.
    public func release() { batch.release() }

    /// - Parameter onToken: called after each token, on the calling thread; false ends that response as `.stopped`.
    /// - Returns: responses by request, in the order of the seeds.
    /// - Throws: `EngineError` for an empty or too long prompt, an id outside the vocabulary, settings that cannot be,
    ///   too much memory, and logits that are not finite.
    public func sample(
        _ requests: [SamplingRequest],
        onToken: ((_ request: Int, _ response: Int, _ token: Int32) -> Bool)? = nil
    ) throws(EngineError) -> [[SampledResponse]] {
        defer { batch.cancelAll() }
        var places: [SamplingBatch.ID: Int] = [:]
        for (index, request) in requests.enumerated() { places[try batch.add(request, index: index)] = index }
        var results = requests.map { _ in [SampledResponse]() }
        let tell = onToken.map { onToken in
            { (id: SamplingBatch.ID, response: Int, drawn: SampledToken) in
                places[id].map { onToken($0, response, drawn.token) } ?? false
            }
        }
        while !batch.isEmpty {
            for finished in batch.step(onToken: tell) {
                guard let place = places[finished.id] else { continue }
                results[place] = try finished.responses.get()
            }
        }
        return results
    }
}
