internal import Kernels

/// The kernels of one instruction set. Models use the best of this processor; tests compare the others with it.
@safe package struct KernelSet: @unchecked Sendable, CustomStringConvertible {
    let table: UnsafePointer<plumb_kernel_table>

    package static let best = unsafe KernelSet(table: plumb_best_kernels())

    /// All that this processor can run, the portable one first.
    package static let available: [KernelSet] = [
        PLUMB_PORTABLE, PLUMB_AVX2, PLUMB_AVX512, PLUMB_AVX512_DOT, PLUMB_NEON,
    ].compactMap { set in
        guard let table = unsafe plumb_kernels(set) else { return nil }
        return unsafe KernelSet(table: table)
    }

    package var description: String {
        switch unsafe table.pointee.instruction_set {
        case PLUMB_AVX512_DOT: "AVX-512 with bf16 and int8"
        case PLUMB_AVX512: "AVX-512"
        case PLUMB_NEON: "NEON with int8"
        case PLUMB_AVX2: "AVX2"
        default: "portable"
        }
    }
}
