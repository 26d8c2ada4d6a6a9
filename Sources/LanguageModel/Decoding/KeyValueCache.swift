/// Keys and values of one request: its prompt's, shared by all its responses, and each response's own.
///
/// Keys are stored transposed, `[layer][head][headSize][stride]`, so that scores are products along the positions;
/// values are `[layer][head][stride][headSize]`.
final class KeyValueCache {
    let precision: WeightPrecision
    let prompt: Int
    let promptStride: Int
    let promptKeys: ByteBuffer
    let promptValues: ByteBuffer
    /// Prompt tokens that are stored.
    private(set) var prefilled = 0
    /// Tokens that every live response has stored.
    private(set) var stored = 0
    private(set) var tailStride = KeyValueCache.firstTail
    private(set) var tails: [Tail]
    private let blocks: Int
    private let headSize: Int
    private let heads: Int
    private let element: Int

    struct Tail {
        var keys: ByteBuffer
        var values: ByteBuffer
    }

    /// Tokens that a response has room for at first; the room doubles when it is full.
    static let firstTail = 64

    /// Elements beyond the last position: products read whole vectors.
    private static let spare = 64

    /// - Parameter precision: float32 or bf16.
    init(_ c: ModelConfiguration, prompt: Int, responses: Int, precision: WeightPrecision) {
        self.precision = precision
        self.prompt = prompt
        promptStride = (prompt + 63) / 64 * 64
        heads = c.keyValueHeads
        blocks = c.layers * c.keyValueHeads
        headSize = c.headSize
        element = precision.cacheElement
        promptKeys = ByteBuffer(zeros: (blocks * headSize * promptStride + Self.spare) * element)
        promptValues = ByteBuffer(zeros: (blocks * headSize * promptStride + Self.spare) * element)
        let tail = (blocks * headSize * Self.firstTail + Self.spare) * element
        tails = (0..<responses).map { _ in Tail(keys: ByteBuffer(zeros: tail), values: ByteBuffer(zeros: tail)) }
    }

    /// Bytes of a cache whose responses have come to `tokens` tokens each.
    static func bytes(
        _ c: ModelConfiguration, prompt: Int, responses: Int, tokens: Int, precision: WeightPrecision
    ) -> Int {
        var stride = firstTail
        while stride < tokens { stride *= 2 }
        let line = c.layers * c.keyValueHeads * c.headSize * 2 * precision.cacheElement
        return line * ((prompt + 63) / 64 * 64 + responses * stride)
    }

    /// First byte of a layer's and head's part for a stride.
    func offset(_ layer: Int, _ head: Int, _ stride: Int) -> Int {
        (layer * heads + head) * headSize * stride * element
    }

    /// Makes room for one more token a response.
    func reserve() {
        guard stored == tailStride else { return }
        let wider = tailStride * 2
        let bytes = (blocks * headSize * wider + Self.spare) * element
        for index in tails.indices {
            let tail = Tail(keys: ByteBuffer(zeros: bytes), values: ByteBuffer(zeros: bytes))
            for line in 0..<blocks * headSize {
                tail.keys.copy(
                    from: tails[index].keys, line * tailStride * element, to: line * wider * element,
                    count: tailStride * element)
            }
            let count = tailStride * headSize * element
            for block in 0..<blocks {
                tail.values.copy(from: tails[index].values, block * count, to: block * 2 * count, count: count)
            }
            tails[index] = tail
        }
        tailStride = wider
    }

    /// After every live response's keys and values of one more token were written.
    func advance() { stored += 1 }

    /// After the keys and values of more prompt tokens were written.
    func advancePrompt(_ tokens: Int) { prefilled += tokens }

    /// Drops the responses whose flag is false.
    func keep(_ flags: [Bool]) {
        tails = zip(tails, flags).filter(\.1).map(\.0)
    }
}

extension FloatBuffer {
    /// Copies part of another buffer.
    func copy(from other: FloatBuffer, _ from: Int, to: Int, count: Int) {
        precondition(
            from >= 0 && from + count <= other.count && to >= 0 && to + count <= self.count, "outside a buffer")
        unsafe (base + to).update(from: other.base + from, count: count)
    }
}
