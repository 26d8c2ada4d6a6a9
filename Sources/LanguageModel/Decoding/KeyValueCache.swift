/// Keys and values of one request: its prompt's, shared by all its responses, and each response's own.
///
/// Keys are stored transposed, `[layer][head][headSize][stride]`, so that scores are products along the positions;
/// values are `[layer][head][stride][headSize]`.
final class KeyValueCache {
    let prompt: Int
    let promptStride: Int
    let promptKeys: FloatBuffer
    let promptValues: FloatBuffer
    /// Tokens that every live response has stored.
    private(set) var stored = 0
    private(set) var tailStride = 64
    private(set) var tails: [Tail]
    private let blocks: Int
    private let headSize: Int
    private let heads: Int

    struct Tail {
        var keys: FloatBuffer
        var values: FloatBuffer
    }

    init(_ c: ModelConfiguration, prompt: Int, responses: Int) {
        self.prompt = prompt
        promptStride = (prompt + 63) / 64 * 64
        heads = c.keyValueHeads
        blocks = c.layers * c.keyValueHeads
        headSize = c.headSize
        promptKeys = FloatBuffer(count: blocks * headSize * promptStride)
        promptValues = FloatBuffer(count: blocks * headSize * promptStride)
        let tail = blocks * headSize * 64
        tails = (0..<responses).map { _ in Tail(keys: FloatBuffer(count: tail), values: FloatBuffer(count: tail)) }
    }

    /// Bytes of a cache whose responses have come to `tokens` tokens each.
    static func bytes(_ c: ModelConfiguration, prompt: Int, responses: Int, tokens: Int) -> Int {
        var stride = 64
        while stride < tokens { stride *= 2 }
        let line = c.layers * c.keyValueHeads * c.headSize * 2 * MemoryLayout<Float>.size
        return line * ((prompt + 63) / 64 * 64 + responses * stride)
    }

    /// First float of a layer's and head's part for a stride.
    func offset(_ layer: Int, _ head: Int, _ stride: Int) -> Int { (layer * heads + head) * headSize * stride }

    /// Makes room for one more token a response.
    func reserve() {
        guard stored == tailStride else { return }
        let wider = tailStride * 2
        for index in tails.indices {
            let keys = FloatBuffer(count: blocks * headSize * wider)
            let values = FloatBuffer(count: blocks * headSize * wider)
            for line in 0..<blocks * headSize {
                keys.copy(from: tails[index].keys, line * tailStride, to: line * wider, count: tailStride)
            }
            for block in 0..<blocks {
                let count = tailStride * headSize
                values.copy(from: tails[index].values, block * count, to: block * wider * headSize, count: count)
            }
            tails[index] = Tail(keys: keys, values: values)
        }
        tailStride = wider
    }

    /// After every live response's keys and values of one more token were written.
    func advance() { stored += 1 }

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
