/// What the decoder itself says about given tokens, in the precision that it writes them in: for measuring what a
/// precision costs. Training and scoring use `PackedPass`.
package final class DecoderLogits {
    private let model: Transformer
    private let decoder: BatchDecoder

    /// Tokens whose logits are held at once.
    private static let piece = 64

    package init(
        model: Transformer, pool: WorkerPool, precision: WeightPrecision, kernels: KernelSet = .best
    ) {
        self.model = model
        decoder = BatchDecoder(model, pool, precision: precision, kernels: kernels)
    }

    /// Logits of the token after each of `tokens`, one row of the vocabulary at a time, in order.
    /// - Throws: `EngineError` for no tokens, too many, or one outside the vocabulary.
    package func read(_ tokens: [Int32], _ row: ([Float]) -> Void) throws(EngineError) {
        let c = model.configuration
        guard !tokens.isEmpty else { throw .emptyPrompt(request: 0) }
        guard tokens.count <= c.contextLength else {
            throw .tooLong(group: 0, positions: tokens.count, contextLength: c.contextLength)
        }
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= c.vocabularySize }) {
            throw .tokenOutsideVocabulary(token: token, group: 0, vocabularySize: c.vocabularySize)
        }
        let cache = KeyValueCache(
            c, prompt: tokens.count, responses: 0, precision: decoder.precision.cachePrecision)
        for start in stride(from: 0, to: tokens.count, by: Self.piece) {
            let piece = Array(tokens[start..<min(tokens.count, start + Self.piece)])
            let logits = decoder.forward(
                [BatchDecoder.Part(kind: .prompt, cache: cache, tokens: piece)],
                chosen: piece.indices.map { ($0, 1) })
            for index in piece.indices {
                row(logits.logits.array(index * c.vocabularySize..<(index + 1) * c.vocabularySize))
            }
        }
    }
}
