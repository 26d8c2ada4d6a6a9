internal import Crypto
internal import Foundation
internal import Kernels

/// Aligned flat float memory. Parameters, gradients, moments and activations all live in one of these.
///
/// It is shared memory: whoever writes it sees to it that nobody reads at the same time.
@safe public final class FloatBuffer: @unchecked Sendable {
    /// Number of floats.
    public let count: Int
    /// 64-byte aligned storage of `count` floats (at least one cache line).
    let base: UnsafeMutablePointer<Float>
    /// What this is a part of and lives in; nil where the memory is its own.
    private let whole: FloatBuffer?

    /// Memory for `count` floats, all zero.
    public init(count: Int) {
        precondition(count >= 0, "a buffer cannot hold \(count) floats")
        self.count = count
        whole = nil
        let bytes = max(64, count * 4)
        if bytes >= SystemPages.leastBytes {
            unsafe base = SystemPages.map(bytes).bindMemory(to: Float.self, capacity: count)
            return
        }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        unsafe base = raw.assumingMemoryBound(to: Float.self)
    }

    /// Part of another buffer's memory, as it is.
    init(part range: Range<Int>, of whole: FloatBuffer) {
        precondition(range.lowerBound >= 0 && range.upperBound <= whole.count, "\(range) outside \(whole.count) floats")
        count = range.count
        self.whole = whole
        unsafe base = whole.base + range.lowerBound
    }

    deinit {
        guard whole == nil else { return }
        let raw = unsafe UnsafeMutableRawPointer(base)
        if count * 4 >= SystemPages.leastBytes {
            unsafe SystemPages.unmap(raw, count * 4)
        } else {
            unsafe raw.deallocate()
        }
    }

    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) outside a buffer of \(count)")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) outside a buffer of \(count)")
            unsafe base[index] = newValue
        }
    }

    /// Sets every float to zero.
    public func zero() { unsafe base.update(repeating: 0, count: count) }

    /// The same by all threads of a pool.
    public func zero(on pool: WorkerPool) {
        let share = 1 << 18
        pool.run((count + share - 1) / share) { part in
            unsafe (base + part * share).update(repeating: 0, count: min(share, count - part * share))
        }
    }

    /// Copies all floats of a buffer of the same size.
    public func copy(from other: FloatBuffer) {
        precondition(other.count == count, "buffers of \(count) and \(other.count) floats")
        unsafe base.update(from: other.base, count: count)
    }

    /// A copy of part of the memory.
    public func array(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) outside a buffer of \(count)")
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Writes values from `offset` on.
    public func store(_ values: [Float], at offset: Int) {
        precondition(offset >= 0 && offset + values.count <= count, "\(values.count) values at \(offset) of \(count)")
        unsafe values.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + offset).update(from: start, count: source.count)
        }
    }

    /// Index of the first value that is infinite or not a number.
    public var firstNotFinite: Int? {
        let index = unsafe plumb_first_not_finite(Int64(count), base)
        return index < 0 ? nil : Int(index)
    }

    /// SHA-256 of the bytes, in hexadecimal.
    public var sha256: String {
        var hash = SHA256()
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(start: base, count: count * 4))
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}

/// Flat memory of 32-bit integers (token ids, positions, lengths) that kernels read.
@safe final class IndexBuffer: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutablePointer<Int32>

    init(_ values: [Int32]) {
        count = values.count
        unsafe base = .allocate(capacity: max(1, values.count))
        for (index, value) in values.enumerated() { unsafe base[index] = value }
    }

    /// Room for `count` integers, all zero.
    init(count: Int) {
        self.count = count
        unsafe base = .allocate(capacity: max(1, count))
        unsafe base.initialize(repeating: 0, count: max(1, count))
    }

    deinit { unsafe base.deallocate() }
}
