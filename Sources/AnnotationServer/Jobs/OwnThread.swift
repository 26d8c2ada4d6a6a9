import Foundation

/// Runs blocking or compute-heavy work on a thread of its own and waits for it without holding a thread of Swift's
/// cooperative pool, which has only as many as there are cores and serves every request.
func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result(catching: work)) }
        thread.stackSize = 16 << 20
        thread.start()
    }
}
