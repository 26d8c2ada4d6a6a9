/// Aligned raw memory for packed weights and caches; what is written first must come before what is read.
@safe final class ByteBuffer: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutableRawPointer

    private var isMapped: Bool { count >= SystemPages.leastBytes }

    /// Memory of `count` bytes, not initialised.
    init(count: Int) {
        precondition(count >= 0, "a buffer cannot hold \(count) bytes")
        self.count = count
        unsafe base =
            count >= SystemPages.leastBytes
            ? SystemPages.map(count) : .allocate(byteCount: max(64, count), alignment: 64)
    }

    /// Memory of `count` bytes, all zero.
    convenience init(zeros count: Int) {
        self.init(count: count)
        if !isMapped { unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count) }
    }

    deinit {
        if isMapped { unsafe SystemPages.unmap(base, count) } else { unsafe base.deallocate() }
    }

    /// Copies part of another buffer.
    func copy(from other: ByteBuffer, _ from: Int, to: Int, count: Int) {
        precondition(
            from >= 0 && from + count <= other.count && to >= 0 && to + count <= self.count, "outside a buffer")
        unsafe (base + to).copyMemory(from: other.base + from, byteCount: count)
    }
}
