internal import Foundation

/// Memory from the system itself: all zero, in large pages where it is large, taken only where it is touched, and given
/// back at once when it is freed. The allocator keeps what is freed for later, which no later buffer may fit into.
enum SystemPages {
    /// Buffers of so many bytes and more are worth a mapping of their own.
    static let leastBytes = 256 << 10

    private static let largePage = 2 << 20

    /// Memory of `bytes` bytes, all zero.
    static func map(_ bytes: Int) -> UnsafeMutableRawPointer {
        let isLarge = bytes >= 2 * largePage
        // Large pages begin where the address is a multiple of their size: what lies before and behind goes back.
        let spare = isLarge ? largePage : 0
        let found = unsafe mmap(nil, bytes + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let start = unsafe found, unsafe start != MAP_FAILED else {
            preconditionFailure("the system has no \(bytes) bytes of memory left")
        }
        guard isLarge else { return unsafe start }
        let before = (largePage - Int(bitPattern: start) % largePage) % largePage
        let end = (before + bytes + pageSize - 1) / pageSize * pageSize
        if before > 0 { _ = unsafe munmap(start, before) }
        if end < bytes + spare { _ = unsafe munmap(start + end, bytes + spare - end) }
        #if os(Linux)
            // A refusal costs speed alone. Glibc's header has MADV_HUGEPAGE where Swift does not see it.
            let hugePages: CInt = 14
            _ = unsafe madvise(start + before, bytes, hugePages)
        #endif
        return unsafe start + before
    }

    /// Gives back what `map` returned for as many bytes.
    static func unmap(_ start: UnsafeMutableRawPointer, _ bytes: Int) { _ = unsafe munmap(start, bytes) }

    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
}
