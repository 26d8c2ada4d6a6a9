internal import Foundation

/// Aligned raw memory for packed weights and caches; what is written first must come before what is read.
///
/// Large ones ask the system for large pages: reading all weights for every token touches more pages than the
/// processor can remember.
@safe final class ByteBuffer: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutableRawPointer

    private static let largePage = 2 << 20

    /// Memory of `count` bytes, not initialised.
    init(count: Int) {
        precondition(count >= 0, "a buffer cannot hold \(count) bytes")
        self.count = count
        let large = count >= 2 * Self.largePage
        unsafe base = .allocate(byteCount: max(64, count), alignment: large ? Self.largePage : 64)
        #if os(Linux)
            // A refusal costs speed alone. Glibc's header has MADV_HUGEPAGE where Swift does not see it.
            let hugePages: CInt = 14
            if large { _ = unsafe madvise(base, count, hugePages) }
        #endif
    }

    /// Memory of `count` bytes, all zero.
    convenience init(zeros count: Int) {
        self.init(count: count)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }

    deinit { unsafe base.deallocate() }

    /// Copies part of another buffer.
    func copy(from other: ByteBuffer, _ from: Int, to: Int, count: Int) {
        precondition(
            from >= 0 && from + count <= other.count && to >= 0 && to + count <= self.count, "outside a buffer")
        unsafe (base + to).copyMemory(from: other.base + from, byteCount: count)
    }
}
